"""Which of the offered codecs a session takes, and the retransmission format that goes with each (RFC 4588). Pure."""

from __future__ import annotations

from collections.abc import Sequence

from server.media.sdp import Codec, Media


def video_codecs(media: Media) -> list[Codec]:
    """The offered codecs that we forward, one for each name: H.264 (see _best_h264) first, then VP8.

    H.264 costs a browser half of VP8 to decode, and is what recordings hold.
    """
    h264 = _best_h264(media, None)
    vp8 = next((codec for codec in media.codecs if codec.name == "VP8" and codec.clock_rate == 90_000), None)
    return [codec for codec in (h264, vp8) if codec is not None]


def viewer_codecs(media: Media, wanted: str, profile: str | None) -> list[Codec]:
    """As video_codecs, but with `wanted` first and the H.264 profile closest to `profile` (hexadecimal)."""
    h264 = _best_h264(media, profile)
    others = [codec for codec in video_codecs(media) if codec.name != "H264"]
    found = [*others, h264] if h264 is not None else others
    return sorted(found, key=lambda codec: codec.name != wanted)


def audio_codec(media: Media) -> Codec | None:
    """Opus, or nothing."""
    return next((codec for codec in media.codecs if codec.name == "opus" and codec.clock_rate == 48_000), None)


PROFILE_ORDER = ("42e0", "4200", "4d00", "6400")  # constrained baseline is what every decoder has


def _best_h264(media: Media, profile: str | None) -> Codec | None:
    """Decoders look at the stream's own SPS: a near profile is better than no picture.

    Of packetization-mode 1; else of none, which RFC 6184 section 8.1 takes for 0: GStreamer's whepclientsrc leaves it
    out and reads 1 as well (its rtph264depay knows all three). Who says 0 is believed.
    """
    h264 = [codec for codec in media.codecs if codec.name == "H264" and codec.clock_rate == 90_000]
    in_mode = {mode: [codec for codec in h264 if codec.parameter("packetization-mode") == mode] for mode in ("1", None)}
    able = in_mode["1"] or in_mode[None]
    order = ((profile or "")[:4].lower(), *PROFILE_ORDER)

    def rank(codec: Codec) -> int:
        offered = (codec.parameter("profile-level-id") or "42000a")[:4]
        return order.index(offered) if offered in order else len(order)

    return min(able, key=rank, default=None)


def with_repairs(media: Media, codecs: Sequence[Codec]) -> list[Codec]:
    """Each of `codecs`, followed by the retransmission format that the offer has for it (RFC 4588 section 8.1)."""
    found: list[Codec] = []
    for codec in codecs:
        found.append(codec)
        repair = repair_codec(media, codec)
        if repair is not None:
            found.append(repair)
    return found


def repair_codec(media: Media, codec: Codec) -> Codec | None:
    """The offered format that carries repairs of `codec`, None if there is none."""
    wanted = str(codec.payload_type)
    for one in media.codecs:
        if one.is_repair and one.clock_rate == codec.clock_rate and one.parameter("apt") == wanted:
            return one
    return None
