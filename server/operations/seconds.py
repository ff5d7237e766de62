"""From two readings of the media engine, a second apart: what went on in between, as values to draw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from server.media.figures import CameraFigures, EngineFigures, LayerCounts, WorkerFigures
from server.media.track import VIDEO
from server.operations.series import TOTALS, Values

TOTAL = "total"
HELD_S = 3.0  # a worker tells its figures every second


def process_group(name: str) -> str:
    """The name of a process's group of lines."""
    return f"process {name}"


def camera_group(device_id: str) -> str:
    """The name of a camera's group of lines."""
    return f"camera {device_id}"


@dataclass(frozen=True, slots=True)
class Reading:
    """The figures at one moment (monotonic seconds), and the lines that were made of them."""

    at: float
    figures: EngineFigures
    lines: Mapping[str, Values] = field(default_factory=dict)


def told_at(worker: WorkerFigures, now: float) -> float:
    """When the worker read its figures; workers tell them in seconds of their own, not in ours."""
    return worker.at if worker.at is not None else now


def lines_between(before: Reading, now: Reading) -> dict[str, Values]:
    """Groups of lines for Series. Rates are per second of what passed at the worker, late or not.

    From a worker that has told nothing new, what it told last is kept for HELD_S, and then nothing.
    """
    workers = {worker.name: worker for worker in before.figures.workers}
    cameras = {camera.device_id: camera for camera in before.figures.cameras}
    seconds = {worker.name: _seconds(workers.get(worker.name), worker, before, now) for worker in now.figures.workers}
    groups: dict[str, Values] = {}
    for worker in now.figures.workers:
        group, passed = process_group(worker.name), seconds[worker.name]
        if passed > 0:
            groups[group] = _process(workers.get(worker.name), worker, passed)
        elif now.at - told_at(worker, now.at) < HELD_S and worker.alive:
            groups[group] = before.lines.get(group, {})
    for camera in now.figures.cameras:
        group, passed = camera_group(camera.device_id), seconds.get(camera.worker, now.at - before.at)
        if passed > 0:
            groups[group] = _camera(cameras.get(camera.device_id), camera, passed)
        elif process_group(camera.worker) in groups:
            groups[group] = before.lines.get(group, {})
    groups[TOTAL] = _total(now.figures, groups)
    return groups


def _seconds(before: WorkerFigures | None, worker: WorkerFigures, last: Reading, now: Reading) -> float:
    """What passed between the two tellings; of a process that is new, what passed here."""
    if before is None or before.pid != worker.pid:
        return max(0.001, now.at - last.at)
    return told_at(worker, now.at) - told_at(before, last.at)


def _process(before: WorkerFigures | None, now: WorkerFigures, seconds: float) -> Values:
    same = before is not None and before.pid == now.pid
    return {
        "cpu": (now.cpu_s - before.cpu_s) / seconds if same and before is not None else None,
        "memory": now.rss_bytes,
        "lag": now.loop_lag_s,
        "unwritten": now.unwritten_bytes,
        "drops": (_sum(now.counts) - _sum(before.counts)) / seconds if same and before is not None else None,
    }


def _sum(counts: Mapping[str, int]) -> int:
    return sum(counts.values())


def _camera(before: CameraFigures | None, now: CameraFigures, seconds: float) -> Values:
    layers = {layer.key: layer for layer in now.layers}
    main, sub = layers.get((VIDEO, "main")), layers.get((VIDEO, "sub"))
    sound = layers.get(("audio", "main"))
    pictures = [layer for layer in (main, sub) if layer is not None and layer.flowing]
    more = _more(before, now)
    viewers = now.viewers
    return {
        "main": main.bits_per_s if main is not None else None,
        "sub": sub.bits_per_s if sub is not None else None,
        "sound": sound.bits_per_s if sound is not None else None,
        "uplink": now.uplink_bps,
        "frames_main": main.frames_per_s if main is not None else None,
        "frames_sub": sub.frames_per_s if sub is not None else None,
        "loss": max((layer.fraction_lost for layer in pictures), default=None),
        "delay": max((layer.delay_s for layer in pictures), default=None),
        "round_trip": now.round_trip_s,
        "nacks": sum(after.nacks - then.nacks for then, after in more) / seconds,
        "plis": sum(after.plis - then.plis for then, after in more) / seconds,
        # of this second, how much the worse of the layers stood still; a gap counts as soon as it is a freeze
        "frozen": max((min(1.0, (after.frozen_s - then.frozen_s) / seconds) for then, after in more), default=None),
        "out": viewers.bits_per_s,
        "out_main": main.sent_bits_per_s if main is not None else None,
        "out_sub": sub.sent_bits_per_s if sub is not None else None,
        "out_sound": sound.sent_bits_per_s if sound is not None else None,
        "viewers": viewers.viewers,
        "viewer_loss": viewers.fraction_lost if viewers.viewers else None,
        "viewer_round_trip": viewers.round_trip_s,
        "queue": viewers.queue_packets,
        # exact whatever the seconds of the worker and of this process do: of the picture, all layers
        TOTALS + "nacks": sum(layer.counts.nacks for layer in now.layers),
        TOTALS + "plis": sum(layer.counts.plis for layer in now.layers),
        TOTALS + "frozen": max((layer.counts.frozen_s for layer in now.layers), default=0.0),
    }


def _more(before: CameraFigures | None, now: CameraFigures) -> list[tuple[LayerCounts, LayerCounts]]:
    """Counts of the picture's layers, then and now (the ledger's: they never go down)."""
    known = {layer.key: layer.counts for layer in before.layers} if before is not None else {}
    return [(known.get(layer.key, layer.counts), layer.counts) for layer in now.layers if layer.kind == VIDEO]


def _total(figures: EngineFigures, groups: Mapping[str, Values]) -> Values:
    told = [camera for camera in figures.cameras if camera_group(camera.device_id) in groups]
    cameras = [groups[camera_group(camera.device_id)] for camera in told]
    processes = [groups.get(process_group(worker.name), {}) for worker in figures.workers]
    rates = [camera.get(line) for camera in cameras for line in ("main", "sub", "sound")]
    return {
        "in": _added(rates),
        "out": _added(camera.get("out") for camera in cameras),
        "cameras": sum(any(layer.flowing for layer in camera.layers) for camera in told),
        "viewers": _added(camera.get("viewers") for camera in cameras),
        "loss": _worst(camera.get("loss") for camera in cameras),
        "round_trip": _worst(camera.get("round_trip") for camera in cameras),
        "nacks": _added(camera.get("nacks") for camera in cameras),
        "plis": _added(camera.get("plis") for camera in cameras),
        "frozen": sum((camera.get("frozen") or 0.0) > 0 for camera in cameras),
        "queue": _worst(camera.get("queue") for camera in cameras),
        "cpu": _added(process.get("cpu") for process in processes),
        "memory": _added(process.get("memory") for process in processes),
        "lag": _worst(process.get("lag") for process in processes),
        "drops": _added(process.get("drops") for process in processes),
    }


def _added(values: Iterable[float | None]) -> float:
    return sum(value for value in values if value is not None)


def _worst(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
