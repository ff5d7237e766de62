"""Two server processes, by real Redis: whoever is asked, the one that holds the camera or the session answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from server.bus import Body, Topic
from server.clock import SystemClock
from server.errors import BadRequest, Conflict, NotFound
from server.media.answer import Answer
from server.media.engine import LocalEngine
from server.media.settings import MediaSettings
from server.media.switchboard import Neighbours, Switchboard
from server.redis_bus import RedisBus
from server.tasks import TaskOwner
from tests.local_servers import LocalRedis
from tests.server.media.clients import Camera, Screen
from tests.server.media.conftest import CAMERA, INSPECTOR, Heard, until
from tests.server.media.test_media_engine import publish


@dataclass
class Side:
    """One process. `told` is what its units know of the other's pictures."""

    board: Switchboard
    engine: LocalEngine
    bus: RedisBus
    heard: Heard
    told: dict[str, str] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)


@pytest.fixture
def short_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that says nothing for a second has lost its viewings."""
    monkeypatch.setattr("server.media.switchboard.LOOK_S", 0.2)
    monkeypatch.setattr("server.media.switchboard.LEASE_S", 1.0)


class SlowClock(SystemClock):
    """Of a host whose wall clock is an hour behind."""

    def wall(self) -> float:
        return super().wall() - 3600


async def _side(
    name: str, redis_url: str, folder: Path, closing: AsyncExitStack, clock: SystemClock | None = None
) -> Side:
    tasks = await closing.enter_async_context(TaskOwner(name))
    heard, bus = Heard(), RedisBus(redis_url)
    boards: list[Switchboard] = []

    def publishing(device_id: str, session_id: str | None) -> None:
        heard.publishing(device_id, session_id)
        boards[0].published(device_id, session_id)

    engine = LocalEngine(MediaSettings(folder=folder), SystemClock(), tasks, heard.feed, heard.watching, publishing)
    told: dict[str, str] = {}
    known: set[str] = set()
    neighbours = Neighbours(name, told.get, partial(set, known))
    boards.append(Switchboard(engine, bus, neighbours, clock or SystemClock(), tasks))
    closing.push_async_callback(bus.close)
    await bus.start()
    closing.push_async_callback(boards[0].close)
    await boards[0].start()
    return Side(boards[0], engine, bus, heard, told, known)


@pytest.fixture
async def sides(redis_url: str, tmp_path: Path) -> AsyncIterator[tuple[Side, Side]]:
    """Started, and known to each other."""
    async with AsyncExitStack() as closing:
        made = [await _side(name, redis_url, tmp_path / name, closing) for name in ("one", "two")]
        one, two = made
        one.known.add("two")
        two.known.add("one")
        yield one, two


async def test_a_picture_at_another_process_is_watched_as_if_it_were_here(sides: tuple[Side, Side]) -> None:
    near, far = sides
    camera, screen = Camera(layers=((320, 180), (160, 96))), Screen()
    ended: list[str] = []
    try:
        published = await publish(near.board, camera)
        with pytest.raises(Conflict):
            far.board.require_streaming(CAMERA)
        far.told[CAMERA] = "one"
        far.board.require_streaming(CAMERA)
        answer = await far.board.watch(CAMERA, INSPECTOR, await screen.make_offer(), on_end=ended.append)
        await screen.take(answer.sdp)
        assert len(await screen.frames(10)) == 10
        await until(lambda: near.heard.names(CAMERA) == ["Insp. Hale"])
        assert (await far.board.session(answer.session_id)).viewer == INSPECTOR
        assert (await far.board.describe(answer.session_id))["layers"] == ["main", "sub"]
        await far.board.change_wish(answer.session_id, {"layer": "sub"})
        with pytest.raises(BadRequest):
            await far.board.change_wish(answer.session_id, {"layer": "top"})
        await until(lambda: near.engine.description(answer.session_id)["layer"] == "sub")
        # the camera's own requests may reach the other process, too
        assert (await far.board.session(published)).viewer is None
        assert (await far.board.describe(published))["kind"] == "camera"
        await far.board.delete(answer.session_id)
        await until(lambda: ended == ["sub"])
        with pytest.raises(NotFound):
            await far.board.describe(answer.session_id)
        assert far.board.is_published(CAMERA)
        await far.board.delete(published)
        await until(lambda: near.board.publisher_of(CAMERA) is None)
        assert (far.board._remote, far.board._found, near.board._served) == ({}, {}, {}), (
            "nothing is kept of what ended"
        )
    finally:
        await screen.close()
        await camera.close()


async def test_what_no_process_knows_is_not_found(sides: tuple[Side, Side]) -> None:
    with pytest.raises(NotFound):
        await sides[0].board.session("0" * 32)
    sides[0].known.clear()
    with pytest.raises(NotFound, match="there is no such"):
        await sides[0].board.session("0" * 32)


async def test_viewings_at_a_process_that_was_killed_have_ended(short_lease: None, sides: tuple[Side, Side]) -> None:
    near, far = sides
    camera, screen = Camera(sound=False), Screen(sound=False)
    ended: list[str] = []
    try:
        await publish(near.board, camera)
        far.told[CAMERA] = "one"
        answer = await far.board.watch(CAMERA, INSPECTOR, await screen.make_offer(), on_end=ended.append)
        await screen.take(answer.sdp)
        far.known.clear()
        await until(lambda: ended == ["main"])
    finally:
        await screen.close()
        await camera.close()


async def test_a_viewer_whose_process_was_killed_sees_nothing_more(short_lease: None, sides: tuple[Side, Side]) -> None:
    near, far = sides
    camera, screen = Camera(sound=False), Screen(sound=False)
    try:
        await publish(near.board, camera)
        far.told[CAMERA] = "one"
        answer = await far.board.watch(CAMERA, INSPECTOR, await screen.make_offer())
        await screen.take(answer.sdp)
        await screen.frames(60)  # longer than a lease: it is renewed
        far.board._remote.clear()  # it speaks of it no more
        await until(lambda: near.engine.health()["viewers"] == 0)
    finally:
        await screen.close()
        await camera.close()


async def test_viewers_of_a_process_that_ends_are_let_go(sides: tuple[Side, Side]) -> None:
    near, far = sides
    camera, screen = Camera(sound=False), Screen(sound=False)
    ended: list[str] = []
    try:
        await publish(near.board, camera)
        far.told[CAMERA] = "one"
        answer = await far.board.watch(CAMERA, INSPECTOR, await screen.make_offer(), on_end=ended.append)
        await screen.take(answer.sdp)
        await far.board.close()
        assert ended == ["main"]
        await until(lambda: near.engine.health()["viewers"] == 0)
    finally:
        await screen.close()
        await camera.close()


async def test_a_viewing_that_ends_while_it_begins_has_ended(
    sides: tuple[Side, Side], monkeypatch: pytest.MonkeyPatch
) -> None:
    near, far = sides
    camera, screen = Camera(sound=False), Screen(sound=False)
    ended: list[str] = []
    watch = near.engine.watch

    async def watched_and_revoked(*args: Any) -> Answer:
        answer = await watch(*args)
        await near.engine.delete(answer.session_id)
        return answer

    monkeypatch.setattr(near.engine, "watch", watched_and_revoked)
    try:
        await publish(near.board, camera)
        far.told[CAMERA] = "one"
        await far.board.watch(CAMERA, INSPECTOR, await screen.make_offer(), on_end=ended.append)
        await until(lambda: ended == ["main"])
    finally:
        await screen.close()
        await camera.close()


async def test_of_two_publishers_at_two_processes_the_newer_one_wins(sides: tuple[Side, Side]) -> None:
    near, far = sides
    first, second = Camera(sound=False), Camera(sound=False)
    try:
        await publish(near.board, first)
        with capture_logs() as logs:
            newer = await publish(far.board, second)
            await until(lambda: near.board.publisher_of(CAMERA) is None)
        said = [one for one in logs if one["event"].endswith("at another process replaces the present one")]
        assert [(one["log_level"], one["device_id"]) for one in said] == [("warning", CAMERA)]
        assert far.board.publisher_of(CAMERA) == newer
    finally:
        await first.close()
        await second.close()


@pytest.mark.parametrize(("crossing_s", "stays"), [(0.0, "slow"), (60.0, "right")])
async def test_of_two_publishers_one_stays_whatever_the_hosts_clocks_show(
    crossing_s: float, stays: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.media.switchboard.CROSSING_S", crossing_s)
    first, second = Camera(sound=False), Camera(sound=False)
    async with AsyncExitStack() as closing:
        right = await _side("right", redis_url, tmp_path / "right", closing)
        slow = await _side("slow", redis_url, tmp_path / "slow", closing, SlowClock())
        sides = {"right": right, "slow": slow}
        told: list[Body] = []
        slow.bus.subscribe(Topic.MEDIA, told.append)
        try:
            await publish(right.board, first)
            await until(lambda: any(one.get("news") == "published" for one in told))
            newer = await slow.board.publish(CAMERA, await second.make_offer())
            with suppress(AssertionError):  # the one that is ended may be so before it says that it is connected
                await second.take(newer.sdp)
            staying = sides.pop(stays)
            (ended,) = sides.values()
            await until(lambda: ended.board.publisher_of(CAMERA) is None)
            assert staying.board.publisher_of(CAMERA) is not None
            assert stays != "slow" or slow.board.publisher_of(CAMERA) == newer.session_id
        finally:
            await first.close()
            await second.close()


async def test_who_watches_a_camera_that_goes_to_another_process_follows_it(sides: tuple[Side, Side]) -> None:
    near, far = sides
    camera, moved, screen = Camera(sound=False), Camera(sound=False), Screen(sound=False)
    ended: list[str] = []
    try:
        await publish(near.board, camera)
        answer = await near.board.watch(CAMERA, INSPECTOR, await screen.make_offer(), on_end=ended.append)
        await screen.take(answer.sdp)
        await screen.frames(3)
        assert ended == []
        await publish(far.board, moved)
        near.told[CAMERA] = "two"
        await until(lambda: ended == ["main"])
    finally:
        for one in (screen, camera, moved):
            await one.close()


async def test_without_redis_what_is_watched_goes_on_and_nothing_new_is_seen_of_another_process(
    short_lease: None, sides: tuple[Side, Side], redis_server: LocalRedis
) -> None:
    near, far = sides
    camera, screen = Camera(sound=False), Screen(sound=False)
    ended: list[str] = []
    try:
        await publish(near.board, camera)
        far.told[CAMERA] = "one"
        answer = await far.board.watch(CAMERA, INSPECTOR, await screen.make_offer(), on_end=ended.append)
        await screen.take(answer.sdp)
        redis_server.kill()
        await until(lambda: not far.bus.healthy() and not near.bus.healthy())
        far.known.clear()  # nothing is heard of it
        await screen.frames(50)
        with pytest.raises(Conflict) as refused:
            await far.board.watch(CAMERA, INSPECTOR, "v=0")
        assert (refused.value.problem_kind, ended) == ("elsewhere", [])
        assert near.engine.health()["viewers"] == 1
    finally:
        await screen.close()
        await camera.close()
