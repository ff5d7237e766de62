"""A segment with all that a page needs to play it by itself, at times that the page counts: a piece.

H.264 stays the MP4 that it is; VP8 becomes a WebM, since browsers take it from no MP4 that is handed to them piece by piece.
The same coded pictures and sound either way.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import av

from server.errors import Conflict, NotFound
from server.recording.boxes import BoxError, codecs_of, moved
from server.recording.segment import UNPLAYABLE
from server.recording.verifier import misshapen


@dataclass(frozen=True, slots=True)
class Piece:
    """`content_type` names its codecs (RFC 6381): a player's buffer is made for these, and takes no others."""

    data: bytes
    content_type: str


def piece(name: str, init: bytes, segment: bytes, shift: float) -> Piece:
    """An initialisation and a segment, both as they were sealed, all of whose times are moved by `shift` seconds.

    Raises NotFound where no page could play it, Conflict (of the kind UNPLAYABLE) where it cannot be read, of which it says
    the `name`. What is called so here, a bundle calls so too.
    """
    try:
        if ill := misshapen(memoryview(segment), len(segment), ("moof", "mdat")):
            raise BoxError(ill)
        codecs = codecs_of(init)
        if not codecs:
            raise NotFound("no browser takes this segment")
        if "vp8" not in codecs:
            return Piece(moved(init, segment, shift), _type("mp4", codecs))
        made = io.BytesIO()
        _remux(init + segment, made, shift)
    except (av.FFmpegError, ValueError) as error:
        raise Conflict(f"{name} is what was recorded, but it cannot be read", kind=UNPLAYABLE) from error
    return Piece(made.getvalue(), _type("webm", codecs))


def _type(container: str, codecs: list[str]) -> str:
    return f'video/{container}; codecs="{",".join(codecs)}"'


def _remux(film: bytes, made: io.BytesIO, shift: float) -> None:
    with (
        av.open(io.BytesIO(film), "r", format="mp4") as taken,
        av.open(made, "w", format="webm", options={"live": "1"}) as given,
    ):
        streams = {stream.index: given.add_stream_from_template(stream) for stream in taken.streams}
        for packet in taken.demux():
            if packet.dts is None or packet.time_base is None:
                continue
            offset = round(shift / packet.time_base)
            packet.pts = (packet.pts if packet.pts is not None else packet.dts) + offset
            packet.dts += offset
            packet.stream = streams[packet.stream.index]
            given.mux(packet)
