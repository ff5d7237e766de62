"""The audit over real HTTP: read, filtered, exported and checked by whom it is for, and by nobody else."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from sqlalchemy import text

from server.audit.audit_entry import REASON
from tests.server.access.conftest import AnyClient, House, sign_in


async def some_rows(house: House, browser: AnyClient) -> None:
    """Four refusals of a trainer, of four addresses."""
    await sign_in(browser, "trainer")
    for path in ("/api/people", "/api/devices", "/api/audit", "/api/audit/check"):
        assert (await browser.get(path)).status == 403
    await house.audit.flush()


@pytest.mark.parametrize("role", ["control", "inspector", "officer", "trainer", "engineer", "display"])
async def test_the_audit_is_for_auditors_and_admins(browser: AnyClient, house: House, role: str) -> None:
    await sign_in(browser, role)
    for path in ("/api/audit", "/api/audit/export", "/api/audit/check"):
        assert (await browser.get(path)).status == 403
    assert await house.audited(what="share") == []


async def test_an_auditor_sees_rows_and_neither_pictures_nor_positions(browser: AnyClient, house: House) -> None:
    device = await house.units.add_device("ET17")
    house.units.apply_recording(device.device_id, "recording")
    headers = await sign_in(browser, "auditor")
    for path in ("/api/audit", "/api/audit/export", "/api/audit/check"):
        assert (await browser.get(path)).status == 200
    assert (await browser.get("/api/units")).status == 403
    assert (await browser.get("/api/people")).status == 403
    assert (await browser.post(f"/whep/{device.device_id}", headers=headers)).status == 403


async def test_the_rows_come_newest_first_by_the_page(browser: AnyClient, house: House) -> None:
    await some_rows(house, browser)
    await sign_in(browser, "auditor")
    await house.audit.flush()
    first = await (await browser.get("/api/audit?limit=2")).json()
    assert [row["what"] for row in first["rows"]] == ["access.signed-in", "access.refused"] and first["more"]
    assert first["at"] == house.clock.wall()
    before = first["rows"][-1]["seq"]
    second = await (await browser.get(f"/api/audit?limit=200&before={before}")).json()
    assert [row["seq"] for row in second["rows"]] == list(range(before - 1, 0, -1)) and not second["more"]
    refused = await (await browser.get("/api/audit?what=access.refused&subject=/api/people")).json()
    assert [row["subject"]["id"] for row in refused["rows"]] == ["/api/people"]
    answer = await browser.get("/api/audit?from=yesterday")
    assert answer.status == 400 and (await answer.json())["detail"].startswith("from: expected Unix seconds")


async def test_an_export_is_a_row_itself_and_its_lines_hold_the_chain(browser: AnyClient, house: House) -> None:
    await some_rows(house, browser)
    await sign_in(browser, "auditor")
    await house.audit.flush()
    assert (await browser.get("/api/audit/export?why=request+4711")).status == 400  # addresses stand in logs
    answer = await browser.get("/api/audit/export?from=5", headers={REASON: "subject%20access%20request%204711"})
    assert answer.status == 200 and answer.content_type == "application/jsonl"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="watchroom-audit-to-')
    assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Cache-Control"] == "no-store"
    lines = [json.loads(line) for line in (await answer.text()).splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert all(line["previous"] == before["chain"] for before, line in pairwise(lines))
    last = lines[-1]
    assert (last["what"], last["why"], last["detail"]) == ("share.audit", "subject access request 4711", {"from": 5.0})
    assert last["actor"]["role"] == "auditor"


async def test_what_is_taken_is_saved_by_the_row_that_says_so_by_whoever_it_names_and_for_a_minute(
    browser: AnyClient, house: House
) -> None:
    """A browser saves a file by its address, which tells no reason."""
    await some_rows(house, browser)
    headers = await sign_in(browser, "auditor")
    answer = await browser.post("/api/audit/export?from=5", headers={**headers, REASON: "inspection"})
    row = await answer.json()
    assert answer.status == 201 and (row["what"], row["why"]) == ("share.audit", "inspection")
    address = f"/api/audit/export?from=5&row={row['seq']}"
    lines = [json.loads(line) for line in (await (await browser.get(address)).text()).splitlines()]
    assert lines[-1] == row
    assert len(await house.audited(what="share")) == 1
    for other in ("from=6", "from=5&person=hale"):  # other rows than it says
        assert (await browser.get(f"/api/audit/export?{other}&row={row['seq']}")).status == 409
    for seq in (1, row["seq"] + 7):
        assert (await browser.get(f"/api/audit/export?from=5&row={seq}")).status == 409
    house.clock.move(61)
    assert (await browser.get(address)).status == 409
    answer = await browser.post("/api/audit/export?from=5", headers={**headers, REASON: "inspection"})
    address = f"/api/audit/export?from=5&row={(await answer.json())['seq']}"
    await sign_in(browser, "supervisor")
    assert (await browser.get(address)).status == 409
    assert len(await house.audited(what="share")) == 2


async def test_a_check_names_the_row_that_was_changed(browser: AnyClient, house: House) -> None:
    await some_rows(house, browser)
    await sign_in(browser, "auditor")
    await house.audit.flush()
    told = await (await browser.get("/api/audit/check")).json()
    assert told["done"] and told["fault"] is None and told["rows"] == told["checked"] == await house.audit.last()
    async with house.database.transaction() as tx:
        await tx.execute(
            text(
                "DROP TRIGGER audit_no_update"
                if house.database.is_sqlite
                else "DROP TRIGGER audit_append_only ON audit"
            )
        )
        await tx.execute(text("UPDATE audit SET actor_name = 'somebody else' WHERE seq = 2"))
    told = await (await browser.get("/api/audit/check")).json()
    assert told["fault"]["seq"] == 2 and "not what was written" in told["fault"]["why"]
    assert (await browser.get("/api/audit/check?after=9999")).status == 404
    assert (await browser.get("/api/audit/check?after=-1")).status == 400
