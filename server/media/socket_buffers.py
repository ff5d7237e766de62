"""How much the kernel keeps of a socket for us, and what it had no room for.

50 cameras of 1.5 Mbit/s with sound are 11,000 packets a second. Linux's default most (net.core.rmem_max, 212,992 bytes)
holds 184 of them: 17 ms of a busy loop, and packets of all cameras are lost here, which looks like a bad uplink.
"""

from __future__ import annotations

import socket
import struct

import structlog

log = structlog.get_logger(__name__)

WANTED = 4 << 20  # bytes each way; a key frame to 400 viewers at once is 18 MB/s
FORCED = {socket.SO_RCVBUF: 33, socket.SO_SNDBUF: 32}  # SO_RCVBUFFORCE, SO_SNDBUFFORCE: asm-generic/socket.h
SO_MEMINFO = 55  # asm-generic/socket.h
DROPS_AT = 8  # of its words: SK_MEMINFO_DROPS, linux/sock_diag.h
REMEDY = f"sysctl -w net.core.rmem_max={WANTED} net.core.wmem_max={WANTED}"


def widen(opened: socket.socket, *, is_linux: bool) -> None:
    """Ask for WANTED bytes each way: past the system's limit where we may (CAP_NET_ADMIN), else up to it."""
    for option, forced in FORCED.items():
        try:
            opened.setsockopt(socket.SOL_SOCKET, forced if is_linux else option, WANTED)
        except OSError:  # EPERM: as nearly everywhere
            opened.setsockopt(socket.SOL_SOCKET, option, WANTED)


def size(opened: socket.socket, *, is_linux: bool) -> int:
    """How many bytes it has, of the smaller one. Linux tells twice what is for content."""
    told = min(opened.getsockopt(socket.SOL_SOCKET, option) for option in FORCED)
    return told // 2 if is_linux else told


def warn_if_small(has: int) -> None:
    """Tell whoever starts the server what would help."""
    if has < WANTED:
        log.warning("small socket buffers: packets get lost when it is busy", has=has, wanted=WANTED, remedy=REMEDY)


def dropped(opened: socket.socket) -> int:
    """How many datagrams the kernel has thrown away for want of room since the socket was opened; 0 if it does not tell.

    Less than a microsecond, and nothing per packet (as SO_RXQ_OVFL would be).
    """
    try:
        words = opened.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 4 * (DROPS_AT + 1))
    except OSError:
        return 0
    return int(struct.unpack_from("=I", words, 4 * DROPS_AT)[0]) if len(words) >= 4 * (DROPS_AT + 1) else 0
