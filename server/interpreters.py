"""Which Python can run Watchroom, and where this machine may have one. Standard library only, parses under 3.8."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping

OLDEST = (3, 11)
# The newest version that every locked package has a wheel for: a newer one would need compilers.
NEWEST = (3, 14)

# Printed by a candidate about itself; the modules named are those that some distributions leave out.
PROBE = "import sys, ssl, zlib, sqlite3, venv; print(sys.implementation.name, *sys.version_info[:2])"


def suits(version: tuple[int, ...]) -> bool:
    """Whether every locked package has a wheel for this (major, minor)."""
    return OLDEST <= tuple(version[:2]) <= NEWEST


def candidates(environ: Mapping[str, str], home: str) -> Iterator[str]:
    """Paths that may be a suitable Python, best first; each has yet to be asked with PROBE."""
    seen = set()
    for path in _places(environ, home):
        real = os.path.realpath(path)
        if real not in seen and os.access(path, os.X_OK) and not os.path.isdir(path):
            seen.add(real)
            yield path


def _places(environ: Mapping[str, str], home: str) -> Iterator[str]:
    names = [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    folders = [folder for folder in environ.get("PATH", os.defpath).split(os.pathsep) if folder]
    # pyenv's shims fail for a version that is installed but not switched on: its versions are looked up below.
    folders = [folder for folder in folders if os.path.basename(folder) != "shims"]
    for name in [*names, "python3"]:
        for folder in [*folders, "/usr/local/bin", "/opt/homebrew/bin", os.path.join(home, ".local", "bin")]:
            yield os.path.join(folder, name)
    pyenv = environ.get("PYENV_ROOT", os.path.join(home, ".pyenv"))
    shared = environ.get("XDG_DATA_HOME", os.path.join(home, ".local", "share"))
    uv = environ.get("UV_PYTHON_INSTALL_DIR", os.path.join(shared, "uv", "python"))
    for pattern in (
        os.path.join(pyenv, "versions", "3.*", "bin", "python3"),
        os.path.join(uv, "cpython-3.*", "bin", "python3"),
        os.path.join(environ.get("CONDA_PREFIX", os.path.join(home, "miniconda3")), "bin", "python3"),
        "/opt/python*/bin/python3",
        "/Library/Frameworks/Python.framework/Versions/3.*/bin/python3",
    ):
        yield from sorted(glob.glob(pattern), reverse=True)


def what_to_install(version: tuple[int, ...], os_release: str) -> str:
    """One sentence for a machine that has no suitable Python; `os_release` is the text of /etc/os-release."""
    here = f"This is Python {version[0]}.{version[1]}; Watchroom needs {OLDEST[0]}.{OLDEST[1]} or newer. "
    words = os_release.replace('"', "").replace("=", " ").split()
    if "debian" in words or "ubuntu" in words:
        return here + "Type: sudo apt-get install python3.11 python3.11-venv (or a newer one that your release has)"
    if "fedora" in words or "rhel" in words:
        return here + "Type: sudo dnf install python3.12"
    return here + "Install Python 3.12 from your system's packages, with pyenv or with uv, and start again."
