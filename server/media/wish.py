"""What a viewer asks for: which of the camera's layers, and whether there is somebody who looks or listens. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from server.errors import BadRequest
from server.media.layer import LAYERS, MAIN

SWITCH = {"on": True, "off": False}
FIELDS = ("layer", "sound", "picture")


@dataclass(frozen=True, slots=True)
class Wish:
    """Any WHEP client gets picture and sound; the console asks for sound only on the tile that is heard, and for a
    picture only where somebody can see it.
    """

    layer: str = MAIN
    sound: bool = True
    picture: bool = True

    def __post_init__(self) -> None:
        """Raises BadRequest for a layer that no camera has."""
        if self.layer not in LAYERS:
            raise BadRequest(f"layer must be one of {', '.join(LAYERS)}", field="layer")

    @classmethod
    def of_query(cls, query: Mapping[str, str]) -> Self:
        """`layer=main|sub`, `sound=on|off`, `picture=on|off`. Raises BadRequest."""
        return cls(query.get("layer", MAIN), _switch(query, "sound"), _switch(query, "picture"))

    def changed(self, body: object) -> Wish:
        """As a JSON object has it, see `fields_of`. Raises BadRequest."""
        return replace(self, **fields_of(body))


def fields_of(body: object) -> dict[str, Any]:
    """Those of `layer`, `sound` and `picture` (true or false) that a JSON object has, and no others. Raises BadRequest."""
    if not isinstance(body, Mapping) or not set(FIELDS) & set(body):
        raise BadRequest("expected a JSON object with 'layer', 'sound' or 'picture'", field="layer")
    wanted: dict[str, Any] = {name: body[name] for name in FIELDS if name in body}
    if not isinstance(wanted.get("layer", ""), str):
        raise BadRequest("layer must be a text", field="layer")
    for name in ("sound", "picture"):
        if not isinstance(wanted.get(name, True), bool):
            raise BadRequest(f"{name} must be true or false", field=name)
    return wanted


def _switch(query: Mapping[str, str], name: str) -> bool:
    value = query.get(name, "on")
    if value not in SWITCH:
        raise BadRequest(f"{name} must be on or off", field=name)
    return SWITCH[value]
