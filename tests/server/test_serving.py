"""The socket and the signals."""

from __future__ import annotations

import asyncio
import os
import signal
import socket

import pytest

from server.errors import StartError
from server.serving import base_url, listening_socket, local_addresses, stop_signals


def test_a_taken_port_is_told_in_one_sentence() -> None:
    with listening_socket("127.0.0.1", 0) as first:
        first.listen()
        port = first.getsockname()[1]
        with pytest.raises(StartError, match=f"port {port} on 127.0.0.1 is taken"):
            listening_socket("127.0.0.1", port)


def test_a_foreign_address_is_told_in_one_sentence() -> None:
    with pytest.raises(StartError, match=r"cannot listen on 192\.0\.2\.1"):
        listening_socket("192.0.2.1", 0)


@pytest.mark.parametrize(
    ("host", "secure", "url"),
    [
        ("0.0.0.0", False, "http://127.0.0.1:80"),
        ("::", True, "https://[::1]:80"),
        ("10.1.1.1", True, "https://10.1.1.1:80"),
        ("localhost", False, "http://localhost:80"),
    ],
)
def test_the_url_is_one_that_can_be_opened(host: str, secure: bool, url: str) -> None:
    assert base_url(host, 80, secure) == url


def test_loopback_comes_last() -> None:
    addresses = local_addresses()
    assert addresses[-1].startswith("127.")
    for address in addresses:
        socket.inet_aton(address)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_asks_to_stop(number: int) -> None:
    with stop_signals() as stop:
        os.kill(os.getpid(), number)
        await asyncio.wait_for(stop.wait(), 5)
