"""Sessions whose client may yet say DELETE: the youngest are known, and there is an end to them."""

from __future__ import annotations

import pytest

from server.errors import NotFound
from server.media import handed_out
from server.media.handed_out import HandedOut
from server.media.live import SessionInfo


def info(number: int) -> SessionInfo:
    return SessionInfo(f"{number:032x}", "camera-1", None)


def test_the_oldest_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handed_out, "MOST", 3)
    found = HandedOut()
    for number in range(5):
        found.note(info(number))
    assert [found.find(info(number).session_id) for number in (2, 3, 4)] == [info(2), info(3), info(4)]
    for number in (0, 1):
        with pytest.raises(NotFound):
            found.find(info(number).session_id)


def test_what_was_deleted_is_forgotten() -> None:
    found = HandedOut()
    found.note(info(1))
    found.forget(info(1).session_id)
    found.forget(info(1).session_id)
    with pytest.raises(NotFound):
        found.find(info(1).session_id)
