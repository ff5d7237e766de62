"""One tree of errors. Whoever raises says what was expected; the middleware makes problem+json (RFC 9457) of it."""

from __future__ import annotations

from typing import Any, ClassVar


class WatchroomError(Exception):
    """Something that a caller can understand. `members` become extra members of the problem document."""

    status: ClassVar[int] = 500
    kind: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong here"

    def __init__(self, detail: str, *, kind: str | None = None, headers: dict[str, str] | None = None, **members: Any):
        super().__init__(detail)
        self.detail = detail
        self.problem_kind = kind or self.kind
        self.headers = headers or {}
        self.members = members

    def problem(self) -> dict[str, Any]:
        """The problem document: type, title, status, detail and the members."""
        return {
            "type": f"/problems/{self.problem_kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }


class BadRequest(WatchroomError):
    """The request cannot be understood; the detail names the field and what was expected."""

    status, kind, title = 400, "bad-request", "The request is not valid"


class Unauthorised(WatchroomError):
    """Nobody we know."""

    status, kind, title = 401, "unauthorised", "Sign in first"


class Forbidden(WatchroomError):
    """Known, but not allowed."""

    status, kind, title = 403, "forbidden", "You may not do this"


class ReasonNeeded(Forbidden):
    """Nobody has said why: a reason lets it through."""

    kind, title = "reason-needed", "Say why first"


class NotFound(WatchroomError):
    """No such thing (or none that the caller may know of)."""

    status, kind, title = 404, "not-found", "There is no such thing"


class Conflict(WatchroomError):
    """The thing is not in a state that allows this; members say what state it is in."""

    status, kind, title = 409, "conflict", "The state does not allow this"


class PreconditionFailed(WatchroomError):
    """If-Match does not match (RFC 9110 13.1.1)."""

    status, kind, title = 412, "precondition-failed", "It has changed meanwhile"


class TooLarge(WatchroomError):
    """The body exceeds the limit that the detail names."""

    status, kind, title = 413, "too-large", "The body is too large"


class UnsupportedMedia(WatchroomError):
    """The content type is not the one expected."""

    status, kind, title = 415, "unsupported-media", "The content type is not supported"


class Unprocessable(WatchroomError):
    """Understood, and impossible."""

    status, kind, title = 422, "unprocessable", "This cannot be done"


class PreconditionRequired(WatchroomError):
    """The request must say which state it is meant for (RFC 6585 section 3)."""

    status, kind, title = 428, "precondition-required", "Say which state this is meant for"


class TooMany(WatchroomError):
    """Slow down; Retry-After says for how long."""

    status, kind, title = 429, "too-many", "Too many attempts"


class Unavailable(WatchroomError):
    """Not now; Retry-After says when."""

    status, kind, title = 503, "unavailable", "Not available at the moment"


class StartError(WatchroomError):
    """The program cannot start; the detail is one sentence for the person at the terminal."""

    kind, title = "start", "Watchroom cannot start"
