"""`python3 -m server …`: makes this machine ready if it is not yet, then runs the command. Standard library only."""

from __future__ import annotations

import os
import sys

if not __package__:  # started as `python3 /path/to/server`: the folder itself leads sys.path, and would hide modules
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from server.bootstrap import enter, prepare

if __name__ == "__main__":
    if sys.argv[1:] == ["setup"]:
        sys.exit(prepare("server"))
    sys.exit(enter("server", "server.commands:main", sys.argv[1:]))
