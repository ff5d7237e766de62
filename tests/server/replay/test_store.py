"""Bookmarks as they are kept."""

from __future__ import annotations

from server.database import Database, alone
from server.recording.retention_store import RetentionStore
from server.recording.store import RecordingStore
from server.replay.bookmark import Bookmark
from server.replay.store import BookmarkStore, forget_bookmarks
from tests.server.recording.test_retention_store import a_recording, tombstone_of

NAMES = tuple(f"20260101T000000Z-et{number}-00000000" for number in range(3))


def marked(number: int, recordings: tuple[str, ...] = NAMES) -> Bookmark:
    """Of second `number`."""
    return Bookmark(f"{number:032x}", recordings, float(number), "hand to the belt", "hale", "Hale", 5000.0)


async def test_a_replay_has_as_many_bookmarks_over_however_many_cameras(database: Database) -> None:
    most = 10
    store = BookmarkStore(database)
    for number in range(most + 2):
        await store.add(marked(number), alone)
    found = await store.of(NAMES, 0, 4e9, most)
    assert found == [marked(number) for number in range(most)]
    assert await store.of(NAMES[:1], 7, 8, most) == [marked(number, NAMES[:1]) for number in (7, 8)]


async def test_what_was_marked_in_a_recording_goes_when_it_is_deleted(database: Database) -> None:
    gone, kept = a_recording(1), a_recording(2)
    for one in (gone, kept):
        await RecordingStore(database).keep(one)
    store, retention = BookmarkStore(database), RetentionStore(database, forget_bookmarks)
    await store.add(marked(1, (gone.id, kept.id)), alone)
    await store.add(marked(2, (gone.id,)), alone)
    assert not await retention.bury(tombstone_of(gone), lambda *_: False)
    assert len(await store.of([gone.id], 0, 4e9, 100)) == 2
    assert await retention.bury(tombstone_of(gone), lambda *_: True)
    assert await store.of([gone.id, kept.id], 0, 4e9, 100) == [marked(1, (kept.id,))]
