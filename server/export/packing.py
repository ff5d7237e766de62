"""A bundle is written: a ZIP with recordings and clips, playable copies, tracks, the log, a page to read, and the verifier.

Everything here blocks and runs in a thread. A ZIP is stored, not deflated: coded pictures do not shrink, and a bundle of
ten gigabytes must be checkable in a minute.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import av

from server.export.plan import Film, How, Part, about_films, films_of
from server.recording.chain import Link, whole_entries
from server.recording.clip import clip
from server.recording.contents import contents
from server.recording.segment import parted
from server.recording.verifier import TIMESTAMP
from server.recording.verifier import __file__ as VERIFIER

if TYPE_CHECKING:
    from server.recording.library import Library
    from server.recording.signing import EvidenceKey

JOURNAL, MANIFEST, SIGNATURE = "journal.jsonl", "manifest.json", "manifest.sig"
CHUNK = 1 << 20
OpenFile = Callable[[], BinaryIO]
OnWritten = Callable[[int, int], None]  # bytes that the disk got, and how many of them are the bundle's


@dataclass
class Bundle:
    """What is to be written. `texts`: further files by name. `about`: who exports what, why, from when until when."""

    parts: list[Part]
    texts: Mapping[str, bytes]
    about: dict[str, Any]
    listed: dict[str, tuple[int, str]] = field(default_factory=dict)


def sizes_of(parts: list[Part], library: Library) -> tuple[int, int]:
    """Bytes that will be written for `parts`, about, and of the largest film, which lies beside them meanwhile.

    Each segment of the interval goes in, the best layer's twice. Raises NotFound.
    """
    sizes: dict[tuple[str, str], int] = {}
    for part in parts:
        entries = (entry for entry in library.entries(part.kept) if entry["kind"] == "segment")
        sizes |= {(part.kept, entry["file"]): entry["bytes"] for entry in entries}
    within = [sizes[part.kept, parted(one.file)[1]] for part in parts for one in part.overlapping()]
    films = [sum(sizes[film.kept, parted(one.file)[1]] for one in film.segments) for film in films_of(parts)]
    return max(1, sum(within) + sum(films)), max(films, default=0)


def write(bundle: Bundle, path: Path, library: Library, key: EvidenceKey, on_written: OnWritten) -> None:
    """Write the ZIP at `path`. Raises OSError, NotFound, and whatever `on_written` does, which ends it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for part in bundle.parts:
            _write_part(archive, part, library, on_written)
        films = films_of(bundle.parts)
        for film in films:
            _write_film(archive, bundle, film, library, path.with_suffix(f".{film.format}"), on_written)
        hashes = {part.kept: _hash(library, part.kept) for part in bundle.parts}
        texts = {**bundle.texts, "verify.py": Path(VERIFIER).read_bytes()}
        for name, text in texts.items():
            _write_text(archive, bundle, name, text)
        folders = [part.folder for part in bundle.parts]
        about = {**bundle.about, "playable": about_films(films, hashes)}
        listed = contents(bundle.listed, folders, key.public_key, about)
        archive.writestr("contents.json", listed)
        archive.writestr("contents.sig", key.sign(listed))


def _hash(library: Library, recording_id: str) -> str:
    path = library.path(recording_id, MANIFEST) if library.manifest(recording_id) is not None else None
    return hashlib.sha256(path.read_bytes()).hexdigest() if path is not None else ""


def _write_part(archive: zipfile.ZipFile, part: Part, library: Library, on_written: OnWritten) -> None:
    one = part.kept
    if part.how is How.CLIP:
        made = clip(
            library.entries(one),
            library.path(one, MANIFEST).read_bytes(),
            library.path(one, SIGNATURE).read_bytes(),
            part.start,
            part.end,
            {"main", "sub"} if part.segments else (),
        )
        archive.writestr(f"{part.folder}/clip.json", made.text)
        names = list(made.files)
    else:
        journal, names = _journal(part, library.path(one, JOURNAL).read_bytes())
        archive.writestr(f"{part.folder}/{JOURNAL}", journal)
        names += [MANIFEST, SIGNATURE] if part.how is How.WHOLE else []
    names += [TIMESTAMP] if part.how is not How.UNFINISHED and library.has_file(one, TIMESTAMP) else []
    for name in names:
        with library.open(one, name) as source:
            _copy(archive, f"{part.folder}/{name}", source, on_written)


