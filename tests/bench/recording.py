"""Recording: processor time of a camera that is recorded, beside forwarding alone and beside FFmpeg's own copy to MP4.

Cameras send 720p, 25 frames and 1.5 Mbit/s each, coded once, and one viewer watches each. The same engine runs without a
recorder, with the pre-event buffer only, recording to disk, and recording encrypted; then `ffmpeg -c copy` writes one of the
recordings made into a fragmented MP4 (where that program is not there, libavformat does, driven by a loop in Python, which
is dearer). All in one run: the ratios are worth more than the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import av

from server.recording.library import Library
from server.recording.verifier import verify
from tests.bench.bars import exit_code
from tests.bench.load.machine import Cores, address, cpu_ns, go_inside
from tests.bench.load.orders import Child
from tests.bench.load.servers import ENGINE, serving

MODES = ("off", "buffer", "on", "encrypted")
SETTLE_S = 3.0
MOVFLAGS = "frag_keyframe+empty_moov+default_base_moof"
MORE = 40  # times that the program copies it beyond the first


def main(argv: list[str]) -> int:
    """Run the benchmark; returns the exit code: 1 when a recording does not verify."""
    go_inside("recording", argv)
    parser = argparse.ArgumentParser(prog="python3 -m tests.bench recording", description=__doc__)
    parser.add_argument("--cameras", type=int, default=10, help="that send at once [10]")
    parser.add_argument("--seconds", type=float, default=12.0, help="measured for each [12]")
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure_all(Path(folder), given.cameras, given.seconds))


async def _measure_all(folder: Path, cameras: int, seconds: float) -> int:
    spent = {mode: await _measure(folder / mode, mode, cameras, seconds) for mode in MODES}
    library = Library(folder / "on" / "recordings")
    by, copied = await asyncio.to_thread(_copied, library, folder / "copy.mp4")
    kept = [(mode, one) for mode in ("on", "encrypted") for one in Library(folder / mode / "recordings").ids()]
    verdicts = [verify(str(folder / mode / "recordings" / one))["exit"] for mode, one in kept]
    recorded = spent["on"] - spent["off"]
    figures = {
        "forwarding_ms": round(spent["off"], 2),
        "buffer_ms": round(spent["buffer"] - spent["off"], 2),
        "recording_ms": round(recorded, 2),
        "encrypted_ms": round(spent["encrypted"] - spent["off"], 2),
        "encrypted_to_plain": round((spent["encrypted"] - spent["off"]) / recorded, 2),
        "copy_by": by,
        "copy_ms": round(copied, 2),
        "to_forwarding": round(recorded / spent["off"], 2),
        "to_copy": round(recorded / copied, 2),
        "broken": sum(code == 2 for code in verdicts),
        "recordings": len(verdicts),
    }
    print(f"{'processor time of one camera, ms a second':48}")
    print(f"{'  forwarded to one viewer':48} {figures['forwarding_ms']:>8.2f}")
    print(f"{'  its pre-event buffer, more':48} {figures['buffer_ms']:>8.2f}")
    print(
        f"{'  recorded to disk, more':48} {figures['recording_ms']:>8.2f}   {figures['to_forwarding']:.2f} of forwarding"
    )
    print(
        f"{'  recorded to disk encrypted, more':48} {figures['encrypted_ms']:>8.2f}   {figures['encrypted_to_plain']:.2f} of that"
    )
    print(
        f"{f'  copied to fragmented MP4 by {by}':48} {figures['copy_ms']:>8.2f}   recorded is {figures['to_copy']:.1f} times it"
    )
    print(f"{'recordings that are broken':48} {figures['broken']:>8}   of {len(verdicts)}, expected 0")
    about = {"cameras": cameras, "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
    print(json.dumps({"benchmark": "recording", **about, "figures": figures}))
    bars = {"every camera is recorded": len(verdicts) == 2 * cameras, "no recording is broken": not figures["broken"]}
    return exit_code(what for what, holds in bars.items() if not holds)


async def _measure(folder: Path, mode: str, cameras: int, seconds: float) -> float:
    """Milliseconds of processor time a second, of one camera."""
    host, cores = address(), Cores.divided(1)
    options = ["--recording", mode, "--folder", str(folder)]
    async with (
        serving(ENGINE, host, cameras, cores.server, *options) as server,
        Child("tests.bench.load.publisher", cores=cores.load) as publisher,
        Child("tests.bench.load.viewers", cores=cores.load) as watching,
    ):
        await server.publish(publisher, host)
        await asyncio.sleep(1.0)
        await watching.ask("join", urls=server.watch, count=cameras, host=host, timed=False)
        await asyncio.sleep(SETTLE_S)
        began, spent = time.monotonic(), cpu_ns(server.pid)
        await asyncio.sleep(seconds)
        spent = cpu_ns(server.pid) - spent
        per_camera = spent / 1e6 / (time.monotonic() - began) / cameras
        print(f"… recording {mode}: {per_camera:.2f} ms a second", flush=True)
        return per_camera


def _copied(library: Library, target: Path) -> tuple[str, float]:
    """Who copied one of the recordings, and what one second of it cost, in milliseconds."""
    one = library.ids()[0]
    segments = library.segments(one, "main")
    source = target.with_suffix(".source")
    names = [segments[0]["init"], *(entry["file"] for entry in segments if entry["init"] == segments[0]["init"])]
    source.write_bytes(b"".join(library.read(one, name) for name in names))
    length = float(sum(entry["duration"] for entry in segments))
    program = shutil.which("ffmpeg")
    if program is None:
        return "libavformat", _by_libavformat(source, target) / length
    # what its start costs is in both, and is no part of the copying
    once, often = (_by_program(program, source, target, more) for more in (0, MORE))
    return "ffmpeg", (often - once) / (MORE * length)


def _by_program(program: str, source: Path, target: Path, more: int) -> float:
    """Processor milliseconds of the program that copies it once and `more` times."""
    words = [program, "-v", "error", "-y", "-stream_loop", str(more), "-i", str(source), "-c", "copy"]
    words += ["-movflags", MOVFLAGS, str(target)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def _by_libavformat(source: Path, target: Path) -> float:
    """Processor milliseconds that libavformat spends on it, packet by packet from memory to a file."""
    with av.open(str(source), "r") as taken:
        packets = [packet for packet in taken.demux() if packet.dts is not None]
        options = {"movflags": MOVFLAGS}
        spent = time.process_time()
        with av.open(str(target), "w", format="mp4", options=options) as made:
            streams = {stream.index: made.add_stream_from_template(stream) for stream in taken.streams}
            for packet in packets:
                packet.stream = streams[packet.stream.index]
                made.mux(packet)
        return (time.process_time() - spent) * 1000
