"""Every message that crosses a process: camera ⇄ server telemetry, in msgpack.

One msgpack map per binary WebSocket message; the field ``t`` names its type. Times are Unix
seconds (UTC, float). The camera's numbered messages (`Fix`, `Signal`, `Receipt`) stay in its
outbox until the server acknowledges their ``seq``; (device, outbox_id, seq) is their identity,
so that a resent message is recognised.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, Union

import msgpack
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

T = TypeVar("T")

MAX_MESSAGE_BYTES = 64 * 1024  # a fix is about 120 bytes; anything near this is not ours
MOST_DETAILS = 20
LONGEST_NAME = 40  # characters of a detail's name
LONGEST_DETAIL = 200  # characters of a detail's text: it stands in a line of the alert's history
REPLACEMENT = "\ufffd"

FOOTAGE = "watchroom-footage-1"
MOST_CODED_BYTES = 4 << 20  # of one picture
MOST_PIECE_BYTES = 1 << 20  # that footage is read in
MOST_SPANS = 500
NIL = b"\xc0"  # of msgpack
MOST_TAKEN = 8  # requests of the last minute that a status confirms

SignalKind = Literal[
    "recording.started",
    "recording.stopped",
    "stream.started",
    "stream.stopped",
    "watch.requested",
    "watch.cancelled",
    "emergency.pressed",
    "taser.drawn",
    "taser.armed",
    "taser.trigger",
    "taser.arc",
    "taser.safe",
    "battery.low",
]
RecordingState = Literal["recording", "buffering", "off"]
ReceiptState = Literal["delivered", "shown", "acknowledged"]
RequestWhat = Literal["record", "stop_recording", "stream"]
Lack = Literal["picture", "sound", "position"]

Time = Annotated[float, Field(ge=0, le=4e9, allow_inf_nan=False)]
Seq = Annotated[int, Field(ge=1, le=2**53)]
Scalar = str | int | float | bool | None
# PostgreSQL refuses NUL in any text, and no UTF-8 holds half of a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """The text with U+FFFD for what no database takes: NUL and lone surrogates."""
    return _UNSTORABLE.sub(REPLACEMENT, text)


def is_storable(text: str) -> bool:
    """Whether every database takes this text."""
    return _UNSTORABLE.search(text) is None


def _kept_detail(detail: Any) -> Any:
    """A detail as it can be kept. What is unusable in it becomes None: it must never cost the signal its alert."""
    if not isinstance(detail, dict):
        return {}
    named = [(storable(name[:LONGEST_NAME]), value) for name, value in detail.items() if isinstance(name, str)]
    return {name: _kept_value(value) for name, value in named[:MOST_DETAILS]}


def _kept_value(value: Any) -> Scalar:
    if isinstance(value, str):
        text = storable(value[:LONGEST_DETAIL])
        return text if len(value) <= LONGEST_DETAIL else text[:-1] + "…"
    if isinstance(value, float):
        return value if math.isfinite(value) else None  # JSON knows neither NaN nor infinity
    return value if isinstance(value, int) else None


Detail = Annotated[dict[str, Scalar], BeforeValidator(_kept_detail)]
StorableText = Annotated[str, Field(pattern=r"^[^\x00]*$")]


class WireError(ValueError):
    """A message that is not one of ours; says which field, and what was expected."""


class Message(BaseModel):
    """A frozen message; unknown fields are ignored, so that either side may be newer."""

    model_config = ConfigDict(frozen=True, extra="ignore")


# ---- camera to server -------------------------------------------------------------------------


class Hello(Message):
    """Who the camera is: `signature` is Ed25519 over `hello_to_sign` (absent: a phone's cookie)."""

    t: Literal["hello"] = "hello"
    outbox_id: StorableText = Field(min_length=8, max_length=64)
    at: Time
    software: str = Field(default="", max_length=80)
    signature: bytes = Field(default=b"", max_length=64)
    yields: bool = False  # a newer connection of the same camera replaced it: it asks only whether that has gone


class Fix(Message):
    """One position as the device saw it. Degrees WGS84, metres (68 % radius), m/s, degrees from north."""

    t: Literal["fix"] = "fix"
    seq: Seq
    at: Time
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)
    accuracy_m: float = Field(ge=0, le=100_000, allow_inf_nan=False)
    speed_mps: float | None = Field(default=None, ge=0, le=400, allow_inf_nan=False)
    heading_deg: float | None = Field(default=None, ge=0, lt=360, allow_inf_nan=False)


