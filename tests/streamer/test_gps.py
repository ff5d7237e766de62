"""Sources of positions over real sockets, FIFOs and files."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial, reduce
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from streamer.backoff import Backoff
from streamer.clock import SystemClock
from streamer.errors import GpsError
from streamer.gps import GpsdGps, GpsSource, NmeaGps, SimulatedGps
from streamer.gps_error import GpsErrorModel
from streamer.gps_fix import GpsFix
from streamer.projection import Projection
from streamer.scenario_path import Place
from streamer.tasks import TaskOwner
from tests.streamer.conftest import HandClock


class Collected:
    """Fixes as they come."""

    def __init__(self) -> None:
        self.fixes: list[GpsFix] = []
        self.said: list[str] = []

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(15):
            while not condition():  # noqa: ASYNC110 - what it asks for has no event of its own
                await asyncio.sleep(0.01)

    def at_least(self, count: int) -> bool:
        return len(self.fixes) >= count

    @asynccontextmanager
    async def of(self, source: GpsSource) -> AsyncIterator[None]:
        async with TaskOwner("gps") as tasks:
            tasks.start(source.run(self.fixes.append), "source")
            yield


@pytest.fixture
def got() -> Collected:
    return Collected()


def soon() -> Backoff:
    return Backoff(Random(1), first_s=0.05, cap_s=0.1)


def nmea(second: int, date: str = "201126") -> str:
    bodies = (
        f"GPRMC,2240{second:02d}.00,A,5121.6000,N,00101.8000,E,2.5,172.0,{date},,,A",
        f"GPGGA,2240{second:02d}.00,5121.6000,N,00101.8000,E,1,08,0.9,12.0,M,45.0,M,,",
    )
    return "".join(f"${body}*{reduce(lambda a, b: a ^ b, body.encode()):02X}\r\n" for body in bodies)


async def test_the_simulated_receiver_is_near_the_truth_once_a_second(got: Collected) -> None:
    clock, projection = HandClock(), Projection(51.36, 1.03)
    truth = Place(100.0, 50.0, 90.0, 1.4)
    source = SimulatedGps(lambda at: truth, projection.to_wgs84, GpsErrorModel(Random(3)), clock)
    async with got.of(source):
        await got.until(lambda: len(got.fixes) > 20)
        source.lost = True
        before = len(got.fixes)
        await asyncio.sleep(0.05)
        assert len(got.fixes) <= before + 1
    walk = got.fixes[:20]  # further on the receiver has its drop-outs
    assert {round(b.at - a.at, 3) for a, b in pairwise(walk)} == {1.0}
    x, y = projection.to_local(got.fixes[0].lat, got.fixes[0].lon)
    assert abs(x - 100) < 15
    assert abs(y - 50) < 15


async def test_gpsd_is_asked_watched_and_found_again(got: Collected) -> None:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.write(b'{"class":"VERSION"}\nrubbish\n')
        report = {"class": "TPV", "mode": 3, "time": "2026-11-20T22:40:58Z", "lat": 51.0, "lon": 1.0, "eph": 3.0}
        writer.write(json.dumps(report).encode() + b"\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with got.of(GpsdGps("127.0.0.1", port, SystemClock(), soon(), got.said.append)):
        await got.until(lambda: len(got.fixes) >= 3)
        server.close()
        await server.wait_closed()
        await got.until(lambda: any("Connect" in said for said in got.said) or len(got.said) >= 2)
    assert asked[0].startswith(b'?WATCH={"enable":true,"json":true}')
    assert (got.fixes[0].lat, got.fixes[0].accuracy_m) == (51.0, 3.0)
    assert "gives no position" in got.said[0]


async def test_a_fifo_is_heard_and_heard_again_after_its_writer_has_gone(got: Collected, tmp_path: Path) -> None:
    fifo = tmp_path / "receiver"
    os.mkfifo(fifo)
    source = NmeaGps(fifo, SystemClock(), soon(), got.said.append)
    async with got.of(source):
        for second in (1, 2):
            await _write_until(partial(got.at_least, second), fifo, b"$GPRMC,broken*00\r\n" + nmea(second).encode())
    assert [fix.accuracy_m for fix in got.fixes] == [pytest.approx(4.05)] * len(got.fixes)
    assert source.reader.counts["checksum"] >= 1


async def _write_until(heard: Callable[[], bool], fifo: Path, said: bytes) -> None:
    """Write as a new writer, and again if the reader was just giving up the one before and took nothing."""
    async with asyncio.timeout(15):
        while not heard():
            writer = await asyncio.to_thread(os.open, fifo, os.O_WRONLY)
            try:
                os.write(writer, said)
                await asyncio.sleep(0.05)
            except BrokenPipeError:
                continue
            finally:
                os.close(writer)


async def test_a_recording_is_played_from_now_on_round_and_round(got: Collected, tmp_path: Path) -> None:
    path = tmp_path / "walk.nmea"
    path.write_text(nmea(1, "010110") + nmea(3, "010110") + nmea(4, "010110"))
    clock = HandClock()
    start = clock.now
    async with got.of(NmeaGps(path, clock, soon(), got.said.append)):
        await got.until(lambda: len(got.fixes) >= 6)
    assert [fix.at - start for fix in got.fixes[:6]] == [1.0, 3.0, 4.0, 5.0, 7.0, 8.0]


async def test_a_file_without_a_position_is_one_sentence(got: Collected, tmp_path: Path) -> None:
    path = tmp_path / "empty.nmea"
    path.write_text("nothing here\n")
    with pytest.raises(GpsError, match="holds no position"):
        await NmeaGps(path, HandClock(), soon(), got.said.append).run(got.fixes.append)


async def test_a_receiver_that_is_not_there_is_told_once_and_found_later(got: Collected, tmp_path: Path) -> None:
    fifo = tmp_path / "later"
    async with got.of(NmeaGps(fifo, SystemClock(), soon(), got.said.append)):
        await got.until(lambda: got.said)
        os.mkfifo(fifo)
        writer = await asyncio.to_thread(os.open, fifo, os.O_WRONLY)
        os.write(writer, nmea(1).encode())
        await got.until(lambda: got.fixes)
        os.close(writer)
    assert "No such file" in got.said[0]
    assert "works again" in got.said[1]
