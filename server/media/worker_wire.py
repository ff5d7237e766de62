"""What the server and a media worker say to each other: length-prefixed msgpack over a socket pair. Pure.

The server calls (`call`, `args`, `id`), the worker answers (`id`, then `result` or `error`) and tells events
(`event`, `args`). What one side says arrives in the order in which it was said.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgpack

from server import errors
from server.errors import WatchroomError
from server.media.live import FeedState, WatcherInfo
from server.media.settings import MediaSettings

LENGTH = struct.Struct("!I")
MAX_FRAME = 4 << 20  # bytes; the figures of a worker with 500 cameras are 0.4 MB

KINDS: dict[str, type[WatchroomError]] = {
    name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, WatchroomError)
}


class FrameError(ValueError):
    """Not a frame of ours: the other side is broken, and the connection of no use."""


def frame(message: dict[str, Any]) -> bytes:
    """One message with its length before it."""
    packed: bytes = msgpack.packb(message, use_bin_type=True)
    return LENGTH.pack(len(packed)) + packed


def frame_size(head: bytes) -> int:
    """How many bytes follow the four of `head`. Raises FrameError."""
    (size,) = LENGTH.unpack(head)
    if size > MAX_FRAME:
        raise FrameError(f"a frame of {size} bytes, at most {MAX_FRAME} are expected")
    return int(size)


def unframe(body: bytes) -> dict[str, Any]:
    """The message in a frame's body. Raises FrameError."""
    try:
        message = msgpack.unpackb(body, raw=False, strict_map_key=True)
    except (ValueError, msgpack.exceptions.UnpackException) as error:
        raise FrameError(f"not msgpack: {error}") from error
    if not isinstance(message, dict):
        raise FrameError(f"a map was expected, not {type(message).__name__}")
    return message


# ---- errors ------------------------------------------------------------------------------------------------


def error_as_map(error: WatchroomError) -> dict[str, Any]:
    """An error that the caller shall raise again."""
    return {
        "class": type(error).__name__,
        "detail": error.detail,
        "kind": error.problem_kind,
        "headers": error.headers,
        "members": error.members,
    }


def error_of_map(found: Mapping[str, Any]) -> WatchroomError:
    """The same error; one of an unknown class is a WatchroomError."""
    kind = KINDS.get(found["class"], WatchroomError)
    return kind(found["detail"], kind=found["kind"], headers=dict(found["headers"]), **found["members"])


# ---- nouns -------------------------------------------------------------------------------------------------


def settings_as_map(settings: MediaSettings) -> dict[str, Any]:
    """What a worker is told at start."""
    return {**asdict(settings), "folder": str(settings.folder)}


def settings_of_map(found: Mapping[str, Any]) -> MediaSettings:
    """See settings_as_map."""
    listed = {name: tuple(found[name]) for name in ("public_addresses", "master_keys")}
    return MediaSettings(**{**found, **listed, "folder": Path(found["folder"])})


def feed_state_of_map(found: Mapping[str, Any]) -> FeedState:
    """A FeedState that came as a map: msgpack knows no tuples."""
    return FeedState(**{**found, "layers": tuple(found["layers"])})


def watchers_of(found: list[dict[str, Any]]) -> list[WatcherInfo]:
    """People who watch, who came as maps."""
    return [WatcherInfo(**one) for one in found]
