"""What a signal's details say in a line that people read. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from server.wire import Scalar

# Who or what did it, by the camera's word for it (streamer/controls.py).
BY = {
    "officer": "by hand",
    "control": "asked for by control",
    "start": "",  # as it was switched on: nobody's doing
    "end": "",
}
OWN_HAND = ("watch.", "emergency.")  # nobody else can: not worth a word


def in_words(kind: str, detail: Mapping[str, Scalar]) -> str:
    """The details of a signal of this kind as people say them, in their order; empty without any.

    >>> in_words("recording.started", {"by": "officer", "battery_pct": 14})
    'by hand, battery 14 %'
    """
    is_own = kind.startswith(OWN_HAND) and detail.get("by") == "officer"
    phrases = [_phrase(name, value) for name, value in detail.items() if not (is_own and name == "by")]
    return ", ".join(filter(None, phrases))


def _phrase(name: str, value: Scalar) -> str:
    if name == "by":
        return BY.get(str(value), f"by {value}")
    said = name.replace("_", " ")
    return f"{said.removesuffix(' pct')} {value} %" if said.endswith(" pct") else f"{said} {value}"
