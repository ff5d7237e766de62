"""The socket and the signals."""

from __future__ import annotations

import asyncio
import os
import signal
import socket

import pytest

from server.errors import StartError
from server.serving import listening_socket, local_addresses, stop_signals


def test_a_taken_port_is_told_in_one_sentence() -> None:
    with listening_socket("127.0.0.1", 0) as first:
        first.listen()
        port = first.getsockname()[1]
        with pytest.raises(StartError, match=f"port {port} on 127.0.0.1 is taken"):
            listening_socket("127.0.0.1", port)


def test_a_foreign_address_is_told_in_one_sentence() -> None:
    with pytest.raises(StartError, match=r"cannot listen on 192\.0\.2\.1"):
        listening_socket("192.0.2.1", 0)


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
