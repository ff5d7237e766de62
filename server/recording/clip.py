"""A clip: some segments of a signed recording, which prove without the rest that they stand in it.

`clip.json` holds the manifest and its signature, and for each entry its predecessor's chain and its inclusion proof in
the manifest's Merkle tree. The leaf is the entry's chain, so that the proof covers its times and its initialisation too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from server.errors import NotFound
from server.recording.verifier import START, Entry, canonical, span


@dataclass(frozen=True, slots=True)
class Clip:
    """What `clip.json` has to contain, and the files that belong beside it, by the names they have in the recording."""

    text: bytes
    files: tuple[str, ...]


def merkle_proofs(leaves: Sequence[bytes], wanted: Iterable[int]) -> dict[int, list[bytes]]:
    """For each index its inclusion proof (RFC 6962, 2.1.1): the neighbours from the leaf up."""
    levels = [[hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]]
    while len(level := levels[-1]) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        levels.append(
            [hashlib.sha256(b"\1" + b"".join(pair)).digest() if len(pair) == 2 else pair[0] for pair in pairs]
        )
    ways = {index: [(level, index >> height ^ 1) for height, level in enumerate(levels[:-1])] for index in wanted}
    return {index: [level[at] for level, at in way if at < len(level)] for index, way in ways.items()}


def clip(
    entries: Sequence[Entry], manifest: bytes, signature: bytes, start: float, end: float, layers: Collection[str]
) -> Clip:
    """The whole segments of `layers` that overlap [start, end) in media time (s), the gaps in them, and how it began.

    `entries` is the closed journal, `manifest` and `signature` are its two files. Without layers it is the beginning alone,
    to which a back-filled part is bound. Raises NotFound when nothing is there.
    """
    segments = [entry for entry in entries if entry["kind"] == "segment" and entry["layer"] in layers]
    within = [entry for entry in segments if entry["start"] < end and entry["start"] + entry["duration"] > start]
    if layers and not within:
        raise NotFound(f"nothing was recorded between {start:g} and {end:g} s")
    # From the first number to the last: nothing between them may be left out, whatever its times say.
    last = {entry["layer"]: entry["n"] for entry in within}
    first = {entry["layer"]: entry["n"] for entry in reversed(within)}
    segments = [e for e in segments if e["layer"] in last and first[e["layer"]] <= e["n"] <= last[e["layer"]]]
    spans = {layer: span(segments, layer) for layer in {entry["layer"] for entry in segments}}
    gaps = [entry for entry in entries if entry["kind"] == "gap" and entry["layer"] in spans]
    gaps = [gap for gap in gaps if spans[gap["layer"]][0] < gap["end"] and gap["start"] < spans[gap["layer"]][1]]
    chosen = [entries[0], *sorted(segments + gaps, key=lambda entry: int(entry["i"]))]
    proofs = merkle_proofs([bytes.fromhex(entry["chain"]) for entry in entries], [entry["i"] for entry in chosen])
    parts = [
        {
            "entry": entry,
            "previous": entries[entry["i"] - 1]["chain"] if entry["i"] else START,
            "proof": [neighbour.hex() for neighbour in proofs[entry["i"]]],
        }
        for entry in chosen
    ]
    body = {"manifest": manifest.decode(), "signature": signature.hex(), "parts": parts}
    files = [entry[name] for entry in chosen if entry["kind"] == "segment" for name in ("init", "file")]
    return Clip(canonical(body) + b"\n", tuple(dict.fromkeys(files)))
