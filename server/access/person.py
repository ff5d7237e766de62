"""A person who may sign in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from server.access.permission import Role
from server.errors import BadRequest
from server.units.unit import checked_call_sign

LONGEST_NAME = 64
LONGEST_TEXT = 120
SHORTEST_PASSWORD = 8  # NIST SP 800-63B: length is what counts
LONGEST_PASSWORD = 1024  # characters; argon2 reads all of it, so there must be an end
LONGEST_TOKEN_DAYS = 366  # what is forgotten ends by itself; a year's contract fits
PERSON_FIELDS = ("name", "role", "display_name", "call_sign", "password")
CHANGEABLE = ("role", "display_name", "call_sign")
_NAME = re.compile(r"[\w.@+' -]+")


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is: `name` is what they sign in with, `display_name` what others see."""

    id: str
    name: str
    display_name: str
    role: Role

    def as_json(self) -> dict[str, str]:
        """As the API shows a person."""
        return {"id": self.id, "name": self.name, "display_name": self.display_name, "role": self.role.value}


def name_key(name: str) -> str:
    """What two ways to write the same name have in common."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def checked_name(name: str) -> str:
    """The name to sign in with. Raises BadRequest."""
    wanted = unicodedata.normalize("NFKC", name).strip()
    if not 1 <= len(wanted) <= LONGEST_NAME or not _NAME.fullmatch(wanted):
        raise BadRequest(f"name: expected 1 to {LONGEST_NAME} letters, digits, spaces or any of . _ @ + ' -")
    return wanted


def checked_text(field: str, text: str) -> str:
    """A name for display. Raises BadRequest that names `field`."""
    wanted = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(wanted) <= LONGEST_TEXT or any(unicodedata.category(mark)[0] == "C" for mark in wanted):
        raise BadRequest(f"{field}: expected 1 to {LONGEST_TEXT} printable characters")
    return wanted


def checked_role(role: str) -> Role:
    """The role. Raises BadRequest that lists them."""
    try:
        return Role(role)
    except ValueError:
        raise BadRequest(f"role: expected one of {', '.join(Role)}, not {role!r}") from None


def checked_password(password: str) -> str:
    """A password that may be set. Raises BadRequest."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadRequest(f"password: expected {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    if _has_controls(password):
        raise BadRequest("password: control characters are not expected")
    return password


def sign_in_fields(body: Any) -> tuple[str, str]:
    """Name and password from a sign-in request. Raises BadRequest."""
    name, password = (body.get("name"), body.get("password")) if isinstance(body, dict) else (None, None)
    if not isinstance(name, str) or not isinstance(password, str) or not name or not password:
        raise BadRequest("name and password: both are expected, as text")
    if len(name) > LONGEST_TEXT or len(password) > LONGEST_PASSWORD:
        raise BadRequest(f"name: at most {LONGEST_TEXT} characters; password: at most {LONGEST_PASSWORD}")
    if _has_controls(name + password):
        raise BadRequest("name and password: control characters are not expected")
    return name, password


def duty_of(body: Any) -> str:
    """What somebody says at sign-in that they watch for; they may say nothing. Raises BadRequest."""
    duty = body.get("duty") if isinstance(body, dict) else None
    if duty is not None and not isinstance(duty, str):
        raise BadRequest("duty: expected a text")
    if not duty or not duty.strip():
        return ""
    return checked_text("duty", duty)


def text_fields(
    body: dict[str, Any], expected: Collection[str], required: Collection[str] = ()
) -> dict[str, str | None]:
    """The texts of a request, by field; an empty one or null is None. Raises BadRequest that names the field."""
    for name in body:
        if name not in expected:
            raise BadRequest(f"{name}: not expected; the fields are {', '.join(expected)}")
    found: dict[str, str | None] = {}
    for name, value in body.items():
        if value is not None and not isinstance(value, str):
            raise BadRequest(f"{name}: expected a text")
        found[name] = value if value and value.strip() else None
    for name in required:
        if found.get(name) is None:
            raise BadRequest(f"{name}: expected; it is missing or empty")
    return found


def changed_columns(fields: dict[str, str | None]) -> dict[str, str | None]:
    """What a change of a person sets; a call sign may be taken away. Raises BadRequest that names the field."""
    checked: dict[str, str | None] = {}
    if "role" in fields:
        checked["role"] = checked_role(fields["role"] or "").value
    if "display_name" in fields:
        checked["display_name"] = checked_text("display_name", fields["display_name"] or "")
    if "call_sign" in fields:
        checked["call_sign"] = None if fields["call_sign"] is None else checked_call_sign(fields["call_sign"])
    if not checked:
        raise BadRequest(f"nothing to change: expected any of {', '.join(CHANGEABLE)}")
    return checked


def own_password_fields(body: dict[str, Any]) -> tuple[str, str]:
    """The current and the new password of whoever asks. Raises BadRequest that names the field."""
    current, new = body.get("current"), body.get("password")
    if not isinstance(current, str) or not 1 <= len(current) <= LONGEST_PASSWORD or _has_controls(current):
        raise BadRequest("current: expected your password of today, as text")
    if not isinstance(new, str):
        raise BadRequest("password: expected the new one, as text")
    return current, checked_password(new)


def token_fields(body: dict[str, Any]) -> tuple[str, int]:
    """Purpose and days of a new API token. Raises BadRequest that names the field."""
    purpose, days = body.get("purpose"), body.get("days")
    if not isinstance(purpose, str):
        raise BadRequest("purpose: expected a text that says what the token is for")
    if not isinstance(days, int) or isinstance(days, bool):
        raise BadRequest(f"days: expected a whole number, 1 to {LONGEST_TOKEN_DAYS}")
    return checked_text("purpose", purpose), checked_days(days)


def _has_controls(text: str) -> bool:
    """Control characters, or halves of characters that no password can be kept from."""
    return any(unicodedata.category(mark) in ("Cc", "Cs") for mark in text)


def checked_days(days: int) -> int:
    """For how many days a token is good. Raises BadRequest."""
    if not 1 <= days <= LONGEST_TOKEN_DAYS:
        raise BadRequest(f"days: expected 1 to {LONGEST_TOKEN_DAYS}, not {days}")
    return days
