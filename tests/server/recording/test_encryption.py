"""A file as it lies encrypted: any range of it is read, and nothing that was done to it goes unseen."""

from __future__ import annotations

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.recording.encryption import (
    HEAD_BYTES,
    MAGIC,
    PIECE_BYTES,
    TAG_BYTES,
    Decrypted,
    encrypted,
    encrypted_size,
    plain_size,
)

KEY, SALT, NAME = bytes(range(32)), bytes(range(16)), "20261128T204600Z-et17-3fa2c1d0/main/000001.m4s"
SIZES = st.sampled_from(
    [0, 1, 500, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES, 3 * PIECE_BYTES + 7]
)
THREE = bytes(os.urandom(PIECE_BYTES)) * 3 + b"end"


def opened(held: bytes, size: int, key: bytes = KEY, name: str = NAME) -> io.BufferedReader:
    return io.BufferedReader(Decrypted(io.BytesIO(held), key, name, size), PIECE_BYTES)


@given(size=SIZES, data=st.data())
def test_any_range_is_read_without_the_rest(size: int, data: st.DataObject) -> None:
    plain = (bytes(range(256)) * (size // 256 + 1))[:size]
    held = encrypted(KEY, NAME, plain, SALT)
    assert (len(held), plain_size(len(held))) == (encrypted_size(size), size)
    with opened(held, size) as file:
        assert file.read() == plain
        for _ in range(4):
            start, length = data.draw(st.integers(0, size + 5)), data.draw(st.integers(0, size + 5))
            file.seek(start)
            assert file.read(length) == plain[start : start + length]
        assert file.seek(-1, os.SEEK_END) == max(0, size - 1)
        assert file.read() == plain[-1:]


def test_a_range_needs_only_the_pieces_that_it_is_in() -> None:
    held = bytearray(encrypted(KEY, NAME, THREE, SALT))
    held[HEAD_BYTES] ^= 1  # in the first
    with opened(bytes(held), len(THREE)) as file:
        file.seek(PIECE_BYTES)
        assert file.read() == THREE[PIECE_BYTES:]
        file.seek(0)
        with pytest.raises(OSError, match=r"cannot be decrypted"):
            file.read(1)


@given(st.integers(0, 8 * encrypted_size(2000) - 1))
def test_no_bit_can_be_changed(bit: int) -> None:
    held = bytearray(encrypted(KEY, NAME, bytes(2000), SALT))
    held[bit // 8] ^= 1 << bit % 8
    with opened(bytes(held), 2000) as file, pytest.raises(OSError, match=r"cannot be decrypted"):
        file.read()


def test_no_piece_can_be_moved_doubled_or_left_out_and_nothing_stands_for_another_file() -> None:
    held = encrypted(KEY, NAME, THREE, SALT)
    long = PIECE_BYTES + TAG_BYTES
    head, pieces = held[:HEAD_BYTES], [held[at : at + long] for at in range(HEAD_BYTES, len(held), long)]
    assert len(pieces) == 4
    swapped = head + pieces[1] + pieces[0] + pieces[2] + pieces[3]
    doubled = head + pieces[0] + pieces[0] + pieces[2] + pieces[3]
    shorter, torn = head + b"".join(pieces[:3]), held[:-1]
    for forged in (swapped, doubled, shorter, torn, b"", head, b"X" + held[1:]):
        for size in {len(THREE), max(0, plain_size(len(forged)))} - {0}:
            with opened(forged, size) as file, pytest.raises(OSError, match=r"cannot be decrypted"):
                file.read()
    for key, name in ((bytes(32), NAME), (KEY, NAME.replace("000001", "000002")), (KEY, NAME.replace("main", "sub"))):
        with opened(held, len(THREE), key, name) as file, pytest.raises(OSError, match=r"cannot be decrypted"):
            file.read()


def test_the_same_bytes_never_lie_there_twice_in_the_same_way() -> None:
    first, second = (encrypted(KEY, NAME, THREE, os.urandom(16)) for _ in range(2))
    assert first.startswith(MAGIC) and second.startswith(MAGIC)
    pieces = {held[at : at + 16] for held in (first, second) for at in range(HEAD_BYTES, len(first) - 16, 16)}
    assert len(pieces) == 2 * len(range(HEAD_BYTES, len(first) - 16, 16))
