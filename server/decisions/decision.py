"""A decision, and what stood on the screen on which it was made. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.audit.audit_entry import canonical
from server.decisions.command_view import CommandView

Json = dict[str, Any]
ADVISED = "advised"
NOT_TOLD = "not told"


@dataclass(frozen=True, slots=True)
class Decided:
    """The step that was made: `what` as the alert's history calls it, or ADVISED; `of_kind` is alert or advice. `at`: Unix seconds."""

    what: str
    of_kind: str
    of_id: str
    device_id: str
    at: float


@dataclass(frozen=True, slots=True)
class Decision:
    """A step with who made it and what they saw, names as they were then; `view` None: the screen did not tell."""

    id: str
    step: Decided
    call_sign: str | None  # of its camera
    by_id: str
    by_name: str
    view: Json | None

    def as_json(self) -> Json:
        """As replays and bundles have it."""
        step = self.step
        return {
            "id": self.id,
            "at": step.at,
            "what": step.what,
            "of": {"kind": step.of_kind, "id": step.of_id},
            "device_id": step.device_id,
            "call_sign": self.call_sign,
            "by": {"id": self.by_id, "name": self.by_name},
            "view": self.view,
        }

    def audited(self) -> Json:
        """What the audit's row says of it: by the SHA-256 a view that was changed is found out."""
        about = {"step": self.step.what, "decision": self.id}
        if self.view is None:
            return {**about, "view": NOT_TOLD}
        counts = {name: len(self.view[name]) for name in ("tiles", "alerts")}
        return {**about, **counts, "view": self.view["page"], "sha256": digest(self.view)}


def named(view: CommandView, signs: Mapping[str, str], alerts: Mapping[str, Json]) -> Json:
    """The view with what its cameras (`signs`) and alerts (title, call_sign, device_id) were called; null for what nobody knows:
    it is kept all the same, as that screen told it."""
    told = view.as_json()
    unknown = {"title": None, "call_sign": None, "device_id": None}
    return {
        **told,
        "tiles": [{**one, "call_sign": signs.get(one["device_id"])} for one in told["tiles"]],
        "alerts": [{**one, **unknown, **alerts.get(one["id"], {})} for one in told["alerts"]],
    }


def digest(view: Json) -> str:
    """SHA-256 (hex) of a kept view, written in the one way (audit_entry.canonical)."""
    return hashlib.sha256(canonical(view).encode()).hexdigest()
