"""One layer of a camera, with the sound, cut into stretches of at most two seconds that begin on a key frame. Pure.

Times are Unix seconds of the server's clock, as track_time has them. A stretch holds coded bytes only; `muxed` makes the
segment of it, in the writer's thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from server.recording.depacketiser import Picture, opus_duration_s
from server.recording.fmp4 import (
    PICTURE_RATE,
    PICTURE_TRACK,
    SOUND_RATE,
    SOUND_TRACK,
    PictureFormat,
    Sample,
    TrackRun,
    h264_sample,
    initialisation,
    media_segment,
)
from server.recording.holes import PAUSE_S, USUAL_S, Hole, PictureHoles, SoundHoles, with_hole
from server.recording.picture_size import SizeError, parse_sps, vp8_size
from server.recording.segment import Segment

LONGEST_S = 2.0  # what a crash may cost (reliability.md R5)
SHORTEST_S = 0.9  # a key frame earlier than this was asked for by a viewer: a file for it would be a waste
ASK_KEY_S = 1.5  # from then on one is asked for: the answer takes the recorder's step, a round trip and a picture
# A picture may come so long after its sound, and sound after its picture: what is missing is waited for 1.2 s (reorder), and
# the recorder takes a step four times a second. A picture that does not come even then stands still.
BEHIND_S = 1.6
KEYLESS_S = 5.0  # one is asked for four times a second, and takes a round trip and a picture
MOST_SET_BYTES = 65_535  # of a parameter set: its length has two bytes in the file
MOST_SAMPLES = 4000  # in one stretch; no camera sends so many in 2 s
NAL_SPS = 7
NAL_PPS = 8


@dataclass(slots=True)
class Stretch:
    """What becomes one segment. `holes`: in it, or just before it; `away`: before it, nothing at all came from the camera.
    `received_at`: when the first of it came; `captured_at`: the camera's time at `start`.
    """

    layer: str
    start: float
    received_at: float
    captured_at: float | None
    format: PictureFormat | None = None
    pictures: list[tuple[float, Picture]] = field(default_factory=list)
    sounds: list[tuple[float, bytes]] = field(default_factory=list)
    heard: list[Arrival] = field(default_factory=list)  # of each of the sounds
    last: float = 0.0
    end: float = 0.0
    holes: list[Hole] = field(default_factory=list)
    away: bool = False

    @property
    def is_keyed(self) -> bool:
        """Whether it can be decoded without the one before it."""
        return not self.pictures or self.pictures[0][1].is_key

    @property
    def size(self) -> int:
        """Bytes of coded picture and sound."""
        pictures = sum(len(unit) for _, picture in self.pictures for unit in picture.units)
        return pictures + sum(len(packet) for _, packet in self.sounds)

    @property
    def begin(self) -> float:
        """Of its picture: sound that came late may be older, and belongs to the time of the stretch before."""
        return self.pictures[0][0] if self.pictures else self.start

    def note(self, at: float) -> None:
        """Something of time `at` belongs to it."""
        self.last = max(self.last, at)


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a sample was captured by the server's and by the camera's clock, and when it came (server's)."""

    at: float
    captured_at: float | None
    received_at: float


