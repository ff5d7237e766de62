"""A bundle is written: a ZIP with recordings and clips, playable copies, tracks, the log, a page to read, and the verifier.

Everything here blocks and runs in a thread. A ZIP is stored, not deflated: coded pictures do not shrink, and a bundle of
ten gigabytes must be checkable in a minute.
"""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import structlog
from av.error import InvalidDataError

from server import __version__
from server.errors import Conflict, NotFound
from server.export.export import Stretch
from server.export.film import Film, about_films, films_of, kept_of
from server.export.plan import How, Part
from server.export.remuxing import remux
from server.recording.boxes import BoxError
from server.recording.clip import clip
from server.recording.contents import contents
from server.recording.interim import interim
from server.recording.segment import parted
from server.recording.verifier import SEGMENT, TIMESTAMP, Entry, misshapen
from server.recording.verifier import __file__ as VERIFIER

if TYPE_CHECKING:
    from server.recording.library import Library
    from server.recording.signing import EvidenceKey

log = structlog.get_logger(__name__)

JOURNAL, MANIFEST, SIGNATURE = "journal.jsonl", "manifest.json", "manifest.sig"
CHUNK = 1 << 20
Ill = dict[tuple[str, str], str]  # by the library's name and file, and why
Texts = Callable[[Sequence[Film], Ill, Ill], Mapping[str, bytes]]
OnWritten = Callable[[int, int], None]  # bytes that the disk got or gave, and how many of them are new in the bundle


@dataclass
class Bundle:
    """What is to be written. `texts`: further files by name, of these films and of both kinds of what is in none. `about`: who exports what,
    why, from when until when, and `at` which time (Unix seconds)."""

    parts: list[Part]
    texts: Texts
    about: dict[str, Any]
    at: float
    listed: dict[str, tuple[int, str]] = field(default_factory=dict)
    films: list[Stretch] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)  # of the manifest of what is in the library under this name
    damaged: Ill = field(default_factory=dict)  # not what was recorded
    unplayable: Ill = field(
        default_factory=dict
    )  # what was recorded, and yet no film shows it; and films that cannot be made


def sizes_of(parts: list[Part], library: Library) -> tuple[int, int]:
    """Bytes that will be written for `parts`, about, and of the largest film, which lies beside them meanwhile.

    Each segment of the interval goes in, the best layer's twice. Raises NotFound.
    """
    sizes: dict[tuple[str, str], int] = {}
    for part in parts:
        entries = (entry for entry in library.entries(part.kept) if entry["kind"] == "segment")
        sizes |= {(part.kept, entry["file"]): entry["bytes"] for entry in entries}
    within = [sizes[part.kept, parted(one.file)[1]] for part in parts for one in part.overlapping()]
    films = [sum(sizes[kept_of(one), parted(one.file)[1]] for one in film.segments) for film in films_of(parts)]
    return max(1, sum(within) + sum(films)), max(films, default=0)


