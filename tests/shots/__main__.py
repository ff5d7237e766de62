"""`python3 -m tests.shots`: makes the README's pictures from the running demo. Standard library only."""

from __future__ import annotations

import os
import sys

if not __package__:  # started by the folder's path, which then leads sys.path
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from server.bootstrap import TESTS, enter

if __name__ == "__main__":
    sys.exit(enter("tests.shots", "tests.shots.pictures:main", sys.argv[1:], TESTS))
