"""A segment as a WebM: browsers take VP8 from no MP4 that is handed to them piece by piece. The same coded pictures and sound."""

from __future__ import annotations

import io

import av

from server.errors import Conflict, NotFound

TAKEN = frozenset(("vp8", "opus"))  # of what is recorded; H.264 is played from the MP4 as it is


def webm(film: bytes, shift: float) -> bytes:
    """`film`: an initialisation and its segment, all of whose times are moved by `shift` seconds.

    Raises NotFound where a WebM takes no such codec, Conflict where the segment is damaged.
    """
    made = io.BytesIO()
    try:
        _remux(film, made, shift)
    except (av.FFmpegError, ValueError) as error:
        raise Conflict("this segment cannot be read: it is damaged") from error
    return made.getvalue()


def _remux(film: bytes, made: io.BytesIO, shift: float) -> None:
    with (
        av.open(io.BytesIO(film), "r", format="mp4") as taken,
        av.open(made, "w", format="webm", options={"live": "1"}) as given,
    ):
        if any(stream.codec.canonical_name not in TAKEN for stream in taken.streams):
            raise NotFound("this segment cannot be had as a WebM")
        streams = {stream.index: given.add_stream_from_template(stream) for stream in taken.streams}
        for packet in taken.demux():
            if packet.dts is None or packet.time_base is None:
                continue
            moved = round(shift / packet.time_base)
            packet.pts = (packet.pts if packet.pts is not None else packet.dts) + moved
            packet.dts += moved
            packet.stream = streams[packet.stream.index]
            given.mux(packet)
