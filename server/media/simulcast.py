"""Several encodings of one picture on one m-line, each with a name, its rid (RFC 8853, 8851, 8852): read, chosen, answered. Pure.

Any lines give encodings or none: what is not understood is left out, as RFC 8853 section 5.1 has it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

RID_EXTENSION = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID_EXTENSION = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"

MAX_ENCODINGS = 8
RID = re.compile(r"[A-Za-z0-9_-]{1,16}")  # 16: as many as a one-byte header extension carries (RFC 8285 section 4.2)
RESTRICTIONS = re.compile(r"[\x21-\x7e]{0,256}")
NUMBER = re.compile(r"[0-9]{1,7}")
MACROBLOCK = 256  # pixels; max-fs counts these (RFC 8851 section 5)


@dataclass(frozen=True, slots=True)
class Encoding:
    """One that a camera offers to send. `restrictions` as offered: `pt=96,97;max-width=1280`.

    `is_paused`: it is announced, and not sent for now.
    """

    rid: str
    restrictions: str = ""
    is_paused: bool = False

    @property
    def payload_types(self) -> tuple[str, ...]:
        """Those that it is restricted to; none where it may have any of its m-line."""
        told = self._restriction("pt")
        return tuple(told.split(",")) if told else ()

    @property
    def pixels(self) -> int | None:
        """The most pixels that a picture of it has, where its restrictions say so."""
        width, height, blocks = (self._number(name) for name in ("max-width", "max-height", "max-fs"))
        if width and height:
            return width * height
        return blocks * MACROBLOCK if blocks else None

    def _number(self, name: str) -> int | None:
        told = self._restriction(name)
        return int(told) if NUMBER.fullmatch(told) else None

    def _restriction(self, name: str) -> str:
        for part in self.restrictions.split(";"):
            key, _, value = part.partition("=")
            if key == name:
                return value
        return ""


def encodings(rids: Sequence[str], simulcast: Sequence[str]) -> tuple[Encoding, ...]:
    """What the values of an m-line's `a=rid` and `a=simulcast` offer, in their order; of alternatives the first."""
    told = {words[0]: "".join(words[2:3]) for line in rids if (words := line.split()) and words[1:2] == ["send"]}
    directions = simulcast[-1].split() if simulcast else []
    listed = directions[directions.index("send") + 1 : directions.index("send") + 2] if "send" in directions else []
    found: dict[str, Encoding] = {}
    for alternatives in "".join(listed).split(";"):
        names = [name for name in alternatives.split(",") if name.removeprefix("~") in told]
        if not names:
            continue
        rid = names[0].removeprefix("~")
        if RID.fullmatch(rid) and RESTRICTIONS.fullmatch(told[rid]):
            found.setdefault(rid, Encoding(rid, told[rid], is_paused=names[0].startswith("~")))
    return tuple(found.values())[:MAX_ENCODINGS]


def chosen(offered: Sequence[Encoding], payload_type: int, count: int) -> list[str]:
    """The rids to take for so many layers, the largest first: the largest and the smallest, or the one that there is.

    By what their restrictions say, else by their order: the first is the one that is preferred (RFC 8853 section 5.1).
    """
    usable = [
        one for one in offered if not one.is_paused and str(payload_type) in (one.payload_types or (str(payload_type),))
    ]
    if all(one.pixels is not None for one in usable):
        usable.sort(key=lambda one: one.pixels or 0, reverse=True)
    taken = usable if len(usable) <= count else [*usable[: count - 1], usable[-1]]
    return [one.rid for one in taken]


def answer_lines(offered: Sequence[Encoding], taken: Sequence[str], payload_type: int) -> list[str]:
    """What is not taken is paused rather than refused: OBS streams nothing where one of its layers is refused."""
    if not taken:
        return []
    lines = [" ".join(filter(None, (f"a=rid:{one.rid} recv", _answered(one, payload_type)))) for one in offered]
    listed = ";".join(one.rid if one.rid in taken else f"~{one.rid}" for one in offered)
    return [*lines, f"a=simulcast:recv {listed}"]


def _answered(one: Encoding, payload_type: int) -> str:
    """Its restrictions are ours too, with the one payload type that we take (RFC 8851 section 6.3)."""
    parts = [part for part in one.restrictions.split(";") if part]
    if str(payload_type) not in one.payload_types:
        return ";".join(part for part in parts if not part.startswith("pt="))
    return ";".join(f"pt={payload_type}" if part.startswith("pt=") else part for part in parts)
