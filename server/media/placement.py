"""Which worker takes a camera: the one that has its feed, else the least loaded one. Pure; times in monotonic seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.media.live import RETURN_WITHIN_S

# A worker lets a feed go between one and two ticks after RETURN_WITHIN_S: until then its viewers wait there.
STAYS_S = RETURN_WITHIN_S + 5.0
CAMERA_SHARE = 0.01  # of a core: what a camera that was just placed is counted for, until the processor time shows it
SHORTEST_S = 0.1  # between two of a worker's figures, which come every second


@dataclass(frozen=True, slots=True)
class Load:
    """Processor time that a worker had used by then, in seconds."""

    at: float
    cpu_s: float


class Placement:
    """Where each camera is. One that is there stays; one that was away for STAYS_S is placed anew."""

    def __init__(self) -> None:
        self._placed: dict[str, tuple[str, float | None]] = {}  # worker, and since when it is away
        self._last: dict[str, Load] = {}
        self._shares: dict[str, float] = {}

    def note_load(self, worker: str, load: Load) -> None:
        """What the worker told; its share of a core is reckoned from one time to the next."""
        before = self._last.get(worker)
        if before is not None and 0 <= load.at - before.at < SHORTEST_S:
            return  # it says nothing yet, and a division by next to nothing would say anything
        self._last[worker] = load
        if before is not None and load.at > before.at:
            self._shares[worker] = max(0.0, (load.cpu_s - before.cpu_s) / (load.at - before.at))

    def where(self, device_id: str) -> str | None:
        """The worker that has it, or had it last."""
        found = self._placed.get(device_id)
        return found[0] if found is not None else None

    def note(self, device_id: str, now: float, *, present: bool) -> None:
        """The camera is connected or streams where it was placed, or does neither any more."""
        found = self._placed.get(device_id)
        if found is not None:
            self._placed[device_id] = (found[0], None if present else now)

    def forget(self, worker: str) -> list[str]:
        """The worker is gone: its cameras, which are nowhere now."""
        gone = [device_id for device_id, (name, _) in self._placed.items() if name == worker]
        for device_id in gone:
            del self._placed[device_id]
        self._last.pop(worker, None)
        self._shares.pop(worker, None)
        return gone

    def place(self, device_id: str, ready: Sequence[str], now: float) -> str:
        """One of `ready` (at least one), which has the camera from now on."""
        self._placed = {
            one: (worker, away) for one, (worker, away) in self._placed.items() if away is None or now - away < STAYS_S
        }
        worker, away = self._placed.get(device_id, ("", now))
        if worker not in ready:
            worker, away = self._least_loaded(ready), now
        self._placed[device_id] = (worker, away if away is None else now)
        return worker

    def _least_loaded(self, ready: Iterable[str]) -> str:
        cameras = Counter(worker for worker, _ in self._placed.values())
        # Shares to a twentieth of a core: below that the noise of a second decides, and the number of cameras is fairer.
        return min(
            ready,
            key=lambda worker: (
                round(20 * max(self._shares.get(worker, 0.0), cameras[worker] * CAMERA_SHARE)),
                cameras[worker],
                worker,
            ),
        )
