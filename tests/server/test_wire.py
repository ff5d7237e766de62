"""The wire: what is packed comes back the same, and bytes from anywhere raise only WireError."""

from __future__ import annotations

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import wire

KINDS = st.sampled_from(["recording.started", "taser.armed", "watch.requested", "emergency.pressed"])


@given(
    seq=st.integers(1, 2**53),
    at=st.floats(0, 4e9),
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    accuracy=st.floats(0, 100_000),
    heading=st.none() | st.floats(0, 360, exclude_max=True),
)
def test_a_fix_comes_back_as_it_was(
    seq: int, at: float, lat: float, lon: float, accuracy: float, heading: float | None
) -> None:
    fix = wire.Fix(seq=seq, at=at, lat=lat, lon=lon, accuracy_m=accuracy, heading_deg=heading)
    assert wire.parse_from_camera(wire.pack(fix)) == fix


@given(
    seq=st.integers(1, 2**53),
    kind=KINDS,
    detail=st.dictionaries(st.text(max_size=8), st.integers(-(2**63), 2**63), max_size=4),
)
def test_a_signal_comes_back_as_it_was(seq: int, kind: wire.SignalKind, detail: dict[str, int]) -> None:
    signal = wire.Signal(seq=seq, at=1.0, kind=kind, detail=dict(detail))
    assert wire.parse_from_camera(wire.pack(signal)) == signal


@given(st.binary(max_size=300))
def test_any_bytes_raise_only_wire_errors(raw: bytes) -> None:
    for parse in (wire.parse_from_camera, wire.parse_from_server):
        try:
            parse(raw)
        except wire.WireError:
            continue


@given(st.recursive(st.none() | st.integers(-5, 2**63) | st.text(max_size=5) | st.floats(), st.lists, max_leaves=8))
def test_any_msgpack_raises_only_wire_errors(value: object) -> None:
    for body in (value, {"t": value}, {"t": "fix", "seq": value, "lat": value}):
        with pytest.raises(wire.WireError):
            wire.parse_from_camera(msgpack.packb(body))


def test_an_error_names_the_field_and_what_was_expected() -> None:
    raw = wire.pack_map({"t": "fix", "seq": 1, "at": 5.0, "lat": 91.0, "lon": 0.0, "accuracy_m": 1.0})
    with pytest.raises(wire.WireError, match=r"fix\.lat.*less than or equal to 90"):
        wire.parse_from_camera(raw)


def test_a_camera_cannot_speak_as_the_server() -> None:
    with pytest.raises(wire.WireError):
        wire.parse_from_camera(wire.pack(wire.Ack(seqs=[1])))


def test_too_long_a_message_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(wire.WireError, match="at most 65536"):
        wire.parse_from_camera(b"\x80" * (wire.MAX_MESSAGE_BYTES + 1))


def test_unknown_fields_are_ignored_so_that_either_side_may_be_newer() -> None:
    raw = wire.pack_map({"t": "hello", "outbox_id": "a" * 16, "at": 1.0, "colour": "blue"})
    assert wire.parse_from_camera(raw) == wire.Hello(outbox_id="a" * 16, at=1.0)


def test_what_is_signed_differs_by_device_outbox_and_nonce() -> None:
    signed = {wire.hello_to_sign(d, o, n) for d in ("a", "b") for o in ("x", "y") for n in (b"1", b"2")}
    assert len(signed) == 8


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (float("nan"), None),
        (float("-inf"), None),
        ("a\0b", "a\ufffdb"),
        ("x" * 60_000, "x" * 199 + "…"),
        ([1, {"deep": 2}], None),
        (b"bytes", None),
        (msgpack.Timestamp(5), None),
        (True, True),
        (2**64 - 1, 2**64 - 1),
    ],
)
def test_an_unusable_detail_does_not_cost_the_signal(value: object, kept: object) -> None:
    raw = wire.pack_map({"t": "signal", "seq": 1, "at": 1.0, "kind": "emergency.pressed", "detail": {"g": value}})
    signal = wire.parse_from_camera(raw)
    assert isinstance(signal, wire.Signal)
    assert signal.detail == {"g": kept}


@pytest.mark.parametrize("detail", [None, "text", [1], {b"bytes": 1}])
def test_a_detail_that_is_no_map_of_names_is_none_at_all(detail: object) -> None:
    raw = wire.pack_map({"t": "signal", "seq": 1, "at": 1.0, "kind": "emergency.pressed", "detail": detail})
    assert wire.parse_from_camera(raw) == wire.Signal(seq=1, at=1.0, kind="emergency.pressed")


def test_the_names_of_details_are_few_and_short() -> None:
    detail = {f"{number:03}" + "n" * 100: number for number in range(90)}
    signal = wire.Signal(seq=1, at=1.0, kind="emergency.pressed", detail=dict(detail))
    assert list(signal.detail.values()) == list(range(wire.MOST_DETAILS))
    assert {len(name) for name in signal.detail} == {wire.LONGEST_NAME}


def test_half_a_character_is_replaced_and_costs_nothing() -> None:
    raw = msgpack.packb(
        {"t": "hello", "outbox_id": "a" * 16, "at": 1.0, "software": "x\ud800"}, unicode_errors="surrogatepass"
    )
    hello = wire.parse_from_camera(raw)
    assert isinstance(hello, wire.Hello)
    assert (wire.is_storable(hello.software), wire.is_storable("x\ud800")) == (True, False)


@pytest.mark.parametrize(
    "body",
    [
        {"t": "hello", "outbox_id": "outbox-1\0", "at": 1.0},
        {"t": "receipt", "seq": 1, "at": 1.0, "advice_id": "a\0", "state": "shown"},
        {"t": "fix\0"},
    ],
)
def test_an_identity_that_no_database_takes_is_refused_in_words_that_it_does(body: dict[str, object]) -> None:
    with pytest.raises(wire.WireError) as refused:
        wire.parse_from_camera(wire.pack_map(body))
    assert wire.is_storable(str(refused.value))


FOOTAGE = [
    wire.Coded("main", 1.5, True, b"picture"),
    wire.Coded("sound", 1.52, True, b""),
    wire.Coded("sub", 2.0, False, b"x" * 900),
]


@given(st.integers(1, 200))
def test_footage_is_read_in_pieces_of_any_size(size: int) -> None:
    data = b"".join(map(wire.pack_coded, FOOTAGE))
    assert list(wire.coded_in(data[at : at + size] for at in range(0, len(data), size))) == FOOTAGE


@given(st.binary(max_size=60))
def test_what_is_no_footage_is_refused_whatever_it_is(noise: bytes) -> None:
    data = b"".join(map(wire.pack_coded, FOOTAGE))
    for torn in (data + noise, data[: len(noise)]):
        try:
            found = list(wire.coded_in([torn]))
        except wire.WireError:
            continue
        assert b"".join(map(wire.pack_coded, found)) == torn


@pytest.mark.parametrize(
    "item",
    [
        ["other", 1.0, True, b""],
        ["main", 1, True, b""],
        ["main", float("nan"), True, b""],
        ["main", 1.0, 1, b""],
        ["main", 1.0, True, "x"],
        ["main"],
        {},
    ],
)
def test_a_unit_of_footage_says_what_it_is(item: object) -> None:
    with pytest.raises(wire.WireError, match="a unit of footage"):
        list(wire.coded_in([msgpack.packb(item)]))
