"""Where a request comes from, as far as its headers can be believed."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping

_LOCAL_PATH = re.compile(r"/(?!/)[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*")


def own_origin(scheme: str, host: str, headers: Mapping[str, str], trusted_proxies: bool) -> str:
    """The origin under which the browser sees this server (RFC 6454)."""
    if trusted_proxies:
        scheme = _last(headers.get("X-Forwarded-Proto")) or scheme
        host = _last(headers.get("X-Forwarded-Host")) or host
    return f"{scheme}://{host}".lower()


def origin_allowed(origin: str | None, own: str, further: Iterable[str]) -> bool:
    """Whether a page of `origin` may act here. No Origin header: it is no browser, or a plain navigation."""
    if origin is None:
        return True
    wanted = origin.lower().rstrip("/")
    return wanted == _without_default_port(own) or wanted in {one.lower().rstrip("/") for one in further}


def client_address(remote: str | None, headers: Mapping[str, str], trusted_proxies: bool) -> str:
    """The address that asks: the peer, or what the nearest proxy says, if proxies are trusted."""
    if trusted_proxies:
        return _last(headers.get("X-Forwarded-For")) or remote or "unknown"
    return remote or "unknown"


def is_loopback(address: str) -> bool:
    """Whether the address is this machine's own."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_loopback


def local_path(wanted: str | None) -> str | None:
    """Where to go after sign-in: a path of this server, never another site."""
    return wanted if wanted and len(wanted) <= 500 and _LOCAL_PATH.fullmatch(wanted) else None


def _last(value: str | None) -> str:
    """The nearest proxy appends; what stands before may come from anybody."""
    return (value or "").split(",")[-1].strip()


def _without_default_port(origin: str) -> str:
    scheme, _, host = origin.partition("://")
    default = {"http": ":80", "https": ":443"}.get(scheme, "")
    return f"{scheme}://{host.removesuffix(default)}" if default else origin
