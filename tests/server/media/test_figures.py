"""Figures travel as JSON; the ledger keeps a camera's counts whole whatever its workers do."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from server.media.figures import (
    CameraFigures,
    EngineFigures,
    LayerCounts,
    LayerFigures,
    ViewerCounts,
    ViewerFigures,
    WorkerFigures,
)
from server.media.ledger import Ledger
from server.media.live import RETURN_WITHIN_S

NUMBERS = st.integers(0, 2**53)
FLOATS = st.floats(0, 1e12, allow_nan=False)
SHARES = st.floats(0, 1)
NAMES = st.text(min_size=1, max_size=20)
LAYER_COUNTS = st.builds(LayerCounts, *[NUMBERS] * 8, FLOATS, NUMBERS, NUMBERS)
VIEWER_COUNTS = st.builds(ViewerCounts, *[NUMBERS] * 6)
LAYERS = st.builds(
    LayerFigures,
    st.sampled_from(("video", "audio")),
    st.sampled_from(("main", "sub")),
    NAMES,
    st.booleans(),
    FLOATS,
    FLOATS,
    SHARES,
    FLOATS,
    FLOATS,
    FLOATS,
    LAYER_COUNTS,
)
VIEWERS = st.builds(ViewerFigures, NUMBERS, NUMBERS, NUMBERS, SHARES, st.none() | FLOATS, FLOATS, counts=VIEWER_COUNTS)
CAMERAS = st.builds(
    CameraFigures,
    NAMES,
    NAMES,
    st.booleans(),
    st.none() | FLOATS,
    st.none() | FLOATS,
    st.lists(LAYERS, max_size=3).map(tuple),
    VIEWERS,
)
WORKERS = st.builds(
    WorkerFigures,
    NAMES,
    NUMBERS,
    alive=st.booleans(),
    restarts=NUMBERS,
    at=st.none() | FLOATS,
    port=NUMBERS,
    cpu_s=FLOATS,
    rss_bytes=st.none() | NUMBERS,
    loop_lag_s=FLOATS,
    cameras=NUMBERS,
    viewers=NUMBERS,
    peers=NUMBERS,
    gso=st.booleans(),
    buffer_bytes=NUMBERS,
    unwritten_bytes=NUMBERS,
    direct_srtp=st.booleans(),
    counts=st.dictionaries(NAMES, NUMBERS, max_size=4),
)
ENGINES = st.builds(EngineFigures, st.lists(WORKERS, max_size=3).map(tuple), st.lists(CAMERAS, max_size=3).map(tuple))


@given(ENGINES)
def test_figures_are_the_same_after_a_journey_as_json(figures: EngineFigures) -> None:
    assert EngineFigures.of_json(json.loads(json.dumps(figures.as_json()))) == figures


@given(st.lists(ENGINES, max_size=4))
def test_merging_loses_nothing_and_knows_no_order(parts: list[EngineFigures]) -> None:
    merged = EngineFigures.merged(parts)
    assert len(merged.workers) == sum(len(part.workers) for part in parts)
    assert len(merged.cameras) == sum(len(part.cameras) for part in parts)
    assert [one.device_id for one in merged.cameras] == sorted(one.device_id for one in merged.cameras)
    again = EngineFigures.merged(reversed(parts))
    assert {one.device_id for one in again.cameras} == {one.device_id for one in merged.cameras}


@given(LAYER_COUNTS, LAYER_COUNTS)
def test_what_came_since_is_what_was_added(before: LayerCounts, more: LayerCounts) -> None:
    after = before + more
    since = after.since(before)
    assert (since.packets, since.bytes, since.freezes) == (more.packets, more.bytes, more.freezes)


def camera(worker: str, packets: int, *, connected: bool = True) -> CameraFigures:
    layer = LayerFigures("video", "main", "H264", flowing=connected, counts=LayerCounts(packets=packets))
    viewers = ViewerFigures(1, counts=ViewerCounts(packets=packets * 2))
    return CameraFigures("cam", worker, connected=connected, layers=(layer,), viewers=viewers)


def engine(*cameras: CameraFigures, pid: int = 1) -> EngineFigures:
    return EngineFigures(tuple(WorkerFigures(one.worker, pid) for one in cameras), cameras)


def test_a_camera_that_moves_goes_on_counting_where_it_was() -> None:
    ledger = Ledger()
    ledger.take(engine(camera("w1", 100)), 0.0)
    both = ledger.take(engine(camera("w1", 110, connected=False), camera("w2", 5)), 1.0)
    assert [(one.worker, one.connected, one.layers[0].counts.packets) for one in both.cameras] == [("w2", True, 115)]
    after = ledger.take(engine(camera("w2", 20)), 70.0)
    assert after.cameras[0].layers[0].counts.packets == 130
    assert after.cameras[0].viewers.counts.packets == 260


def test_a_worker_that_dies_takes_no_counts_with_it() -> None:
    ledger = Ledger()
    ledger.take(engine(camera("w1", 100)), 0.0)
    gone = ledger.take(EngineFigures(), 1.0)
    assert [(one.connected, one.viewers.viewers, one.layers[0].flowing) for one in gone.cameras] == [(False, 0, False)]
    assert gone.cameras[0].layers[0].counts.packets == 100
    back = ledger.take(engine(camera("w1", 7), pid=2), 3.0)
    assert back.cameras[0].layers[0].counts.packets == 107


def test_a_camera_that_nobody_knows_any_more_is_forgotten() -> None:
    ledger = Ledger()
    ledger.take(engine(camera("w1", 100)), 0.0)
    assert ledger.take(EngineFigures(), RETURN_WITHIN_S).cameras == ()
    assert ledger.take(engine(camera("w1", 3)), RETURN_WITHIN_S + 1).cameras[0].layers[0].counts.packets == 3


class Shift(RuleBasedStateMachine):
    """One camera, three workers that it moves between and that die; the truth is counted beside."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger()
        self.now = 0.0
        self.pids = {"a": 1, "b": 1, "c": 1}
        self.counted: dict[str, int] = {}
        self.at = "a"
        self.truth = self.told = 0

    @rule(packets=st.integers(0, 1000), worker=st.sampled_from("abc"))
    def streams(self, packets: int, worker: str) -> None:
        self.at = worker
        self.counted[worker] = self.counted.get(worker, 0) + packets
        self.truth += packets

    @rule(worker=st.sampled_from("abc"))
    def dies(self, worker: str) -> None:
        self.pids[worker] += 1
        self.counted.pop(worker, None)

    @rule(worker=st.sampled_from("abc"))
    def forgets_its_feed(self, worker: str) -> None:
        if worker != self.at:
            self.counted.pop(worker, None)

    @invariant()
    def the_counts_are_whole(self) -> None:
        self.now += 1.0
        workers = tuple(WorkerFigures(name, self.pids[name]) for name in self.counted)
        cameras = tuple(camera(name, count, connected=name == self.at) for name, count in self.counted.items())
        found = self.ledger.take(EngineFigures(workers, cameras), self.now).cameras
        told = found[0].layers[0].counts.packets if found else 0
        assert len(found) <= 1
        assert not found or self.told <= told <= self.truth
        self.told = told


TestShift = Shift.TestCase


def test_nothing_is_counted_twice() -> None:
    """As `Shift`, by hand: a worker that was left out for a moment is no new worker."""
    ledger = Ledger()
    ledger.take(engine(camera("w1", 100)), 0.0)
    ledger.take(EngineFigures(), 1.0)
    again = ledger.take(engine(camera("w1", 120)), 2.0)
    assert again.cameras[0].layers[0].counts.packets == 120
    assert replace(again.cameras[0], layers=()).worker == "w1"
