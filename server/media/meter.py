"""Reads an engine's sessions into figures; what ended sessions counted is kept for as long as their camera is known."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from server.media.figures import CameraFigures, LayerCounts, LayerFigures, ViewerCounts, ViewerFigures
from server.media.live import SILENT_AFTER_S, Feed
from server.media.out_track import OutTrack
from server.media.outlet import Outlet
from server.media.source import Source
from server.media.track import VIDEO
from server.media.whep_session import WhepSession
from server.media.whip_session import WhipSession

Key = tuple[str, str]  # kind and layer


@dataclass(slots=True)
class _Kept:
    """What a camera's ended sessions counted."""

    layers: dict[Key, tuple[str, LayerCounts]] = field(default_factory=dict)  # codec, counts
    viewers: ViewerCounts = field(default_factory=ViewerCounts)

    def add(self, key: Key, codec: str, counts: LayerCounts) -> None:
        before = self.layers.get(key)
        self.layers[key] = (codec, before[1] + counts if before is not None else counts)


@dataclass(frozen=True, slots=True)
class _Pace:
    """What a source had counted at `at`, and what it sent per second until then."""

    at: float
    bytes: int
    frames: int
    bits_per_s: float = 0.0
    frames_per_s: float = 0.0


class Meter:
    """An engine has one; `now` in monotonic seconds. `tick` once a second, then `figures` as often as anybody asks."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._paces: dict[Source, _Pace] = {}

    def tick(self, publishers: Collection[WhipSession], now: float) -> None:
        """Measure the rates of the last second."""
        sources = [source for one in publishers for source in one.inlet.sources]
        self._paces = {source: _pace(source, self._paces.get(source), now) for source in sources}

    def publisher_ended(self, session: WhipSession, now: float) -> None:
        """Keep what it counted."""
        kept = self._kept.setdefault(session.device_id, _Kept())
        for key, (codec, counts) in _counted(session, now).items():
            kept.add(key, codec, counts)

    def viewer_ended(self, session: WhepSession) -> None:
        """Keep what it counted."""
        kept = self._kept.setdefault(session.device_id, _Kept())
        kept.viewers += _sent([session.outlet])
        for key, (codec, counts) in _sent_of([session]).items():
            kept.add(key, codec, counts)

    def forget(self, device_id: str) -> None:
        """The camera's feed is over: its counts end here, and begin at 0 if it comes back."""
        self._kept.pop(device_id, None)

    def figures(
        self,
        worker: str,
        feeds: Mapping[str, Feed],
        publishers: Collection[WhipSession],
        viewers: Collection[WhepSession],
        now: float,
    ) -> tuple[CameraFigures, ...]:
        """Every camera that has a feed, in order."""
        cameras: dict[str, list[WhipSession]] = {device_id: [] for device_id in feeds}
        watching: dict[str, list[WhepSession]] = {device_id: [] for device_id in feeds}
        for publisher in publishers:
            if publisher.device_id in cameras:
                cameras[publisher.device_id].append(publisher)
        for viewer in viewers:
            if viewer.device_id in watching:
                watching[viewer.device_id].append(viewer)
        return tuple(
            self._camera(worker, feeds[device_id], cameras[device_id], watching[device_id], now)
            for device_id in sorted(feeds)
        )

    def _camera(
        self, worker: str, feed: Feed, publishers: list[WhipSession], viewers: list[WhepSession], now: float
    ) -> CameraFigures:
        kept = self._kept.get(feed.device_id, _Kept())
        counted = dict(kept.layers)
        for found in (_sent_of(viewers), *(_counted(session, now) for session in publishers)):
            for key, (codec, counts) in found.items():
                counted[key] = (codec, counted[key][1] + counts if key in counted else counts)
        present = next((one for one in publishers if one.id == feed.publisher_id), None)
        sources = {(one.plan.kind, one.plan.layer): one for one in present.inlet.sources} if present else {}
        return CameraFigures(
            feed.device_id,
            worker,
            connected=present is not None,
            uplink_bps=present.inlet.uplink.bits_per_second if present is not None else None,
            round_trip_s=present.inlet.round_trip.estimate_s if present is not None else None,
            layers=tuple(
                self._layer(key, codec, counts, sources.get(key), viewers, now)
                for key, (codec, counts) in sorted(counted.items(), key=_picture_first)
            ),
            viewers=_viewers(viewers, kept.viewers),
        )

    def _layer(
        self,
        key: Key,
        codec: str,
        counts: LayerCounts,
        source: Source | None,
        viewers: list[WhepSession],
        now: float,
    ) -> LayerFigures:
        if source is None or not _is_flowing(source, now):
            return LayerFigures(*key, codec, counts=counts)
        pace = self._paces.get(source) or _pace(source, None, now)
        return LayerFigures(
            *key,
            codec,
            flowing=True,
            bits_per_s=pace.bits_per_s,
            frames_per_s=pace.frames_per_s,
            fraction_lost=source.lost,
            jitter_s=source.loss.jitter_s,
            delay_s=source.forwarder.clock.delay_s,
            sent_bits_per_s=sum(track.bytes_per_s for track in _tracks(viewers) if track.source is source.forwarder)
            * 8,
            counts=counts,
        )


