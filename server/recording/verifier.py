"""Checks recordings of Watchroom: `python3 verify.py PATH [--json] [--key HEX]`.

PATH is a recording's folder, a folder of recordings, or an exported bundle (a ZIP, or unpacked). This one file needs
only a Python from 3.8 on: no package, no network; it changes nothing. Exit 0 intact, 2 broken, 3 cannot tell.
Its first half is the format itself; the server writes by the same functions.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import stat
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, ClassVar, Dict, NamedTuple, NoReturn  # noqa: UP035 - a Python 3.8 may run this

FORMAT = 1
START = "00" * 32  # what the first entry is chained to
PASS, FAIL, CANNOT = "PASS", "FAIL", "CANNOT TELL"
EXIT, WORD = {PASS: 0, FAIL: 2, CANNOT: 3}, {PASS: "INTACT", FAIL: "BROKEN", CANNOT: "CANNOT TELL"}
Entry = Dict[str, Any]  # noqa: UP006

# ---- the format: canonical JSON, chain, Merkle tree, signature, what an entry holds ------------------


def canonical(value: Any) -> bytes:
    """The one way to write `value`: sorted keys, no spaces, UTF-8. Raises ValueError for NaN and infinity."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def parsed(line: bytes) -> Entry:
    """The object on a line of canonical JSON that ends in a line feed. Raises ValueError for anything else."""
    try:
        value = json.loads(line)
        if isinstance(value, dict) and canonical(value) + b"\n" == line:
            return value
    except (ValueError, RecursionError) as error:
        raise ValueError("is not JSON") from error
    raise ValueError("is not written in the one way that is allowed")


def unhexed(text: str) -> bytes:
    """What lower-case hexadecimal digits stand for. Raises ValueError."""
    if bytes.fromhex(text).hex() != text:
        raise ValueError("holds a number that is not written in the one way that is allowed")
    return bytes.fromhex(text)


def chained(previous: str, entry: Entry) -> str:
    """The `chain` of `entry` behind one whose chain is `previous`: hex of SHA-256(previous ‖ entry without it)."""
    body = {name: value for name, value in entry.items() if name != "chain"}
    return hashlib.sha256(bytes.fromhex(previous) + canonical(body)).hexdigest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The root over `leaves` (RFC 6962, 2.1)."""
    if len(leaves) < 2:
        return hashlib.sha256(b"\0" + leaves[0] if leaves else b"").digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + merkle_root(leaves[:half]) + merkle_root(leaves[half:])).digest()


def merkle_holds(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `leaf` is number `index` of the `size` leaves below `root` (RFC 9162, 2.1.3.2)."""
    node, last = hashlib.sha256(b"\0" + leaf).digest(), size - 1
    for neighbour in proof if 0 <= index < size else ():
        if last == 0:
            return False
        right = index & 1 or index == last
        node = hashlib.sha256(b"\1" + (neighbour + node if right else node + neighbour)).digest()
        while right and index and not index & 1:
            index, last = index >> 1, last >> 1
        index, last = index >> 1, last >> 1
    return index == last == 0 and node == root


