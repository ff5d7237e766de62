"""Bodies over a real socket: what is not text, not JSON, not an object or too large is told in one sentence."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from server.request_body import json_object, text_of
from tests.fakes.small_server import problems

MOST = 1000


async def echo(request: web.Request) -> web.Response:
    if request.path == "/text":
        return web.json_response({"text": await text_of(request, "application/sdp", MOST)})
    return web.json_response(await json_object(request, most=MOST))


async def answer(path: str, **sent: Any) -> tuple[int, dict[str, Any]]:
    application = web.Application(middlewares=[problems])
    application.add_routes([web.post(path, echo)])
    async with TestClient(TestServer(application)) as client, client.post(path, **sent) as response:
        return response.status, await response.json(content_type=None)


async def in_pieces(size: int) -> Any:
    for _ in range(size):
        yield b"x"


async def test_an_object_and_no_body_at_all() -> None:
    assert await answer("/json", data=b'{"a": [1, "\xc3\xa4"]}') == (200, {"a": [1, "ä"]})
    assert await answer("/json") == (200, {})


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{", "not JSON"),
        (b"[1]", "expected a JSON object"),
        (b"null", "expected a JSON object"),
        (b"\xff", "not UTF-8"),
        (b"[" * 900, "not JSON"),
        (b'{"a": NaN}', "NaN is no number"),
        (rb'{"a": "\ud800"}', "NUL and lone surrogates"),
        (rb'{"a": [{"b\u0000": 1}]}', "NUL and lone surrogates"),
    ],
)
async def test_what_is_no_object(body: bytes, told: str) -> None:
    status, problem = await answer("/json", data=body)
    assert status == 400
    assert told in problem["detail"]


async def test_a_number_with_more_digits_than_python_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "MOST", 10_000)
    status, problem = await answer("/json", data=b'{"a": ' + b"9" * 5000 + b"}")
    assert status == 400
    assert "not JSON" in problem["detail"]


async def test_text_of_the_expected_type_only() -> None:
    sdp = {"Content-Type": "application/sdp"}
    assert await answer("/text", data=b"v=0", headers=sdp) == (200, {"text": "v=0"})
    assert (await answer("/text", data=b"v=0"))[0] == 415
    assert (await answer("/text", data=b"\xff", headers=sdp))[0] == 400


async def test_a_body_over_the_limit_is_refused_whether_it_says_its_size_or_not() -> None:
    sdp = {"Content-Type": "application/sdp"}
    assert (await answer("/text", data=b"x" * MOST, headers=sdp))[0] == 200
    assert (await answer("/text", data=b"x" * (MOST + 1), headers=sdp))[0] == 413
    assert (await answer("/text", data=in_pieces(MOST + 1), headers=sdp))[0] == 413
