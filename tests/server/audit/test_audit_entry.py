"""A row and its chain: whatever is changed, taken away, put in or put elsewhere is found, and the row is named."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.audit.audit_entry import (
    LONGEST_WHY,
    NOT_STATED,
    START,
    Actor,
    AuditEntry,
    ChainWalk,
    Note,
    Subject,
    What,
    canonical,
    chained,
    checked_why,
    noted,
)
from server.errors import BadRequest
from server.wire import is_storable

HALE = Actor("person", "p1", "Insp. Hale", "inspector")
ET17 = Subject("device", "et17-3fa2c1", "ET17")
texts = st.text(max_size=300)
details = st.dictionaries(texts, st.one_of(texts, st.integers(), st.booleans(), st.none(), st.lists(texts)), max_size=3)
notes = st.builds(
    Note,
    st.sampled_from(What),
    st.builds(Actor, st.just("person"), texts, texts, st.just("admin")),
    st.builds(Subject, st.just("device"), texts, texts),
    texts,
    texts,
    texts,
    st.dictionaries(st.text(max_size=8), st.one_of(st.text(max_size=20), st.integers(), st.none()), max_size=3),
)
times = st.floats(0, 4e9)


def chain_of(found: list[Note]) -> list[AuditEntry]:
    """The rows of these notes."""
    entries: list[AuditEntry] = []
    for seq, note in enumerate(found, 1):
        previous = entries[-1].chain if entries else START
        entries.append(chained(noted(note), seq, 1_800_000_000.0 + seq / 3, previous))
    return entries


def read_back(entry: AuditEntry) -> AuditEntry:
    """As its line of the export gives it back."""
    found: dict[str, Any] = json.loads(entry.line())
    found["actor"], found["subject"] = Actor(**found["actor"]), Subject(**found["subject"])
    return AuditEntry(**found)


@given(st.lists(notes, max_size=8))
def test_what_was_written_holds_also_as_it_is_read_back_from_the_export(found: list[Note]) -> None:
    entries = chain_of(found)
    walk = ChainWalk()
    assert walk.fault_in([read_back(entry) for entry in entries]) is None
    assert (walk.seq, walk.chain) == (len(entries), entries[-1].chain if entries else START)


@given(st.lists(notes, min_size=1, max_size=8), st.data())
def test_a_changed_row_is_named(found: list[Note], data: st.DataObject) -> None:
    entries = chain_of(found)
    at = data.draw(st.integers(0, len(entries) - 1))
    changes: dict[str, Any] = {
        "at": entries[at].at + 1,
        "what": entries[at].what + "x",
        "actor": replace(entries[at].actor, name=entries[at].actor.name + "x"),
        "subject": replace(entries[at].subject, id=entries[at].subject.id + "x"),
        "why": entries[at].why + "x",
        "address": entries[at].address + "x",
        "agent": entries[at].agent + "x",
        "detail": {**entries[at].detail, "x": "x x x x x x x x x x x x x x x"},
        "chain": "ab" * 32,
        "previous": "not even hex",
    }
    name = data.draw(st.sampled_from(sorted(changes)))
    entries[at] = replace(entries[at], **{name: changes[name]})
    fault = ChainWalk().fault_in(entries)
    assert fault is not None and fault.seq == at + 1


@given(st.lists(notes, min_size=2, max_size=8), st.data())
def test_a_row_rewritten_with_a_fitting_chain_is_found_by_the_next_one(found: list[Note], data: st.DataObject) -> None:
    entries = chain_of(found)
    at = data.draw(st.integers(0, len(entries) - 2))
    changed = replace(entries[at], why=entries[at].why + " and more")
    entries[at] = replace(changed, chain=changed.worked_out())
    fault = ChainWalk().fault_in(entries)
    assert fault is not None and fault.seq == at + 2 and "the one before it" in fault.why


@given(st.lists(notes, min_size=2, max_size=8), st.data())
def test_a_missing_doubled_or_swapped_row_is_named(found: list[Note], data: st.DataObject) -> None:
    entries = chain_of(found)
    at = data.draw(st.integers(0, len(entries) - 2))
    missing = ChainWalk().fault_in(entries[:at] + entries[at + 1 :])
    assert missing is not None and missing.seq == at + 1 and "missing" in missing.why
    doubled = ChainWalk().fault_in(entries[: at + 1] + entries[at:])
    assert doubled is not None and doubled.seq == at + 1
    swapped = [replace(one, seq=seq) for seq, one in enumerate(entries, 1)]
    swapped[at], swapped[at + 1] = replace(swapped[at + 1], seq=at + 1), replace(swapped[at], seq=at + 2)
    found_fault = ChainWalk().fault_in(swapped)
    assert found_fault is not None and found_fault.seq == at + 1


def test_a_chain_is_walked_in_parts() -> None:
    entries = chain_of([Note(What.VIEW_LIVE, HALE, ET17, "duty")] * 7)
    walk = ChainWalk()
    assert walk.fault_in(entries[:3]) is None and walk.fault_in(entries[3:]) is None
    later = ChainWalk(3, entries[2].chain)
    assert later.fault_in(entries[3:]) is None and later.seq == 7


def test_the_chain_is_the_one_of_a_recording_s_journal() -> None:
    """SHA-256 over the chain before, as bytes, and the canonical JSON without `chain`: anybody can work it out."""
    import hashlib

    (entry,) = chain_of([Note(What.VIEW_LIVE, HALE, ET17, "Ärger ☂", "::1", "Firefox", {"layer": "main"})])
    told = json.loads(entry.line())
    chain = told.pop("chain")
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert chain == hashlib.sha256(bytes(32) + text.encode()).hexdigest()


@given(notes)
def test_every_note_can_be_kept(note: Note) -> None:
    kept = noted(note)
    assert noted(kept) == kept
    for text, most in (
        (kept.why, 200),
        (kept.agent, 120),
        (kept.address, 64),
        (kept.actor.id, 64),
        (kept.subject.name, 120),
    ):
        assert len(text) <= most and is_storable(text)
    assert "\\u0000" not in canonical(kept.detail)


def test_a_view_or_share_without_reason_says_so() -> None:
    assert noted(Note(What.VIEW_LIVE, HALE, ET17)).why == NOT_STATED
    assert noted(Note(What.SHARE_AUDIT, HALE, ET17, " ".strip())).why == NOT_STATED
    assert noted(Note(What.CHANGE_CAMERA, HALE, ET17)).why == ""


def test_a_detail_that_is_a_copy_of_something_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than 2000 bytes"):
        noted(Note(What.CHANGE_CAMERA, HALE, ET17, detail={"all": "x" * 2000}))
    with pytest.raises(ValueError, match="JSON compliant"):
        noted(Note(What.CHANGE_CAMERA, HALE, ET17, detail={"at": float("nan")}))


def test_a_reason_is_checked() -> None:
    assert checked_why(None) == "" and checked_why("  control room duty ") == "control room duty"
    for wrong in ("x" * (LONGEST_WHY + 1), "line\nbreak", "bell\x07"):
        with pytest.raises(BadRequest, match="why: expected at most 200 printable characters"):
            checked_why(wrong)
