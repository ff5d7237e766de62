"""A unit: an officer with a camera. `Device` is what is registered, `Unit` what it does now.

What a camera does is known in two parts that may come from two processes: the `Link` (its telemetry)
and the `Picture` (its media). A unit is computed from its device and the best of each.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from server.errors import BadRequest
from server.media.live import FeedState, WatcherInfo
from server.wire import RecordingState, Status

DEVICE_ID = re.compile(r"[a-z0-9-]{3,40}")
LONGEST_CALL_SIGN = 20
LONGEST_NAME = 80


class RecordMode(StrEnum):
    """When a camera records: on the officer's signal, or whenever it streams (it sends no telemetry)."""

    ON_SIGNAL = "on-signal"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Device:
    """A registered camera. A phone has no `public_key`: it is let in by its wearer's session."""

    device_id: str
    call_sign: str
    wearer_name: str | None = None
    collar_number: str | None = None
    public_key: bytes | None = None
    record_mode: RecordMode = RecordMode.ON_SIGNAL
    wearer_person_id: str | None = None
    revoked_at: float | None = None
    changed_seq: int = 0

    @property
    def wearer(self) -> dict[str, str] | None:
        """Who wears it, or None."""
        if not self.wearer_name and not self.collar_number:
            return None
        return {"name": self.wearer_name or "", "collar_number": self.collar_number or ""}

    def urls(self, origin: str) -> dict[str, str]:
        """Where it finds the server at this origin."""
        return {
            "device_id": self.device_id,
            "call_sign": self.call_sign,
            "uplink_url": f"ws{origin.removeprefix('http')}/uplink/{self.device_id}",
            "whip_url": f"{origin}/whip/{self.device_id}",
        }

    def registration(self) -> dict[str, Any]:
        """The journal's body: who the unit is. What it does now never comes from the journal."""
        return {
            "device_id": self.device_id,
            "call_sign": self.call_sign,
            "wearer": self.wearer,
            "record_mode": self.record_mode.value,
            "revoked": self.revoked_at is not None,
        }


@dataclass(frozen=True, slots=True)
class Link:
    """What the camera's telemetry tells. `recording` is the camera's own word; times are Unix seconds."""

    online: bool = False
    recording: RecordingState = "off"
    recording_since: float | None = None
    battery_pct: int | None = None
    signal_pct: int | None = None
    status_code: int = 2
    last_seen_at: float | None = None
    lacks: tuple[str, ...] = ()  # wire.Lack: what it has no device for now
    has_told: bool = False  # what it does: after a restart of the server a camera is in touch before it says so

    def connected(self, at: float) -> Link:
        """The uplink is open."""
        return replace(self, online=True, last_seen_at=at)

    def disconnected(self) -> Link:
        """The uplink is gone. What it said last stays: a camera out of reach goes on recording."""
        return replace(self, online=False)

    def with_status(self, status: Status, at: float) -> Link:
        """Its newest condition, received `at`."""
        was = self.recording == "recording"
        since = (self.recording_since if was else at) if status.recording == "recording" else None
        return Link(
            online=True,
            recording=status.recording,
            recording_since=since,
            battery_pct=status.battery_pct,
            signal_pct=status.signal_pct,
            status_code=status.status_code,
            last_seen_at=at,
            lacks=tuple(status.lacks),
            has_told=True,
        )

    def with_recording(self, recording: RecordingState, at: float) -> Link:
        """The camera signalled that it started or stopped, before its next status says so."""
        was = self.recording == "recording"
        since = (self.recording_since if was else at) if recording == "recording" else None
        return replace(self, recording=recording, recording_since=since, last_seen_at=at, has_told=True)


@dataclass(frozen=True, slots=True)
class Picture:
    """What the camera's media does, and who watches. Times are Unix seconds."""

    streaming: bool = False
    since: float | None = None
    layers: tuple[str, ...] = ()
    last_picture_at: float | None = None
    keeping: str | None = None  # of what is to be recorded: recording/order.Keeping; None: nothing is
    watchers: tuple[tuple[str, str, float], ...] = ()

    def with_feed(self, feed: FeedState) -> Picture:
        """The media plane's newest judgement."""
        last = feed.last_packet_at if feed.last_packet_at is not None else self.last_picture_at
        return replace(self, streaming=feed.streaming, since=feed.since, layers=feed.layers, last_picture_at=last)

    def with_keeping(self, keeping: str | None) -> Picture:
        """Whether what it sends is kept."""
        return replace(self, keeping=keeping)

    def with_watchers(self, watchers: Iterable[WatcherInfo]) -> Picture:
        """Who watches now: each person once, since the first of their viewings, on however many tiles."""
        first: dict[str, WatcherInfo] = {}
        for one in watchers:
            if one.person_id not in first or one.since < first[one.person_id].since:
                first[one.person_id] = one
        return replace(self, watchers=tuple((one.name, one.role, one.since) for one in first.values()))


