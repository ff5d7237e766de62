"""What the media engine tells of itself: plain figures that travel between processes as JSON.

Counts only grow while their camera is known (see ledger.py); everything else is as it is at the moment. Seconds,
bytes, bits per second; shares are 0–1; None where nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import add
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers that only grow; added and taken off field by field."""

    def __add__(self, other: Self) -> Self:
        return self._of(map(add, self._values(), other._values()))

    def since(self, before: Self) -> Self:
        """What has come on top of `before`; where a number is smaller it began anew, and all of it is new."""
        pairs = zip(self._values(), before._values(), strict=True)
        return self._of(now - then if now >= then else now for now, then in pairs)

    def _values(self) -> list[float]:
        return [getattr(self, name) for name in self.__dataclass_fields__]

    def _of(self, values: Iterable[float]) -> Self:
        make: Callable[..., Self] = type(self)  # each field is one number, in order
        return make(*values)

    def as_json(self) -> dict[str, float]:
        """The same as JSON."""
        return _flat(self)


@dataclass(frozen=True, slots=True)
class LayerCounts(Counts):
    """What came in of one layer. `recovered` came late or again, `abandoned` never; a freeze is cadence.py's.

    `sent_…` is what went out of it to all viewers together, without repairs.
    """

    packets: int = 0
    bytes: int = 0
    frames: int = 0
    recovered: int = 0
    abandoned: int = 0
    nacks: int = 0  # sequence numbers asked for
    plis: int = 0
    freezes: int = 0
    frozen_s: float = 0.0
    sent_packets: int = 0
    sent_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ViewerCounts(Counts):
    """What went out to all viewers of a camera. `overflows`: a queue was thrown away, the viewer began anew."""

    packets: int = 0
    bytes: int = 0
    repairs_sent: int = 0
    repairs_failed: int = 0
    plis: int = 0
    overflows: int = 0


@dataclass(frozen=True, slots=True)
class LayerFigures:
    """One layer of a camera's picture, or its sound. `delay_s` is what stands in the uplink's queue.

    `sent_bits_per_s` goes out of it to all viewers together.
    """

    kind: str
    layer: str
    codec: str
    flowing: bool = False
    bits_per_s: float = 0.0
    frames_per_s: float = 0.0
    fraction_lost: float = 0.0
    jitter_s: float = 0.0
    delay_s: float = 0.0
    sent_bits_per_s: float = 0.0
    counts: LayerCounts = LayerCounts()

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from the camera's others."""
        return self.kind, self.layer

    def as_json(self) -> dict[str, Any]:
        """The same as JSON."""
        return {**_flat(self), "counts": self.counts.as_json()}

    @classmethod
    def of_json(cls, body: Mapping[str, Any]) -> Self:
        """The reverse of `as_json`."""
        return cls(**{**body, "counts": LayerCounts(**body["counts"])})


@dataclass(frozen=True, slots=True)
class ViewerFigures:
    """All viewers of a camera together: how many, how many see less than they asked for, and the worst of them."""

    viewers: int = 0
    reduced: int = 0
    queue_packets: int = 0
    fraction_lost: float = 0.0
    round_trip_s: float | None = None
    bits_per_s: float = 0.0
    counts: ViewerCounts = ViewerCounts()

    def as_json(self) -> dict[str, Any]:
        """The same as JSON."""
        return {**_flat(self), "counts": self.counts.as_json()}

    @classmethod
    def of_json(cls, body: Mapping[str, Any]) -> Self:
        """The reverse of `as_json`."""
        return cls(**{**body, "counts": ViewerCounts(**body["counts"])})


@dataclass(frozen=True, slots=True)
class CameraFigures:
    """One camera, at one worker. `uplink_bps` is what it was told that its uplink carries, None while it is told nothing."""

    device_id: str
    worker: str
    connected: bool = False
    uplink_bps: float | None = None
    round_trip_s: float | None = None
    layers: tuple[LayerFigures, ...] = ()
    viewers: ViewerFigures = ViewerFigures()

    def as_json(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            **_flat(self),
            "layers": [layer.as_json() for layer in self.layers],
            "viewers": self.viewers.as_json(),
        }

    @classmethod
    def of_json(cls, body: Mapping[str, Any]) -> Self:
        """The reverse of `as_json`."""
        layers = tuple(LayerFigures.of_json(layer) for layer in body["layers"])
        return cls(**{**body, "layers": layers, "viewers": ViewerFigures.of_json(body["viewers"])})


@dataclass(frozen=True, slots=True)
class WorkerFigures:
    """A process that forwards. `counts` are what its port dropped or met, by kind; `loop_lag_s` is the worst of late.

    `buffer_bytes` is what the kernel keeps of its socket each way (`counts` has what it found no room for);
    `unwritten_bytes` of its recordings wait for the disk.
    `port` 0 says that it has none: the server's own process beside workers. One that died is told with its last
    figures, `alive` false, until its successor speaks; `restarts` says how many there were before it. `at` is when it
    read them, by the monotonic clock that all processes of a machine share; None for what is read now.
    """

    name: str
    pid: int
    alive: bool = True
    restarts: int = 0
    at: float | None = None
    port: int = 0
    cpu_s: float = 0.0
    rss_bytes: int | None = None
    loop_lag_s: float = 0.0
    cameras: int = 0
    viewers: int = 0
    peers: int = 0
    gso: bool = False
    buffer_bytes: int = 0
    unwritten_bytes: int = 0
    direct_srtp: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The same as JSON."""
        return {**_flat(self), "counts": dict(self.counts)}

    @classmethod
    def of_json(cls, body: Mapping[str, Any]) -> Self:
        """The reverse of `as_json`."""
        return cls(**{**body, "counts": dict(body["counts"])})


@dataclass(frozen=True, slots=True)
class EngineFigures:
    """All workers, and all cameras that they know. A camera that moved stands there once for each worker."""

    workers: tuple[WorkerFigures, ...] = ()
    cameras: tuple[CameraFigures, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            "workers": [worker.as_json() for worker in self.workers],
            "cameras": [camera.as_json() for camera in self.cameras],
        }

    @classmethod
    def of_json(cls, body: Mapping[str, Any]) -> Self:
        """The reverse of `as_json`. Raises KeyError or TypeError for what is not that."""
        return cls(
            tuple(WorkerFigures.of_json(worker) for worker in body["workers"]),
            tuple(CameraFigures.of_json(camera) for camera in body["cameras"]),
        )

    @classmethod
    def merged(cls, parts: Iterable[EngineFigures]) -> EngineFigures:
        """Those of several engines as one, in order of name."""
        known = list(parts)
        workers = sorted((one for part in known for one in part.workers), key=lambda worker: worker.name)
        cameras = sorted((one for part in known for one in part.cameras), key=lambda one: (one.device_id, one.worker))
        return cls(tuple(workers), tuple(cameras))


def _flat(figures: Any) -> dict[str, Any]:
    """By name, as they are: dataclasses.asdict would copy all depths, which takes many times as long."""
    return {name: getattr(figures, name) for name in figures.__dataclass_fields__}
