"""Network namespaces for a run of the tests: made by `ip netns`, entered, and removed even after a crash (Linux, root)."""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

PREFIX = "watchroom"
TUN = Path("/dev/net/tun")
NAMED = Path("/run/netns")
LONGEST_S = 20.0
CLONE_NEWNET = 0x40000000  # linux/sched.h


def ip(*words: str) -> str:
    """Run `ip`; what it printed. Raises RuntimeError with what it complained of."""
    done = subprocess.run(
        ["ip", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(words)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


@cache
def why_not() -> str | None:
    """Why this machine cannot have a link emulator; None if it can. It is tried, for a container may say anything."""
    if shutil.which("ip") is None:
        return "the program `ip` (iproute2) is not installed"
    if os.geteuid() != 0:
        return "a network namespace needs root"
    if not TUN.is_char_device():
        return f"there is no {TUN}"
    try:
        with namespace("try"):
            return None
    except (RuntimeError, OSError) as error:
        return f"no network namespace can be made: {error}"


@contextmanager
def namespace(role: str) -> Iterator[str]:
    """A new one, with its loopback up; its name tells whose it is."""
    name = f"{PREFIX}-{os.getpid()}-{secrets.token_hex(3)}-{role}"
    ip("netns", "add", name)
    try:
        ip("-n", name, "link", "set", "lo", "up")
        yield name
    finally:
        remove(name)


def remove(name: str) -> None:
    """It is gone when its last process has ended."""
    ip("netns", "delete", name)


def sweep() -> list[str]:
    """Remove what runs that are dead have left behind; returns the names."""
    swept = []
    for path in NAMED.glob(f"{PREFIX}-*-*-*"):
        owner = path.name.split("-")[1]
        if owner.isdecimal() and not Path(f"/proc/{owner}").exists():
            remove(path.name)
            swept.append(path.name)
    return swept


@contextmanager
def inside(name: str) -> Iterator[None]:
    """This thread is in that namespace meanwhile, and so is every socket, thread and process that it makes.

    Raises OSError.
    """
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        there = os.open(NAMED / name, os.O_RDONLY)
        try:
            _enter(there)
        finally:
            os.close(there)
        try:
            yield
        finally:
            _enter(here)
    finally:
        os.close(here)


def _enter(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)  # os.setns comes with Python 3.12
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
