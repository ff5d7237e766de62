"""Bookmarks as they are kept."""

from __future__ import annotations

import pytest

from server.database import Database
from server.recording.retention_store import RetentionStore
from server.recording.store import RecordingStore
from server.replay.bookmark import Bookmark
from server.replay.store import BookmarkStore, forget_bookmarks
from tests.server.recording.test_retention_store import a_recording, tombstone_of

NAMES = tuple(f"20260101T000000Z-et{number}-00000000" for number in range(3))


def marked(number: int, recordings: tuple[str, ...] = NAMES) -> Bookmark:
    """Of second `number`."""
    return Bookmark(f"{number:032x}", recordings, float(number), "hand to the belt", "hale", "Hale", 5000.0)


async def test_a_replay_has_its_thousand_bookmarks_over_however_many_cameras(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.replay.store.MOST_BOOKMARKS", most := 10)  # a thousand take a minute
    store = BookmarkStore(database)
    for number in range(most + 2):
        await store.add(marked(number))
    found = await store.of(NAMES, 0, 4e9)
    assert found == [marked(number) for number in range(most)]
    assert await store.of(NAMES[:1], 7, 8) == [marked(number, NAMES[:1]) for number in (7, 8)]


async def test_what_was_marked_in_a_recording_goes_when_it_is_deleted(database: Database) -> None:
    gone, kept = a_recording(1), a_recording(2)
    for one in (gone, kept):
        await RecordingStore(database).keep(one)
    store, retention = BookmarkStore(database), RetentionStore(database, forget_bookmarks)
    await store.add(marked(1, (gone.id, kept.id)))
    await store.add(marked(2, (gone.id,)))
    assert not await retention.bury(tombstone_of(gone), lambda *_: False)
    assert len(await store.of([gone.id], 0, 4e9)) == 2
    assert await retention.bury(tombstone_of(gone), lambda *_: True)
    assert await store.of([gone.id, kept.id], 0, 4e9) == [marked(1, (kept.id,))]
