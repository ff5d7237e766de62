"""The server's book of what the workers count: a camera's counts go on when it moves, or when its worker dies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from server.media.figures import CameraFigures, EngineFigures, LayerCounts, LayerFigures, ViewerCounts
from server.media.live import RETURN_WITHIN_S

Incarnation = tuple[str, int]  # a worker's name and process id
Key = tuple[str, str]  # kind and layer


@dataclass(slots=True)
class _Account:
    """One camera: what each worker had counted when it was last heard, and what was counted before any began anew."""

    worker: str
    heard_at: float = 0.0
    codecs: dict[Key, str] = field(default_factory=dict)
    layers: dict[Incarnation, dict[Key, LayerCounts]] = field(default_factory=dict)
    viewers: dict[Incarnation, ViewerCounts] = field(default_factory=dict)
    layers_before: dict[Key, LayerCounts] = field(default_factory=dict)
    viewers_before: ViewerCounts = field(default_factory=ViewerCounts)

    @property
    def is_simple(self) -> bool:
        """Whether one worker counted everything: nothing need be added up, for nearly all cameras, each second."""
        return len(self.layers) == 1 and not self.layers_before and self.viewers_before == ViewerCounts()


class Ledger:
    """`take` is to be called about once a second with the merged figures of all workers.

    A camera that no worker has known for RETURN_WITHIN_S is forgotten: its series ends, and starts at 0 if it comes
    back. What a worker counted in its last second, between its last word and its death, is lost.
    """

    def __init__(self) -> None:
        self._accounts: dict[str, _Account] = {}

    def take(self, figures: EngineFigures, now: float) -> EngineFigures:
        """The same with each camera once, its counts whole; `now` in monotonic seconds."""
        pids = {worker.name: worker.pid for worker in figures.workers}
        present: dict[str, CameraFigures] = {}
        for camera in figures.cameras:
            self._enter(camera, (camera.worker, pids.get(camera.worker, 0)), now)
            before = present.get(camera.device_id)
            if before is None or camera.connected:
                present[camera.device_id] = camera
        self._accounts = {
            device_id: account
            for device_id, account in self._accounts.items()
            if now - account.heard_at < RETURN_WITHIN_S
        }
        cameras = [_whole(device_id, account, present) for device_id, account in sorted(self._accounts.items())]
        return EngineFigures(figures.workers, tuple(cameras))

    def _enter(self, camera: CameraFigures, incarnation: Incarnation, now: float) -> None:
        account = self._accounts.setdefault(camera.device_id, _Account(camera.worker))
        account.heard_at = now
        account.worker = camera.worker
        known = account.layers.setdefault(incarnation, {})
        for layer in camera.layers:
            key, last = layer.key, known.get(layer.key)
            if last is not None and layer.counts.packets < last.packets:  # it had forgotten the camera, and begins anew
                account.layers_before[key] = account.layers_before.get(key, LayerCounts()) + last
            known[key] = layer.counts
            account.codecs[key] = layer.codec
        seen, counts = account.viewers.get(incarnation), camera.viewers.counts
        if seen is not None and counts.packets < seen.packets:
            account.viewers_before += seen
        account.viewers[incarnation] = counts


def _whole(device_id: str, account: _Account, present: Mapping[str, CameraFigures]) -> CameraFigures:
    camera = present.get(device_id)
    if camera is not None and account.is_simple and len(camera.layers) == len(account.codecs):
        return camera
    if camera is None:
        camera = CameraFigures(device_id, account.worker)
    shown = {layer.key: layer for layer in camera.layers}
    layers = [
        replace(shown.get(key, LayerFigures(*key, codec)), counts=_layer_total(account, key))
        for key, codec in account.codecs.items()
    ]
    total = sum(account.viewers.values(), account.viewers_before)
    return replace(camera, layers=tuple(layers), viewers=replace(camera.viewers, counts=total))


def _layer_total(account: _Account, key: Key) -> LayerCounts:
    counted = (known[key] for known in account.layers.values() if key in known)
    return sum(counted, account.layers_before.get(key, LayerCounts()))
