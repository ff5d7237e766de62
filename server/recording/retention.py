"""How long a recording is kept: its categories, of which the longest wins, and what keeps it besides. Pure.

A category either ends after `days`, and what is in it is then deleted; or it is reviewed after `review_days`, and what is in
it stays until somebody decides (MoPI: review, retention, disposal). A force changes the table in watchroom.toml,
``[retention.untagged]``; what does not fit stops the start with one sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from server.errors import BadRequest, StartError
from server.recording.marks import Marks, Outcome, checked_tag

DAY_S = 86_400.0
# Whatever a person changes, nothing goes sooner after it: it stands in the list of the next 7 days first.
GRACE_DAYS = 7
MOST_DAYS = 36_525  # a hundred years, as MoPI's group 1 has it
UNTAGGED = "untagged"
# College of Policing, APP on information management: what is relevant is kept for six years at least and then reviewed,
# after serious offences every ten years. 30 days: what nobody has asked for by then.
DEFAULTS: dict[str, dict[str, Any]] = {
    UNTAGGED: {"title": "Untagged", "days": 30},
    "evidential": {"title": "Evidential", "review_days": 6 * 365},
    "complaint": {"title": "Complaint", "review_days": 6 * 365},
    "mopi": {"title": "MoPI group 3", "review_days": 6 * 365},
    "mopi-serious": {"title": "MoPI groups 1 and 2", "review_days": 10 * 365},
}
TERMS = ("days", "review_days")


class Category(BaseModel):
    """One row of the table. A tag that is named like it, or is among its `tags`, counts as this category."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)
    title: str = Field(min_length=1, max_length=80)
    days: int | None = Field(default=None, ge=1, le=MOST_DAYS)
    review_days: int | None = Field(default=None, ge=1, le=MOST_DAYS)
    tags: tuple[str, ...] = ()

    @field_validator("tags")
    @classmethod
    def _as_kept(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(checked_tag(tag) for tag in tags)
        except BadRequest as error:
            raise ValueError(error.detail) from error

    @model_validator(mode="after")
    def _ends_in_one_way(self) -> Category:
        if (self.days is None) == (self.review_days is None):
            raise ValueError(
                "expected either days, after which it is deleted, or review_days, after which it is reviewed"
            )
        return self

    @property
    def counted(self) -> tuple[str, ...]:
        """The tags that count as this category."""
        return (self.name, *self.tags)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the table says of a recording. Times are Unix seconds.

    `rule` names the category, or the decision, that counts; `kept_by` what keeps it whatever the table says.
    """

    rule: str
    delete_at: float | None = None
    review_at: float | None = None
    kept_by: tuple[str, ...] = ()

    def may_delete(self, now: float) -> bool:
        """Whether it may go now."""
        return not self.kept_by and self.delete_at is not None and self.delete_at <= now

    def as_json(self) -> dict[str, Any]:
        """For the API."""
        times = {"delete_at": self.delete_at, "review_at": self.review_at}
        return {"rule": self.rule, **times, "kept_by": list(self.kept_by)}


@dataclass(frozen=True, slots=True)
class Superseded:
    """A table that was in force until then (Unix seconds); None, and why, where it cannot be read any more."""

    table: RetentionTable | None
    replaced_at: float
    doubtful: str = ""


class RetentionTable:
    """All categories of one installation, checked; and those that they replaced lately, by which nothing goes sooner."""

    def __init__(self, categories: list[Category]) -> None:
        self.categories = tuple(categories)
        self._before: tuple[Superseded, ...] = ()
        self._by_name = {category.name: category for category in categories}
        self._counting: dict[str, list[Category]] = {}
        for category in categories:
            for tag in category.counted:
                self._counting.setdefault(tag, []).append(category)

    @classmethod
    def load(cls, changes: Mapping[str, Mapping[str, Any]]) -> RetentionTable:
        """The defaults with a force's changes. Raises StartError naming the category, the key and what was expected."""
        merged = {name: {**fields, "name": name} for name, fields in DEFAULTS.items()}
        for name, change in changes.items():
            before = merged.get(name, {"title": name})
            if any(term in change for term in TERMS):
                before = {key: value for key, value in before.items() if key not in TERMS}
            merged[name] = {**before, **change, "name": name}
        return cls([_checked(name, fields) for name, fields in merged.items()])

    @classmethod
    def of(cls, categories: Iterable[Mapping[str, Any]]) -> RetentionTable:
        """One that was in force before, as `as_json` gave it."""
        return cls(
            [
                _checked(str(one["name"]), {name: one[name] for name in one if one[name] is not None})
                for one in categories
            ]
        )

    def follow(self, before: Iterable[Superseded]) -> None:
        """Know which tables this one follows."""
        self._before = tuple(before)

    def as_json(self) -> list[dict[str, Any]]:
        """All categories as the API shows them."""
        return [category.model_dump(mode="json") for category in self.categories]

    def find(self, name: str) -> Category | None:
        """A category by its name; None for one that the table has not, or no more."""
        return self._by_name.get(name)

    def prolongs(self, tag: str) -> bool:
        """Whether this tag counts as a category."""
        return tag in self._counting

    @property
    def shortest_days(self) -> int:
        """No recording is deleted earlier than so many days after its end."""
        return min((category.days for category in self.categories if category.days is not None), default=0)

    @property
    def shortest_review_days(self) -> int:
        """No recording is reviewed earlier than so many days after its end, unless a person says so."""
        return min((one.review_days for one in self.categories if one.review_days is not None), default=MOST_DAYS)

    @property
    def reviewed(self) -> tuple[str, ...]:
        """All names and tags that lead to a review."""
        return tuple(
            tag for tag, categories in self._counting.items() if any(one.review_days is not None for one in categories)
        )

    def judge(self, ended_at: float | None, marks: Marks, now: float) -> Verdict:
        """What becomes of a recording that ended then (None: it goes on) and of which people have said this.

        A table that was replaced holds for a week more, where it keeps longer: whatever an edit shortens stands in the
        list of what is about to go first.
        """
        verdict = self._judge(ended_at, marks, now)
        if verdict.delete_at is None:
            return verdict
        held = [verdict.delete_at]
        for one in self._before:
            then = None if one.table is None else one.table._judge(ended_at, marks, now).delete_at
            until = one.replaced_at + GRACE_DAYS * DAY_S
            held.append(until if then is None else min(then, until))
        return replace(verdict, delete_at=max(held))

    def _judge(self, ended_at: float | None, marks: Marks, now: float) -> Verdict:
        holding = marks.holding(now)
        kept_by = ("open",) * (ended_at is None) + tuple(dict.fromkeys(hold.kind.value for hold in holding))
        decision = marks.decision
        if decision is not None and decision.outcome is Outcome.RETAIN:
            return Verdict("retained", None, decision.review_at, kept_by)
        category = marks.category or UNTAGGED
        if category not in self._by_name:  # the force has taken it out of its table: a person must look
            return Verdict(category, None, marks.review_at or ended_at, kept_by)
        applying = self._applying(category, marks.tags)
        disposed = decision is not None
        reviewed = [one for one in applying if one.review_days is not None]
        if reviewed and not disposed:
            longest = max(reviewed, key=lambda one: one.review_days or 0)
            return Verdict(longest.name, None, marks.review_at or _later(ended_at, longest.review_days), kept_by)
        if disposed:  # it goes no sooner than what nobody has asked for
            applying.append(self._by_name[UNTAGGED])
        days, rule = max(
            ((one.days, one.name) for one in applying if one.days is not None), default=(self.shortest_days, UNTAGGED)
        )
        at = _later(ended_at, days)
        if at is not None and marks.changed_at is not None:
            at = max(at, marks.changed_at + GRACE_DAYS * DAY_S)
        return Verdict("disposed" if disposed else rule, at, None, kept_by)

    def _applying(self, category: str, tags: tuple[str, ...]) -> list[Category]:
        """Its own category, and those that its tags count as: a tag prolongs and never shortens."""
        return [self._by_name[category], *(one for tag in tags for one in self._counting.get(tag, ()))]


def _later(ended_at: float | None, days: int | None) -> float | None:
    return None if ended_at is None or days is None else ended_at + days * DAY_S


def _checked(name: str, fields: Mapping[str, Any]) -> Category:
    try:
        return Category.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        where = f"retention.{name}" + (f".{key}" if key else "")
        raise StartError(f"{where}: {first['msg'].removeprefix('Value error, ')}") from error