def write(bundle: Bundle, path: Path, library: Library, key: EvidenceKey, on_written: OnWritten) -> str:
    """Write the ZIP at `path`, safe on disk; its SHA-256 (hex). The bundle then knows where its films lie in it, and what was
    damaged: that goes in as it lies, since the verifier names it, but into no film; nor does what cannot be played.

    The SHA-256 is of what can be read again: a ZIP is not written from its first byte to its last. Raises OSError, NotFound,
    and whatever `on_written` does, which ends it.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for part in bundle.parts:
            _write_part(archive, bundle, part, library, key, on_written)
        films = [
            film
            for film in films_of(bundle.parts, bundle.damaged, bundle.unplayable)
            if _write_film(archive, bundle, film, library, path.with_suffix(f".{film.format}"), on_written)
        ]
        texts = {**bundle.texts(films, bundle.damaged, bundle.unplayable), "verify.py": Path(VERIFIER).read_bytes()}
        for name, text in texts.items():
            _write_text(archive, bundle, name, text)
        folders = [part.folder for part in bundle.parts]
        about = {
            **bundle.about,
            "playable": about_films(films, bundle.hashes),
            "damaged": _told(bundle.damaged),
            "unplayable": _told(bundle.unplayable),
        }
        listed = contents(bundle.listed, folders, key.public_key, about)
        archive.writestr("contents.json", listed)
        archive.writestr("contents.sig", key.sign(listed))
    return _digest(path, on_written)


def _told(ill: Ill) -> list[dict[str, str]]:
    return [{"of": of, "file": name, "why": why} for (of, name), why in ill.items()]


def _digest(path: Path, on_written: OnWritten) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        os.fsync(file.fileno())
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            on_written(len(chunk), 0)
    return digest.hexdigest()


def _write_part(
    archive: zipfile.ZipFile, bundle: Bundle, part: Part, library: Library, key: EvidenceKey, on_written: OnWritten
) -> None:
    one = part.kept
    if part.how is How.INTERIM:
        entries = library.entries(one)
        manifest = interim(entries, key.public_key, bundle.at, f"watchroom {__version__}")
        names = _write_clip(archive, part, entries, manifest, key.sign(manifest))
    else:
        manifest, signature = (library.path(one, name).read_bytes() for name in (MANIFEST, SIGNATURE))
        if part.how is How.CLIP:
            names = _write_clip(archive, part, library.entries(one), manifest, signature)
        else:
            archive.writestr(f"{part.folder}/{JOURNAL}", library.path(one, JOURNAL).read_bytes())
            names = [*_files(library.entries(one)), MANIFEST, SIGNATURE]
        names += [TIMESTAMP] if library.has_file(one, TIMESTAMP) else []
    bundle.hashes[one] = hashlib.sha256(manifest).hexdigest()
    for name in names:
        _write_kept(archive, bundle, part, name, library, on_written)


def _write_kept(
    archive: zipfile.ZipFile, bundle: Bundle, part: Part, name: str, library: Library, on_written: OnWritten
) -> None:
    """A file of a recording, as it lies: if it is not what was sealed, that is noted, and no film shows it."""
    try:
        content = library.sealed(part.kept, name)
    except Conflict as error:
        bundle.damaged[part.kept, name] = error.detail
        log.error("a bundle holds what is damaged", recording_id=part.kept, reason=error.detail)
        try:
            content = library.read(part.kept, name)
        except (OSError, NotFound):
            return  # nothing of it can be had
    ill = misshapen(memoryview(content), len(content), ("moof", "mdat")) if re.fullmatch(SEGMENT, name) else None
    if ill is not None and (part.kept, name) not in bundle.damaged:
        bundle.unplayable[part.kept, name] = f"{name}: {ill}"
    archive.writestr(f"{part.folder}/{name}", content)
    on_written(len(content), len(content))


def _write_clip(
    archive: zipfile.ZipFile, part: Part, entries: list[Entry], manifest: bytes, signature: bytes
) -> list[str]:
    """The files that belong beside it."""
    layers = {"main", "sub"} if part.segments else ()
    made = clip(entries, manifest, signature, part.start, part.end, layers)
    archive.writestr(f"{part.folder}/clip.json", made.text)
    return list(made.files)


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


def _files(entries: list[Entry]) -> list[str]:
    named = [entry[kind] for entry in entries if entry["kind"] == "segment" for kind in ("init", "file")]
    kept = [file["file"] for entry in entries for file in entry.get("kept", [])]
    return list(dict.fromkeys([*named, *kept]))


def _write_film(
    archive: zipfile.ZipFile, bundle: Bundle, film: Film, library: Library, scratch: Path, on_written: OnWritten
) -> bool:
    """A copy that any player opens: the same coded pictures and sound, not coded anew. False where it cannot be made."""
    try:
        words = film.words(str(bundle.about.get("line", "")))
        remux(film, library.open, scratch, words, lambda size: on_written(size, 0))
        with scratch.open("rb") as source:
            bundle.listed[film.name] = _copy(archive, film.name, source, on_written)
    except (InvalidDataError, BoxError) as error:  # sealed as it came, and no film all the same
        bundle.unplayable[kept_of(film.segments[0]), film.name] = f"no film can be made: {error}"
        log.error("a film cannot be made", device_id=film.device_id, reason=str(error))
        return False
    finally:
        scratch.unlink(missing_ok=True)
    size = bundle.listed[film.name][0]
    assert archive.fp is not None  # it is open: this film is the last thing in it
    bundle.films.append(Stretch(film.name, film.device_id, archive.fp.tell() - size, size))
    return True


def _write_text(archive: zipfile.ZipFile, bundle: Bundle, name: str, text: bytes) -> None:
    archive.writestr(name, text)
    bundle.listed[name] = (len(text), hashlib.sha256(text).hexdigest())
