"""From when to when somebody was in an area: in a trail, and in the rows that hold all trails."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from server.database import Database
from server.errors import BadRequest
from server.positions import store as positions_store
from server.positions.area import Area, area_of, around
from server.positions.fix import Fix, Standing
from server.positions.stay import Stay, joined, stays
from server.positions.store import TrailStore, trail_chunk, within
from server.positions.trail import chunk_of

BASE = 1_800_000_000.0
HERE = "circle:1.03,51.36,100"


def a_fix(seq: int, at: float, device_id: str = "et17-cam", metres_north: float = 0.0, **more: object) -> Fix:
    usual: dict[str, object] = {
        "device_id": device_id,
        "outbox_id": "o",
        "seq": seq,
        "at": BASE + at,
        "device_at": BASE + at,
        "received_at": BASE + at + 0.4,
        "offset_s": 0.0,
        "lat": 51.36 + metres_north / 111_195,
        "lon": 1.03,
        "accuracy_m": 5.0,
        "speed_mps": None,
        "heading_deg": None,
        "standing": Standing.LIVE,
        "jump": False,
    }
    return Fix(**{**usual, **more})  # type: ignore[arg-type]


async def kept(database: Database, *fixes: Fix) -> TrailStore:
    store = TrailStore(database)
    chunks: dict[tuple[str, int], list[Fix]] = {}
    for fix in fixes:
        chunks.setdefault(chunk_of(fix), []).append(fix)
    await store.keep(chunks)
    return store


def test_who_steps_out_for_a_moment_has_stayed_and_who_comes_back_later_has_come_back() -> None:
    there = [a_fix(n, at) for n, at in enumerate((0, 10, 50, 300, 310))]
    away = [a_fix(n, at, metres_north=500) for n, at in enumerate((20, 30, 200), 10)]
    found = stays([*away, *there], area_of(HERE), BASE, BASE + 1000)
    assert found == [Stay(BASE, BASE + 50), Stay(BASE + 300, BASE + 310)]
    assert stays(there, area_of(HERE), BASE + 5, BASE + 20) == [Stay(BASE + 10, BASE + 10)]


def test_a_stay_tells_how_near_one_came() -> None:
    fixes = [a_fix(n, at, metres_north=north) for n, (at, north) in enumerate(((0, 90), (10, 40), (20, 70), (400, 80)))]
    first, second = stays(fixes, around(51.36, 1.03, 100.0), BASE, BASE + 1000)
    assert (round(first.nearest_m), round(second.nearest_m)) == (40, 80)
    (both,) = joined([Stay(60, 119, 12.0), Stay(130, 170, 7.0)])
    assert both.nearest_m == 7.0


def test_a_fix_from_a_clock_in_the_future_counts_when_it_came() -> None:
    future = a_fix(1, 5000, received_at=BASE + 10, standing=Standing.FUTURE)
    assert stays([future], area_of(HERE), BASE, BASE + 20) == [Stay(BASE + 10, BASE + 10)]


def test_stays_of_minutes_that_follow_are_one() -> None:
    assert joined([Stay(130, 170), Stay(60, 119), Stay(400, 410)]) == [Stay(60, 170), Stay(400, 410)]


async def test_who_was_there_then_is_found_over_minutes_and_half_hours(database: Database) -> None:
    long = [a_fix(n, n * 30.0) for n in range(200)]  # 100 min, on the spot
    passing = [a_fix(n, 1000 + n, "et22-cam", 2000 - 20.0 * n) for n in range(200)]
    far = [a_fix(n, 1000 + n, "et25-cam", 5000) for n in range(200)]
    store = await kept(database, *long, *passing, *far)
    found = await store.stays(area_of(HERE), BASE, BASE + 7000)
    assert found.keys() == {"et17-cam", "et22-cam"}
    assert found["et17-cam"] == [Stay(BASE, BASE + 199 * 30)]
    (stay,) = found["et22-cam"]
    assert (stay.start - BASE, stay.end - BASE) == pytest.approx((1095, 1105), abs=1)
    assert await store.stays(area_of(HERE), BASE + 1200, BASE + 1210) == {"et17-cam": [Stay(BASE + 1200, BASE + 1200)]}
    assert await store.stays(area_of("circle:2.03,51.36,100"), BASE, BASE + 7000) == {}


async def test_a_search_that_would_hold_up_all_else_is_refused(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts before it reads, and only the cameras that are asked for."""
    monkeypatch.setattr(positions_store, "MOST_CHUNKS", 10)
    here = [a_fix(n, n * 60.0) for n in range(10)]
    store = await kept(database, *here, a_fix(1, 5, "et22-cam"))
    with pytest.raises(BadRequest, match="a smaller place"):
        await store.stays(area_of(HERE), BASE, BASE + 700)
    assert await store.stays(area_of(HERE), BASE, BASE + 700, ["et22-cam"]) == {"et22-cam": [Stay(BASE + 5, BASE + 5)]}
    assert (await store.stays(area_of(HERE), BASE, BASE + 500)).keys() == {"et17-cam", "et22-cam"}


async def test_a_chunk_from_before_its_bounds_were_kept_is_looked_into(database: Database) -> None:
    store = await kept(database, a_fix(1, 5))
    async with database.transaction() as tx:
        await tx.execute(sa.update(trail_chunk).values(west=None, south=None, east=None, north=None))
    assert await store.stays(area_of(HERE), BASE, BASE + 60) == {"et17-cam": [Stay(BASE + 5, BASE + 5)]}


async def test_a_search_reads_only_the_chunks_that_may_have_been_there(database: Database) -> None:
    """Of ten thousand minutes of a hundred cameras, those of one street; found by the index."""
    rows = [
        {"device_id": f"cam-{n % 100}", "minute": int(BASE // 60) + n // 100, "body": b"", **_box(n % 100)}
        for n in range(10_000)
    ]
    async with database.transaction() as tx:
        await tx.execute(sa.insert(trail_chunk), rows)
    area: Area = area_of(HERE)
    query = within(area, BASE, BASE + 600)
    async with database.reading() as connection:
        found = (await connection.execute(query)).all()
        if connection.dialect.name == "sqlite":
            plan = str((await connection.execute(sa.text(f"EXPLAIN QUERY PLAN {_literal(query)}"))).all())
            assert "ix_trail_chunk_minute" in plan and "SCAN" not in plan
    assert {row.device_id for row in found} == {"cam-0"} and len(found) == 11


def _box(camera: int) -> dict[str, float]:
    lat = 51.36 + camera * 0.01
    return {"west": 1.0299, "east": 1.0301, "south": lat - 0.0001, "north": lat + 0.0001}


def _literal(query: sa.Select[tuple[str, bytes]]) -> str:
    return str(query.compile(compile_kwargs={"literal_binds": True}))


async def test_the_bounds_grow_with_the_fixes_that_come_later(database: Database) -> None:
    store = await kept(database, a_fix(1, 5, metres_north=3000))
    assert await store.stays(area_of(HERE), BASE, BASE + 60) == {}
    await kept(database, a_fix(2, 9))
    assert await store.stays(area_of(HERE), BASE, BASE + 60) == {"et17-cam": [Stay(BASE + 9, BASE + 9)]}
