"""`python3 -m streamer …`: makes this machine ready if it is not yet, then runs a camera. Standard library only."""

from __future__ import annotations

import importlib
import os
import sys

if not __package__:  # started as `python3 /path/to/streamer`: the folder itself leads sys.path, and would hide modules
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

if __name__ == "__main__":
    # By name: of the server the camera's code knows only `server.wire`; this is the set-up that all programs share.
    bootstrap = importlib.import_module("server.bootstrap")
    sys.exit(bootstrap.enter("streamer", "streamer.command:main", sys.argv[1:]))