class Segmenter:
    """`ready` holds the stretches that are complete, oldest first; whoever takes them empties it."""

    def __init__(self, layer: str, codec: str | None) -> None:
        self.layer = layer
        self.ready: list[Stretch] = []
        self._codec = codec
        self._format: PictureFormat | None = None
        self._current: Stretch | None = None
        self._shown_until = 0.0  # by the last picture of the stretches before
        self._picture_holes, self._sound_holes = PictureHoles(), SoundHoles()
        self._away = False
        self._refused_since: float | None = None  # server's time: pictures come, and none could be decoded
        self._is_unreadable = False  # because of their key frame

    def takes(self, codec: str) -> bool:
        """Whether it goes on with pictures of this codec: its own, or the first that it gets. A new session begins."""
        self._codec = self._codec or codec
        self._refused_since, self._is_unreadable = None, False
        return self._codec == codec

    def trouble(self, wall: float, asked_since: float) -> str:
        """At server time `wall`: why pictures come and none of them is kept; "" while all is well. `asked_since`: from when
        on key frames have been asked for.
        """
        if self._is_unreadable:
            return (
                f"the picture ({self.layer}) cannot be recorded: no parameter sets in its key frames that can be read"
            )
        if self._refused_since is not None and wall - max(self._refused_since, asked_since) >= KEYLESS_S:
            return f"the picture ({self.layer}) cannot be recorded: no key frame has come for {KEYLESS_S:.0f} s"
        return ""

    @property
    def began(self) -> float | None:
        """When what is not complete yet begins, None while there is nothing."""
        return self._current.start if self._current is not None else None

    @property
    def goes_on(self) -> bool:
        """What is not complete yet cannot be decoded without what was before it."""
        return self._current is not None and not self._current.is_keyed

    def wants_key(self, wall: float) -> bool:
        """At server time `wall` a key frame is due, so that the next stretch can begin on one."""
        current = self._current
        if current is None or not current.pictures:
            return self._format is None and self._codec is not None
        return wall - current.start >= ASK_KEY_S

    def lost(self, packets: int, *, of_sound: bool = False) -> None:
        """So many of the picture, or of the sound, never came before the next one."""
        (self._sound_holes if of_sound else self._picture_holes).lost(packets)

    def was_away(self) -> None:
        """The camera's session had ended, or nothing of it came on any track, before the next sample."""
        self._away = True

    def add(self, sample: Picture | bytes, arrival: Arrival) -> None:
        """The next picture, or packet of sound."""
        if isinstance(sample, Picture):
            self.add_picture(sample, arrival)
        else:
            self.add_sound(sample, arrival)

    def add_picture(self, picture: Picture, arrival: Arrival) -> None:
        """The next picture. Before the first key frame none is kept: nobody could decode it."""
        before = self._format
        if picture.is_key:
            self._format = _format_of(self._codec, picture, before)
        if self._format is None:
            self._is_unreadable = self._is_unreadable or picture.is_key
            self._refused_since = arrival.received_at if self._refused_since is None else self._refused_since
            return
        self._refused_since, self._is_unreadable = None, False
        at = arrival.at
        current = self._current
        if current is not None and _is_apart(current, at, current.pictures):
            self.flush()
            current = None
        if current is not None:
            # Sound that began a stretch is no measure: the picture may have been waited for longer.
            at = max(at, current.pictures[-1][0] + 1 / PICTURE_RATE if current.pictures else self._shown_until)
            current.holes = with_hole(current.holes, self._picture_holes.came(picture, at))
            changed = bool(current.pictures) and self._format != before
            if changed or self._is_due(current, at, is_key=picture.is_key):
                self._cut(at)
        hole = self._picture_holes.came(picture, at) if current is None else None
        current = self._begun(at, arrival)
        if not current.pictures and arrival.captured_at is not None:  # sound may have been dated by an older report
            current.captured_at = arrival.captured_at - (arrival.at - current.start)
        current.format = self._format
        current.pictures.append((at, picture))
        current.holes = with_hole(current.holes, hole)
        current.note(at)
        if len(current.pictures) > MOST_SAMPLES:
            self.flush()

    def _is_due(self, current: Stretch, at: float, *, is_key: bool) -> bool:
        """A key frame ends what is long enough; any picture does, if with the next one it would be too long."""
        if is_key:
            return at - current.start >= SHORTEST_S
        following = at + (_usual_s(current.pictures) if current.pictures else 0.0)
        return following - current.start > LONGEST_S

    def add_sound(self, packet: bytes, arrival: Arrival) -> None:
        """The next packet of Opus."""
        current = self._current
        if current is not None and _is_apart(current, arrival.at, current.sounds):
            self.flush()
        elif current is not None and arrival.at - current.start >= LONGEST_S + (BEHIND_S if current.pictures else 0.0):
            self._cut(current.start + LONGEST_S if current.pictures else arrival.at)
        current = self._begun(arrival.at, arrival)
        current.sounds.append((arrival.at, packet))
        current.heard.append(arrival)
        current.holes = with_hole(current.holes, self._sound_holes.came(arrival.at, opus_duration_s(packet)))
        current.note(arrival.at)
        if len(current.sounds) > MOST_SAMPLES:
            self.flush()

    def idle(self, wall: float) -> None:
        """At server time `wall`: what has begun two seconds ago is not held back for what may never come."""
        current = self._current
        if current is not None and wall - current.received_at >= LONGEST_S and wall - current.last >= USUAL_S * 2:
            self.flush()

    def flush(self) -> None:
        """End the present stretch with what there is."""
        current = self._current
        if current is not None:
            sound = current.sounds[-1][0] + opus_duration_s(current.sounds[-1][1]) if current.sounds else 0.0
            picture = current.pictures[-1][0] + _usual_s(current.pictures) if current.pictures else 0.0
            self._cut(max(sound, picture))

    def end(self) -> None:
        """The same at the end of the camera's session, or of the recording: sound may have gone on without a picture."""
        self.flush()
        if self.ready:
            last = self.ready[-1]
            last.holes = with_hole(last.holes, self._picture_holes.ended(last.end))

    def _begun(self, at: float, arrival: Arrival) -> Stretch:
        if self._current is None:
            self._current = Stretch(self.layer, at, arrival.received_at, arrival.captured_at, self._format, last=at)
            self._current.away, self._away = self._away, False
        current = self._current
        if at < current.start:
            current.captured_at = current.captured_at and current.captured_at - (current.start - at)
            current.start = at
        if current.captured_at is None and arrival.captured_at is not None:  # the camera's first report came meanwhile
            current.captured_at = arrival.captured_at - (at - current.start)
        return current

    def _cut(self, at: float) -> None:
        """End the present stretch at `at`; sound of later belongs to the next one."""
        current = self._current
        if current is None:
            return
        self._current = None
        own = list(zip(current.sounds, current.heard, strict=True))
        later = [(sound, arrival) for sound, arrival in own if sound[0] >= at]
        current.sounds = [sound for sound, _ in own if sound[0] < at]
        current.heard = [arrival for sound, arrival in own if sound[0] < at]
        current.end = at
        current.holes = with_hole(current.holes, self._picture_holes.cut())
        self._shown_until = at if current.pictures else self._shown_until
        if current.pictures or current.sounds:
            self.ready.append(current)
        if later:
            heard = [arrival for _, arrival in later]
            first = heard[0]
            following = Stretch(
                self.layer, first.at, first.received_at, first.captured_at, self._format, last=heard[-1].at
            )
            if first.captured_at is None and current.captured_at is not None:
                following.captured_at = current.captured_at + first.at - current.start
            following.sounds, following.heard = [sound for sound, _ in later], heard
            following.holes = [] if current.pictures or current.sounds else current.holes
            self._current = following


