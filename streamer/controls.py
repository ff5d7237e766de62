"""The officer's hand and the kit under it: what each press does, and what is told to the server and to the officer.

Every press ends in a signal that is on the disk before `press` returns. A drawn TASER (unless the force has switched
pairing off), *watch me* and the emergency button start recording and the stream by themselves: one press is enough.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, get_args

from server import wire
from streamer.clock import Clock
from streamer.errors import PressError
from streamer.holster import REPORTS, Holster, Report, after
from streamer.outbox import Outbox

Press = Literal[
    "record",
    "record_stop",
    "stream_on",
    "stream_off",
    "watch_me",
    "watch_cancel",
    "emergency",
    "heard",
    "taser.drawn",
    "taser.armed",
    "taser.trigger",
    "taser.arc",
    "taser.safe",
]
PRESSES: tuple[Press, ...] = get_args(Press)

LOW_BATTERY_PCT = 15
BATTERY_WELL_PCT = 20  # so that a battery that wavers at 15 % raises one alert, not twenty
EMERGENCY_CODE = 0
COMMITTED_CODE = 7
PATROL_CODE = 2


@dataclass
class Kit:
    """The camera's own state. `said` gets one line for the officer; `changed` is called when the state is new."""

    outbox: Outbox
    clock: Clock
    said: Callable[[str], object]
    recording: wire.RecordingState = "buffering"
    streaming: bool = False
    requests_refused: bool = False
    battery_pct: int | None = None
    signal_pct: int | None = None
    changed: Callable[[], None] = lambda: None
    heard: Callable[[], int] = lambda: 0
    lacks: Callable[[], list[wire.Lack]] = list  # which devices are missing now
    paired: bool = True  # the force's switch: a TASER that is out starts recording and stream
    holster: Holster = field(default=Holster.SAFE, init=False)
    watch_asked: bool = field(default=False, init=False)
    emergency: bool = field(default=False, init=False)
    feet_code: int = field(default=PATROL_CODE, init=False)
    muted: bool = field(default=False, init=False)  # what happened before this process began is not told again
    _battery_told: bool = field(default=False, init=False)
    _taken: deque[str] = field(default_factory=lambda: deque(maxlen=wire.MOST_TAKEN), init=False)

    @property
    def status_code(self) -> int:
        """The national status code: 0 emergency, 7 committed, otherwise what the officer's feet do."""
        if self.emergency or self.holster not in (Holster.SAFE, Holster.DRAWN):
            return EMERGENCY_CODE
        return COMMITTED_CODE if self.holster is Holster.DRAWN else self.feet_code

    def status(self) -> wire.Status:
        """The state as the server is told."""
        return wire.Status(
            at=self.clock.wall(),
            recording=self.recording,
            streaming=self.streaming,
            battery_pct=self.battery_pct,
            signal_pct=self.signal_pct,
            status_code=self.status_code,
            taken=list(self._taken),
            lacks=self.lacks(),
        )

    def begin(self) -> None:
        """Tell what the camera does from its start."""
        if self.recording == "recording":
            self._signal("recording.started", {"by": "start"})
        if self.streaming:
            self._signal("stream.started", {"by": "start"})
        self.changed()

    def end(self) -> None:
        """Tell that the camera is being switched off; what the link does not take now goes with the next start."""
        if self.streaming:
            self._signal("stream.stopped", {"by": "end"})
        if self.recording == "recording":
            self._signal("recording.stopped", {"by": "end"})
        self.streaming, self.recording = False, "off"
        self.changed()

    def press(self, what: str, by: str = "officer") -> None:
        """Do what a key, a button or a sensor says. Raises PressError in one sentence, StoreError if it cannot be kept."""
        if what not in PRESSES:
            raise PressError(f"There is no {what!r}; there are {', '.join(PRESSES)}.")
        if what in REPORTS:
            self._taser(what)
        else:
            getattr(self, f"_{what}")(by)
        self.changed()

    def request(self, request_id: str, what: wire.RequestWhat, by: str) -> None:
        """Control asks for something. It is done and told, or refused and told; once, however often it comes."""
        if request_id in self._taken:
            return
        self._taken.append(request_id)
        self.changed()
        wanted = {"record": "recording", "stop_recording": "an end of recording", "stream": "your picture"}[what]
        if self.requests_refused:
            self.said(f"{by} asked for {wanted}; this camera refuses requests.")
            return
        self.said(f"{by} asks for {wanted}.")
        try:
            self.press({"record": "record", "stop_recording": "record_stop", "stream": "stream_on"}[what], by="control")
        except PressError as error:
            self.said(str(error))

    def set_battery(self, pct: int) -> None:
        """The battery's charge; told to the server once when it falls below 15 %."""
        if pct == self.battery_pct:
            return
        self.battery_pct = pct
        if pct < LOW_BATTERY_PCT and not self._battery_told:
            self._battery_told = True
            self._signal("battery.low", {"battery_pct": pct})
            self.said(f"Battery {pct} %.")
        elif pct >= BATTERY_WELL_PCT:
            self._battery_told = False
        self.changed()

    def set_signal(self, pct: int) -> None:
        """What the modem shows, 0 to 100."""
        if pct != self.signal_pct:
            self.signal_pct = pct
            self.changed()

    def set_feet(self, code: int) -> None:
        """The status code of what the officer's feet do; back on patrol an emergency is over."""
        if code == self.feet_code:
            return
        if code == PATROL_CODE and self.feet_code != PATROL_CODE:
            self.emergency = False
        self.feet_code = code
        self.changed()

    # ---- presses ---------------------------------------------------------------------------------

    def _taser(self, report: Report) -> None:
        self.holster = after(self.holster, report)
        self._signal(report)
        if self.paired and self.holster is not Holster.SAFE:
            self._be_seen(f"signal:{report}")

    def _watch_me(self, by: str) -> None:
        if self.watch_asked:
            raise PressError("You have asked to be watched already.")
        self.watch_asked = True
        self._signal("watch.requested", {"by": by})
        self.said("You ask to be watched.")
        self._be_seen("watch_me")

    def _watch_cancel(self, by: str) -> None:
        if not self.watch_asked:
            raise PressError("You have not asked to be watched.")
        self.watch_asked = False
        self._signal("watch.cancelled", {"by": by})
        self.said("You no longer ask to be watched.")

    def _emergency(self, by: str) -> None:
        # never refused: a second press is a second signal, and the server counts it
        self.emergency = True
        self._signal("emergency.pressed", {"by": by})
        self.said("EMERGENCY sent to control.")
        self._be_seen("emergency")

    def _record(self, by: str) -> None:
        if self.recording == "recording":
            raise PressError("It is recording already.")
        self.recording = "recording"
        self._signal("recording.started", {"by": by})
        self.said("Recording.")

    def _record_stop(self, by: str) -> None:
        if self.recording != "recording":
            raise PressError("It is not recording.")
        if self.holster is not Holster.SAFE:
            raise PressError("Recording goes on while the TASER is out.")
        self.recording = "buffering"
        self._signal("recording.stopped", {"by": by})
        self.said("Recording stopped.")

    def _stream_on(self, by: str) -> None:
        if self.streaming:
            raise PressError("The stream is on already.")
        self.streaming = True
        self._signal("stream.started", {"by": by})
        self.said("Stream on.")

    def _stream_off(self, by: str) -> None:
        if not self.streaming:
            raise PressError("The stream is off already.")
        self.streaming = False
        self._signal("stream.stopped", {"by": by})
        self.said("Stream off.")

    def _heard(self, by: str) -> None:
        if not self.heard():
            raise PressError("There is no advice that waits for an answer.")

    def _be_seen(self, by: str) -> None:
        if self.recording != "recording":
            self._record(by)
        if not self.streaming:
            self._stream_on(by)

    def _signal(self, kind: wire.SignalKind, detail: dict[str, str | int | float | bool | None] | None = None) -> None:
        if not self.muted:
            self.outbox.signal(self.clock.wall(), kind, detail)
