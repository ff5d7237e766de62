"""The body of a request as text or JSON, within a limit that is kept while it is read."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from server.errors import BadRequest, TooLarge, UnsupportedMedia
from server.wire import is_storable

MOST_BYTES = 64 * 1024


async def bytes_of(request: web.Request, content_type: str | None = None, most: int = MOST_BYTES) -> bytes:
    """The body as it came. Raises UnsupportedMedia, or TooLarge (more than `most` bytes)."""
    if content_type is not None and request.content_type != content_type:
        accepted = "Accept-Patch" if request.method == "PATCH" else "Accept-Post"  # RFC 5789 section 2.2
        raise UnsupportedMedia(f"Content-Type must be {content_type}", headers={accepted: content_type})
    body = b""
    if (request.content_length or 0) <= most:  # what says that it is too large is not even read
        while len(body) <= most and not request.content.at_eof():
            body += await request.content.read(most + 1 - len(body))
    if len(body) > most or (request.content_length or 0) > most:
        raise TooLarge(f"the body may have {most} bytes")
    return body


async def text_of(request: web.Request, content_type: str | None = None, most: int = MOST_BYTES) -> str:
    """The body as text. Raises as `bytes_of` does, and BadRequest."""
    try:
        return (await bytes_of(request, content_type, most)).decode()
    except UnicodeDecodeError as error:
        raise BadRequest("the body is not UTF-8") from error


async def json_object(request: web.Request, content_type: str | None = None, most: int = MOST_BYTES) -> dict[str, Any]:
    """The body as a JSON object; no body is an empty one. All its texts are storable. Raises as `text_of` does."""
    text = await text_of(request, content_type, most)
    try:
        body = json.loads(text, parse_constant=_no_number) if text else {}
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise BadRequest("the body: expected a JSON object")
    if not _all_storable(body):
        raise BadRequest("the body: NUL and lone surrogates are not accepted in texts")
    return body


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _all_storable(body: dict[str, Any]) -> bool:
    left: list[Any] = [body]
    while left:
        value = left.pop()
        if isinstance(value, str) and not is_storable(value):
            return False
        if isinstance(value, dict):
            left += [*value, *value.values()]
        elif isinstance(value, list):
            left += value
    return True