@lru_cache(maxsize=64)  # 7 ms; the clips of a bundle share their recording's manifest
def ed25519_holds(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the owner of `public_key` made `signature` for `message` (RFC 8032, 5.1.7)."""
    p, order = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
    d, root = -121665 * pow(121666, p - 2, p) % p, pow(2, (p - 1) // 4, p)

    def point(data: bytes) -> tuple[int, ...] | None:
        sign, y = divmod(int.from_bytes(data, "little"), 2**255)
        square = (y * y - 1) * pow(d * y * y + 1, p - 2, p) % p
        x = pow(square, (p + 3) // 8, p)
        x = x if (x * x - square) % p == 0 else x * root % p
        if y >= p or (x * x - square) % p or (x == 0 and sign):
            return None
        return (x if x & 1 == sign else p - x), y, 1, x * y * (1 if x & 1 == sign else -1) % p

    def add(one: tuple[int, ...], two: tuple[int, ...]) -> tuple[int, ...]:
        a, b = (one[1] - one[0]) * (two[1] - two[0]), (one[1] + one[0]) * (two[1] + two[0])
        c, e = 2 * d * one[3] * two[3], 2 * one[2] * two[2]
        return (b - a) * (e - c) % p, (e + c) * (b + a) % p, (e - c) * (e + c) % p, (b - a) * (b + a) % p

    def times(number: int, one: tuple[int, ...]) -> tuple[int, ...]:
        half: tuple[int, ...] = times(number >> 1, one) if number else (0, 1, 1, 0)
        return add(add(half, half), one) if number & 1 else add(half, half)

    if len(public_key) != 32 or len(signature) != 64:
        return False
    key, r, s = point(public_key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    base = point((4 * pow(5, p - 2, p) % p).to_bytes(32, "little"))
    if not key or not r or not base or s >= order:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % order
    left, right = times(s, base), add(r, times(k, key))
    return all((left[at] * right[2] - right[at] * left[2]) % p == 0 for at in (0, 1))


TYPES = {"text": (str,), "maybe": (str, type(None)), "whole": (int,), "number": (int, float)}
FIELDS = {
    "": "i:whole kind:text at:number chain:text",
    "opened": "recording_id:text format:whole call_sign:maybe asked_at:number epoch:number public_key:text",
    "segment": "layer:text n:whole file:text bytes:whole sha256:text init:text init_bytes:whole init_sha256:text"
    " start:number duration:number received_at:number",
    "gap": "layer:text start:number end:number why:text",
    "closed": "why:text ended_at:number public_key:text",
}
SEGMENT, INIT = r"([a-z]{1,16})/([0-9]{6,9})\.m4s", r"([a-z]{1,16})/init-([1-9][0-9]{0,8})\.mp4"
BACK = r"back-[1-9][0-9]{0,5}"  # the folder of a back-filled part within its recording's: of the same form as that
# What a crash leaves: kept by the next start, under these names, and named by the entry that it then writes.
CRASH = r"journal\.torn-[0-9]+|[a-z]{1,16}/[a-z0-9.-]+\.(new|aside-[0-9]+)|manifest\.(json|sig)\.new"
CONTENT_KEY, TIMESTAMP = "content.key", "manifest.tsr"
# In no entry: what was signed, the authority's timestamp of it (RFC 3161), and the wrapped key of what lies encrypted.
BESIDE = {"journal.jsonl", "manifest.json", "manifest.sig", CONTENT_KEY, TIMESTAMP}
# Of a timestamp, in DER: that it is a SHA-256, which was stamped, the stamp's number, and when that was.
STAMP = rb"(?s)`\x86H\x01e\x03\x04\x02\x01.{0,2}\x04 (.{32})\x02.{2,34}?\x18.(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)"
# What a desktop leaves where somebody looked, or a crash after the end.
JUNK = r"(.*/)?(\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*)|(content\.key|manifest\.tsr)\.new"


def segment_file(layer: str, n: int) -> str:
    """The name of a segment within its recording's folder."""
    return f"{layer}/{n:06d}.m4s"


def checked(entry: Entry) -> Entry:
    """An entry in which every field that this file reads is as it has to be. Raises ValueError."""
    for name, kind in (pair.split(":") for key in ("", entry.get("kind")) for pair in FIELDS.get(str(key), "").split()):
        value = entry.get(name)
        if type(value) not in TYPES[kind] or (isinstance(value, (int, float)) and not abs(value) < 1e15):
            raise ValueError(f"lacks a proper {name!r}")
    kept = entry.get("kept", [])
    good = [re.fullmatch("[0-9a-f]{64}", entry["chain"]), isinstance(kept, list)]
    good += [isinstance(file, dict) and re.fullmatch(CRASH, str(file.get("file"))) for file in kept] if good[1] else []
    good += [re.fullmatch(BACK, str(entry.get("part", "back-1"))), isinstance(entry.get("of", {}), dict)]
    if entry["kind"] == "segment":
        good += [re.fullmatch(SEGMENT, entry["file"]), re.fullmatch(INIT, entry["init"])]
        good += [entry["file"] == segment_file(entry["layer"], entry["n"])]
    if not all(good):
        raise ValueError("holds a value that no recording has")
    return entry


def summary(entries: Sequence[Entry]) -> Entry:
    """What a closed journal says in all: that part of the manifest which follows from it."""
    first, last = entries[0], entries[-1]
    segments = [entry for entry in entries if entry["kind"] == "segment"]
    root = merkle_root([bytes.fromhex(entry["chain"]) for entry in entries]).hex()
    names = ("format", "recording_id", "device_id", "call_sign", "wearer", "why")
    start = {"started_at": segments[0]["received_at"] if segments else first.get("asked_at")}
    end = {"ended_at": last.get("ended_at"), "ended_why": last.get("why"), "public_key": last.get("public_key")}
    held = {"segments": len(segments), "bytes": sum(entry["bytes"] for entry in segments), "gaps": gaps_of(entries)}
    proof = {"entries": len(entries), "chain": last["chain"], "merkle_root": root}
    return {**{name: first.get(name) for name in names}, **start, **end, **held, **proof}


def gaps_of(entries: Sequence[Entry]) -> list[Entry]:
    """The gaps as a manifest lists them."""
    hidden = ("i", "at", "kind", "chain")
    return [{k: entry[k] for k in entry if k not in hidden} for entry in entries if entry["kind"] == "gap"]


def span(entries: Sequence[Entry], layer: str) -> tuple[float, float]:
    """Media time (s) of the first and of the end of the last of these segments of a layer."""
    own = [entry for entry in entries if entry["kind"] == "segment" and entry["layer"] == layer]
    return min(entry["start"] for entry in own), max(entry["start"] + entry["duration"] for entry in own)


def misshapen(view: memoryview, size: int, whole: tuple[str, str]) -> str | None:
    """Why a file of `size` bytes that begins with `view` does not consist of `whole` (ISO 14496-12); None if it does."""
    parts = {"": [], "moof": ["mfhd", "traf"], "traf": ["tfhd", "trun"], "moov": ["mvhd", "trak"]}
    waiting = [("", 0, size)]
    for kind, at, end in waiting:
        kinds = []
        while at < end and (end <= len(view) or at + 16 <= len(view)):
            length, name = struct.unpack_from(">I4s", view, at) if at + 8 <= end else (0, b"")
            head = 16 if length == 1 and at + 16 <= end else 8
            length = struct.unpack_from(">Q", view, at + 8)[0] if head == 16 else length
            if length < head or at + length > end:
                return f"at byte {at} a box does not fit"
            kinds.append(name.decode("latin-1"))
            waiting += [(kinds[-1], at + head, at + length)] if kinds[-1] in parts else []
            at += length
        if not set(parts[kind]) <= set(kinds):
            return f"its {kind} lacks a part"
        if not kind and [name for name in kinds if name in whole] != list(whole) * max(1, kinds.count(whole[0])):
            return f"it does not consist of {whole[0]} and {whole[1]}"
    return None


# ---- where the files lie -----------------------------------------------------------------------------

UNPACK = (zipfile.BadZipFile, zlib.error, EOFError, struct.error, RuntimeError, ValueError, OverflowError)


class Damaged(Exception):
    """A bundle, or a file in it, cannot be unpacked."""


class Files:
    """The files below a folder or in a ZIP, name to size; `odd` ones are no plain files, or there twice."""

    def __init__(self, path: str) -> None:
        self.sizes: dict[str, int] = {}
        self.odd: dict[str, str] = {}
        self.path = path
        self.zip = None if os.path.isdir(path) else _zip(path)
        for info in self.zip.infolist() if self.zip else ():
            if info.filename in self.sizes:
                self.odd[info.filename] = "is there twice"
            elif not info.is_dir():
                self.sizes[info.filename] = info.file_size
        for folder, folders, names in () if self.zip else os.walk(path, onerror=_refuse):
            for name in names + [name for name in folders if os.path.islink(os.path.join(folder, name))]:
                self._note(os.path.join(folder, name))

    def _note(self, path: str) -> None:
        name = os.path.relpath(path, self.path).replace(os.sep, "/")
        try:
            found = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return  # or the recording is being written, and by now it has its final name
        if stat.S_ISREG(found.st_mode):
            self.sizes[name] = found.st_size
        else:
            self.odd[name] = "is not a plain file"

    def size(self, name: str) -> int | None:
        """In bytes, None without such a file: also of one that a living recording has got since the folder was listed."""
        if not self.zip and name not in self.sizes:
            self._note(os.path.join(self.path, name))
        return self.sizes.get(name)

    def chunks(self, name: str, buffer: memoryview) -> Iterator[memoryview]:
        """The file's bytes, piece by piece in `buffer`. Raises OSError and Damaged."""
        try:
            if self.zip and self.zip.getinfo(name).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError("it is packed as bundles are not")
            with self.zip.open(name) if self.zip else open(os.path.join(self.path, name), "rb", 0) as file:
                for got in iter(lambda: file.readinto(buffer), 0):  # type: ignore[attr-defined]  # both kinds have it
                    yield buffer[:got]
        except UNPACK as error:
            raise Damaged(f"it cannot be unpacked: {error}") from error

    def read(self, name: str) -> bytes | None:
        """A small file; None if there is none. Raises OSError and Damaged."""
        if self.sizes.get(name, 0) > 1 << 28:
            raise OSError("it is larger than 256 MiB")
        buffer = memoryview(bytearray(1 << 16))
        return b"".join(map(bytes, self.chunks(name, buffer))) if name in self.sizes else None


def _refuse(error: OSError) -> NoReturn:
    raise error


def _zip(path: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except UNPACK as error:
        with open(path, "rb") as file:
            if file.read(2) == b"PK":
                raise Damaged(f"it is no whole ZIP: {error}") from error
        raise OSError("it is neither a folder nor a bundle") from error


# ---- what is claimed, and what was found -------------------------------------------------------------

SILENCE_S = 0.5  # segments of one layer may lie a few pictures apart
COMPLETE = "Every segment is there, byte for byte as it was written"
FORM = "Every segment is a well-formed MP4 fragment"
READABLE = "Every file can be read"
OPENED = "Every segment can be decrypted"
NOT_PROVED = [
    "that the camera saw the truth: only that nothing has changed since the server received it",
    "that the times are right: they are the server's and the camera's own (where not timestamped by an authority)",
    "that no whole recording or last part of one, and no end of one that was never closed, has been taken away",
    "that this verifier is honest, if it came with the bundle: take one from somewhere else",
]
WHOSE_KEY = "who held the key that signed: compare it with the one that the force has published (--key checks that)"


def utc(at: float) -> str:
    """A Unix time in words."""
    try:
        return (datetime(1970, 1, 1) + timedelta(seconds=at)).isoformat(" ", "milliseconds") + " UTC"  # noqa: DTZ001
    except OverflowError:
        return f"the impossible time {at}"


def where(entry: Entry) -> str:
    """Which segment, and when it was."""
    end = entry["start"] + entry["duration"]
    about = f"{utc(entry['received_at'])}, {entry['start']:.2f} to {end:.2f} s into the recording"
    return f"segment {entry['n']} of {entry['layer']} ({about})"


class Wanted(NamedTuple):
    """A file as an entry names it; `parts` are the boxes that it has to consist of, if it is MP4."""

    size: Any
    sha256: Any
    parts: tuple[str, str] | None = None
    encrypted: tuple[Any, Any] = (None, None)  # size and SHA-256 of how it lies on the server's disk


def trouble(files: Files, path: str, wanted: Wanted, buffer: memoryview) -> tuple[str, str] | None:
    """The claim that a file breaks, and how; None if it is as it was written."""
    size, digest, shape = files.size(path), hashlib.sha256(), None
    if size is not None and size == wanted.encrypted[0]:
        return trouble(files, path, Wanted(*wanted.encrypted), buffer) or (OPENED, "is encrypted, as it was written")
    if path in files.odd or size != wanted.size:
        return COMPLETE, files.odd.get(path, "is missing" if size is None else f"has {size} bytes, not {wanted.size}")
    try:
        for number, piece in enumerate(files.chunks(path, buffer)):
            digest.update(piece)
            shape = misshapen(piece, wanted.size, wanted.parts) if wanted.parts and number == 0 else shape
    except Damaged as error:
        return COMPLETE, str(error)
    except OSError as error:
        return READABLE, f"cannot be read: {error.strerror or error}"
    if digest.hexdigest() != wanted.sha256:
        return COMPLETE, f"is altered: its SHA-256 is {digest.hexdigest()}, and was {wanted.sha256}"
    return (FORM, f"is none: {shape}") if shape else None


def in_order(entries: Sequence[Entry], last: dict[str, int]) -> list[str]:
    """What is missing between the entries' segments, which go on from the numbers in `last`."""
    found = []
    for entry in (entry for entry in entries if entry["kind"] == "segment"):
        before = last.get(entry["layer"], 0)
        if entry["n"] != before + 1:
            found.append(f"{where(entry)} follows number {before}")
        last[entry["layer"]] = entry["n"]
    return found


class Check:
    """One recording or clip: each claim about it, with what was found against it."""

    opened: ClassVar[Callable[[str], Files]] = Files

    def __init__(self, files: Files, root: str, names: set[str], keys: set[str]) -> None:
        self.files, self.root, self.names, self.keys = files, root, names, keys
        self.entries: Sequence[Entry] = ()
        self.message: bytes | None = None  # its manifest, as it was signed
        self.told: Entry = {"recording_id": None, "folder": root or "."}
        self.told.update({name: [] for name in ("claims", "bad", "gaps", "notes")})

    def say(self, claim: str, found: Sequence[str] = (), verdict: str = FAIL) -> None:
        """A claim; it stands if nothing was found against it."""
        self.told["claims"].append({"claim": claim, "verdict": verdict if found else PASS, "found": list(found)})

    def read(self, name: str) -> bytes | None:
        """A small file; None, with a word about it, where it cannot be read."""
        try:
            return self.files.read(self.root + name)
        except (Damaged, OSError) as error:
            self.say(f"{name} can be read", [str(error)], FAIL if isinstance(error, Damaged) else CANNOT)
        return None

    def recording(self) -> None:
        """All claims about a recording's folder, or a part's."""
        self.message, signature = self.read("manifest.json"), self.read("manifest.sig")  # first: the journal may grow
        journal = self.read("journal.jsonl")
        entries = self.journal(journal or b"", self.message is not None)
        self.told["recording_id"] = entries[0].get("recording_id") if entries else None
        self.segments(entries)
        self.strangers(entries, set(BESIDE), self.message is not None)
        if self.message is not None:
            return self.manifest(self.message, signature, entries)
        closed = entries and entries[-1]["kind"] == "closed"
        why = "it was closed, but not signed (yet)" if closed else "it goes on, or a crash has cut it off"
        return self.say("The recording is finished, and signed as a whole", [why], CANNOT)

    def part(self, name: str, whole: Check | None) -> None:
        """Check that it is a part of the recording in whose folder it lies; note what it holds of that one's gaps."""
        first, held = (dict(one.entries[0]) if one and one.entries else {} for one in (self, whole))
        of = first.get("of", {}) if (first.get("kind"), first.get("part")) == ("opened", name) else {}
        signed = hashlib.sha256(whole.message or b"").hexdigest() if whole else None
        wrong = [] if of.get("opened") == held.get("chain", of) else ["it was made for another recording, or is none"]
        wrong += ["that was signed anew since"] * (of.get("manifest_sha256") not in (None, signed))
        for gap in whole.told["gaps"] if whole and not wrong else ():
            for one in (one for one in self.entries if one["kind"] == "segment" and one["layer"] == gap["layer"]):
                start = one["start"] + first["epoch"] - held.get("epoch", 0.0)
                seconds = min(start + one["duration"], gap["end"]) - max(start, gap["start"])
                filled = gap.get("back_filled", {})
                gap.update({"back_filled": {**filled, name: filled.get(name, 0.0) + seconds}} if seconds > 0 else {})
        claim = f"It is {name} of its recording, uploaded afterwards from the camera's own store"
        self.say(claim, wrong, FAIL if held else CANNOT)

    def manifest(self, message: bytes, signature: bytes | None, entries: Sequence[Entry]) -> None:
        """Check that the manifest says what the journal says, and that it is signed."""
        found, body = [], {}
        try:
            body, whole = parsed(message), summary(entries) if entries else {}
            found += ["it is an interim one, which no recording ends with"] * bool(body.get("interim"))
            both = [(name, str(body.get(name)), str(whole[name])) for name in whole if body.get(name) != whole[name]]
            found += [f"{name}: {one[:90]}; the journal says {two[:90]}" for name, one, two in both]
        except ValueError as error:
            found.append(f"it {error}")
        self.say("The manifest says what the journal says", found)
        self.signed(body, message, signature)
        self.stamped(message)
        if not self.keys and entries and entries[0].get("public_key") != body.get("public_key"):
            self.say("One key opened and closed it", ["name the right key (--key)"], CANNOT)

    def journal(self, data: bytes, finished: bool) -> list[Entry]:
        """Check the chain; returns the entries that can be understood."""
        entries: list[Entry] = []
        found: list[str] = []
        previous: str | None = START
        *lines, torn = data.split(b"\n")
        if lines and not finished and b"\0" in lines[-1]:  # a crash can leave a block of zeros, too
            torn = lines.pop() + torn
        for number, line in enumerate(lines, 1):
            try:
                entry = checked(parsed(line + b"\n"))
            except ValueError as error:
                found.append(f"line {number} {error}")
                previous = None
                continue
            if previous and entry["chain"] != chained(previous, entry):
                found.append(f"line {number} ({entry['kind']}, {utc(entry['at'])}) was changed, or is not where it was")
            previous = entry["chain"]
            entries.append(entry)
        found += [] if entries else ["it has no whole entry"]
        found += in_order(entries, {}) + [f"its last line is torn ({len(torn)} bytes)"] * bool(torn and finished)
        kinds = [entry["kind"] for entry in entries]
        if kinds and (kinds.index("opened") if kinds.count("opened") == 1 else 1):
            found.append("it does not begin with the one entry that opens a recording")
        if "closed" in kinds[:-1] or [entry["i"] for entry in entries] != list(range(len(entries))):
            found.append("its entries are not numbered through up to the one that closes it")
        whole = f"The journal is whole: {len(kinds)} entries, each chained to the one before"
        self.say(whole, found, FAIL if lines or finished else CANNOT)
        if torn and not finished:
            self.told["notes"].append(f"the journal's last line is torn ({len(torn)} bytes), as a crash leaves it")
        self.known(entries[0].get("format") if entries else FORMAT)
        return entries

    def known(self, number: Any) -> None:
        """Nothing is certain about a format of which this file does not know what it means."""
        if number != FORMAT:
            self.say("The recording's format is known here", [f"it is {number}; a later verifier is needed"], CANNOT)

    def silences(self, entries: Sequence[Entry]) -> None:
        """Note where a layer leaves out time that no gap of its own declares."""
        ends: dict[str, float] = {}
        timed = [entry for entry in entries if entry["kind"] in ("segment", "gap")]
        for entry in sorted(timed, key=lambda entry: entry["start"]):
            before = ends.get(entry["layer"], float(entry["start"]))
            if entry["start"] > before + SILENCE_S:
                silence = f"nothing from {before:.2f} to {entry['start']:.2f} s, and no gap declared"
                self.told["notes"].append(f"{entry['layer']}: {silence}")
            end = entry["end"] if entry["kind"] == "gap" else entry["start"] + entry["duration"]
            ends[entry["layer"]] = max(before, end)

    def segments(self, entries: Sequence[Entry]) -> None:
        """Check every file that the entries name; SHA-256 lets other threads run, so two use two cores."""
        wanted: dict[str, Wanted] = {}
        places = {entry["file"]: entry for entry in entries if entry["kind"] == "segment"}
        for entry in entries:
            for file in entry.get("kept", []):
                wanted[file["file"]] = Wanted(file.get("bytes"), file.get("sha256"))
        for name, entry in places.items():
            how = entry.get("encrypted_bytes"), entry.get("encrypted_sha256")
            wanted[name] = Wanted(entry["bytes"], entry["sha256"], ("moof", "mdat"), how)
            wanted[entry["init"]] = Wanted(entry["init_bytes"], entry["init_sha256"], ("ftyp", "moov"))
        largest = min(1 << 24, max([1 << 10, *(self.files.sizes.get(self.root + name, 0) for name in wanted)]))

        def examined(names: Sequence[str]) -> list[tuple[str, tuple[str, str] | None]]:
            buffer = memoryview(bytearray(largest))
            return [(name, trouble(self.files, self.root + name, wanted[name], buffer)) for name in names]

        with ThreadPoolExecutor(2) as pool:
            done = [one for part in pool.map(examined, (list(wanted)[0::2], list(wanted)[1::2])) for one in part]
        found = {name: broken for name, broken in sorted(done) if broken and broken[0] != OPENED}
        closed = sum(bool(broken and broken[0] == OPENED) for _, broken in done)
        if closed:
            self.say(OPENED, [f"{closed} are encrypted: a master key opens them (server verify --key-file)"], CANNOT)
        for name, (_, why) in found.items():
            entry = places.get(name, {"file": name})
            told = {key: entry.get(key) for key in ("file", "layer", "n", "start", "duration", "captured_at")}
            self.told["bad"].append({**told, "at": utc(entry["received_at"]) if name in places else None, "why": why})
        for claim in (COMPLETE, FORM, READABLE):
            broken = [(name, why) for name, (what, why) in found.items() if what == claim]
            about = [f"{where(places[name]) if name in places else name} {why}" for name, why in broken]
            if about or claim != READABLE:
                self.say(claim, about, CANNOT if claim == READABLE else FAIL)
        self.told["segments"], self.told["bytes"] = len(places), sum(entry["bytes"] for entry in places.values())
        self.told["from"] = min((utc(entry["received_at"]) for entry in places.values()), default=None)
        self.entries, self.told["gaps"] = entries, [dict(entry) for entry in entries if entry["kind"] == "gap"]
        self.silences(entries)

    def strangers(self, entries: Sequence[Entry], known: set[str], finished: bool) -> None:
        """Check that nothing lies there which the journal does not know, but for what a crash leaves."""
        known |= {file["file"] for entry in entries for file in entry.get("kept", [])}
        known |= {entry[name] for entry in entries if entry["kind"] == "segment" for name in ("file", "init")}
        odd = {name: self.files.odd[self.root + name] for name in self.names if self.root + name in self.files.odd}
        found = [f"{name} {odd[name]}" for name in sorted(odd)]
        highest: dict[tuple[str, str], int] = {}
        for name in sorted(known | self.names - set(odd), key=lambda name: (len(name), name)):
            match = re.fullmatch(SEGMENT, name) or re.fullmatch(INIT, name)
            key, number = (match.re.pattern, match[1]) if match else ("", ""), int(match[2]) if match else 0
            following = number and number == highest.get(key, 0) + 1
            if name in known or following:
                highest[key] = max(number, highest.get(key, 0))
            crash = not finished and (following or re.fullmatch(CRASH, name))
            if name not in known:
                listed = self.told["notes"] if crash or re.fullmatch(JUNK, name) else found
                about = ": it was being written just then, or in a crash" if crash else ""
                listed.append(f"{name} is not in the journal{about}")
        self.say("Nothing foreign lies beside it", found)

    def signed(self, manifest: Entry, message: bytes, signature: bytes | None, what: str = "manifest") -> None:
        """Check the signature, and whose it is as far as that can be told."""
        key = str(manifest.get("public_key"))
        good = re.fullmatch("[0-9a-f]{64}", key) and ed25519_holds(bytes.fromhex(key), message, signature or b"")
        found = [] if good else ["it was altered, or another key has signed" if signature else "no signature is there"]
        if self.keys and key not in self.keys:
            found.append("that is not the key that you named")
        self.say(f"The {what} is signed with the key {key}" + ", which you named" * bool(self.keys), found)
        self.told["public_key"] = key

    def stamped(self, manifest: bytes) -> None:
        """Check a timestamp, if there is one, as far as Python can: whose it is, it cannot tell."""
        match, digest = re.search(STAMP, self.read(TIMESTAMP) or b""), hashlib.sha256(manifest).hexdigest()
        if TIMESTAMP not in self.names:
            return
        at = "-".join(part.decode() for part in match.groups()[1:]) if match else "an unknown time"
        found = [] if match and match[1].hex() == digest else ["it is of something else" if match else "it is none"]
        self.say(f"The timestamp (of {at} UTC) is of this manifest", found, FAIL if match else CANNOT)
        line = f"openssl ts -verify -digest {digest} -in {self.root}{TIMESTAMP} -CAfile CERTIFICATES"
        self.told["notes"].append(f"an authority's certificates tell whether it made the timestamp: {line}")

    def clip(self) -> None:
        """All claims about a clip: entries of a signed recording, each with its inclusion proof."""
        try:
            clip = parsed(self.read("clip.json") or b"")
            message, signature = clip["manifest"].encode(), unhexed(clip["signature"])
            manifest, self.message = parsed(message), message
            self.told["recording_id"] = manifest.get("recording_id")
            size, root = manifest["entries"], unhexed(manifest["merkle_root"])
            entries, foreign = [], [] if len(clip) == 3 and clip["parts"] else ["it is not as clips are"]
            for part in clip["parts"]:
                entry, proof = checked(part["entry"]), [unhexed(one) for one in part["proof"]]
                chain = chained(unhexed(part["previous"]).hex(), entry)
                stands = merkle_holds(bytes.fromhex(chain), entry["i"], size, proof, root)
                if len(part) != 3 or chain != entry["chain"] or not stands:
                    foreign.append(f"entry {entry['i']} ({entry['kind']}) does not stand in the recording like that")
                entries.append(entry)
            firsts = {entry["layer"]: entry["n"] - 1 for entry in reversed(entries) if entry["kind"] == "segment"}
            spans = {layer: span(entries, layer) for layer in firsts}
            between = [(gap, *spans[gap["layer"]]) for gap in manifest["gaps"] if gap["layer"] in spans]
            hidden = [gap for gap, start, end in between if start < gap["end"] and gap["start"] < end]
            missing = [f"a gap in {gap['layer']}: {gap}" for gap in hidden if gap not in gaps_of(entries)]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return self.say("The clip is well-formed", [f"clip.json: {error}"])
        self.known(manifest.get("format"))
        if manifest.get("interim"):
            self.told["notes"].append(
                "interim: recording still went on when this was signed; of its end nothing is told"
            )
        self.say(f"Each of the clip's {len(entries)} entries stands in the signed recording (Merkle proof)", foreign)
        self.say("Nothing is left out between the clip's first and last segment", in_order(entries, firsts) + missing)
        self.segments(entries)
        self.strangers(entries, {"clip.json", TIMESTAMP}, True)
        self.signed(manifest, message, signature)
        return self.stamped(message)

    def contents(self, beside: set[str]) -> None:
        """All claims about a bundle's other files: `contents.json` lists them, and the recordings, and is signed."""
        message, signature = self.read("contents.json") or b"", self.read("contents.sig")
        try:
            body = parsed(message)
            listed = {name: (file["bytes"], file["sha256"]) for name, file in body["files"].items()}
            absent = [f"{name} is not there" for name in body["recordings"] if name + "/" not in beside]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return self.say("The bundle's list is well-formed", [f"contents.json: {error}"])
        buffer = memoryview(bytearray(1 << 20))
        there = [name for name in sorted(listed) if name in self.names]  # and nothing outside
        found = {name: trouble(self.files, name, Wanted(*listed[name], None), buffer) for name in there}
        foreign = {name for name in self.names - set(listed) if not re.fullmatch(JUNK, name)}
        absent += [f"{name} is missing" for name in sorted(set(listed) - set(there))]
        absent += [f"{name} {broken[1]}" for name, broken in found.items() if broken]
        absent += [f"{name} is not in the list" for name in sorted(foreign - {"contents.json", "contents.sig"})]
        self.say(f"The bundle's {len(listed)} other files and its recordings are those that were exported", absent)
        return self.signed(body, message, signature, "list")


IDENTITY = r"[0-9]{8}T[0-9]{6}Z-[a-z0-9-]{3,40}"
RECORDING = rf"((?:.*/)?)(?:journal\.jsonl|manifest\.json|manifest\.sig|clip\.json|{SEGMENT}|{INIT})"
MOST = 20  # findings that are printed for a claim; JSON has them all


def verify(path: str, keys: Sequence[str] = (), checks: type[Check] = Check) -> Entry:
    """Check all recordings and clips at `path`; what JSON tells of them. Raises OSError and Damaged."""
    files, told, others = checks.opened(path), [], []
    matches = (re.fullmatch(RECORDING, name) for name in files.sizes)
    roots: dict[str, set[str]] = {match[1]: set() for match in matches if match}
    for name in sorted({**files.sizes, **files.odd}):
        folders = ("", *(name[: at + 1] for at in range(len(name)) if name[at] == "/"))
        above = [root for root in folders if root in roots]
        for root in above:
            rest, part = name[len(root) :], re.match(f"{BACK}/", name[len(root) :])
            roots[root].update([rest] if not part or root + part[0] not in roots else ())  # a part is checked by itself
        others += [] if above else [name]
    done: dict[str, Check] = {}
    for root, names in sorted(roots.items()):
        kind = "clip" if "clip.json" in names else "recording"
        check = done[root] = checks(files, root, names, set(keys))
        check.clip() if kind == "clip" else check.recording()
        for above, part, number in re.findall(r"^((?:.*/)?)(back-([0-9]+))/$", root):
            check.part(part, done.get(above))
            before = f"{above}back-{int(number) - 1}/"
            lost = number != "1" and before not in roots and "contents.json" not in files.sizes
            check.say("No part of its recording is missing before it", [f"{before} is"] * lost)
        name = os.path.basename((root or os.path.abspath(path)).rstrip("/"))
        if kind == "recording" and re.fullmatch(IDENTITY, name) and check.told["recording_id"] not in (None, name):
            check.say("The folder bears the recording's name", [f"its name is {name}"])
        told.append({"kind": kind, **check.told})
    if "contents.json" in others:
        check = checks(files, "", set(others), set(keys))
        check.contents(set(roots))
        told.append({"kind": "bundle", **check.told})
        others = []
    told = [{**one, "verdict": WORD[worst(one["claims"])]} for one in told]
    verdict = worst([claim for one in told for claim in one["claims"]]) if told else CANNOT
    unproved = NOT_PROVED if keys else [WHOSE_KEY, *NOT_PROVED]
    beside = ", ".join(others[:3]) + f" and {len(others) - 3} more" * (len(others) > 3)
    unproved = unproved + [f"anything about files that are in no recording: {beside}"] * bool(others)
    about = {"path": path, "verdict": WORD[verdict], "exit": EXIT[verdict], "recordings": told}
    return {**about, "not_proved": unproved, "others": others}


def worst(judged: Sequence[Entry]) -> str:
    """The verdict on all of several."""
    return next(verdict for verdict in (FAIL, CANNOT, PASS) if verdict in [PASS, *(one["verdict"] for one in judged)])


def words(told: Entry) -> Iterator[str]:
    """The result for people, line by line."""
    for one in told["recordings"]:
        yield f"{one['kind'].capitalize()} {one['recording_id'] or ''} in {one['folder']}"
        if "bytes" in one:
            yield f"  {'':11}  {one['segments']} segments, {one['bytes'] / 1e6:.1f} MB, from {one['from']}"
        for claim in one["claims"]:
            yield f"  {claim['verdict']:11}  {claim['claim']}"
            hidden = len(claim["found"]) - MOST
            yield from (f"{'':15}{found}" for found in claim["found"][:MOST])
            yield from [f"{'':15}and {hidden} more"] * (hidden > 0)
        for gap in one["gaps"]:
            at = utc(gap["from"]) if type(gap.get("from")) in TYPES["number"] else "at an unknown time"
            why = gap["why"] + "".join(f"; {s:.2f} s of it in {part}" for part, s in gap.get("back_filled", {}).items())
            yield f"  {'gap':11}  {gap['layer']}, {gap['start']:.2f} to {gap['end']:.2f} s, from {at}: {why}"
        yield from (f"  {'note':11}  {note}" for note in one["notes"])
    counts = [f"{sum(one['verdict'] == word for one in told['recordings'])} {word.lower()}" for word in WORD.values()]
    yield f"{told['verdict']}: {', '.join(counts) if told['recordings'] else 'there is no recording here'}."
    yield "Not proved by this:"
    yield from (f"  - {one}" for one in told["not_proved"])


class Arguments(argparse.ArgumentParser):
    """Asked for what it does not know, it cannot tell (3): argparse's own 2 would mean broken."""

    def error(self, message: str) -> NoReturn:
        """Say what was expected, and end."""
        self.exit(EXIT[CANNOT], f"{self.format_usage()}{message}\n")


def main(argv: Sequence[str], checks: type[Check] = Check) -> int:
    """Check, print, and return the exit code."""
    parser = Arguments(prog="verify", description="Checks recordings. Exit code 0: intact, 2: broken, 3: cannot tell.")
    parser.add_argument("path", metavar="PATH", help="a recording's folder, a folder of recordings, or a bundle (ZIP)")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    parser.add_argument("--key", metavar="HEX", action="append", default=[], help="a public key that may have signed")
    given = parser.parse_args(argv)
    keys = [key.lower() for key in given.key]
    if not all(re.fullmatch("[0-9a-f]{64}", key) for key in keys):
        parser.error("--key: expected 64 hexadecimal digits")
    try:
        told = verify(given.path, keys, checks)
        shown = list(words(told))
    except (Damaged, OSError) as why:
        verdict = FAIL if isinstance(why, Damaged) else CANNOT
        told = {"path": given.path, "recordings": [], "why": str(why), "verdict": WORD[verdict], "exit": EXIT[verdict]}
        shown = [f"{WORD[verdict]}: {why}"]
    encoding = sys.stdout.encoding or "utf-8"
    for line in shown:  # what a file says may hold anything: nothing of it may steer a terminal, or be too much for it
        plain = "".join(sign if sign.isprintable() else "?" for sign in line)
        print(plain.encode(encoding, "replace").decode(encoding))
    if given.json:
        print(json.dumps(told))
    return int(told["exit"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
