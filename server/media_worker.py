"""A media worker's process put together: its engine, and its recorder. See media/worker."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys

import structlog

from server.media import worker
from server.recording.recorder import recorder_for


def main(argv: list[str]) -> int:
    """`argv`: the number of the inherited socket, and what the worker is called in the log."""
    structlog.contextvars.bind_contextvars(worker=argv[1])
    # Ctrl-C reaches every process of the terminal, a service's SIGTERM all of its group: the server hangs up when it
    # is time, and its end is ours.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    asyncio.run(worker.serve(socket.socket(fileno=int(argv[0])), argv[1], recorder_for))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
