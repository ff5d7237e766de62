"""Recordings for tests: small but well-formed CMAF, written by the real RecordingFolder."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.clock import HandClock
from server.recording import verifier
from server.recording.chain import Link
from server.recording.folder import RecordingFolder
from server.recording.master_key import PLAIN, MasterKeys
from server.recording.segment import Opened, Segment
from server.recording.signing import EvidenceKey

MASTER = MasterKeys([bytes(range(1, 33))])
KEY = EvidenceKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
BEGAN = 1_795_898_760.0  # 2026-11-28 20:46:00 UTC
IDENTITY = "20261128T204600Z-et17-3fa2c1d0"


def box(kind: str, content: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind.encode()) + content


def init(width: int = 640) -> bytes:
    track = box("trak", box("tkhd", struct.pack(">I", width)))
    return box("ftyp", b"cmf2\0\0\0\0cmf2") + box("moov", box("mvhd", bytes(100)) + track)


def media(n: int, payload: bytes) -> bytes:
    tracks = box("tfhd", bytes(8)) + box("tfdt", struct.pack(">IQ", 1 << 24, n * 90_000)) + box("trun", bytes(12))
    return box("moof", box("mfhd", struct.pack(">II", 0, n)) + box("traf", tracks)) + box("mdat", payload)


def segment(number: int, layer: str = "main", size: int = 60, width: int = 640, **changes: Any) -> Segment:
    """Number counts from 0, 2 s each; the content differs from number to number and from layer to layer."""
    payload = (f"{layer}{number} ".encode() * (size // 4 + 1))[:size]
    fields: dict[str, Any] = {
        "layer": layer,
        "init": init(width),
        "data": media(number, payload),
        "start": 2.0 * number,
        "duration": 2.0,
        "captured_at": BEGAN + 2 * number - 0.25,
        "received_at": BEGAN + 2 * number,
        "key": True,
        "pictures": 50,
        "codec": "h264",
        "sound": True,
        "width": width,
        "height": width * 9 // 16,
    }
    return Segment(**(fields | changes))


def opened(identity: str = IDENTITY, device_id: str = "et17-3fa2c1", began: float = BEGAN) -> Opened:
    wearer = {"name": "PC Marsh", "collar_number": "0417", "person_id": None}
    return Opened(identity, device_id, "ET17", wearer, "signal:taser.drawn", began, began, KEY.public_key)


def new_folder(root: Path, identity: str = IDENTITY, keys: MasterKeys = PLAIN) -> RecordingFolder:
    return RecordingFolder.create(root, opened(identity), HandClock(BEGAN), keys)


def journal(
    root: Path, count: int, identity: str = IDENTITY, device_id: str = "et17-3fa2c1", began: float = BEGAN
) -> Path:
    """A journal alone, still open: so many segments of each of two layers, 2 s each, whose files are not there."""
    lines, link = [], Link()
    words = segment(0)
    names = {
        "file": "",
        "n": 0,
        "bytes": 60,
        "sha256": "ab" * 32,
        "init": "",
        "init_bytes": 9,
        "init_sha256": "cd" * 32,
    }
    bodies = [opened(identity, device_id, began).entry()]
    for number in range(count):
        for layer in ("main", "sub"):
            told = {"kind": "segment", **words.about(), **names, "layer": layer, "n": number + 1, "start": 2.0 * number}
            told |= {"file": f"{layer}/{number + 1:06d}.m4s", "init": f"{layer}/init-1.mp4"}
            bodies.append(told | {"received_at": began + 2.0 * number, "captured_at": began + 2.0 * number - 0.25})
    for body in bodies:
        _, line, link = link.add(body, began)
        lines.append(line)
    path = root / identity / "journal.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(lines))
    return path


def recording(root: Path, count: int = 4, identity: str = IDENTITY, size: int = 60, keys: MasterKeys = PLAIN) -> Path:
    """A closed one: two layers, a gap, and a change of size in the middle."""
    folder = new_folder(root, identity, keys)
    for number in range(count):
        folder.commit(segment(number, width=640 if number < count / 2 else 320, size=size))
        folder.commit(segment(number, "sub", width=160, size=size))
    folder.gap("main", 2.0 * count, 2.0 * count + 1.5, BEGAN + 2 * count, BEGAN + 2 * count + 1.5, "lost", 12)
    folder.close("officer", BEGAN + 2 * count, KEY)
    return folder.path


def bundle(path: Path, folder: Path, method: int = zipfile.ZIP_STORED) -> Path:
    """The recordings below `folder`, with the verifier, as an export has them."""
    with zipfile.ZipFile(path, "w", method) as packed:
        packed.write(verifier.__file__, "verify.py")
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                packed.write(file, file.relative_to(folder).as_posix())
    return path
