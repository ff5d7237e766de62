"""An incident that is over: four cameras' trails, a TASER drawn, armed and made safe, advice with its receipts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from server.advice.advice import Advice
from server.advice.receipt import Receipts
from server.advice.store import AdviceStore
from server.alerts.alert import Alert, By, Origin, State, Step, acknowledged
from server.alerts.store import AlertStore
from server.clock import HandClock
from server.database import Database
from server.decisions.decision import ADVISED, Decided, Decision
from server.decisions.store import DecisionStore
from server.journal.store import Journal
from server.positions.fix import Fix, Standing
from server.positions.store import TrailStore
from server.positions.trail import chunk_of

OKAFOR = By("p-okafor", "D. Okafor")
TOWN = (51.3600, 1.0300)
ARMED_S, SEEN_S, ADVISED_S, SAFE_S = 8.0, 11.0, 14.0, 20.0  # after the incident's beginning
TOLD_S = 0.1904  # an alert's step is done, and so much later its new state is written: as measured on a busy machine


@dataclass(frozen=True)
class Officer:
    """Who was there."""

    device_id: str
    call_sign: str
    wearer: dict[str, str] | None = None


async def lay_incident(database: Database, officers: Sequence[Officer], base: float, seconds: float) -> None:
    """Write into a migrated database what happened from `base` on; the first officer has the TASER."""
    clock = HandClock(base)
    journal = Journal(database, clock)
    await _walk(TrailStore(database), officers, base, seconds)
    await _taser(AlertStore(database, journal), clock, officers[0], base)
    await _advise(AdviceStore(database, journal), clock, officers[0], base)
    await _decide(database, officers, base)


async def _walk(store: TrailStore, officers: Sequence[Officer], base: float, seconds: float) -> None:
    fixes = [
        _fix(officer.device_id, number, base + second, index)
        for index, officer in enumerate(officers)
        for number, second in enumerate(range(-30, int(seconds)), 1)
    ]
    chunks: dict[tuple[str, int], list[Fix]] = {}
    for fix in fixes:
        chunks.setdefault(chunk_of(fix), []).append(fix)
    await store.keep(chunks)


def _fix(device_id: str, number: int, at: float, index: int) -> Fix:
    """Northwards, each on a line of its own; 0.4 s under way."""
    lat, lon = TOWN[0] + number * 0.00002, TOWN[1] + index * 0.0009
    return Fix(
        device_id=device_id,
        outbox_id="o",
        seq=number,
        at=at,
        device_at=at,
        received_at=at + 0.4,
        offset_s=0.0,
        lat=lat,
        lon=lon,
        accuracy_m=6.0,
        speed_mps=2.0,
        heading_deg=0.0,
        standing=Standing.LIVE,
        jump=False,
    )


async def _taser(store: AlertStore, clock: HandClock, officer: Officer, base: float) -> None:
    first = drawn(officer, base + 4)
    await _told(store, clock, first, [Step("raised", base + 4, None, "TASER drawn")], base + 4)
    armed = replace(first, kind="taser.armed", title="TASER armed", priority=1, needs_since=base + ARMED_S)
    step = Step("escalated", base + ARMED_S, None, "TASER drawn → TASER armed")
    await _told(store, clock, armed, [step], base + ARMED_S)
    seen, step = acknowledged(armed, OKAFOR, base + SEEN_S)
    await _told(store, clock, seen, [step], base + SEEN_S)
    safe = replace(seen, cleared_at=base + SAFE_S)
    await _told(store, clock, safe, [Step("cleared", base + SAFE_S)], base + SAFE_S)
    text = {"kind": "taser.safe", "text": "TASER safe", "device_id": officer.device_id, "call_sign": officer.call_sign}
    async with store.transaction() as tx:
        await store.add_activity(tx, {"at": base + SAFE_S, **text}, None)
    closed = replace(safe, state=State.RESOLVED, closed_by=OKAFOR, closed_at=base + SAFE_S + 5)
    await _told(store, clock, closed, [Step("resolved", base + SAFE_S + 5, OKAFOR)], base + SAFE_S + 5)


def seen_on_screen(officers: Sequence[Officer], base: float) -> dict[str, Any]:
    """What D. Okafor's console showed when she acknowledged: of the first officer a living picture, of the second a frozen one, and
    a camera that nobody recorded."""
    tiles = [
        (1, officers[0].device_id, officers[0].call_sign, "main", "live", 0.31),
        (2, officers[-1].device_id, officers[-1].call_sign, "sub", "frozen", 6.5),
        (3, "et99-cam", "ET99", "sub", "late", 2.4),
    ]
    names = ("tile", "device_id", "call_sign", "layer", "state", "age_s")
    alert = {"id": f"alert-{officers[0].device_id}"[:40], "priority": 1, "since": base + ARMED_S}
    about = {"title": "TASER armed", "call_sign": officers[0].call_sign, "device_id": officers[0].device_id}
    return {
        "at": base + SEEN_S - 0.05,
        "page": "console",
        "tiles": [dict(zip(names, tile, strict=True)) for tile in tiles],
        "alerts": [{**alert, **about}],
    }


async def _decide(database: Database, officers: Sequence[Officer], base: float) -> None:
    """She acknowledged at her console; what she wrote came from a program that tells nothing of a screen."""
    device_id, sign = officers[0].device_id, officers[0].call_sign
    armed = Decided("acknowledged", "alert", f"alert-{device_id}"[:40], device_id, base + SEEN_S)
    words = Decided(ADVISED, "advice", f"advice-{device_id}"[:40], device_id, base + ADVISED_S)
    store = DecisionStore(database)
    async with database.transaction() as tx:
        view = seen_on_screen(officers, base)
        await store.add(tx, Decision(f"seen-{device_id}"[:32], armed, sign, OKAFOR.id, OKAFOR.name, view))
        await store.add(tx, Decision(f"words-{device_id}"[:32], words, sign, OKAFOR.id, OKAFOR.name, None))


def drawn(officer: Officer, at: float) -> Alert:
    """A TASER leaves its holster."""
    return Alert(
        id=f"alert-{officer.device_id}"[:40],
        seq=0,
        kind="taser.drawn",
        family="taser",
        title="TASER drawn",
        priority=2,
        cause="The TASER left its holster",
        action="Open the picture",
        time_allowed_s=30,
        device_id=officer.device_id,
        call_sign=officer.call_sign,
        wearer=officer.wearer,
        lat=TOWN[0],
        lon=TOWN[1],
        place="Harbour Street",
        state=State.RAISED,
        raised_at=at,
        needs_since=at,
        device_at=at,
        clock_offset_s=0.0,
        count=1,
        last_raise=Origin("o", 1, at),
        last_at=at,
    )


async def _told(store: AlertStore, clock: HandClock, alert: Alert, steps: list[Step], at: float) -> dict[str, Any]:
    clock.move(at + TOLD_S - clock.wall())
    async with store.transaction() as tx:
        return await store.save(tx, alert, steps, await store.next_seq(tx))


async def _advise(store: AdviceStore, clock: HandClock, officer: Officer, base: float) -> None:
    advice = Advice(
        id=f"advice-{officer.device_id}"[:40],
        seq=0,
        device_id=officer.device_id,
        call_sign=officer.call_sign,
        text="Hold, contain. Backup is two minutes away.",
        author_id=OKAFOR.id,
        author_name=OKAFOR.name,
        sent_at=base + ADVISED_S,
    )
    clock.move(base + ADVISED_S - clock.wall())
    async with store.transaction() as tx:
        await store.add(tx, replace(advice, seq=await store.next_seq(tx)), "c-1")
    receipts = Receipts(base + ADVISED_S + 0.3, base + ADVISED_S + 0.6, base + ADVISED_S + 4)
    clock.move(4)
    async with store.transaction() as tx:
        await store.set_receipts(tx, advice, receipts, await store.next_seq(tx))
