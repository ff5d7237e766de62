"""Many cameras on one machine: each a process of its own, forked from one that has loaded everything already.

To load what a camera needs costs 2.4 s of CPU; six cameras on two cores would show nothing for 8 s. One JSON object
a line on standard input starts a camera: `{"name": "ET17", "argv": [...], "log": "/path"}`; one a line on standard
output tells that it ended: `{"name": "ET17", "code": 0}`. When standard input ends, so do all cameras, and then this.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import sys
from typing import Any

from streamer import command
from streamer.clock import SystemClock
from streamer.street.atlas import make_atlas

LOOK_S = 0.2  # how soon an ended camera is noticed
GRACE_S = 1.8  # Ctrl-C must have ended everything within 3 s


class Nursery:
    """Starts cameras, and ends them."""

    def __init__(self) -> None:
        self._cameras: dict[int, str] = {}
        self._lifelines: dict[int, int] = {}  # by pid: the writing end of the camera's standard input
        self._clock = SystemClock()

    def run(self) -> None:
        """Take orders until standard input ends."""
        waiting = b""
        while True:
            readable, _, _ = select.select([0], [], [], LOOK_S)
            self._bury()
            if not readable:
                continue
            read = os.read(0, 65536)
            if not read:
                break
            *lines, waiting = (waiting + read).split(b"\n")
            for line in lines:
                self._start(json.loads(line))
        self._end_all()

    def _start(self, order: dict[str, Any]) -> None:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._become_camera(order, reading, [writing, *self._lifelines.values()])
        os.close(reading)
        self._cameras[pid] = order["name"]
        self._lifelines[pid] = writing

    def _become_camera(self, order: dict[str, Any], stdin: int, not_mine: list[int]) -> None:
        """In the new process: be a camera, and nothing else ever after."""
        for descriptor in not_mine:  # a lifeline that a sister held open would not end when the nursery is killed
            os.close(descriptor)
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        for mine, standard in ((stdin, 0), (log, 1), (log, 2)):
            os.dup2(mine, standard)
        code = 1
        try:
            code = command.main(order["argv"])
        finally:
            sys.stdout.flush()
            os._exit(code)

    def _bury(self) -> None:
        while self._cameras:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            os.close(self._lifelines.pop(pid))
            print(json.dumps({"name": self._cameras.pop(pid), "code": os.waitstatus_to_exitcode(status)}), flush=True)

    def _end_all(self) -> None:
        for pid in self._cameras:
            os.kill(pid, signal.SIGTERM)
        until = self._clock.monotonic() + GRACE_S
        while self._cameras and self._clock.monotonic() < until:
            select.select([], [], [], 0.02)
            self._bury()
        for pid in self._cameras:
            os.kill(pid, signal.SIGKILL)
        while self._cameras:
            select.select([], [], [], 0.02)
            self._bury()


def main() -> None:
    """Load everything, then take orders."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for whoever started this
    make_atlas()
    gc.collect()
    gc.freeze()  # what is loaded stays shared between the cameras
    Nursery().run()


if __name__ == "__main__":
    main()
