"""A person who may sign in."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from server.access.permission import Role
from server.errors import BadRequest

LONGEST_NAME = 64
LONGEST_TEXT = 120
SHORTEST_PASSWORD = 8  # NIST SP 800-63B: length is what counts
LONGEST_PASSWORD = 1024  # characters; argon2 reads all of it, so there must be an end
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
    if any(unicodedata.category(mark) in ("Cc", "Cs") for mark in password):
        raise BadRequest("password: control characters are not expected")
    return password


def sign_in_fields(body: Any) -> tuple[str, str]:
    """Name and password from a sign-in request. Raises BadRequest."""
    name, password = (body.get("name"), body.get("password")) if isinstance(body, dict) else (None, None)
    if not isinstance(name, str) or not isinstance(password, str) or not name or not password:
        raise BadRequest("name and password: both are expected, as text")
    if len(name) > LONGEST_TEXT or len(password) > LONGEST_PASSWORD:
        raise BadRequest(f"name: at most {LONGEST_TEXT} characters; password: at most {LONGEST_PASSWORD}")
    if any(unicodedata.category(mark) in ("Cc", "Cs") for mark in name + password):
        raise BadRequest("name and password: control characters are not expected")
    return name, password
