"""What the server and its media workers say to each other arrives as it was said, or is refused."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import errors
from server.errors import Conflict, WatchroomError
from server.media import worker_wire as wire
from server.media.live import FeedState, WatcherInfo
from server.media.settings import MediaSettings

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), values, max_size=5))
def test_a_message_arrives_as_it_was_said(message: dict[str, Any]) -> None:
    framed = wire.frame(message)
    assert wire.frame_size(framed[:4]) == len(framed) - 4
    assert wire.unframe(framed[4:]) == message


@given(st.binary(max_size=200))
def test_what_is_no_frame_is_refused_with_one_kind_of_error(body: bytes) -> None:
    try:
        found = wire.unframe(body)
    except wire.FrameError:
        return
    assert isinstance(found, dict)


def test_a_frame_beyond_all_measure_is_refused_before_it_is_read() -> None:
    with pytest.raises(wire.FrameError, match="at most"):
        wire.frame_size((wire.MAX_FRAME + 1).to_bytes(4, "big"))


@pytest.mark.parametrize(
    "kind",
    [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, WatchroomError)],
)
def test_an_error_is_raised_again_as_the_same(kind: type[WatchroomError]) -> None:
    error = kind("why", kind="special", headers={"Retry-After": "2"}, field="layer")
    again = wire.error_of_map(wire.unframe(wire.frame(wire.error_as_map(error))[4:]))
    assert type(again) is kind
    assert (again.problem(), again.headers) == (error.problem(), error.headers)


def test_an_error_that_only_the_other_side_knows_is_still_an_error() -> None:
    told = wire.error_as_map(Conflict("why")) | {"class": "Unheard"}
    assert type(wire.error_of_map(told)) is WatchroomError


def test_nouns_survive_the_journey() -> None:
    settings = MediaSettings(Path("data"), 5004, "0.0.0.0", ("192.0.2.7",), 30.0, (bytes(32), bytes(range(32))))
    assert "master_keys" not in repr(settings)
    assert wire.settings_of_map(wire.unframe(wire.frame(wire.settings_as_map(settings))[4:])) == settings
    state = FeedState(True, ("main", "sub"), "H264", 5.0, 1.0)
    assert wire.feed_state_of_map(wire.unframe(wire.frame(asdict(state))[4:])) == state
    watcher = WatcherInfo("p", "Insp. Hale", "inspector", 3.0)
    assert wire.watchers_of(wire.unframe(wire.frame({"w": [asdict(watcher)]})[4:])["w"]) == [watcher]
