"""GStreamer's `webrtcbin` on this machine, for the system's own Python: what of it is there, and Debian's names of the rest."""

from __future__ import annotations

import functools
import shutil
import subprocess
from pathlib import Path

from tests.local_servers import NotInstalled

# Debian's package → what it brings: an element, or a Python module
PARTS = {
    "python3-gi": "gi",
    "gir1.2-gst-plugins-bad-1.0": "gi.repository.GstWebRTC",
    "gstreamer1.0-plugins-base": "opusenc",
    "gstreamer1.0-plugins-good": "rtph264pay",
    "gstreamer1.0-plugins-bad": "webrtcbin",
    "gstreamer1.0-nice": "nicesrc",
}
LOOK = """
import importlib, sys
def there(part):
    if not part.startswith("gi"):
        return Gst.ElementFactory.find(part) is not None
    try:
        importlib.import_module(part)
    except (ImportError, ValueError):
        return False
    return True
try:
    import gi
    gi.require_version("Gst", "1.0")
    gi.require_version("GstWebRTC", "1.0")
    from gi.repository import Gst
    Gst.init(None)
except (ImportError, ValueError):
    sys.exit("all")
print(*(name for name, part in zip(sys.argv[1::2], sys.argv[2::2]) if not there(part)))
"""
LONGEST_S = 60


@functools.cache
def missing() -> tuple[str, ...]:
    """Debian's names of what is not there; all of them where it cannot be told."""
    python = _python()
    if python is None:
        return tuple(PARTS)
    words = [word for pair in PARTS.items() for word in pair]
    look = [python, "-c", LOOK, *words]
    done = subprocess.run(look, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    return tuple(done.stdout.split()) if done.returncode == 0 else tuple(PARTS)


def find() -> str:
    """The Python that has it. Raises NotInstalled."""
    python, lacks = _python(), missing()
    if python is None or lacks:
        raise NotInstalled(f"GStreamer's webrtcbin for Python is not installed ({', '.join(lacks)})")
    return python


def _python() -> str | None:
    """The system's own: python3-gi belongs to that, not to a virtual environment."""
    debians = Path("/usr/bin/python3")
    return str(debians) if debians.exists() else shutil.which("python3")
