"""A bundle is written: a ZIP with recordings and clips, playable copies, tracks, the log, a page to read, and the verifier.

Everything here blocks and runs in a thread. A ZIP is stored, not deflated: coded pictures do not shrink, and a bundle of
ten gigabytes must be checkable in a minute.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av

from server.export.plan import Film, How, Part, about_films, films_of
from server.recording.clip import clip
from server.recording.contents import contents
from server.recording.verifier import __file__ as VERIFIER

if TYPE_CHECKING:
    from server.recording.library import Library
    from server.recording.signing import EvidenceKey

JOURNAL, MANIFEST, SIGNATURE = "journal.jsonl", "manifest.json", "manifest.sig"
CHUNK = 1 << 20
OnProgress = Callable[[int], None]  # bytes written meanwhile


@dataclass
class Bundle:
    """What is to be written. `texts`: further files by name. `about`: who exports what, why, from when until when."""

    parts: list[Part]
    texts: Mapping[str, bytes]
    about: dict[str, Any]
    listed: dict[str, tuple[int, str]] = field(default_factory=dict)


def size_of(parts: list[Part], library: Library) -> int:
    """Bytes that will be written for `parts`, about: each segment of the interval goes in, the best layer's twice."""
    total = 0
    for part in parts:
        sizes = {
            entry["file"]: entry["bytes"] for entry in library.entries(part.recording.id) if entry["kind"] == "segment"
        }
        total += sum(sizes[one.file] for one in part.recording.segments if one.start < part.end)
        total += sum(sizes[one.file] for film in films_of(part) for one in film.segments)
    return max(1, total)


def write(bundle: Bundle, path: Path, library: Library, key: EvidenceKey, on_progress: OnProgress) -> None:
    """Write the ZIP at `path`. Raises OSError, NotFound."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for part in bundle.parts:
            _write_part(archive, part, library, on_progress)
        films = [film for part in bundle.parts for film in films_of(part)]
        for film in films:
            _write_film(archive, bundle, film, library, path.with_suffix(".mp4"), on_progress)
        hashes = {part.recording.id: _hash(library, part.recording.id) for part in bundle.parts}
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


def _write_part(archive: zipfile.ZipFile, part: Part, library: Library, on_progress: OnProgress) -> None:
    one = part.recording.id
    entries = library.entries(one)
    if part.how is How.CLIP:
        made = clip(
            entries,
            library.path(one, MANIFEST).read_bytes(),
            library.path(one, SIGNATURE).read_bytes(),
            part.start,
            part.end,
            {"main", "sub"},
        )
        archive.writestr(f"{part.folder}/clip.json", made.text)
        names = list(made.files)
    else:
        names = _files(entries)
        journal = library.path(one, JOURNAL).read_bytes()
        archive.writestr(f"{part.folder}/{JOURNAL}", journal[: journal.rfind(b"\n") + 1])
        names += [MANIFEST, SIGNATURE] if part.how is How.WHOLE else []
    for name in names:
        archive.write(library.path(one, name), f"{part.folder}/{name}")
        on_progress(library.path(one, name).stat().st_size)


def _files(entries: list[dict[str, Any]]) -> list[str]:
    named = [entry[kind] for entry in entries if entry["kind"] == "segment" for kind in ("init", "file")]
    kept = [file["file"] for entry in entries for file in entry.get("kept", [])]
    return list(dict.fromkeys([*named, *kept]))


def _write_film(
    archive: zipfile.ZipFile, bundle: Bundle, film: Film, library: Library, scratch: Path, on_progress: OnProgress
) -> None:
    """A copy that any player opens: the same coded pictures and sound, not coded anew."""
    try:
        _remux(film, library, scratch, str(bundle.about.get("line", "")))
        digest, size = hashlib.sha256(), 0
        with scratch.open("rb") as source, archive.open(film.name, "w", force_zip64=True) as target:
            while chunk := source.read(CHUNK):
                target.write(chunk)
                digest.update(chunk)
                size += len(chunk)
                on_progress(len(chunk))
        bundle.listed[film.name] = (size, digest.hexdigest())
    finally:
        scratch.unlink(missing_ok=True)


def _remux(film: Film, library: Library, target: Path, line: str) -> None:
    names = [film.init, *(segment.file for segment in film.segments)]
    source = Joined([library.path(film.recording_id, name) for name in names])
    with (
        av.open(source, "r", format="mp4") as taken,
        av.open(str(target), "w", format="mp4", options={"movflags": "faststart"}) as made,
    ):
        made.metadata.update({"title": f"{film.title}", "comment": f"Copy of recording {film.recording_id}. {line}"})
        streams = {stream.index: made.add_stream_from_template(stream) for stream in taken.streams}
        first: float | None = None
        for packet in taken.demux():
            if packet.dts is None or packet.time_base is None:
                continue
            if first is None:
                first = float(packet.dts * packet.time_base)
            shift = round(first / packet.time_base)
            packet.pts = max(0, (packet.pts if packet.pts is not None else packet.dts) - shift)
            packet.dts = max(0, packet.dts - shift)
            packet.stream = streams[packet.stream.index]
            made.mux(packet)


class Joined(io.RawIOBase):
    """Files one after the other, read once from the beginning."""

    def __init__(self, paths: list[Path]) -> None:
        self._left = list(reversed(paths))
        self._file: io.BufferedReader | None = None

    def readable(self) -> bool:
        """See RawIOBase."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Some bytes; none at the end."""
        while self._file is not None or self._left:
            if self._file is None:
                self._file = self._left.pop().open("rb")
            found = self._file.read(size if size > 0 else CHUNK)
            if found:
                return found
            self._file.close()
            self._file = None
        return b""


def _write_text(archive: zipfile.ZipFile, bundle: Bundle, name: str, text: bytes) -> None:
    archive.writestr(name, text)
    bundle.listed[name] = (len(text), hashlib.sha256(text).hexdigest())
