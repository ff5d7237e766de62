"""The catalogue of alert kinds: what raises each, how grave it is, and what somebody must do about it. Pure.

A kind that asks for no action is no alert but an activity (console.md, A3). A force changes the
catalogue in watchroom.toml, ``[alerts."taser.armed"]``; what does not fit stops the start with one sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from server.alerts.kinds import DEFAULTS
from server.errors import StartError
from server.wire import SignalKind

# EEMUA 191: about 5 / 15 / 80 % of what is annunciated; beyond these shares the top priority means nothing (A2).
MOST_P1_SHARE = 0.08
MOST_P2_SHARE = 0.25
# What ships as priority 1 tells of a life in danger: no line in a file makes it quieter, or moves it elsewhere.
ALWAYS_P1: tuple[str, ...] = tuple(
    signal for kind in DEFAULTS if kind["priority"] == 1 for signal in kind.get("raised_by", ())
)
CALL_FOR_HELP = "emergency.pressed"
PAIRED_FAMILY = "taser"
RAISED_BY_SERVER = ("camera.lost", "uplink.poison", "recording.failing")


class AlertKind(BaseModel):
    """One kind. Within a family the graver kind (lower priority, then higher rank) takes over the open alert."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)*$", max_length=40)
    family: str = Field(pattern=r"^[a-z0-9_]+$", max_length=40)
    title: str = Field(min_length=1, max_length=80)
    priority: Literal[1, 2, 3, "activity"]
    rank: int = Field(default=0, ge=0, le=100, description="order of gravity among kinds of one family and priority")
    cause: str = Field(default="", max_length=300)
    action: str = Field(default="", max_length=300)
    time_allowed_s: float | None = Field(default=None, gt=0, le=86_400)
    raised_by: tuple[SignalKind, ...] = ()
    cleared_by: tuple[SignalKind, ...] = ()
    records: bool = Field(default=False, description="a camera that does not record by then is asked to")
    per_1000_shifts: float = Field(default=0.0, ge=0, description="how often it is expected; for the lint A2")

    @model_validator(mode="after")
    def _needs_action(self) -> AlertKind:
        if self.priority == "activity":
            return self
        for name in ("cause", "action", "time_allowed_s"):
            if not getattr(self, name):
                raise ValueError(f"{name} is missing; an alert needs cause, action and time_allowed_s (else: activity)")
        return self

    @property
    def gravity(self) -> tuple[int, int]:
        """Greater is graver."""
        return (-self.priority if self.priority != "activity" else -9, self.rank)

    def as_json(self) -> dict[str, Any]:
        """The kind as the console sees it."""
        return self.model_dump(include={"kind", "family", "title", "priority", "cause", "action", "time_allowed_s"})


class Catalogue:
    """All kinds of one installation, checked."""

    def __init__(self, kinds: list[AlertKind]) -> None:
        self.kinds = tuple(kinds)
        self._by_kind = {kind.kind: kind for kind in kinds}
        self._raising: dict[str, AlertKind] = {signal: kind for kind in kinds for signal in kind.raised_by}
        self._clearing: dict[str, str] = {
            signal: kind.family for kind in kinds if kind.priority != "activity" for signal in kind.cleared_by
        }

    @classmethod
    def load(cls, changes: Mapping[str, Mapping[str, Any]], *, paired: bool = True) -> Catalogue:
        """The defaults with a force's changes. Raises StartError naming the kind, the key and what was expected.

        Where a drawn TASER does not start the camera (not `paired`), the server does not either, unless a change says so.
        """
        merged = {kind["kind"]: dict(kind) for kind in DEFAULTS}
        for kind in merged.values():
            if kind["family"] == PAIRED_FAMILY and not paired:
                kind["records"] = False
        for name, change in changes.items():
            merged[name] = {**merged.get(name, {}), **change, "kind": name}
        catalogue = cls([_checked(name, fields) for name, fields in merged.items()])
        catalogue._check_whole()
        return catalogue

    def raised_by(self, signal: str) -> AlertKind | None:
        """The kind that this signal raises (an alert or an activity)."""
        return self._raising.get(signal)

    def cleared_by(self, signal: str) -> str | None:
        """The family whose open alert this signal clears."""
        return self._clearing.get(signal)

    def clearing(self, family: str) -> tuple[str, ...]:
        """The signals that clear a family."""
        return tuple(signal for signal, cleared in self._clearing.items() if cleared == family)

    def __getitem__(self, kind: str) -> AlertKind:
        return self._by_kind[kind]

    def find(self, kind: str) -> AlertKind | None:
        """A kind by its name; None for one that an older catalogue had."""
        return self._by_kind.get(kind)

    def as_json(self) -> list[dict[str, Any]]:
        """All kinds as the console sees them."""
        return [kind.as_json() for kind in self.kinds]

    def lint(self) -> list[str]:
        """What a person should think over, in sentences; empty when the balance of priorities is sound (A2)."""
        expected = dict.fromkeys((1, 2, 3), 0.0)
        for kind in self.kinds:
            if kind.priority != "activity":
                expected[kind.priority] += kind.per_1000_shifts
        total = sum(expected.values()) or 1.0
        limits = {1: MOST_P1_SHARE, 2: MOST_P2_SHARE}
        return [
            f"priority {level} is {expected[level] / total:.0%} of the expected alerts; at most {most:.0%} is sound"
            for level, most in limits.items()
            if expected[level] / total > most
        ]

    def _check_whole(self) -> None:
        owner: dict[str, str] = {}
        for kind in self.kinds:
            for signal in kind.raised_by:
                if signal in owner:
                    raise StartError(
                        f'alerts."{kind.kind}".raised_by: {signal} already raises {owner[signal]}; one kind each'
                    )
                owner[signal] = kind.kind
        cleared: dict[str, str] = {}
        for kind in self.kinds:
            for signal in kind.cleared_by:
                if kind.priority != "activity" and cleared.setdefault(signal, kind.family) != kind.family:
                    raise StartError(
                        f'alerts."{kind.kind}".cleared_by: {signal} already clears family {cleared[signal]}; one each'
                    )
        self._check_grave()

    def _check_grave(self) -> None:
        for signal in ALWAYS_P1:
            kind = self._raising.get(signal)
            if kind is None:
                raise StartError(f"alerts: nothing is raised_by {signal}; it must raise an alert of priority 1")
            if kind.priority != 1:
                raise StartError(
                    f'alerts."{kind.kind}".priority: expected 1, for {signal} raises it; {kind.priority} is not enough'
                )
        call = self._raising[CALL_FOR_HELP]
        for kind in self.kinds:
            hides = kind.family == call.family and kind.gravity >= call.gravity and kind is not call
            if hides and (kind.raised_by or kind.kind in RAISED_BY_SERVER):
                raise StartError(
                    f'alerts."{kind.kind}".family: {call.family} must be {call.kind}\'s alone or its rank lower; '
                    f"while such an alert is open, {CALL_FOR_HELP} would only be counted"
                )
        for name in RAISED_BY_SERVER:
            if self._by_kind[name].priority == "activity":
                raise StartError(f'alerts."{name}".priority: expected 1, 2 or 3; the server raises it as an alert')


def signal_kinds() -> tuple[str, ...]:
    """Every kind of signal that a camera can send."""
    return get_args(SignalKind)


def _checked(name: str, fields: Mapping[str, Any]) -> AlertKind:
    try:
        return AlertKind.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        where = f'alerts."{name}"' + (f".{key}" if key else "")
        raise StartError(f"{where}: {first['msg']}") from error