def _picture_first(entry: tuple[Key, object]) -> tuple[bool, str]:
    (kind, layer), _ = entry
    return kind != VIDEO, layer


def _is_flowing(source: Source, now: float) -> bool:
    at = source.forwarder.last_packet_at
    return at is not None and now - at < SILENT_AFTER_S


def _pace(source: Source, before: _Pace | None, now: float) -> _Pace:
    count, frames = source.bytes, source.cadence.frames
    if before is None or now <= before.at:
        return _Pace(now, count, frames)
    seconds = now - before.at
    return _Pace(now, count, frames, (count - before.bytes) * 8 / seconds, (frames - before.frames) / seconds)


def _counted(session: WhipSession, now: float) -> dict[Key, tuple[str, LayerCounts]]:
    """By layer: what its present source counted, and those that it had before."""
    found: dict[Key, tuple[str, LayerCounts]] = {}
    for source in session.inlet.sources:
        key = (source.plan.kind, source.plan.layer)
        past = session.inlet.past.get(key, LayerCounts())
        found[key] = (source.plan.codec, past + source.counted(now))
    return found


def _tracks(viewers: Collection[WhepSession]) -> list[OutTrack]:
    return [track for viewer in viewers for track in viewer.outlet.tracks]


def _sent_of(viewers: Collection[WhepSession]) -> dict[Key, tuple[str, LayerCounts]]:
    """By layer: what went out to these."""
    found: dict[Key, tuple[str, LayerCounts]] = {}
    for track in _tracks(viewers):
        codec = track.source.codec if track.source is not None else ""
        for key, sent in track.sent_of.items():
            before = found[key][1] if key in found else LayerCounts()
            found[key] = (codec, before + LayerCounts(sent_packets=sent.packets, sent_bytes=sent.octets))
    return found


def _sent(outlets: Collection[Outlet]) -> ViewerCounts:
    tracks = [track for outlet in outlets for track in outlet.tracks]
    return ViewerCounts(
        packets=sum(track.sent.packets for track in tracks),
        bytes=sum(track.sent.octets for track in tracks),
        repairs_sent=sum(outlet.counts["repair_sent"] for outlet in outlets),
        repairs_failed=sum(outlet.counts["repair_failed"] for outlet in outlets),
        plis=sum(outlet.counts["pli_received"] for outlet in outlets),
        overflows=sum(outlet.counts["queue_overflow"] for outlet in outlets),
    )


def _viewers(sessions: list[WhepSession], kept: ViewerCounts) -> ViewerFigures:
    ready = [one for one in sessions if one.peer.is_ready]
    trips = [one.outlet.round_trip_s for one in ready if one.outlet.round_trip_s is not None]
    tracks = [track for one in ready for track in one.outlet.tracks]
    return ViewerFigures(
        viewers=len(ready),
        reduced=sum(one.choice.reduced is not None for one in ready),
        queue_packets=max((track.queued for track in tracks), default=0),
        fraction_lost=max((one.outlet.fraction_lost for one in ready), default=0.0),
        round_trip_s=max(trips, default=None),
        bits_per_s=sum(track.bytes_per_s for track in tracks) * 8,
        counts=kept + _sent([one.outlet for one in sessions]),
    )