class Signal(Message):
    """What the officer or the kit did. `detail`: at most MOST_DETAILS short values; None for an unusable one."""

    t: Literal["signal"] = "signal"
    seq: Seq
    at: Time
    kind: SignalKind
    detail: Detail = Field(default_factory=dict)


class Receipt(Message):
    """Proof that a piece of advice reached the device, was shown, or was acknowledged by the officer."""

    t: Literal["receipt"] = "receipt"
    seq: Seq
    at: Time
    advice_id: StorableText = Field(min_length=1, max_length=64)
    state: ReceiptState


class Status(Message):
    """The camera's condition; only the latest counts, so it is neither numbered nor resent."""

    t: Literal["status"] = "status"
    at: Time
    recording: RecordingState
    streaming: bool
    battery_pct: int | None = Field(default=None, ge=0, le=100)
    signal_pct: int | None = Field(default=None, ge=0, le=100)
    status_code: int = Field(default=2, ge=0, le=99)
    # The requests that were taken last, newest last: told again and again, so that no lost message hides one.
    taken: list[Annotated[str, Field(max_length=64)]] = Field(default_factory=list, max_length=MOST_TAKEN)
    # What it would not send now, since the device for it is missing: known before anybody asks it to record.
    lacks: list[Lack] = Field(default_factory=list, max_length=3)


# ---- server to camera -------------------------------------------------------------------------


class Challenge(Message):
    """First message on the uplink: sign this."""

    t: Literal["challenge"] = "challenge"
    nonce: bytes = Field(min_length=16, max_length=64)


class Welcome(Message):
    """The camera is known; where and with what token it may publish. `whip_path` starts with '/'."""

    t: Literal["welcome"] = "welcome"
    server_time: Time
    call_sign: str
    whip_path: str
    whip_token: str
    ice_servers: list[dict[str, Any]] = Field(default_factory=list)
    pairing: bool = True  # the force's switch: whether a TASER that is drawn starts the recording


class Token(Message):
    """A fresh short-lived WHIP token, before the last one expires, and TURN credentials likewise."""

    t: Literal["token"] = "token"
    whip_token: str
    ice_servers: list[dict[str, Any]] = Field(default_factory=list)


class Ack(Message):
    """These numbered messages are committed; the camera may forget them."""

    t: Literal["ack"] = "ack"
    seqs: list[Seq]


class Refused(Message):
    """This message can never be accepted; the camera sets it aside (quarantine) and goes on. seq 0: unreadable."""

    t: Literal["refused"] = "refused"
    seq: int = Field(ge=0)
    reason: str


class Advice(Message):
    """Words from command to the officer."""

    t: Literal["advice"] = "advice"
    advice_id: str
    text: str
    author: str
    sent_at: Time


class Watcher(Message):
    """One person who watches this camera now."""

    name: str
    role: str
    since: Time


class Watchers(Message):
    """Who watches this camera now: the officer is always told."""

    t: Literal["watchers"] = "watchers"
    watchers: list[Watcher]


class Request(Message):
    """Control asks the camera to do something; it confirms by its next status."""

    t: Literal["request"] = "request"
    request_id: str
    what: RequestWhat
    by: str


class MediaSession(Message):
    """By which media session (the last part of WHIP's Location) the camera's picture comes in now, None: by none.

    A camera that was told of its own session, and now is told of none, has lost it and posts a new offer at once.
    """

    t: Literal["media_session"] = "media_session"
    session_id: str | None


class AlertUpdate(Message):
    """What became of the officer's alert, in one line for the officer."""

    t: Literal["alert_update"] = "alert_update"
    alert_id: str
    kind: str
    state: str
    by: str | None = None


# ---- footage that the camera kept, and what of it the server lacks (JSON over HTTP) ---------------


class HeldSpan(Message):
    """Footage without a break on the camera's disk, in its own clock; recording was ordered at `ordered_at`."""

    start: Time
    end: Time
    ordered_at: Time


class FootageHeld(Message):
    """All that the camera holds."""

    spans: list[HeldSpan] = Field(max_length=MOST_SPANS)


class FootageWanted(Message):
    """A stretch that the server lacks, in the camera's clock. `id` names it, and begins its upload's metadata."""

    id: str = Field(max_length=120)
    start: Time
    end: Time


class FootageAnswer(Message):
    """What of it the server lacks; and what it has on disk, so that the camera may let its own copy go."""

    wanted: list[FootageWanted]
    kept: list[tuple[Time, Time]] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Coded:
    """One picture (H.264 in Annex B) or packet of sound (Opus), as the camera's encoder made it.

    `layer`: main, sub or sound. `captured_at`: Unix seconds of the camera's clock.
    """

    layer: str
    captured_at: float
    is_key: bool
    data: bytes


