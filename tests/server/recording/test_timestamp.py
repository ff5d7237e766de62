"""Requests for timestamps, and answers that are read: whatever comes, an answer is taken or told why it is not."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.recording.timestamp import granted, request
from tests.server.recording.authority import Authority

DIGEST = hashlib.sha256(b"a manifest").digest()
NONCE = (1 << 63) - 5


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Of a real authority."""
    return Authority.made(tmp_path_factory.mktemp("authority")).answer(request(DIGEST, NONCE))


def test_a_request_is_read_by_openssl_as_it_was_meant(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("the program `openssl` is not installed")
    (tmp_path / "asked").write_bytes(request(DIGEST, NONCE))
    words = ["openssl", "ts", "-query", "-in", str(tmp_path / "asked"), "-text"]
    shown = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "Hash Algorithm: sha256" in shown and "Certificate required: yes" in shown
    assert f"Nonce: 0x{NONCE:X}" in shown


@given(st.binary(min_size=32, max_size=32), st.integers(0, 1 << 63))
def test_a_request_is_as_long_as_it_says(digest: bytes, nonce: int) -> None:
    asked = request(digest, nonce)
    assert asked[1] == len(asked) - 2 and digest in asked


def test_an_answer_is_to_its_request_alone(answer: bytes) -> None:
    assert granted(answer, DIGEST, NONCE).startswith("20")
    for digest, nonce in ((bytes(32), NONCE), (DIGEST, NONCE + 1)):
        with pytest.raises(ValueError, match="to another request"):
            granted(answer, digest, nonce)


def test_a_refusal_is_told_in_the_authoritys_words() -> None:
    refused = bytes.fromhex("3016301402010230 0f0c0d") + b"clock is away"
    with pytest.raises(ValueError, match=r"it refuses: status 02, clock is away"):
        granted(refused, DIGEST, NONCE)


@given(st.binary(max_size=80))
def test_what_is_no_answer_is_never_taken_for_one(data: bytes) -> None:
    with pytest.raises(ValueError):
        granted(data, DIGEST, NONCE)


@given(data=st.data())
def test_an_answer_that_was_damaged_is_read_or_refused(answer: bytes, data: st.DataObject) -> None:
    changed = bytearray(answer)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(answer) - 1))] = data.draw(st.integers(0, 255))
    try:
        granted(bytes(changed[: data.draw(st.integers(0, len(changed)))]), DIGEST, NONCE)
    except ValueError as error:
        assert str(error)
