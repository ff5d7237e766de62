"""Words in place of a page: for a person's browser, while programs go on getting problem documents."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st

from server.access.permission import Permission
from server.access.person import Person
from server.console.pages import Pages
from server.console.trouble import trouble_of
from server.errors import Forbidden, Unavailable
from server.middleware import error_middleware
from server.operations.assets import templates

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def application() -> web.Application:
    """Pages that fail, each in its way."""

    def nobody(_request: web.Request, *_permission: Permission) -> Person:
        raise Forbidden("the role officer does not include: see")

    async def crash(_request: web.Request) -> web.Response:
        raise ZeroDivisionError("secret inner detail")

    async def away(_request: web.Request) -> web.Response:
        raise Unavailable("the database does not answer", headers={"Retry-After": "3"})

    shown = {"force": "Estuary", "theme": "dark", "version": "1"}
    pages = Pages(templates(), nobody, nobody, lambda _request: {"csp_nonce": "n"}, **shown)
    made = web.Application(middlewares=[error_middleware(pages.worded)])
    made.add_routes([web.get("/crash", crash), web.get("/away", away), web.get("/api/crash", crash)])
    made.add_routes(pages.routes(development=False))
    return made


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/no/such/place", 404, "There is nothing at this address"),
        ("/wall/9", 403, "The role officer does not include: see."),
        ("/crash", 500, "it is not your fault"),
        ("/away", 503, "The database does not answer."),
    ],
)
async def test_a_person_reads_words_and_a_program_a_problem_document(path: str, status: int, words: str) -> None:
    async with TestClient(TestServer(application())) as client:
        answer = await client.get(path, headers=HTML)
        text = await answer.text()
        assert (answer.status, answer.content_type) == (status, "text/html")
        assert words in text and 'href="/"' in text and "secret inner" not in text
        assert ("Try again" in text) is (status >= 500)
        assert answer.headers.get("Retry-After") == ("3" if path == "/away" else None)
        for headers in ({}, {"Accept": "application/json"}):
            answer = await client.get(path, headers=headers)
            assert (answer.status, answer.content_type) == (status, "application/problem+json")
        answer = await client.post(path, headers=HTML)
        assert answer.content_type == "application/problem+json"


async def test_the_api_answers_a_browser_as_it_answers_every_program() -> None:
    async with TestClient(TestServer(application())) as client:
        for path in ("/api/crash", "/api/nothing", "/whep/nothing", "/static/nothing"):
            answer = await client.get(path, headers=HTML)
            assert answer.content_type == "application/problem+json", path


async def test_the_words_for_a_crash_carry_the_reference_that_finds_it_in_the_log() -> None:
    async with TestClient(TestServer(application())) as client:
        text = await (await client.get("/crash", headers=HTML)).text()
    reference = text.split("<dt>Reference</dt><dd><code>")[1].split("<")[0]
    assert len(reference) == 12 and int(reference, 16) >= 0


async def test_an_address_with_markup_is_only_text() -> None:
    async with TestClient(TestServer(application())) as client:
        text = await (await client.get("/<script>alert(1)</script>", headers=HTML)).text()
    assert "<script>alert" not in text and "&lt;script&gt;alert(1)" in text


@given(st.integers(400, 599), st.text(max_size=40), st.text(max_size=12))
def test_every_problem_has_a_title_and_a_way_on(status: int, detail: str, reference: str) -> None:
    problem: dict[str, Any] = {"status": status, "title": "Some title", "detail": detail, "reference": reference}
    trouble = trouble_of(problem)
    assert trouble.title and trouble.todo
    assert trouble.again == (status == 429 or status >= 500)
