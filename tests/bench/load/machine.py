"""Processor time and memory of a process with all its threads and children; which core is whose; an address (Linux)."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from OpenSSL import SSL

from server.addresses import own_addresses
from tests.bench.figures import processes_below, resident_mb

# Janus and aiortc want an address other than 127.0.0.1; in a namespace of its own a benchmark disturbs nobody.
ADDRESS = "10.9.9.1"
INSIDE = "WATCHROOM_BENCH_ADDRESS"


def cpu_ns(pid: int) -> int:
    """Nanoseconds that the process's threads and all its descendants' have run (what has ended is not counted)."""
    total = 0
    for one in (pid, *processes_below(pid)):
        for file in Path(f"/proc/{one}/task").glob("*/schedstat"):
            try:
                total += int(file.read_text().split()[0])
            except OSError:  # ended meanwhile
                continue
    return total


def memory_mb(pid: int) -> float:
    """Resident memory of the process and its descendants, in MB."""
    return sum(resident_mb(one) for one in (pid, *processes_below(pid)))


def open_files(pid: int) -> int:
    """How many file descriptors the process has."""
    return len(os.listdir(f"/proc/{pid}/fd"))


@dataclass(frozen=True)
class Cores:
    """Which cores the server has, and which the load: apart where there are two."""

    server: frozenset[int]
    load: frozenset[int]

    @classmethod
    def divided(cls, for_server: int = 1) -> Cores:
        """`for_server` cores for what is measured, the rest (at least one) for what loads it."""
        have = sorted(os.sched_getaffinity(0))
        if len(have) < 2:
            return cls(frozenset(have), frozenset(have))
        count = min(for_server, len(have) - 1)
        return cls(frozenset(have[:count]), frozenset(have[count:]))


def go_inside(benchmark: str, argv: list[str]) -> None:
    """Start this benchmark again in a network namespace of its own, if that is possible here; returns if not, or if inside."""
    unshare = shutil.which("unshare")
    if INSIDE in os.environ or unshare is None or shutil.which("ip") is None:
        return
    words = [unshare, "--net"] if os.geteuid() == 0 else [unshare, "--net", "--map-root-user"]
    # On an interface of its own: libnice (Janus) takes no address of a loopback. A veth runs only with both ends up.
    up = "ip link set lo up && ip link add bench0 type veth peer name bench1"
    up += f" && ip link set bench0 up && ip link set bench1 up && ip address add {ADDRESS}/24 dev bench0"
    if subprocess.run([*words, "sh", "-c", up], capture_output=True, check=False).returncode:
        return
    again = [*words, "sh", "-c", f'{up} && exec "$@"', "sh", sys.executable, "-m", "tests.bench", benchmark, *argv]
    os.execve(unshare, again, os.environ | {INSIDE: ADDRESS})


def address() -> str:
    """Where servers and load meet: the namespace's address, else this machine's first."""
    return os.environ.get(INSIDE) or own_addresses()[0]


def described() -> dict[str, str]:
    """What a figure depends on: processor, kernel, Python, OpenSSL; when, and how busy the machine was."""
    openssl = SSL.OpenSSL_version(SSL.OPENSSL_VERSION).decode().split()
    return {
        "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "processor": f"{_processor()}, cores: {os.cpu_count()}",
        "kernel": f"{platform.system()} {platform.release()}",
        "python": f"Python {platform.python_version()}",
        "openssl": " ".join(openssl[:2]),
        "load": f"load {os.getloadavg()[0]:.1f}",
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()  # ARM does not say its name there
