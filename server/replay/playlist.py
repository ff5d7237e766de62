"""A media playlist (HLS, RFC 8216) of one camera's segments, over all its recordings in a view. Pure.

EVENT while more may come, VOD and ENDLIST when not. Each segment carries its time on the server's clock, so that a
player finds any second of the day, and as its title the media time that its picture covers (`12.500000 to 14.500000`): the
sound in a segment may begin before it. `between key frames` stands behind it where its pictures need those before it.
Where the parameters change or picture is missing stands a discontinuity.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import ceil

from server.replay.footage import Placed, follows

BETWEEN = "between key frames"  # static/js/state/playlist_times.js reads it
TARGET_S = 2  # recorder's longest segment; a growing playlist may never change it (RFC 8216 4.3.3.1, 6.2.1)

Address = Callable[[str, str], str]  # recording_id, file → URI


def playlist(segments: Sequence[Placed], *, growing: bool, address: Address) -> str:
    """The playlist of `segments`, which are in order of time. One that grows may only be added to at its end (RFC 8216
    4.3.3.5): its segments are those of the same number of back-filled parts each time that it is asked for.
    """
    longest = max((one.duration for one in segments), default=0.0)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{max(TARGET_S, ceil(longest - 0.001))}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        f"#EXT-X-PLAYLIST-TYPE:{'EVENT' if growing else 'VOD'}",
    ]
    if all(one.key for one in segments):
        lines.append("#EXT-X-INDEPENDENT-SEGMENTS")
    before: Placed | None = None
    for one in segments:
        if before is not None and not follows(before, one):
            lines.append("#EXT-X-DISCONTINUITY")
        if before is None or (before.recording_id, before.init) != (one.recording_id, one.init):
            lines.append(f'#EXT-X-MAP:URI="{address(one.recording_id, one.init)}"')
        media = f"{one.start:.6f} to {one.start + one.duration:.6f}{'' if one.key else f' {BETWEEN}'}"
        lines += [f"#EXT-X-PROGRAM-DATE-TIME:{_utc(one.at)}", f"#EXTINF:{one.duration:.6f},{media}"]
        lines.append(address(one.recording_id, one.file))
        before = one
    if not growing:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join([*lines, ""])


def in_turn(segments: Sequence[Placed], *, growing: bool) -> list[Placed]:
    """Those of a recording that grows which can be told one after the other, in order of time: with what is written next, its
    playlist is the same and more. `segments`: of the same number of back-filled parts each time.

    Pictures that come seconds after their sound (a busy machine, a slow link) are written behind it, though they are of before
    it. They are left out, for as long as the view is open, and the timeline names them: a player that was told of them in
    between takes the playlist for another stream's, and shows nothing. Where pictures lag by more than a segment of sound
    that is all of them. The playlist of a view that is opened once the recording is closed has each.
    """
    order = {found: number for number, found in enumerate(dict.fromkeys(one.recording_id for one in segments))}
    written = sorted((one for one in segments if not one.filled), key=lambda one: (order[one.recording_id], one.n))
    told: list[Placed] = []
    for one in written:
        if not told or one.at >= told[-1].at:
            told.append(one)
    last = told[-1].at if told else float("inf")
    filled = [one for one in segments if one.filled and (one.at <= last or not growing)]
    return sorted([*told, *filled], key=lambda one: (one.at, one.n))


def _utc(at: float) -> str:
    """With milliseconds: 40 ms are one picture."""
    return datetime.fromtimestamp(round(at, 3), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
