"""Where a phone finds the camera page."""

from __future__ import annotations

import pytest

from server.operations.phone import camera_page, qr_code


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
