"""What the kernel keeps for a port's sockets: asked for, told, and what it had no room for is counted."""

from __future__ import annotations

import socket

import pytest
from structlog.testing import capture_logs

from server.clock import SystemClock
from server.media import socket_buffers, udp_port
from server.media.srtp import SrtpBuffers
from server.media.udp_port import UdpPort

pytestmark = pytest.mark.skipif(not udp_port.IS_LINUX, reason="the kernel's own figures are Linux's")


@pytest.mark.parametrize("may_force", [True, False])
def test_a_socket_is_given_all_that_the_system_lets_it_have(monkeypatch: pytest.MonkeyPatch, may_force: bool) -> None:
    if not may_force:
        monkeypatch.setattr(socket_buffers, "FORCED", {socket.SO_RCVBUF: 250, socket.SO_SNDBUF: 250})  # no such option
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        before = socket_buffers.size(opened, is_linux=True)
        socket_buffers.widen(opened, is_linux=True)
        assert before < socket_buffers.size(opened, is_linux=True) <= socket_buffers.WANTED


async def test_a_port_with_too_little_says_what_would_help(monkeypatch: pytest.MonkeyPatch) -> None:
    port = UdpPort(SrtpBuffers(), SystemClock(), lambda now: None)
    for wanted, told in ((1 << 16, 0), (1 << 30, 1)):  # no system gives a gigabyte
        monkeypatch.setattr(socket_buffers, "WANTED", wanted)
        with capture_logs() as logs:
            port.open("127.0.0.1", 0)
        port.close()
        warnings = [one for one in logs if one["log_level"] == "warning"]
        assert len(warnings) == told
    assert warnings[0]["wanted"] == 1 << 30 and "net.core.rmem_max" in warnings[0]["remedy"]


async def test_what_the_kernel_had_no_room_for_is_counted() -> None:
    port = UdpPort(SrtpBuffers(), SystemClock(), lambda now: None)
    port.open("127.0.0.1", 0)
    port.count_kernel_drops()
    assert not port.counts
    port._sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    assert port.buffer_bytes == 4096
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:  # the loop stands still meanwhile
        for _ in range(100):
            sender.sendto(bytes(1200), ("127.0.0.1", port.port))
    for _ in range(2):
        port.count_kernel_drops()
        assert 80 <= port.counts["socket_buffer_full"] < 100
    port.close()
