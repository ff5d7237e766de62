"""The clients' STUN and TURN servers (RFC 7064, RFC 7065); the server itself asks none.

TURN credentials are made anew for each client and expire (draft-uberti-behave-turn-rest-00): the TURN server knows
the same secret, so it needs no list of users, and what leaks is soon worth nothing. The secret leaves neither.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from server.config import Config

# An hour: it only has to last from here to the allocation, which coturn refreshes for as long as it is used.
TURN_S = 3600
AGAIN_S = 900.0  # whoever is connected gets fresh ones, so that they are good for three quarters of TURN_S at least


@dataclass(frozen=True, slots=True)
class IceServers:
    """`static` as RTCIceServer has it (WebRTC 4.2.2); `wall` reads the time in seconds since 1970."""

    wall: Callable[[], float]
    static: tuple[dict[str, Any], ...] = ()
    turn_urls: tuple[str, ...] = ()
    turn_secret: str = field(default="", repr=False)

    @classmethod
    def of(cls, config: Config, wall: Callable[[], float]) -> Self:
        """As the configuration has them."""
        secret = config.turn_secret.get_secret_value() if config.turn_secret is not None else ""
        return cls(wall, config.ice_servers, config.turn_urls, secret)

    def given_to(self, name: str) -> list[dict[str, Any]]:
        """RTCIceServer dictionaries. `name` goes into the TURN user name: a device's or a person's id."""
        found = list(self.static)
        if self.turn_urls:
            username = f"{int(self.wall()) + TURN_S}:{name}"
            found.append(
                {
                    "urls": list(self.turn_urls),
                    "username": username,
                    "credential": credential(self.turn_secret, username),
                }
            )
        return found

    def links(self, name: str) -> list[str]:
        """The same as values of the header Link, one for each URL (RFC 9725 section 4.6)."""
        found = []
        for server in self.given_to(name):
            urls = server.get("urls", [])
            for url in [urls] if isinstance(urls, str) else urls:
                found.append(_link(url, server.get("username", ""), server.get("credential", "")))
        return found


def credential(secret: str, username: str) -> str:
    """The password that goes with `username`: what coturn's `static-auth-secret` reckons too."""
    return base64.b64encode(hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()).decode()


def _link(url: str, username: str, password: str) -> str:
    link = f'<{url}>; rel="ice-server"'
    if username:
        link += f'; username="{_quoted(username)}"; credential="{_quoted(password)}"; credential-type="password"'
    return link


def _quoted(text: str) -> str:
    """For a quoted-string (RFC 9110 section 5.6.4)."""
    return text.replace("\\", "\\\\").replace('"', '\\"')
