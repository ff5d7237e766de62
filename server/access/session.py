"""A sign-in session, and who is behind a request."""

from __future__ import annotations

from dataclasses import dataclass

from server.access.person import Person


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in; `id` is no secret (the SHA-256 of the cookie's value). Times are Unix seconds."""

    id: str
    person: Person
    created_at: float
    last_used_at: float
    person_revoked: bool = False
    duty: str = ""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """What is known of an API token, but for the token itself. Times are Unix seconds; without `expires_at` it stays."""

    id: str
    purpose: str
    added_at: float
    expires_at: float | None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `session_id` is what a revocation names; without `csrf` there is no cookie to abuse.

    `duty` is what they said at sign-in that they watch for, of an API token its purpose; empty if they said nothing.
    """

    person: Person
    session_id: str
    csrf: str | None = None
    duty: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: `secret` is the cookie's value, which exists nowhere else."""

    person: Person
    secret: str
    session_id: str


def is_over(session: Session, now: float, idle_s: float, absolute_s: float) -> bool:
    """Whether it has ended by itself, or with its person."""
    unused = now - session.last_used_at > idle_s
    return session.person_revoked or unused or now - session.created_at > absolute_s


def touch_after(idle_s: float) -> float:
    """How old the noted last use may get: each note is a write, so not every request makes one."""
    return min(30.0, idle_s / 10)
