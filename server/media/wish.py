"""What a viewer asks for: which of the camera's layers, and whether there is somebody who listens. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from server.errors import BadRequest
from server.media.layer import LAYERS, MAIN

SOUND = {"on": True, "off": False}


@dataclass(frozen=True, slots=True)
class Wish:
    """Any WHEP client gets picture and sound; the console asks for sound only on the tile that is heard."""

    layer: str = MAIN
    sound: bool = True

    def __post_init__(self) -> None:
        """Raises BadRequest for a layer that no camera has."""
        if self.layer not in LAYERS:
            raise BadRequest(f"layer must be one of {', '.join(LAYERS)}", field="layer")

    @classmethod
    def of_query(cls, query: Mapping[str, str]) -> Self:
        """`layer=main|sub`, `sound=on|off`. Raises BadRequest."""
        sound = query.get("sound", "on")
        if sound not in SOUND:
            raise BadRequest("sound must be on or off", field="sound")
        return cls(query.get("layer", MAIN), SOUND[sound])

    def changed(self, body: object) -> Wish:
        """As a JSON object with `layer`, `sound` (true or false) or both has it. Raises BadRequest."""
        if not isinstance(body, Mapping) or not {"layer", "sound"} & set(body):
            raise BadRequest("expected a JSON object with 'layer', 'sound' or both", field="layer")
        wanted: dict[str, Any] = {name: body[name] for name in ("layer", "sound") if name in body}
        if not isinstance(wanted.get("layer", ""), str):
            raise BadRequest("layer must be a text", field="layer")
        if not isinstance(wanted.get("sound", True), bool):
            raise BadRequest("sound must be true or false", field="sound")
        return replace(self, **wanted)