def _is_apart(current: Stretch, at: float, own: Sequence[tuple[float, object]]) -> bool:
    """Whether nothing came for so long that it is a gap, or `at` is by a new session's clock, which is behind. `own`: what is
    there of its kind; the other kind may be ahead of it, or late.
    """
    behind = own[-1][0] - at > PAUSE_S if own else current.start - at > BEHIND_S
    return behind or at - current.last > PAUSE_S


def _usual_s(pictures: Sequence[tuple[float, Picture]]) -> float:
    if len(pictures) < 2:
        return USUAL_S
    return (pictures[-1][0] - pictures[0][0]) / (len(pictures) - 1)


def _format_of(codec: str | None, picture: Picture, before: PictureFormat | None) -> PictureFormat | None:
    """As its key frame tells it; as before, if that cannot be read."""
    try:
        if codec == "VP8":
            return PictureFormat("vp8", *vp8_size(picture.units[0]))
        # The last ones: those of a lost key frame may stand before them.
        sps = next((unit for unit in reversed(picture.units) if unit[0] & 31 == NAL_SPS), None)
        pps = next((unit for unit in reversed(picture.units) if unit[0] & 31 == NAL_PPS), None)
        if sps is None or pps is None or max(len(sps), len(pps)) > MOST_SET_BYTES:
            return before
        told = parse_sps(sps)
        return PictureFormat("h264", told.width, told.height, sps, pps)
    except SizeError:
        return before


def muxed(stretch: Stretch, number: int, epoch: float, *, sound: bool, prerecord: bool = False) -> Segment:
    """The stretch as a segment; `epoch` is the server's time at which the recording's media time is 0.

    `sound`: the file's header tells of sound, though this stretch may hold none.
    """
    shown = stretch.format if stretch.pictures or stretch.format is not None else None
    runs = []
    if stretch.pictures:
        runs.append(_picture_run(stretch, epoch))
    if stretch.sounds:
        runs.append(_sound_run(stretch, epoch))
    return Segment(
        layer=stretch.layer,
        init=initialisation(shown, sound=sound),
        data=media_segment(number, runs),
        start=round(stretch.begin - epoch, 6),
        duration=round(stretch.end - stretch.begin, 6),
        captured_at=None if stretch.captured_at is None else stretch.captured_at + stretch.begin - stretch.start,
        received_at=stretch.received_at,
        key=stretch.is_keyed,
        pictures=len(stretch.pictures),
        codec=shown.codec if shown is not None else None,
        sound=bool(stretch.sounds),
        width=shown.width if shown is not None else None,
        height=shown.height if shown is not None else None,
        prerecord=prerecord,
    )


def _picture_run(stretch: Stretch, epoch: float) -> TrackRun:
    times = [at for at, _ in stretch.pictures] + [max(stretch.end, stretch.pictures[-1][0])]
    ticks = _ticks(times, epoch, PICTURE_RATE)
    samples = [
        Sample(
            h264_sample(picture.units)
            if stretch.format is None or stretch.format.codec == "h264"
            else picture.units[0],
            following - tick,
            picture.is_key,
        )
        for (_, picture), tick, following in zip(stretch.pictures, ticks, ticks[1:], strict=False)
    ]
    return TrackRun(PICTURE_TRACK, ticks[0], samples)


def _sound_run(stretch: Stretch, epoch: float) -> TrackRun:
    last_at, last = stretch.sounds[-1]
    ticks = _ticks([at for at, _ in stretch.sounds] + [last_at + (opus_duration_s(last) or 0.02)], epoch, SOUND_RATE)
    samples = [
        Sample(packet, following - tick)
        for (_, packet), tick, following in zip(stretch.sounds, ticks, ticks[1:], strict=False)
    ]
    return TrackRun(SOUND_TRACK, ticks[0], samples)


def _ticks(times: Sequence[float], epoch: float, rate: int) -> list[int]:
    """Strictly rising, from 0 on: what is older than the recording's first sample is laid at its beginning."""
    found: list[int] = []
    for at in times:
        tick = max(0, round((at - epoch) * rate))
        found.append(max(tick, found[-1] + 1) if found else tick)
    return found
