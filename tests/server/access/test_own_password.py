"""One's own new password, over real HTTP: who may set it, what ends with it, and who guesses is slowed and noted."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.pytest_plugin import AiohttpClient

from tests.server.access.conftest import PASSWORD, AnyClient, House, application, sign_in

NEW = "a whole sentence is a good password"
PATH = "/api/session/password"


async def change(browser: AnyClient, headers: dict[str, str], current: Any = PASSWORD, new: Any = NEW) -> Any:
    """The answer to a wish for another password."""
    return await browser.put(PATH, json={"current": current, "password": new}, headers=headers)


async def test_it_ends_the_other_sign_ins_and_unused_links_and_keeps_this_one(
    browser: AnyClient, aiohttp_client: AiohttpClient, house: House
) -> None:
    other = await aiohttp_client(application(house))
    await sign_in(other)
    person = await house.access.person_named("control")
    (elsewhere,) = await house.sessions_of(person.id)
    link = await house.access.link_for(person)
    kept, token = await house.access.add_token(person, "duty report")
    answer = await change(browser, await sign_in(browser))
    assert (answer.status, await answer.json()) == (200, {"ended": 1})
    assert house.revoked == [elsewhere], "and the API token stays"
    assert (await browser.get("/api/session")).status == 200
    assert (await other.get("/api/session")).status == 401
    assert (await other.get(f"/sign-in/once/{link}")).status == 401
    assert await house.access.by_token(token) is not None and kept.id not in house.revoked
    for password, status in ((PASSWORD, 401), (NEW, 200)):
        signing_in = {"name": "control", "password": password}
        assert (await other.post("/api/session", json=signing_in)).status == status


async def test_a_wrong_current_password_changes_nothing_is_noted_and_soon_must_wait(
    browser: AnyClient, house: House
) -> None:
    headers = await sign_in(browser)
    for _ in range(5):
        answer = await change(browser, headers, current="guessed at an open desk")
        assert (answer.status, (await answer.json())["type"]) == (403, "/problems/wrong-password")
    answer = await change(browser, headers)
    assert answer.status == 429 and int(answer.headers["Retry-After"]) > 0
    house.clock.move(61)
    assert (await change(browser, headers)).status == 200
    rows = [(row["what"], row["subject"]["name"]) for row in await house.audited()]
    assert ("access.not-signed-in", "The control") in rows
    assert rows[-1] == ("change.password", "The control")


@pytest.mark.parametrize(
    ("current", "new", "expected"),
    [
        (PASSWORD, "short", "password: expected 8 to 1024"),
        (PASSWORD, "x" * 1025, "password: expected 8 to 1024"),
        (PASSWORD, "with a \n in it", "password: control characters"),
        (PASSWORD, PASSWORD, "password: the new one is the current one"),
        (PASSWORD, None, "password: expected the new one"),
        (None, NEW, "current: expected your password"),
        ("", NEW, "current: expected your password"),
        ("with a \t in it", NEW, "current: expected your password"),
    ],
)
async def test_the_rules_are_the_command_s_and_name_the_field(
    browser: AnyClient, current: Any, new: Any, expected: str
) -> None:
    answer = await change(browser, await sign_in(browser), current, new)
    assert answer.status == 400 and (await answer.json())["detail"].startswith(expected)


async def test_neither_a_foreign_page_nor_an_api_token_sets_a_password(browser: AnyClient, house: House) -> None:
    await sign_in(browser)
    assert (await change(browser, {})).status == 403, "without the page's token"
    _, token = await house.access.add_token(await house.access.person_named("control"), "wall")
    browser.session.cookie_jar.clear()
    answer = await change(browser, {"Authorization": f"Bearer {token}"})
    assert (answer.status, (await answer.json())["type"]) == (403, "/problems/needs-sign-in")
