"""Serving a built application until it is told to stop: the socket, the signals, the line `Ready`."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from server.addresses import own_addresses
from server.errors import StartError


def listening_socket(host: str, port: int) -> socket.socket:
    """A bound TCP socket. Raises StartError if the port is taken or the address is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise StartError(_why_not(error, host, port)) from error
    return listening


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is taken by another program; choose another with --port (0 takes a free one)"
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights than this program has; choose one above 1023 with --port"
    return f"cannot listen on {host}:{port}: {error.strerror or error}"


def local_addresses() -> list[str]:
    """This machine's own IPv4 addresses, loopback last. (IPv6 ones change daily: too often for a certificate.)"""
    return [address for address in own_addresses() if ":" not in address]


@contextmanager
def stop_signals() -> Iterator[asyncio.Event]:
    """An event that Ctrl-C or SIGTERM sets, while the block runs."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def runner_for(application: web.Application) -> web.AppRunner:
    """A runner without access log (structlog has its own lines); 1 s is enough for what is in flight at the end."""
    return web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=1.0)
