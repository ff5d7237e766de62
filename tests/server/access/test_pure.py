"""The pure parts of access, with whatever Hypothesis thinks of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.access.attempts import KNOWN_S, NAME, PAIR, Attempts, limits_for
from server.access.credential import bearer, digest, read_short_token, same, short_token
from server.access.origin import client_address, is_loopback, local_path, origin_allowed, own_origin
from server.access.permission import GRANTED, Permission, Role, may, may_only_look
from server.access.person import checked_name
from server.errors import BadRequest

ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=60)


def test_every_role_is_in_the_table_and_strangers_may_nothing() -> None:
    assert set(GRANTED) == set(Role)
    assert not any(may(role, permission) for role in ("", "root", "Control") for permission in Permission)
    assert [role for role in Role if may(role, Permission.WATCH)] == [
        "control",
        "inspector",
        "supervisor",
        "trainer",
        "admin",
        "display",
    ]
    assert [role for role in Role if may_only_look(role)] == ["display"]


@given(ANY_TEXT)
def test_only_what_was_signed_is_a_token(text: str) -> None:
    assert read_short_token(b"k" * 32, text, 0) is None
    assert read_short_token(b"k" * 32, "wr_pub_" + text, 0) is None
    assert len(digest(text)) == 64 and same(text, text)
    bearer(text)


@given(
    st.from_regex(r"[a-z0-9-]{3,40}", fullmatch=True),
    st.integers(1, 10**11),
    st.sets(st.from_regex(r"[a-z0-9-]{1,64}", fullmatch=True), max_size=3),
)
def test_a_token_is_good_until_its_second(device_id: str, expires: int, keys: set[str]) -> None:
    token = short_token(b"k" * 32, device_id, expires, keys)
    assert read_short_token(b"k" * 32, token, expires - 1) == (device_id, tuple(sorted(keys)))
    assert read_short_token(b"k" * 32, token, expires) is None
    assert read_short_token(b"j" * 32, token, expires - 1) is None


@given(ANY_TEXT)
def test_a_local_path_stays_here(text: str) -> None:
    path = local_path(text)
    assert path is None or (path.startswith("/") and not path.startswith("//") and "\\" not in path)


@given(ANY_TEXT)
def test_a_name_is_kept_or_refused(text: str) -> None:
    try:
        assert checked_name(text).strip()
    except BadRequest as refused:
        assert refused.detail.startswith("name: ")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 30)), max_size=60))
def test_no_minute_has_more_tries_than_its_limit(tries: list[tuple[str, float]]) -> None:
    attempts, now, admitted = Attempts(), 0.0, dict[str, list[float]]()
    for name, pause in tries:
        now += pause
        wait = attempts.take(limits_for(name, "10.0.0.1"), now)
        assert wait >= 0
        if wait == 0:
            admitted.setdefault(name, []).append(now)
    for times in admitted.values():
        for first in times:
            assert sum(first <= at < first + PAIR.within_s for at in times) <= PAIR.times


def test_a_stranger_cannot_lock_an_operator_out_with_a_few_tries() -> None:
    attempts = Attempts()
    while attempts.take(limits_for("hill", "203.0.113.9"), 0.0) == 0:
        pass
    assert attempts.take(limits_for("hill", "10.0.0.1"), 1.0) == 0


def test_strangers_at_many_addresses_cannot_lock_an_operator_out_of_a_known_desk() -> None:
    attempts = Attempts()
    desk = limits_for("hill", "10.0.0.1")
    attempts.take(desk, 0.0)
    attempts.take_back(desk, 0.0)
    admitted = [attempts.take(limits_for("hill", f"203.0.113.{number}"), 1.0) == 0 for number in range(100)]
    assert sum(admitted) == NAME.times, "the name is protected from all of them together"
    assert attempts.take(desk, 2.0) == 0
    assert attempts.take(limits_for("hill", "10.0.0.2"), 2.0) > 0
    assert [attempts.take(desk, 3.0) == 0 for _ in range(PAIR.times)].count(False) == 1, "but guessing is slowed there"
    much_later = 2.0 + KNOWN_S
    for number in range(100):
        attempts.take(limits_for("hill", f"203.0.113.{number}"), much_later)
    assert attempts.take(desk, much_later) > 0


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, True),
        ("https://room.example", True),
        ("HTTPS://ROOM.EXAMPLE", True),
        ("https://other.example", True),
        ("http://room.example", False),
        ("https://room.example:8443", False),
        ("https://room.example.evil", False),
        ("null", False),
        ("", False),
    ],
)
def test_origins(origin: str | None, allowed: bool) -> None:
    own = own_origin("https", "room.example:443", {}, False)
    assert origin_allowed(origin, own, ["https://other.example/"]) is allowed


def test_only_the_nearest_proxy_is_believed_and_only_if_trusted() -> None:
    headers = {"X-Forwarded-For": "127.0.0.1, 203.0.113.9", "X-Forwarded-Proto": "https"}
    assert client_address("10.0.0.1", headers, True) == "203.0.113.9"
    assert client_address("10.0.0.1", headers, False) == "10.0.0.1"
    assert own_origin("http", "Room:80", headers, False) == "http://room:80"
    assert own_origin("http", "Room", headers, True) == "https://room"


@pytest.mark.parametrize(("address", "expected"), [("127.0.0.9", True), ("::1", True), ("::ffff:127.0.0.1", True), ("10.0.0.1", False), ("unknown", False)])  # fmt: skip
def test_loopback(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected
