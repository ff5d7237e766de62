"""The camera's command: options in, exit code out, and one sentence for what is wrong."""

from __future__ import annotations

import logging
import sys

from streamer import config
from streamer.app import run
from streamer.errors import StreamerError


def main(argv: list[str]) -> int:
    """Run a camera until it is told to end. 0: ended as told; 2: it could not start, or is not known."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        return run(config.read(argv))
    except StreamerError as error:
        print(f"camera: {error}", file=sys.stderr)
        return 2
