"""Walks all routes of an application without signing in, and names those that let one in."""

from __future__ import annotations

import re

from aiohttp import web
from aiohttp.test_utils import TestClient

from server.access.middleware import PUBLIC, PUBLIC_BELOW

AnyClient = TestClient[web.Request, web.Application]


async def open_routes(client: AnyClient) -> list[str]:
    """Every `METHOD path` that is not public and does not answer 401 to a stranger (uplinks answer on the socket)."""
    found = []
    assert client.app is not None
    for route in client.app.router.routes():
        shown = route.resource.canonical if route.resource is not None else ""
        path = re.sub(r"\{[^}]*\}", "0" * 32, shown)
        is_public = path in PUBLIC or path.startswith((*PUBLIC_BELOW, "/uplink/"))
        signs_in = (route.method, path) == ("POST", "/api/session")
        # OPTIONS tells nothing; /metrics is open to this machine, which the test's client is.
        if is_public or signs_in or route.method == "OPTIONS" or path == "/metrics":
            continue
        method = "GET" if route.method == "*" else route.method
        answer = await client.request(method, path, allow_redirects=False)
        if answer.status != 401:
            found.append(f"{method} {shown} answered {answer.status}")
    return found