def _copy(archive: zipfile.ZipFile, name: str, source: BinaryIO, on_written: OnWritten) -> tuple[int, str]:
    """Size and SHA-256 of what was written."""
    digest, size = hashlib.sha256(), 0
    with archive.open(name, "w", force_zip64=True) as target:
        while chunk := source.read(CHUNK):
            target.write(chunk)
            digest.update(chunk)
            size += len(chunk)
            on_written(len(chunk), len(chunk))
    return size, digest.hexdigest()


def _journal(part: Part, data: bytes) -> tuple[bytes, list[str]]:
    """Its whole lines and the files that these name, of one reading: it may grow. None past what the view showed."""
    lines = data[: data.rfind(b"\n") + 1].splitlines(keepends=True)
    entries, _, _ = whole_entries(data, Link())
    shown = {parted(segment.file)[1] for segment in part.recording.segments if segment.part == part.name}
    grown = (index for index, one in enumerate(entries) if one["kind"] == "segment" and one["file"] not in shown)
    end = next(grown, None)
    return b"".join(lines[:end]), _files(entries[:end])


def _files(entries: list[dict[str, Any]]) -> list[str]:
    named = [entry[kind] for entry in entries if entry["kind"] == "segment" for kind in ("init", "file")]
    kept = [file["file"] for entry in entries for file in entry.get("kept", [])]
    return list(dict.fromkeys([*named, *kept]))


def _write_film(
    archive: zipfile.ZipFile, bundle: Bundle, film: Film, library: Library, scratch: Path, on_written: OnWritten
) -> None:
    """A copy that any player opens: the same coded pictures and sound, not coded anew."""
    try:
        _remux(film, library, scratch, str(bundle.about.get("line", "")), on_written)
        with scratch.open("rb") as source:
            bundle.listed[film.name] = _copy(archive, film.name, source, on_written)
    finally:
        scratch.unlink(missing_ok=True)


def _remux(film: Film, library: Library, target: Path, line: str, on_written: OnWritten) -> None:
    names = [film.init, *(segment.file for segment in film.segments)]
    files = [partial(library.open, film.recording_id, name) for name in names]
    first = _begins(files[:2])
    # An MP4's index stays at its end: it is played from a disk, and moving it would copy the film once more.
    with (
        Joined(files) as source,
        av.open(source, "r", format="mp4") as taken,
        av.open(str(target), "w", format=film.format) as made,
    ):
        made.metadata.update({"title": f"{film.title}", "comment": f"Copy of recording {film.recording_id}. {line}"})
        streams = {stream.index: made.add_stream_from_template(stream) for stream in taken.streams}
        for packet in taken.demux():
            if packet.dts is None or packet.time_base is None:
                continue
            shift = round(first / packet.time_base)
            packet.pts = max(0, (packet.pts if packet.pts is not None else packet.dts) - shift)
            packet.dts = max(0, packet.dts - shift)
            packet.stream = streams[packet.stream.index]
            on_written(packet.size, 0)
            made.mux(packet)


def _begins(files: Sequence[OpenFile]) -> float:
    """The least time (s) in an initialisation and its first segment: sound may be older than the first picture."""
    with Joined(files) as source, av.open(source, "r", format="mp4") as taken:
        times = [(one.dts, one.time_base) for one in taken.demux()]
    return min((float(dts * base) for dts, base in times if dts is not None and base is not None), default=0.0)


class Joined(io.RawIOBase):
    """Files one after the other, read once from the beginning."""

    def __init__(self, files: Sequence[OpenFile]) -> None:
        self._left = list(reversed(files))
        self._file: BinaryIO | None = None

    def close(self) -> None:
        """Also when it was not read to its end."""
        if self._file is not None:
            self._file.close()
        super().close()

    def readable(self) -> bool:
        """See RawIOBase."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Some bytes; none at the end."""
        while self._file is not None or self._left:
            if self._file is None:
                self._file = self._left.pop()()
            found = self._file.read(size if size > 0 else CHUNK)
            if found:
                return found
            self._file.close()
            self._file = None
        return b""


def _write_text(archive: zipfile.ZipFile, bundle: Bundle, name: str, text: bytes) -> None:
    archive.writestr(name, text)
    bundle.listed[name] = (len(text), hashlib.sha256(text).hexdigest())
