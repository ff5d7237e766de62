"""From two readings of the media engine, a second apart: what went on in between, as values to draw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from server.media.figures import CameraFigures, EngineFigures, LayerCounts, LayerFigures, WorkerFigures
from server.media.track import VIDEO
from server.operations.series import Values

TOTAL = "total"


def process_group(name: str) -> str:
    """The name of a process's group of lines."""
    return f"process {name}"


def camera_group(device_id: str) -> str:
    """The name of a camera's group of lines."""
    return f"camera {device_id}"


@dataclass(frozen=True, slots=True)
class Reading:
    """The figures at one moment (monotonic seconds)."""

    at: float
    figures: EngineFigures


def lines_between(before: Reading, now: Reading) -> dict[str, Values]:
    """Groups of lines for Series. Rates are per second of what really passed, late or not."""
    seconds = max(0.001, now.at - before.at)
    workers = {worker.name: worker for worker in before.figures.workers}
    cameras = {camera.device_id: camera for camera in before.figures.cameras}
    groups: dict[str, Values] = {}
    for worker in now.figures.workers:
        groups[process_group(worker.name)] = _process(workers.get(worker.name), worker, seconds)
    for camera in now.figures.cameras:
        groups[camera_group(camera.device_id)] = _camera(cameras.get(camera.device_id), camera, seconds)
    groups[TOTAL] = _total(now.figures, groups)
    return groups


def _process(before: WorkerFigures | None, now: WorkerFigures, seconds: float) -> Values:
    if not now.alive:
        return {"cpu": None, "memory": None, "lag": None, "drops": None}
    same = before is not None and before.pid == now.pid and before.alive
    return {
        "cpu": (now.cpu_s - before.cpu_s) / seconds if same and before is not None else None,
        "memory": now.rss_bytes,
        "lag": now.loop_lag_s,
        "drops": (_sum(now.counts) - _sum(before.counts)) / seconds if same and before is not None else None,
    }


def _sum(counts: Mapping[str, int]) -> int:
    return sum(counts.values())


def _camera(before: CameraFigures | None, now: CameraFigures, seconds: float) -> Values:
    layers = {layer.key: layer for layer in now.layers}
    main, sub = layers.get((VIDEO, "main")), layers.get((VIDEO, "sub"))
    sound = layers.get(("audio", "main"))
    pictures = [layer for layer in (main, sub) if layer is not None and layer.flowing]
    known = {layer.key: layer for layer in before.layers} if before is not None else {}
    more = [_more(known.get(layer.key), layer) for layer in now.layers if layer.kind == VIDEO]
    freezing = [_more(known.get(layer.key), layer) for layer in (main, sub) if layer is not None]
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
        "nacks": sum(one.nacks for one in more) / seconds,
        "plis": sum(one.plis for one in more) / seconds,
        # of this second, how much the worse of the layers stood still; a gap counts as soon as it is a freeze
        "frozen": max((min(1.0, one.frozen_s / seconds) for one in freezing), default=None),
        "out": viewers.bits_per_s,
        "viewers": viewers.viewers,
        "viewer_loss": viewers.fraction_lost if viewers.viewers else None,
        "viewer_round_trip": viewers.round_trip_s,
        "queue": viewers.queue_packets,
    }


def _more(before: LayerFigures | None, now: LayerFigures) -> LayerCounts:
    return now.counts.since(before.counts) if before is not None else LayerCounts()


def _total(figures: EngineFigures, groups: Mapping[str, Values]) -> Values:
    cameras = [groups[camera_group(camera.device_id)] for camera in figures.cameras]
    processes = [groups[process_group(worker.name)] for worker in figures.workers]
    rates = [camera.get(line) for camera in cameras for line in ("main", "sub", "sound")]
    return {
        "in": _added(rates),
        "out": _added(camera.get("out") for camera in cameras),
        "cameras": sum(any(layer.flowing for layer in camera.layers) for camera in figures.cameras),
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
