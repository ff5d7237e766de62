"""The street's picture: it can be drawn from anywhere, and shows what it must."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from streamer.pose import Overlay, Pose
from streamer.street.barcode import read_barcode
from streamer.street.painter import StreetPainter
from streamer.town import Town

AT = 1_795_387_267.4
QUIET = Overlay("ET17", "0417", 83, True, False, "et17-b4")
HARBOUR_STREET = Pose(186, -190, 0, 1.4)


@pytest.fixture(scope="module")
def painter(night_town: Town) -> StreetPainter:
    return StreetPainter(night_town)


def difference(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """Mean difference of the colour channels, 0…255."""
    return float(np.abs(a[:, :, :3].astype(int) - b[:, :, :3].astype(int)).mean())


@settings(max_examples=60, deadline=None)
@given(
    x=st.floats(-2500, 2500),
    y=st.floats(-2000, 2000),
    heading=st.floats(-720, 720),
    speed=st.floats(0, 9),
    drawn=st.booleans(),
    at=st.floats(0, 4e9),
)
def test_any_pose_can_be_drawn(
    painter: StreetPainter, x: float, y: float, heading: float, speed: float, drawn: bool, at: float
) -> None:
    picture = painter.draw(Pose(x, y, heading, speed), dataclasses.replace(QUIET, taser_drawn=drawn), at)
    assert picture.shape == (360, 640, 4) and picture.dtype == np.uint8
    assert picture[:, :, :3].std() > 3  # never blank


@pytest.mark.parametrize(("x", "y"), [(0.0, 9_000_000.0), (-40_000.0, 25.0)])
def test_a_camera_far_out_of_town_still_has_a_picture(painter: StreetPainter, x: float, y: float) -> None:
    picture = painter.draw(Pose(x, y, 45, 1.4), QUIET, AT)
    assert picture[:, :, :3].std() > 3


@settings(max_examples=25, deadline=None)
@given(node=st.integers(0, 10**6), heading=st.floats(0, 360), angle=st.floats(4, 180))
def test_turning_the_officer_turns_the_street(
    painter: StreetPainter, night_town: Town, node: int, heading: float, angle: float
) -> None:
    x, y = night_town.nodes[node % len(night_town.nodes)]
    before = painter.draw(Pose(x, y, heading), QUIET, AT)
    after = painter.draw(Pose(x, y, heading + angle), QUIET, AT)
    assert difference(before, after) > 0.4


def test_the_same_moment_looks_the_same(painter: StreetPainter, night_town: Town) -> None:
    """Nothing is left to chance: two cameras at one place see one town."""
    mine = painter.draw(HARBOUR_STREET, QUIET, AT)
    theirs = StreetPainter(night_town).draw(HARBOUR_STREET, QUIET, AT)
    assert difference(mine, theirs) == 0


def test_walking_moves_the_street(painter: StreetPainter) -> None:
    after = dataclasses.replace(HARBOUR_STREET, y=-186)
    assert difference(painter.draw(HARBOUR_STREET, QUIET, AT), painter.draw(after, QUIET, AT)) > 2


def test_a_drawn_taser_is_seen_low_on_the_right(painter: StreetPainter) -> None:
    picture = painter.draw(HARBOUR_STREET, dataclasses.replace(QUIET, taser_drawn=True), AT)
    corner = picture[220:, 320:, :3].astype(int)
    yellow = (corner[:, :, 0] > 220) & (corner[:, :, 1] > 180) & (corner[:, :, 2] < 70)
    assert yellow.sum() > 600
    calm = painter.draw(HARBOUR_STREET, QUIET, AT)[220:, 320:, :3].astype(int)
    assert ((calm[:, :, 0] > 220) & (calm[:, :, 1] > 180) & (calm[:, :, 2] < 70)).sum() < 60


def test_the_burnt_in_time_runs_in_tenths(painter: StreetPainter) -> None:
    a = painter.draw(HARBOUR_STREET, QUIET, AT)[:24, 320:]
    b = painter.draw(HARBOUR_STREET, QUIET, AT + 0.1)[:24, 320:]
    bright_a, bright_b = (a[:, :, :3].min(2) > 200), (b[:, :, :3].min(2) > 200)
    assert bright_a.sum() > 100
    assert 0 < (bright_a != bright_b).sum() < bright_a.sum()


def test_rec_and_buffering_look_different(painter: StreetPainter) -> None:
    off = dataclasses.replace(QUIET, recording=False)
    assert (
        difference(painter.draw(HARBOUR_STREET, QUIET, AT)[:24, :160], painter.draw(HARBOUR_STREET, off, AT)[:24, :160])
        > 1
    )


def test_the_barcode_is_switched_on_by_hand(night_town: Town, painter: StreetPainter) -> None:
    coded = StreetPainter(night_town, barcode=True).draw(HARBOUR_STREET, QUIET, AT)
    assert read_barcode(coded[:, :, 1]) == round(AT * 1000) % 2**32
    assert read_barcode(painter.draw(HARBOUR_STREET, QUIET, AT)[:, :, 1]) is None


def test_another_size_can_be_drawn(night_town: Town) -> None:
    assert StreetPainter(night_town, 1280, 720).draw(HARBOUR_STREET, QUIET, AT).shape == (720, 1280, 4)
