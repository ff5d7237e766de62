"""The README's code, so that what it shows is what the tests run."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def block(language: str, holds: str) -> str:
    """The one code block in `language` that contains `holds`."""
    found = re.findall(rf"^```{language}\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
    (only,) = [text for text in found if holds in text]
    return str(only)
