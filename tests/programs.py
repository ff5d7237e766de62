"""The programs beside Python that the tests use, and how a machine gets them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests import gstreamer
from tests.local_servers import LocalPostgres, LocalRedis, LocalTurn, NotInstalled, chromium

FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
# Debian starts what it installs, unless this program says no (invoke-rc.d(8)): tests start their own servers, and a
# developer's machine is nobody's TURN server. Where there is such a program already, it decides.
POLICY = "/usr/sbin/policy-rc.d"
UNSTARTED = """
if [ ! -e "$0" ]; then
  trap 'rm -f "$0"' EXIT
  printf '#!/bin/sh\\nexit 101\\n' > "$0" && chmod 755 "$0"
fi
"$@"
"""
# apt-get may have to wait for another apt-get, and then for a slow mirror.
LONGEST_INSTALL_S = 1200


@dataclass(frozen=True)
class Program:
    """Something the tests need, with its package's name on Debian."""

    package: str
    there: Callable[[], bool]


def _found(look: Callable[[], object]) -> Callable[[], bool]:
    def there() -> bool:
        try:
            look()
        except NotInstalled:
            return False
        return True

    return there


def _has_gstreamer(package: str) -> bool:
    return package not in gstreamer.missing()


PROGRAMS = (
    Program("redis-server", _found(LocalRedis.find)),
    Program("postgresql", _found(LocalPostgres.find)),
    Program("chromium", _found(chromium)),
    Program("iproute2", lambda: shutil.which("ip") is not None or sys.platform != "linux"),
    Program("coturn", _found(LocalTurn.find)),
    Program("ffmpeg", lambda: shutil.which("ffprobe") is not None),
    Program("openssl", lambda: shutil.which("openssl") is not None),
    Program("fonts-dejavu-core", lambda: FONT.exists() or shutil.which("apt-get") is None),
    *(Program(package, partial(_has_gstreamer, package)) for package in gstreamer.PARTS),
)


def missing() -> list[str]:
    """Debian's names of what is not on this machine."""
    return [program.package for program in PROGRAMS if not program.there()]


def install(packages: list[str]) -> None:
    """Say what is missing; on Debian or Ubuntu, with the right to do so, install it."""
    if not packages:
        return
    if shutil.which("apt-get") is None:
        print(f"Missing: {', '.join(packages)}. Type: {_elsewhere()}", flush=True)
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    prefix = _as_root()
    if prefix is None:
        print(f"Missing: {', '.join(packages)}. Type: sudo {' '.join(command)}", flush=True)
        return
    print(f"Installing what the tests need: {' '.join(packages)}", flush=True)
    for step in (["apt-get", "update", "-q"], command):
        environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(
            [*prefix, "sh", "-c", UNSTARTED, POLICY, *step],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LONGEST_INSTALL_S,
            check=False,
        )
        if done.returncode:
            print(f"{' '.join(step)} failed:\n{done.stdout[-1500:]}", flush=True)


def _as_root() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    asks_nothing = subprocess.run(["sudo", "-n", "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return ["sudo", "-n"] if asks_nothing.returncode == 0 else None


def _elsewhere() -> str:
    if shutil.which("brew"):
        return "brew install redis postgresql chromium coturn ffmpeg openssl gstreamer pygobject3"
    if shutil.which("dnf"):
        return "sudo dnf install redis postgresql-server chromium coturn ffmpeg-free openssl gstreamer1-plugins-bad-free libnice-gstreamer1 python3-gobject"
    return "your system's installer for Redis, PostgreSQL, Chromium, coturn, FFmpeg, OpenSSL and GStreamer"
