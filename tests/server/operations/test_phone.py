"""Where a phone finds the camera page."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.operations.phone import camera_page, qr_code
from tests.installation import Installation, Server


@pytest.mark.parametrize(
    ("url", "host", "page"),
    [
        ("http://127.0.0.1:8080", "0.0.0.0", None),
        ("https://127.0.0.1:8080", "127.0.0.1", None),
        ("https://127.0.0.1:8443", "0.0.0.0", "https://192.168.7.9:8443/camera"),
        ("https://192.168.7.9:8443", "192.168.7.9", "https://192.168.7.9:8443/camera"),
        ("https://[fd00::7]:8443", "fd00::7", "https://[fd00::7]:8443/camera"),
    ],
)
def test_only_an_address_that_a_phone_can_use(url: str, host: str, page: str | None) -> None:
    assert camera_page(url, host, ["192.168.7.9", "127.0.0.1"]) == page


def test_the_code_is_square_and_drawn_in_half_blocks() -> None:
    lines = qr_code("https://192.168.7.9:8443/camera").rstrip("\n").split("\n")
    assert len(lines) > 10
    assert set("".join(lines)) & set("▀▄█")


async def test_where_an_address_is_announced_the_phone_is_sent_there(tmp_path: Path) -> None:
    """In a container the machine's own address is one that no phone reaches."""
    options = ["--tls", "self-signed", "--host", "0.0.0.0", "--public-address", "203.0.113.5", "--media-workers", "0"]
    with Server(Installation(tmp_path / "data", options)) as server:
        await server.serve()
        port = server.url.rsplit(":", 1)[1]
        assert f"An officer's phone as a camera: https://203.0.113.5:{port}/camera\n" in server.printed
