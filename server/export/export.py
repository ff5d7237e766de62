"""An export: a bundle, who had it made and why, how far it has come, and where in it each camera's film lies. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

Json = dict[str, Any]

KEPT_S = 24 * 3600.0
KEPT_FIELDS = (
    *("id", "person_id", "by", "name", "made_at", "why", "bytes", "sha256", "damaged", "unplayable"),
    *("call_signs", "start", "end"),
)
SINCE = {"damaged": 0, "unplayable": 0}  # an earlier version told nothing of these
ROW_FIELDS = (*KEPT_FIELDS, "folder", "state", "problem", "done", "total")
UNDER_WAY = ("waiting", "writing")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where a film lies within the ZIP, which is stored as it is; bytes."""

    name: str
    device_id: str
    offset: int
    size: int

    @property
    def title(self) -> str:
        """Its file's name, without the folder."""
        return self.name.rsplit("/", 1)[-1]

    @property
    def format(self) -> str:
        """mp4 or webm."""
        return self.name.rsplit(".", 1)[-1]


@dataclass(slots=True)
class Export:
    """One bundle of what these cameras recorded from `start` to `end` (Unix seconds). `done` and `total` are bytes, of which
    `total` is an estimate until it is finished; `bytes` and `sha256` are the finished ZIP's. `folder`: that of the process which
    makes it."""

    id: str
    person_id: str
    name: str
    made_at: float
    why: str
    by: str = ""
    call_signs: list[str] = field(default_factory=list)
    start: float = 0.0
    end: float = 0.0
    folder: str = ""
    total: int = 1
    done: int = 0
    state: str = "waiting"  # waiting, writing, ready, failed
    problem: str = ""
    bytes: int = 0
    sha256: str = ""
    films: tuple[Stretch, ...] = ()
    damaged: int = 0  # files that are not what was recorded: they go in as they lie
    unplayable: int = 0  # files that are what was recorded, and that no film shows; and films that cannot be made

    def as_json(self) -> Json:
        """As whoever asked for it sees it."""
        share = 1.0 if self.state == "ready" else min(0.99, self.done / max(1, self.total))
        told: Json = {"id": self.id, "name": self.name, "state": self.state, "share": round(share, 3)}
        if self.state == "ready":
            at = f"/api/exports/{self.id}"
            films = [
                {"device_id": one.device_id, "bytes": one.size, "url": f"{at}/film/{one.device_id}?format={one.format}"}
                for one in self.films
            ]
            told |= {"bytes": self.bytes, "sha256": self.sha256, "url": f"{at}/bundle", "films": films}
            told |= {"damaged": self.damaged, "unplayable": self.unplayable}
        return {**told, "problem": self.problem, "until": self.until}

    def listed(self) -> Json:
        """As whoever may export sees it in the list."""
        names = ("id", "by", "name", "made_at", "why", "bytes", "sha256", "damaged", "unplayable", "call_signs")
        return {
            **{name: getattr(self, name) for name in names},
            "from": self.start,
            "to": self.end,
            "until": self.until,
        }

    @property
    def until(self) -> float:
        """When it is removed, Unix seconds."""
        return self.made_at + KEPT_S

    def film(self, device_id: str, form: str | None) -> Stretch | None:
        """A camera's film; `form`: of which format, None for the first."""
        own = (one for one in self.films if one.device_id == device_id)
        return next((one for one in own if form in (None, one.format)), None)

    def kept(self) -> Json:
        """What lies beside the ZIP of a finished one, so that it outlives its process."""
        return {**{name: getattr(self, name) for name in KEPT_FIELDS}, "films": [asdict(one) for one in self.films]}

    def row(self) -> Json:
        """As the database has it."""
        return {**{name: getattr(self, name) for name in ROW_FIELDS}, "films": [asdict(one) for one in self.films]}


def of_row(told: Mapping[str, Any]) -> Export:
    """One from its row."""
    told = SINCE | dict(told)
    return Export(**{name: told[name] for name in ROW_FIELDS}, films=tuple(Stretch(**one) for one in told["films"]))


def finished(told: Mapping[str, Any]) -> Export:
    """One from what lay beside its ZIP. Raises ValueError, KeyError and TypeError for anything else."""
    told = SINCE | dict(told)
    films = tuple(Stretch(**one) for one in told["films"])
    export = Export(**{name: told[name] for name in KEPT_FIELDS}, films=films, state="ready")
    texts = (export.person_id, export.by, export.name, export.why, *export.call_signs)
    good = re.fullmatch("[0-9a-f]{32}", export.id) and re.fullmatch("[0-9a-f]{64}", export.sha256)
    if not good or not all(isinstance(one, str) for one in texts) or not export.made_at > 0 or not export.bytes > 0:
        raise ValueError("it is not what is written beside a bundle")
    export.done = export.total = export.bytes
    return export
