"""The camera's composition: builds the parts, wires them, runs them, and closes them in reverse."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import ssl
import sys
import termios
import threading
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from random import Random
from typing import Any, TextIO

from server import wire
from streamer.backfill import Backfill, Way
from streamer.backoff import Backoff
from streamer.capture import Picture
from streamer.clock import Clock, SystemClock
from streamer.config import CameraConfig, gpsd_address
from streamer.controls import Kit
from streamer.downlink import Downlink, FromServer
from streamer.errors import ConfigError, PressError, StoreError, StreamerError
from streamer.gps import GpsdGps, GpsSource, NmeaGps, SimulatedGps
from streamer.gps_error import GpsErrorModel
from streamer.gps_fix import GpsFix
from streamer.keeper import FootageKeeper
from streamer.keys import QUIT, Keys, press_of
from streamer.lacking import lacking
from streamer.link import Link
from streamer.media import Stream, open_media
from streamer.outbox import Outbox
from streamer.pose import Overlay
from streamer.prompt import HELP, Prompt
from streamer.routes import UNIX, LocalControl, state_of, write_token
from streamer.scenario_player import Player
from streamer.sound import Sound
from streamer.spool import Spool
from streamer.store import open_store
from streamer.tasks import TaskOwner, again_and_again, in_thread
from streamer.uplink import Credentials, Uplink, uplink_url
from streamer.whereabouts import Whereabouts, read_town

log = logging.getLogger(__name__)

LAST_WORDS_S = 0.6  # to tell the server that recording and stream end; what is not told now is told at the next start
MEDIA_END_S = 1.0  # for WHIP's DELETE; the server notices anyway
FEW_FIXES = 10  # that wait: one a second is under way, more is a link that has no room


def run(config: CameraConfig) -> int:
    """Run the camera until SIGINT or SIGTERM. Returns the exit code. Raises StreamerError."""
    return asyncio.run(Camera(config, SystemClock(), sys.stdout).run())


class Camera:
    """One camera. `run` returns when it is told to end."""

    def __init__(self, config: CameraConfig, clock: Clock, out: TextIO) -> None:
        """Builds all parts. Raises StreamerError."""
        self.config = config
        self.clock = clock
        # the same device errs the same way in every run of a scenario: a test can be repeated
        self._rng = Random(config.device_id if config.scenario else None)
        self.prompt = Prompt(out, clock, config.call_sign or config.device_id)
        self.store = open_store(config.state / f"{config.device_id}.outbox", self.prompt)
        self.outbox = Outbox(self.store)
        self.link = Link()
        self.kit = Kit(
            self.outbox,
            clock,
            self.prompt.say,
            recording=config.recording,
            streaming=config.streaming,
            requests_refused=config.requests_refused,
            lacks=lambda: lacking(config.source, config.sound, config.gps),
        )
        self._town = read_town(config.town_file)
        self._where = Whereabouts(config, self._town, clock.wall, threading.Lock())
        self._gps = self._open_gps()
        self._tls = tls_context(config)
        self._stream = Stream(config.server, self.link, clock, self._rng, self._tls)
        self.spool = Spool(config.state / f"{config.device_id}.footage", config.footage_bytes)
        self.footage = FootageKeeper(self.spool, config.before_s, lambda: self.kit.recording, clock, self.prompt.say)
        url = f"{config.server}/backfill/{config.device_id}"
        self.backfill = Backfill(Way(url, lambda: self._stream.token, self._is_clear, self._tls), self.spool, clock)
        has_keys = config.keys and sys.stdin.isatty()
        # an officer who is played reads what is printed into a file, too
        has_reader = self.prompt.is_screen or config.scenario is not None or config.heard_after_s > 0
        self.downlink = Downlink(self.outbox, self.kit, self.prompt, clock, keys=has_keys, has_reader=has_reader)
        self._stop: asyncio.Event | None = None
        self._has_keys = has_keys
        self._refusal: StreamerError | None = None
        self._welcome: wire.Welcome | None = None
        self._connected = False
        self._is_replaced = False
        self._trouble_said = False
        self._disk_trouble_said = False

    async def run(self) -> int:
        """Run until told to end. Raises UplinkRefused if the server does not know this camera, ConfigError."""
        self._stop = asyncio.Event()
        self._changed = asyncio.Event()
        async with AsyncExitStack() as stack:
            stack.callback(self.store.close)
            tasks = await stack.enter_async_context(TaskOwner(self.config.device_id))
            self._tasks = tasks
            self.uplink = self._open_uplink()
            self._wire()
            await self._open_hand(stack)
            self._end_by_signal(stack)
            self._end_with_parent(stack)
            self.kit.begin()
            self.downlink.show_what_waits()
            self._start(tasks)
            await self._stop.wait()
            self.kit.end()
            await self.footage.finish()
            await self._last_words()
        if self._refusal is not None:
            raise self._refusal
        return 0

    def stop(self) -> None:
        """End the camera."""
        if self._stop is not None:
            self._stop.set()

    # ---- building --------------------------------------------------------------------------------

    def _open_gps(self) -> GpsSource | None:
        gps, clock, again = self.config.gps, self.clock, Backoff(self._rng)
        simulated = self._where.simulated
        if gps.startswith("nmea:"):
            return NmeaGps(Path(gps.removeprefix("nmea:")), clock, again, self.prompt.say)
        if gps.startswith("gpsd:"):
            return GpsdGps(*gpsd_address(gps), clock, again, self.prompt.say)
        if gps == "none" or simulated is None:
            return None
        return SimulatedGps(*simulated, GpsErrorModel(self._rng), clock)

    def _open_uplink(self) -> Uplink:
        return Uplink(
            uplink_url(self.config.server, self.config.device_id),
            Credentials(self.config.device_id, self.config.key),
            self.outbox,
            self.kit.status,
            self._take,
            link=self.link,
            clock=self.clock,
            backoff=Backoff(self._rng),
            tls=True if self._tls is None else self._tls,
        )

    def _wire(self) -> None:
        self.kit.changed = self._kit_changed
        self.kit.heard = self.downlink.heard
        self.downlink.on_token = self._stream.admitted
        self.downlink.on_media_session = self._stream.taken_by
        self.downlink.on_shown = self._answer_later
        self.uplink.on_welcome = self._welcomed
        self.uplink.on_lost = self._lost
        self.uplink.on_replaced = self._replaced

    async def _open_hand(self, stack: AsyncExitStack) -> None:
        """The keys of the terminal, and the local control."""
        if self.config.control is not None:
            token = None
            if not self.config.control.startswith(UNIX):
                token = write_token(self.config.state / f"{self.config.device_id}.control-token")
            control = LocalControl(self.kit, self._state, token)
            address = await control.start(self.config.control)
            stack.push_async_callback(control.close)
            self.prompt.say(f"Local control: {address}")
        if self._has_keys:
            loop = asyncio.get_running_loop()
            with suppress(termios.error):
                keys = Keys(sys.stdin.fileno(), self._key, loop.add_reader, loop.remove_reader)
                stack.callback(keys.close)
                self.prompt.say(HELP)

    def _end_by_signal(self, stack: AsyncExitStack) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.stop)
            stack.callback(loop.remove_signal_handler, number)

    def _end_with_parent(self, stack: AsyncExitStack) -> None:
        """A camera that another program started must not outlive it, even if that one was killed."""
        if not self.config.until_stdin_closes:
            return
        loop, stdin = asyncio.get_running_loop(), sys.stdin.fileno()

        def readable() -> None:
            if not os.read(stdin, 4096):
                loop.remove_reader(stdin)
                self.stop()

        loop.add_reader(stdin, readable)
        stack.callback(loop.remove_reader, stdin)

    def _start(self, tasks: TaskOwner) -> None:
        tasks.start(self._or_end(again_and_again(self.uplink.run, "uplink")), "uplink")
        tasks.start(self._or_end(self._keep_media()), "media")
        tasks.start(again_and_again(self.backfill.run, "back-fill"), "backfill")
        if self._gps is not None:
            tasks.start(self._or_end(again_and_again(self._take_fixes, "gps")), "gps")
        if self.config.scenario is not None and self._where.part is not None:
            gps = self._gps if isinstance(self._gps, SimulatedGps) else None
            player = Player(self.config.scenario, self._where.part, self.kit, self.link, gps)
            tasks.start(again_and_again(lambda: self._play(player), "scenario"), "scenario")

    # ---- running ---------------------------------------------------------------------------------

    async def _or_end(self, part: Coroutine[Any, Any, None]) -> None:
        """A part that says it cannot be (no such camera, no such source) ends the camera with its sentence."""
        try:
            await part
        except StreamerError as error:
            self._refusal = error
            self.stop()

    async def _keep_media(self) -> None:
        await self._until(self._is_switched_on)  # what is off opens no source and draws nothing
        # a second or two of drawing house fronts: meanwhile the officer's hand works and control can be reached
        media = await in_thread(
            lambda: open_media(
                self.config, self._town, self._where.pose, self._where.others, self._overlay, self.clock
            ),
            "media",
        )
        self._tasks.start(again_and_again(lambda: self.footage.run(media), "footage"), "footage")
        await again_and_again(lambda: self._publish(media), "media")

    async def _take_fixes(self) -> None:
        assert self._gps is not None  # started only if there is one
        await self._gps.run(self._fix)

    def _fix(self, fix: GpsFix) -> None:
        if self._where.simulated is None:
            self._where.heard(fix)
        try:
            self.outbox.fix(fix)
            self._disk_trouble_said = False
        except StoreError as error:  # pictures and signals go on; of positions the next one counts
            if not self._disk_trouble_said:
                self._disk_trouble_said = True
                self.prompt.say(f"{error} Positions are lost until the disk has room.")

    async def _play(self, player: Player) -> None:
        while True:
            await self.clock.sleep(player.step(self._where.scenario_time(self.clock.wall())))

    async def _publish(self, media: tuple[Picture, Sound | None]) -> None:
        """Media for as long as the stream is on, from the first welcome."""
        await self._until(lambda: self._welcome is not None and self._may_publish())
        assert self._welcome is not None  # waited for
        async with TaskOwner(f"{self.config.device_id}.stream") as tasks:
            client = self._stream.make(media, self._welcome, self._media_state)
            running = tasks.start(client.run(), "whip")
            running.add_done_callback(lambda _: self._changed.set())
            try:
                await self._until(lambda: not self._may_publish() or running.done())
            finally:
                await client.close()
                await asyncio.wait([running], timeout=MEDIA_END_S)

    def _is_switched_on(self) -> bool:
        return self.kit.streaming or self.kit.recording != "off"

    def _may_publish(self) -> bool:
        return self.kit.streaming and not self._is_replaced

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    async def _last_words(self) -> None:
        """A moment for what the officer must not wonder about: did control learn that recording has ended?"""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_S):
                await self._until(lambda: not (self._connected and self.outbox.waiting()[0]))

    # ---- what is told ----------------------------------------------------------------------------

    def _take(self, message: FromServer) -> None:
        try:
            self.downlink.take(message)
        except StoreError as error:  # not acknowledged: the server sends it again on the next connection
            log.error("%s from the server is not kept: %s", message.t, error)
        self._changed.set()

    def _kit_changed(self) -> None:
        self.footage.follow()
        self.uplink.status_changed()
        self._changed.set()

    def _welcomed(self, welcome: wire.Welcome) -> None:
        self._welcome = welcome
        self.kit.paired = welcome.pairing
        self._stream.admitted(welcome)
        self._stream.server_reached()
        self.backfill.news()
        self._connected = True
        self._is_replaced = self._trouble_said = False
        if not self.config.call_sign:
            self.prompt.call_sign = welcome.call_sign
        self.prompt.say(f"Connected to control as {welcome.call_sign}.")
        self.uplink.status_changed()
        self._changed.set()

    def _lost(self, why: str) -> None:
        self._connected = False
        self._stream.server_lost()
        if not self._trouble_said:
            self._trouble_said = True
            self.prompt.say(f"No connection to {self.config.server} ({why}); trying again. Nothing is lost meanwhile.")

    def _replaced(self) -> None:
        """Its picture waits too: each would only throw the other's out."""
        self._is_replaced = True
        self.prompt.say("Another camera has connected with this one's key. This one waits until that has gone.")
        self._trouble_said = True
        self._changed.set()

    def _media_state(self, flows: bool) -> None:
        self._stream.flows = flows
        self.backfill.news()
        self.prompt.say("Picture reaches control." if flows else "Picture no longer reaches control.")

    def _is_clear(self) -> bool:
        """Whether all that is live has its room, so that old footage may go."""
        urgent, fixes = self.outbox.waiting()
        live = self._stream.is_whole or not self.kit.streaming
        return self._connected and not self.link.stalled and live and not urgent and fixes <= FEW_FIXES

    def _answer_later(self, advice_id: str) -> None:
        if self.config.heard_after_s > 0:
            self._tasks.start(self._answer(advice_id), "heard")

    async def _answer(self, advice_id: str) -> None:
        await self.clock.sleep(self.config.heard_after_s)
        self.downlink.heard(advice_id)

    def _key(self, key: str) -> None:
        if key in QUIT:
            self.stop()
        elif key == "?":
            self.prompt.say(HELP)
        what = press_of(key, watch_asked=self.kit.watch_asked, streaming=self.kit.streaming)
        try:
            if what is not None:
                self.kit.press(what)
        except (PressError, StoreError) as error:
            self.prompt.say(str(error))

    def _state(self) -> dict[str, object]:
        media = {"flows": self._stream.flows, "sent": self._stream.sent}
        return state_of(self.kit, self.outbox.waiting(), self._connected) | media

    def _overlay(self) -> Overlay:
        return Overlay(
            call_sign=self.prompt.call_sign,
            collar_number=self.config.collar_number,
            battery_pct=100 if self.kit.battery_pct is None else self.kit.battery_pct,
            recording=self.kit.recording == "recording",
            taser_drawn=self.kit.holster.value != "safe",
            device_id=self.config.device_id,
        )


def tls_context(config: CameraConfig) -> ssl.SSLContext | None:
    """How to trust the server; None: as this machine does. Raises ConfigError."""
    if config.insecure:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if config.ca_file is None:
        return None
    try:
        return ssl.create_default_context(cafile=str(config.ca_file))
    except (ssl.SSLError, OSError) as error:
        raise ConfigError(f"--ca-file {config.ca_file} is no PEM certificate.") from error