FromCamera = Annotated[Union[Hello, Fix, Signal, Receipt, Status], Field(discriminator="t")]
FromServer = Annotated[
    Union[Challenge, Welcome, Token, Ack, Refused, Advice, Watchers, Request, MediaSession, AlertUpdate],
    Field(discriminator="t"),
]
_from_camera: TypeAdapter[Hello | Fix | Signal | Receipt | Status] = TypeAdapter(FromCamera)
_from_server: TypeAdapter[
    Challenge | Welcome | Token | Ack | Refused | Advice | Watchers | Request | MediaSession | AlertUpdate
] = TypeAdapter(FromServer)


def hello_to_sign(device_id: str, outbox_id: str, nonce: bytes) -> bytes:
    """The bytes that a camera signs with its private key to prove who it is on this connection."""
    return b"watchroom-hello-v1\n" + device_id.encode() + b"\n" + outbox_id.encode() + b"\n" + nonce


def pack(message: Message) -> bytes:
    """One message as msgpack."""
    packed: bytes = msgpack.packb(message.model_dump(mode="python"), use_bin_type=True)
    return packed


def pack_coded(coded: Coded) -> bytes:
    """One unit of footage: footage is these, one behind the other."""
    packed: bytes = msgpack.packb([coded.layer, coded.captured_at, coded.is_key, coded.data], use_bin_type=True)
    return packed


def coded_in(pieces: Iterable[bytes]) -> Iterator[Coded]:
    """Footage from pieces of any size up to MOST_PIECE_BYTES. Raises WireError for what is none, or is torn."""
    unpacker = msgpack.Unpacker(raw=False, max_buffer_size=MOST_CODED_BYTES + MOST_PIECE_BYTES)
    try:
        for piece in pieces:
            unpacker.feed(piece)
            yield from map(_coded, unpacker)
        unpacker.feed(NIL)
        rest = list(unpacker)
    except (ValueError, msgpack.exceptions.UnpackException, RecursionError) as error:
        raise WireError(f"not footage: {error}") from error
    if rest != [None]:  # it became a part of a unit that is torn
        raise WireError("the footage ends in the middle of a unit")


def _coded(item: Any) -> Coded:
    nothing: list[Any] = [None] * 4
    layer, at, is_key, data = item if isinstance(item, list) and len(item) == 4 else nothing
    timed = isinstance(at, float) and 0 <= at <= 4e9
    known = layer in ("main", "sub", "sound") and isinstance(is_key, bool)
    if not (known and timed and isinstance(data, bytes)):
        raise WireError("a unit of footage: expected layer, time, whether it is a key frame, and its bytes")
    return Coded(layer, at, is_key, data)


def pack_map(body: dict[str, Any]) -> bytes:
    """A plain map as msgpack, for the console's channel and the bus."""
    packed: bytes = msgpack.packb(body, use_bin_type=True)
    return packed


def unpack_map(raw: bytes, max_bytes: int = MAX_MESSAGE_BYTES) -> dict[str, Any]:
    """One msgpack map with text keys; what is no UTF-8 in its texts becomes U+FFFD. Raises WireError."""
    if len(raw) > max_bytes:
        raise WireError(f"message of {len(raw)} bytes; at most {max_bytes} are accepted")
    try:
        body = msgpack.unpackb(raw, raw=False, strict_map_key=True, unicode_errors="replace")
    except (ValueError, msgpack.exceptions.UnpackException, RecursionError) as error:
        raise WireError(f"not a msgpack message: {error}") from error
    if not isinstance(body, dict):
        raise WireError(f"expected a map, got {type(body).__name__}")
    return body


def parse_from_camera(raw: bytes) -> Hello | Fix | Signal | Receipt | Status:
    """A camera's message. Raises WireError that names the field and what was expected."""
    return _validated(_from_camera, raw)


def parse_from_server(
    raw: bytes,
) -> Challenge | Welcome | Token | Ack | Refused | Advice | Watchers | Request | MediaSession | AlertUpdate:
    """A server's message. Raises WireError that names the field and what was expected."""
    return _validated(_from_server, raw)


def _validated(adapter: TypeAdapter[T], raw: bytes) -> T:
    try:
        return adapter.validate_python(unpack_map(raw))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "message"
        raise WireError(storable(f"{where}: {first['msg']}")) from error
