"""The server's book of what the workers count: a camera's counts go on when it moves, or when its worker dies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from server.media.figures import CameraFigures, EngineFigures, LayerCounts, LayerFigures, ViewerCounts, ViewerFigures
from server.media.live import RETURN_WITHIN_S

Incarnation = tuple[str, int]  # a worker's name and process id


@dataclass(slots=True)
class _Account:
    """One camera: its totals, and what each worker had counted when it was last heard."""

    worker: str
    heard_at: float = 0.0
    codecs: dict[tuple[str, str], str] = field(default_factory=dict)
    layers: dict[tuple[str, str], LayerCounts] = field(default_factory=dict)
    viewers: ViewerCounts = field(default_factory=ViewerCounts)
    last: dict[Incarnation, CameraFigures] = field(default_factory=dict)


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
        last = account.last.get(incarnation)
        known = {layer.key: layer.counts for layer in last.layers} if last is not None else {}
        for layer in camera.layers:
            more = layer.counts.since(known.get(layer.key, LayerCounts()))
            account.layers[layer.key] = account.layers.get(layer.key, LayerCounts()) + more
            account.codecs[layer.key] = layer.codec
        account.viewers += camera.viewers.counts.since(last.viewers.counts if last is not None else ViewerCounts())
        account.last[incarnation] = camera


def _whole(device_id: str, account: _Account, present: Mapping[str, CameraFigures]) -> CameraFigures:
    camera = present.get(device_id, CameraFigures(device_id, account.worker))
    shown = {layer.key: layer for layer in camera.layers}
    layers = [
        replace(shown.get(key, LayerFigures(*key, account.codecs[key])), counts=counts)
        for key, counts in account.layers.items()
    ]
    viewers = camera.viewers if device_id in present else ViewerFigures()
    return replace(camera, layers=tuple(layers), viewers=replace(viewers, counts=account.viewers))
