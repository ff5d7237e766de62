"""What may be done with recordings: find them, open a view, and read within it.

The river: replay-timeline.js → routes → view (noted, committed) → Library and stores (handed in) → timeline.
Nothing is read of a recording's pictures but under a view, and only of the interval that it names.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from server.access.permission import Permission, may
from server.clock import Clock
from server.database import Along, Among
from server.errors import BadRequest, Forbidden, NotFound, ReasonNeeded
from server.positions.area import Area
from server.positions.fix import Fix
from server.positions.stay import Stay
from server.recording.sought import Sought
from server.replay.bookmark import Bookmark
from server.replay.facts_actions import FactReader
from server.replay.finding import Wanted
from server.replay.finding_actions import Finder
from server.replay.footage import HOLE_S, LAYERS, Placed, Recording
from server.replay.piece import Piece, piece
from server.replay.playlist import in_turn, playlist
from server.replay.reading_actions import Reader, may_be_of
from server.replay.timeline import Facts, known_at, timeline
from server.replay.view import MOST_CAMERAS, OPEN_S, RECORDING_ID, Asked, View

if TYPE_CHECKING:
    from server.access.session import Caller
    from server.audit.audit_entry import AuditEntry
    from server.recording.library import Library
    from server.recording.store import Recording as Row
    from server.replay.store import BookmarkStore, ViewStore

Json = dict[str, Any]
Note = Callable[[View, Mapping[str, str]], Awaitable[None]]  # the view, and each recording's call sign
AlongBookmark = Callable[[Bookmark, Mapping[str, str]], Along]  # likewise: the rows that are written with it
Told = Sequence[tuple[float, Json]]  # when, what

NOT_OWN = "you may see only what your own camera recorded"
KEPT = 20_000  # views


@dataclass(frozen=True, slots=True)
class Sources:
    """What replay reads of other features; times are Unix seconds, from and to."""

    fixes: Callable[[float, float, Among | None], Awaitable[dict[str, list[Fix]]]]  # None: of all cameras
    # the int | None: of how many steps; None: all
    alerts: Callable[[float, float, int, int | None, Among], Awaitable[list[Json]]]
    # of these alerts: how each stood at the first time, and each state between the two
    alert_states: Callable[[Sequence[str], float, float, int], Awaitable[Told]]
    advice: Callable[[float, float, int, Among], Awaitable[list[Json]]]
    activity: Callable[[float, float, int, Among], Awaitable[Told]]
    decisions: Callable[[float, float, int, Among], Awaitable[list[Json]]]
    call_signs: Callable[[], Awaitable[Mapping[str, str]]]
    settings: Callable[[], Json]  # what a console must know of the configuration
    recordings: Callable[[Sought], Awaitable[Sequence[Row]]]  # that may fit, newest first
    stays: Callable[[Area, float, float, Collection[str] | None], Awaitable[Mapping[str, list[Stay]]]]  # of cameras
    stood: Callable[[str, float, float, int], Awaitable[Mapping[str, list[Stay]]]]  # alerts of a kind, by camera
    taser_logs: Callable[[float, float], Awaitable[list[Json]]]
    stamped: Callable[[str], bool | None]  # a signed recording, by an authority; None: nobody was asked. Blocks
    # of room_command.AUDITED what was done with these recordings and devices, oldest first
    done: Callable[[Collection[str], float, float, int], Awaitable[Sequence[AuditEntry]]]


class Replays:
    """Finds recordings, and shows them under a view."""

    def __init__(
        self, library: Library, store: ViewStore, bookmarks: BookmarkStore, sources: Sources, clock: Clock
    ) -> None:
        self._library = library
        self._store = store
        self._bookmarks = bookmarks
        self._sources = sources
        self._clock = clock
        self._views: OrderedDict[str, View] = OrderedDict()
        self._reader = Reader(library)
        self._finder = Finder(self._reader.outline, sources, clock)
        self._facts = FactReader(sources, bookmarks)

    # ---- find, open ---------------------------------------------------------------------------------

    async def find(self, looked_for: Wanted, own: str | None = None) -> Json:
        """A page of recordings, newest first; `own`: only those that this person wore the camera of."""
        return await self._finder.page(looked_for, own)

    def settings(self) -> Json:
        """What a page with a map must know of the configuration."""
        return self._sources.settings()

    async def open(self, caller: Caller, wish: Asked, note: Note, own: str | None = None) -> View:
        """Open a view: noted and committed when this returns. `note` writes the audit; whatever it raises, there is
        no view. Raises NotFound, Forbidden, BadRequest, Unavailable; ReasonNeeded where there is something, and no reason.
        """
        found = await asyncio.to_thread(self._chosen, wish)
        if not wish.why:
            raise ReasonNeeded("no alert stands at this camera, and you have not said what you are on duty as")
        if own is not None and not all(_is_own(one, own) for one in found):
            raise Forbidden(NOT_OWN)
        devices = tuple(dict.fromkeys(one.device_id for one in found))
        if len(devices) > MOST_CAMERAS:
            raise BadRequest(f"recordings: expected those of at most {MOST_CAMERAS} cameras, not of {len(devices)}")
        growing = any(one.is_open for one in found)
        now = self._clock.wall()
        view = View(
            id=secrets.token_hex(16),
            person_id=caller.person.id,
            name=caller.person.display_name,
            role=caller.person.role.value,
            session_id=caller.session_id,
            recording_ids=tuple(one.id for one in found),
            device_ids=devices,
            start=wish.start if wish.start is not None else min(one.start for one in found),
            end=wish.end if wish.end is not None or growing else max(one.end for one in found),
            why=wish.why,
            opened_at=now,
            expires_at=now + OPEN_S,
        )
        await note(view, {one.id: one.call_sign for one in found})
        await self._store.add(view)
        self._keep(view)
        return view

    async def view(self, view_id: str, caller: Caller) -> View:
        """A view of this very session's that has not ended. Raises NotFound for any other."""
        view = self._views.get(view_id) or await self._store.find(view_id)
        mine = view is not None and (view.session_id, view.person_id) == (caller.session_id, caller.person.id)
        if view is None or not mine or view.expires_at <= self._clock.wall():
            raise NotFound("this view has ended, or is another session's: open the recording anew", kind="no-view")
        self._keep(view)
        return view

    # ---- within a view ------------------------------------------------------------------------------

    async def timeline(self, view: View) -> Json:
        """Everything of its interval, in one order."""
        told = {"view": view.as_json(), "at": self._clock.wall(), "settings": self._sources.settings()}
        whole = timeline(await self.facts(view))
        signed = [one for camera in whole["cameras"] for one in camera["recordings"] if one["signed"]]
        await asyncio.to_thread(self._finder.tell_stamps, signed)
        return {**told, **whole}

    async def known(self, view: View, at: float) -> Json:
        """What the room knew at a moment. Raises BadRequest for one outside the interval."""
        if not view.covers(at - 1e-3, at + 1e-3):
            raise BadRequest("at: expected a time within the view")
        return known_at(await self.facts(view), at)

    async def playlist(self, view: View, device_id: str, layer: str, parts: Sequence[int] | None = None) -> str:
        """The playlist of one camera. `parts`: with so many back-filled ones of each of its recordings, in order of time, as
        its timeline told them; None: with all, or with none while it grows. Raises NotFound when it has no such layer in the
        interval.
        """
        return await asyncio.to_thread(self._playlist, view, device_id, layer, parts)

    def _playlist(self, view: View, device_id: str, layer: str, parts: Sequence[int] | None) -> str:
        found = [self._reader.near(one, view.start) for one in view.recording_ids]
        mine = sorted((one for one in found if one.device_id == device_id), key=lambda one: one.start)
        growing = view.end is None and any(one.is_open for one in mine)
        if growing or parts is not None:  # what grows is only added to: one with more parts is another playlist
            most = [*(parts or ()), *[0] * len(mine)]
            mine = [one.with_parts(number) for one, number in zip(mine, most, strict=False)]
        own = [part for one in mine for part in one.layer(layer)]
        segments = [part for part in own if view.covers(part.at, part.end)]
        if not segments:
            raise NotFound(f"the camera {device_id} has no {layer} layer in this view")
        ordered = _in_order(segments)
        if view.end is None:  # also once it is closed: whoever has watched it grow has this playlist
            ordered = in_turn(ordered, growing=growing)
        return playlist(ordered, growing=growing, address=lambda one, file: f"../../files/{one}/{file}")

    async def file(self, view: View, recording_id: str, name: str) -> bytes:
        """A segment or an initialisation of the view, as it was sealed. Raises NotFound for anything else, Conflict (of the kind
        DAMAGED) where it is another by now, Unavailable without the recording's key.
        """
        if recording_id not in view.recording_ids:
            raise NotFound("this view does not include that recording")
        return await asyncio.to_thread(self._file, view, recording_id, name)

    async def bookmark(self, view: View, caller: Caller, at: float, words: str, along: AlongBookmark) -> Bookmark:
        """Mark a second of what was recorded then, in one commit with the audit's rows.

        Raises BadRequest for a time at which nothing was, Unavailable.
        """
        if not view.covers(at - 1e-3, at + 1e-3):
            raise BadRequest("at: expected a time within the view")
        found = await asyncio.to_thread(self.recordings_of, view)
        then = {one.id: one.call_sign for one in found if one.start <= at <= one.end}
        if not then:
            raise BadRequest("at: nothing was recorded at that time")
        person = caller.person
        made = Bookmark(
            secrets.token_hex(16), tuple(then), at, words, person.id, person.display_name, self._clock.wall()
        )
        await self._bookmarks.add(made, along(made, then))
        return made

    async def piece(self, view: View, recording_id: str, name: str, since: float) -> Piece:
        """A segment that is played by itself, whose times count from `since` (Unix seconds). Raises as `file` does, and Conflict
        (of the kind UNPLAYABLE) where it is what was sealed and cannot be read."""
        if recording_id not in view.recording_ids:
            raise NotFound("this view does not include that recording")
        return await asyncio.to_thread(self._piece, view, recording_id, name, since)

    # ---- how it is read -----------------------------------------------------------------------------

    def _chosen(self, wish: Asked) -> list[Recording]:
        known = set(self._library.ids())
        missing = [one for one in wish.recording_ids if one not in known]
        if missing:
            raise NotFound(f"there is no recording {missing[0]}")
        start, end = wish.start or 0.0, wish.end or self._clock.wall() + 1
        found = [self._reader.outline(one) for one in wish.recording_ids]
        found += self._reader.reaching(known, wish.device_ids, start)
        chosen = [one for one in found if one.segments and one.start < end and one.end > start]
        if wish.device_ids:
            chosen = [one for one in chosen if one.device_id in wish.device_ids]
        if not chosen:
            raise NotFound("nothing was recorded of that, at that time")
        return chosen

    def recordings_of(self, view: View) -> list[Recording]:
        """Those that a view names, whole. Blocks."""
        return [self._reader.whole(one) for one in view.recording_ids]

    def recordings_at(self, view: View, device_id: str, at: float) -> list[Recording]:
        """Those of one camera that reach to that moment, or to just before it, whole. Blocks."""
        mine = (self._reader.outline(one) for one in view.recording_ids if may_be_of(one, [device_id]))
        held = [one for one in mine if one.device_id == device_id and one.start <= at < one.end + HOLE_S]
        return [self._reader.whole(one.id) for one in held]

    def recording_of(self, recording_id: str, own: str | None) -> Recording:
        """One, whole; `own`: only if this person wore its camera. Blocks. Raises NotFound, Forbidden."""
        one = self._reader.whole(recording_id)
        if own is not None and not _is_own(one, own):
            raise Forbidden(NOT_OWN)
        return one

    def _file(self, view: View, recording_id: str, name: str) -> bytes:
        parts = [
            part for part in self._reader.near(recording_id, view.start).segments if name in (part.file, part.init)
        ]
        if not any(view.covers(part.at, part.end) for part in parts):
            raise NotFound("this view has no such file")
        return self._library.sealed(recording_id, name)

    def _piece(self, view: View, recording_id: str, name: str, since: float) -> Piece:
        part = next((one for one in self._reader.near(recording_id, view.start).segments if one.file == name), None)
        if part is None or part.at < since or not view.covers(part.at, part.end):
            raise NotFound("this view has no such segment from then on")
        init, segment = (self._library.sealed(recording_id, one) for one in (part.init, part.file))
        return piece(name, init, segment, part.at - part.start - since)

    async def facts(self, view: View, *, of_all: bool = True) -> Facts:
        """What the stores hold of its interval, as far as its role may see it; `of_all`: also of cameras not in the view."""
        found = await asyncio.to_thread(self.recordings_of, view)
        end = view.end if view.end is not None else self._clock.wall()
        may_all = may(view.role, Permission.REPLAY)
        facts = await self._facts.of(view, found, end, of_all=of_all and may_all)
        return facts if may_all else facts.only(view.device_ids)

    def _keep(self, view: View) -> None:
        self._views[view.id] = view
        while len(self._views) > KEPT:
            self._views.popitem(last=False)


def _is_own(one: Recording, person_id: str) -> bool:
    return bool((one.wearer or {}).get("person_id") == person_id)


def _in_order(segments: Sequence[Placed]) -> list[Placed]:
    return sorted(segments, key=lambda part: (part.at, part.n))


def is_layer(name: str) -> bool:
    """Whether there can be such a layer."""
    return name in LAYERS


def is_recording(recording_id: str) -> bool:
    """Whether there can be such an id."""
    return RECORDING_ID.fullmatch(recording_id) is not None
