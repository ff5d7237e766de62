"""`python3 -m tests.bench NAME [option …]`: a benchmark by name; without a name, the list. Standard library only.

A benchmark is a module `tests/bench/NAME.py` with `main(argv) -> int`, which prints a table for people and, as its last
line, one JSON object with its figures; it returns 1 if a bar was missed, and names it on stderr. The first line of its
docstring is shown in the list.
"""

from __future__ import annotations

import importlib
import os
import re
import sys

if not __package__:  # started by the folder's path, which then leads sys.path
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from server.bootstrap import TESTS, prepare

HERE = os.path.dirname(os.path.abspath(__file__))


def benchmarks() -> dict[str, str]:
    """Name → first line of the docstring, of those modules that have a `main`."""
    found = {}
    for name in sorted(os.listdir(HERE)):
        if not name.endswith(".py") or name.startswith("_"):
            continue
        with open(os.path.join(HERE, name), encoding="utf-8") as file:
            text = file.read()
        about = re.match(r'"""(.*?)("""|\n)', text)
        if about and re.search(r"^def main\(", text, re.MULTILINE):
            found[name[:-3]] = about[1]
    return found


def main(argv: list[str]) -> int:
    """Run the benchmark that is named, or list them all."""
    known = benchmarks()
    if argv and argv[0] in known:
        code = prepare("tests.bench", argv, TESTS)
        return int(importlib.import_module("tests.bench." + argv[0]).main(argv[1:])) if code is None else code
    print("python3 -m tests.bench NAME, with one of these names:")
    for name, about in known.items():
        print(f"  {name:12} {about}")
    if argv:
        print(f"There is no benchmark {argv[0]!r}.", file=sys.stderr)
    return 2 if argv else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
