"""What goes round every request: errors become problem+json (RFC 9457), answers get their security headers."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from server.errors import BadRequest, WatchroomError
from server.wire import is_storable

log = structlog.get_logger(__name__)

NONCE: web.RequestKey[str] = web.RequestKey("csp_nonce", str)

# 'self' in connect-src covers WebSockets of the same origin (CSP 3, 6.7.2.8); workers of MapLibre come from a file.
POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; worker-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; font-src 'self'; "
    "manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # Nothing leaves this origin; but "no-referrer" would make a form without script say `Origin: null` (Fetch, 3.2.1).
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(self)",
}
TRANSPORT = "max-age=31536000"
# WHIP and WHEP are open to pages of any origin that have a token: they must be able to read every refusal, too.
OPEN_BELOW = ("/whip/", "/whep/", "/media/sessions/")


Worded = Callable[[web.Request, dict[str, Any]], web.Response]  # a problem as a page for a person


def wants_page(request: web.Request) -> bool:
    """Whether a person's browser opens this as a page, and reads words better than JSON."""
    is_page = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
    return is_page and not request.path.startswith(("/api/", "/static/", *OPEN_BELOW))


def error_middleware(worded: Worded | None = None) -> Middleware:
    """Turns every error into a problem document; what nobody foresaw is logged, and told without its trace.

    `worded` makes a page of it for whoever opens one.
    """

    def told(request: web.Request, document: dict[str, Any], headers: dict[str, str] | None = None) -> web.Response:
        if worded is None or not wants_page(request):
            return problem(document, headers)
        response = worded(request, document)
        response.headers.update(headers or {})
        return response

    @web.middleware
    async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            _check_target(request)
            return await handler(request)
        except WatchroomError as error:
            if error.status >= 500:
                log.error("request failed", method=request.method, path=request.path, error=error.detail)
            return told(request, error.problem(), error.headers)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            return told(request, *_of_aiohttp(error))
        except (ConnectionResetError, web.RequestPayloadError) as error:
            log.info("the caller went away", method=request.method, path=request.path, error=str(error))
            return problem({"type": "/problems/gone", "title": "You went away", "status": 400, "detail": ""})
        except Exception:
            reference = secrets.token_hex(6)
            log.exception("unforeseen error", method=request.method, path=request.path, reference=reference)
            return told(request, WatchroomError(f"it is in the log under {reference}", reference=reference).problem())

    return errors


def header_middleware(secure: bool) -> Middleware:
    """Gives each request its nonce (`request[NONCE]`), and each answer its headers."""

    @web.middleware
    async def headers(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonce = secrets.token_urlsafe(16)
        request[NONCE] = nonce
        try:
            response = await handler(request)
        except web.HTTPException as redirect:
            _add(redirect.headers, nonce, secure)
            raise
        if not response.prepared:
            if request.path.startswith(OPEN_BELOW):
                response.headers.setdefault("Access-Control-Allow-Origin", "*")
            _add(response.headers, nonce, secure)
            if not request.path.startswith("/static/"):
                response.headers.setdefault("Cache-Control", "no-store")
        return response

    return headers


def _check_target(request: web.Request) -> None:
    """Path and query are looked up in the database, which does not take every text. Raises BadRequest."""
    names = (text for pair in request.query.items() for text in pair)
    if not all(map(is_storable, (request.path, *names))):
        raise BadRequest("the path or the query holds NUL, which is not accepted")


def problem(document: dict[str, Any], headers: dict[str, str] | None = None) -> web.Response:
    """A problem document as a response."""
    return web.Response(
        status=document["status"],
        text=json.dumps(document),
        content_type="application/problem+json",
        headers=headers,
    )


def _of_aiohttp(error: web.HTTPException) -> tuple[dict[str, Any], dict[str, str]]:
    """The problem document and the headers of what aiohttp itself refuses."""
    kept = {name: value for name, value in error.headers.items() if name in ("Allow", "Retry-After", "Accept")}
    name = error.reason.lower().replace(" ", "-")
    details = {404: "there is nothing under this path", 405: f"allowed here: {kept.get('Allow', 'nothing')}"}
    detail = details.get(error.status, error.reason)
    return {"type": f"/problems/{name}", "title": error.reason, "status": error.status, "detail": detail}, kept


def _add(headers: Any, nonce: str, secure: bool) -> None:
    headers["Content-Security-Policy"] = POLICY.format(nonce=nonce)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if secure:
        headers["Strict-Transport-Security"] = TRANSPORT