@dataclass(frozen=True, slots=True)
class Unit:
    """A device with what it does now."""

    device: Device
    link: Link = field(default_factory=Link)
    picture: Picture = field(default_factory=Picture)

    @property
    def recording(self) -> RecordingState:
        """A camera without telemetry records whenever it streams; any other records when it says so."""
        if self.device.record_mode is RecordMode.ALWAYS:
            return "recording" if self.picture.streaming else "off"
        return self.link.recording

    @property
    def online(self) -> bool:
        """In touch, by telemetry or (a camera without telemetry) by its picture."""
        return self.link.online or (self.device.record_mode is RecordMode.ALWAYS and self.picture.streaming)

    def as_json(self) -> dict[str, Any]:
        """The contract's Unit."""
        always = self.device.record_mode is RecordMode.ALWAYS
        since = self.picture.since if always and self.picture.streaming else self.link.recording_since
        seen = [at for at in (self.link.last_seen_at, self.picture.last_picture_at) if at is not None]
        return {
            "device_id": self.device.device_id,
            "call_sign": self.device.call_sign,
            "wearer": self.device.wearer,
            "online": self.online,
            "streaming": self.picture.streaming,
            "streaming_since": self.picture.since,
            "recording": self.recording,
            "keeping": self.picture.keeping if self.recording == "recording" else None,
            "recording_since": since if self.recording == "recording" else None,
            "battery_pct": self.link.battery_pct,
            "signal_pct": self.link.signal_pct,
            "status_code": self.link.status_code,
            "lacks": list(self.link.lacks),
            "layers": list(self.picture.layers),
            "watchers": [{"name": name, "role": role, "since": since} for name, role, since in self.picture.watchers],
            "last_picture_at": self.picture.last_picture_at,
            "last_seen_at": max(seen, default=None),
        }

    def as_entry(self, fix: dict[str, Any] | None) -> dict[str, Any]:
        """A row of the register: who it is, whether it is in touch, and when it was last heard, its newest fix included."""
        state = self.as_json()
        heard = [at for at in (state["last_seen_at"], None if fix is None else fix["received_at"]) if at is not None]
        shown = ("online", "streaming", "recording", "battery_pct", "lacks")
        return {
            **self.device.registration(),
            "is_phone": self.device.wearer_person_id is not None,
            "revoked_at": self.device.revoked_at,
            "last_seen_at": max(heard, default=None),
            **{name: state[name] for name in shown},
        }


TIMES_ALONE = frozenset({"last_picture_at", "last_seen_at"})


def differs(one: dict[str, Any] | None, other: dict[str, Any] | None) -> bool:
    """Whether two states of a unit differ in more than how fresh they are."""
    if one is None or other is None:
        return one is not other
    return any(one.get(key) != other.get(key) for key in (one.keys() | other.keys()) - TIMES_ALONE)


def best_link(links: Iterable[Link]) -> Link:
    """Of what several processes know of one uplink: one that is open, then the newest."""
    return max(links, key=lambda link: (link.online, link.last_seen_at or 0.0), default=Link())


def best_picture(pictures: Iterable[Picture]) -> Picture:
    """Of what several processes know of one camera's media: one that flows, then the newest."""
    return max(pictures, key=lambda picture: (picture.streaming, picture.last_picture_at or 0.0), default=Picture())


def id_stem(call_sign: str) -> str:
    """The readable part of a device's id: "Tango 21" → "tango-21"."""
    plain = unicodedata.normalize("NFKD", call_sign).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:30] or "camera"


def checked_call_sign(call_sign: str) -> str:
    """A call sign that can be shown. Raises BadRequest."""
    return _checked("call sign", call_sign, LONGEST_CALL_SIGN)


def checked_wearer(field_name: str, text: str | None) -> str | None:
    """A wearer's name or collar number; None stays None. Raises BadRequest that names the field."""
    return None if text is None else _checked(field_name, text, LONGEST_NAME)


def checked_record_mode(mode: str) -> RecordMode:
    """The mode. Raises BadRequest that lists them."""
    try:
        return RecordMode(mode)
    except ValueError:
        raise BadRequest(f"record: expected one of {', '.join(RecordMode)}, not {mode!r}") from None


DEVICE_FIELDS = ("call_sign", "wearer", "collar_number", "record")


def checked_fields(body: dict[str, Any]) -> dict[str, Any]:
    """Fields of Device from a request; a wearer may be taken away. Raises BadRequest that names the field."""
    for name, value in body.items():
        if name not in DEVICE_FIELDS:
            raise BadRequest(f"{name}: not expected; the fields are {', '.join(DEVICE_FIELDS)}")
        if value is not None and not isinstance(value, str):
            raise BadRequest(f"{name}: expected a text")
    fields: dict[str, Any] = {}
    if "call_sign" in body:
        fields["call_sign"] = checked_call_sign(body["call_sign"] or "")
    if "wearer" in body:
        fields["wearer_name"] = checked_wearer("wearer", body["wearer"] or None)
    if "collar_number" in body:
        fields["collar_number"] = checked_wearer("collar_number", body["collar_number"] or None)
    if "record" in body:
        fields["record_mode"] = checked_record_mode(body["record"] or "")
    return fields


def _checked(field_name: str, text: str, longest: int) -> str:
    wanted = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(wanted) <= longest or any(unicodedata.category(mark)[0] == "C" for mark in wanted):
        raise BadRequest(f"{field_name}: expected 1 to {longest} printable characters")
    return wanted
