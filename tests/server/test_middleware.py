"""What goes round every request, over a real socket."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from server.middleware import error_middleware


@pytest.mark.parametrize("target", ["/of/a%00b", "/of/a?device_id=%00", "/of/a?%00=1"])
async def test_nul_in_a_path_or_a_query_is_the_callers_mistake(target: str) -> None:
    async def of(request: web.Request) -> web.Response:
        raise AssertionError(f"{request.path} came through")

    application = web.Application(middlewares=[error_middleware()])
    application.add_routes([web.get("/of/{name}", of)])
    async with TestClient(TestServer(application)) as client:
        answer = await client.get(URL(target, encoded=True))
        assert (answer.status, answer.content_type) == (400, "application/problem+json")
        assert "NUL" in (await answer.json())["detail"]
