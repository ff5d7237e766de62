"""A film's index that names several kinds of pictures: every sample lies where it lay, and is of the kind that was told."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.export.descriptions import Change, avc1_of, describe, described, parameter_sets
from server.recording.boxes import BoxError
from server.recording.fmp4 import PictureFormat, initialisation
from tests.fakes.recordings import usual_film

KINDS = [f"avc1{number:04}".encode() for number in range(4)]


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def table(kind: bytes, *rows: Sequence[int], form: str = "I") -> bytes:
    return box(
        kind, struct.pack(">2I", 0, len(rows)) + b"".join(struct.pack(f">{len(row)}{form}", *row) for row in rows)
    )


def track(handler: bytes, chunks: Sequence[tuple[int, Sequence[int]]], *, wide: bool, alike: bool) -> bytes:
    """`chunks`: where each begins, and its samples' sizes; `alike`: all are as large as the first one."""
    sizes = [size for _, own in chunks for size in own]
    rows = [(number, len(own), 1) for number, (_, own) in enumerate(chunks, 1)]
    of_all = struct.pack(">3I", 0, sizes[0], len(sizes)) if alike else struct.pack(">3I", 0, 0, len(sizes))
    stsz = box(b"stsz", of_all + (b"" if alike else struct.pack(f">{len(sizes)}I", *sizes)))
    places = table(b"co64" if wide else b"stco", *((at,) for at, _ in chunks), form="Q" if wide else "I")
    stsd = box(b"stsd", struct.pack(">2I", 0, 1) + KINDS[0])
    stbl = box(b"stbl", stsd + table(b"stsc", *rows) + stsz + places)
    hdlr = box(b"hdlr", bytes(8) + handler + bytes(12))
    return box(b"trak", box(b"tkhd", bytes(80)) + box(b"mdia", hdlr + box(b"minf", box(b"vmhd", bytes(12)) + stbl)))


@dataclass(frozen=True)
class Read:
    """A track as a player reads it (ISO/IEC 14496-12, 8.7.4): each sample's place and kind; and how many kinds there are."""

    places: list[int]
    kinds: list[int]
    known: int


def read(moov: bytes, handler: bytes) -> Read:
    """By a second hand: nothing of what is tested."""
    at = next(
        one for one in range(len(moov)) if moov[one : one + 4] == b"hdlr" and moov[one + 12 : one + 16] == handler
    )

    def content(*names: bytes) -> tuple[bytes, bytes]:
        found = min(place for name in names if (place := moov.find(name, at)) >= 0)
        size = struct.unpack(">I", moov[found - 4 : found])[0]
        return moov[found : found + 4], moov[found + 4 : found - 4 + size]

    def rows(body: bytes, form: str) -> list[tuple[int, ...]]:
        count = struct.unpack(">I", body[4:8])[0]
        found = list(struct.iter_unpack(f">{form}", body[8:]))
        assert len(found) == count
        return found

    _, stsz = content(b"stsz")
    of_all, count = struct.unpack(">2I", stsz[4:12])
    sizes = [of_all] * count if of_all else list(struct.unpack(f">{count}I", stsz[12:]))
    kind, body = content(b"stco", b"co64")
    starts = [row[0] for row in rows(body, "Q" if kind == b"co64" else "I")]
    runs = rows(content(b"stsc")[1], "3I")
    places, kinds = list[int](), list[int]()
    for number, start in enumerate(starts, 1):
        _, samples, description = [run for run in runs if run[0] <= number][-1]
        for _ in range(samples):
            kinds.append(description)
            places.append(start)
            start += sizes[len(places) - 1]
    assert len(places) == len(sizes)
    return Read(places, kinds, struct.unpack(">I", content(b"stsd")[1][4:8])[0])


chunked = st.lists(
    st.tuples(st.integers(10_000, 2**32 - 1), st.lists(st.integers(0, 90_000), min_size=1, max_size=6)),
    min_size=1,
    max_size=12,
)


@given(chunked, chunked, st.booleans(), st.booleans(), st.lists(st.tuples(st.integers(0, 80), st.sampled_from(KINDS))))
def test_each_picture_is_where_it_was_and_of_the_kind_that_was_told(
    seen: list[tuple[int, list[int]]],
    heard: list[tuple[int, list[int]]],
    wide: bool,
    alike: bool,
    told: list[tuple[int, bytes]],
) -> None:
    if alike:
        seen = [(at, [seen[0][1][0] or 1] * len(own)) for at, own in seen]
    moov = box(
        b"moov",
        box(b"mvhd", bytes(100))
        + track(b"soun", heard, wide=wide, alike=False)
        + track(b"vide", seen, wide=wide, alike=alike),
    )
    changes = [Change(picture, kind) for picture, kind in sorted({**dict(told)}.items())]
    made = described(moov, KINDS[0], changes)
    assert struct.unpack(">I", made[:4])[0] == len(made)
    by = len(made) - len(moov)
    for handler in (b"vide", b"soun"):
        assert read(made, handler).places == [at + by for at in read(moov, handler).places]
    assert read(made, b"soun").kinds == read(moov, b"soun").kinds
    names = list(dict.fromkeys([KINDS[0], *(change.description for change in changes)]))
    got = read(made, b"vide")
    assert got.known == len(names)
    wanted, kind, starts = list[int](), 1, {change.picture: change.description for change in changes}
    for number in range(len(got.kinds)):
        kind = names.index(starts[number]) + 1 if number in starts else kind
        wanted.append(kind)
    assert got.kinds == wanted


def test_a_description_and_its_parameter_sets_are_those_of_the_initialisation() -> None:
    with av.open(io.BytesIO(usual_film(2.0, "main").init), "r", format="mp4") as container:
        avcc = container.streams.video[0].codec_context.extradata
    description = avc1_of(usual_film(2.0, "main").init)
    assert avcc is not None and description[4:8] == b"avc1" and avcc in description
    sets = parameter_sets(description)
    assert sets[4] & 31 == 7 and sets[4 + struct.unpack(">I", sets[:4])[0] + 4] & 31 == 8
    assert avc1_of(initialisation(PictureFormat("vp8", 320, 180), sound=True)) == b""


@pytest.mark.parametrize(
    "content", [b"", bytes(40), box(b"ftyp", b"iso6") + box(b"mdat", bytes(9)), box(b"moov", bytes(9))]
)
def test_what_is_no_such_film_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    with pytest.raises(BoxError):
        describe(path, KINDS[0], [Change(1, KINDS[1])])
    assert path.read_bytes() == content and list(tmp_path.iterdir()) == [path]
