"""How an officer's phone finds the camera page: an address that the phone can reach, and a QR code to scan."""

from __future__ import annotations

import io
from collections.abc import Sequence
from urllib.parse import urlsplit

import segno


def camera_page(url: str, host: str, addresses: Sequence[str]) -> str | None:
    """The page's URL; None where a phone cannot use it.

    Browsers give camera, microphone and position only to HTTPS; and a server that listens on loopback alone cannot be
    reached. `addresses`, best first: those that are announced, then this machine's own, loopback last.
    """
    parts = urlsplit(url)
    if parts.scheme != "https":
        return None
    shown = parts.hostname or ""
    if host in ("0.0.0.0", "::", ""):
        shown = addresses[0] if addresses else shown
    if shown.startswith("127.") or shown in ("localhost", "::1"):
        return None
    return f"https://{f'[{shown}]' if ':' in shown else shown}:{parts.port}/camera"


def qr_picture(text: str) -> str:
    """`text` as a QR code in a data URI, for a page: black on white in every theme, or cameras do not find it."""
    return str(segno.make(text, error="m").svg_data_uri(border=4, dark="black", light="white"))


def qr_code(text: str) -> str:
    """`text` as a QR code of half blocks, for a terminal."""
    drawn = io.StringIO()
    segno.make(text, error="m").terminal(drawn, border=2, compact=True)
    return drawn.getvalue()
