"""The gate: who asks (session cookie or API token), whether a page of ours made them ask, and what they may do.

Everything needs a person, except what stands in PUBLIC or brings its own proof (OWN_PROOF).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from server.access.credential import bearer, same
from server.access.origin import client_address, is_loopback, origin_allowed, own_origin
from server.access.permission import Permission, may
from server.access.person import Person
from server.access.session import Caller
from server.audit.audit_entry import Actor, Note, Subject, What, checked_why, why_of
from server.config import Config
from server.database import Along
from server.errors import Conflict, Forbidden, ReasonNeeded, Unauthorised
from server.media.live import Viewer
from server.middleware import NONCE, Worded, error_middleware, header_middleware, wants_page
from server.units.unit import Device
from server.wire import Hello

if TYPE_CHECKING:
    from server.access.actions import Access, CameraAccess
    from server.audit.actions import Audit
    from server.units.actions import Units

log = structlog.get_logger(__name__)

CALLER: web.RequestKey[Caller] = web.RequestKey("caller", Caller)
COOKIE = "watchroom_session"
SIGN_IN = frozenset({("POST", "/sign-in"), ("POST", "/api/session")})  # no session yet, so no token of one
# The walls' worker and the page that it keeps know nobody: a display has them before, and after, it is signed in.
PUBLIC = frozenset({"/sign-in", "/healthz", "/readyz", "/favicon.ico", "/wall/worker.js", "/wall/waiting"})
PUBLIC_BELOW = ("/static/", "/sign-in/once/")
OWN_PROOF = (
    "/whip/",
    "/uplink/",
    "/backfill/",
)  # a camera's token or signature; checked by admit_camera and verify_hello
MEDIA_SESSIONS = "/media/sessions/"  # a person's, or a camera's with its token
WHY_FIRST = (
    "no alert stands at this camera, and you have not said what you are on duty as: say it, and the picture opens"
)
WHY_RETRY_S = 60  # a page asks again by itself as soon as somebody has answered
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Writer:
    """Writes into the audit in the name of whoever made a request, from where they made it, also when it has been answered."""

    def __init__(self, audit: Audit, actor: Actor, address: str, agent: str) -> None:
        self._audit = audit
        self._from = actor, address, agent

    async def note(self, what: What, subject: Subject, why: str, **detail: Any) -> None:
        """Commit a row. Raises Unavailable."""
        await self._audit.note(self._row(what, subject, why, detail))

    def along(self, what: What, subjects: Iterable[Subject], why: str, **detail: Any) -> Along:
        """A row for each, which a change writes within its own transaction."""
        return self._audit.within(*(self._row(what, subject, why, detail) for subject in subjects))

    def _row(self, what: What, subject: Subject, why: str, detail: Mapping[str, Any]) -> Note:
        actor, address, agent = self._from
        return Note(what, actor, subject, why, address, agent, detail)


class Gate:
    """Lets requests in. The plain methods are what routes ask; they raise what the caller is told."""

    def __init__(self, access: Access, cameras: CameraAccess, units: Units, config: Config, audit: Audit) -> None:
        self._audit = audit
        self._access = access
        self._cameras = cameras
        self._units = units
        self._config = config

    def middlewares(self, worded: Worded | None = None) -> list[Middleware]:
        """What goes round every request, outermost first; `worded` makes pages of errors."""
        return [header_middleware(self._config.secure), error_middleware(worded), self.middleware()]

    def middleware(self) -> Middleware:
        """Sets `request[CALLER]`, or refuses."""

        @web.middleware
        async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.path.startswith("/static/"):
                return await handler(request)
            caller = await self._caller(request)
            if caller is not None:
                request[CALLER] = caller
            self._check_page(request, caller)
            if caller is None and not await self._may_enter(request):
                return _sign_in_first(request)
            if request.path == "/metrics" and not self._is_this_machine(request):
                self.allow(request, Permission.OPERATE)
            return await handler(request)

        return gate

    # ---- what routes ask ------------------------------------------------------------------------

    def person(self, request: web.Request) -> Person:
        """The person who asks. Raises Unauthorised."""
        return self.caller(request).person

    def caller(self, request: web.Request) -> Caller:
        """Who asks, and by what session or token. Raises Unauthorised."""
        caller: Caller | None = request.get(CALLER)
        if caller is None:
            raise Unauthorised("sign in, or send an API token", headers={"WWW-Authenticate": "Bearer"})
        return caller

    def session_keys(self, request: web.Request) -> frozenset[str]:
        """What, once revoked, ends whatever this request opened. Raises Unauthorised."""
        caller = self.caller(request)
        return frozenset({caller.person.id, caller.session_id})

    def phone_keys(self, request: web.Request) -> frozenset[str]:
        """The same for a camera's connection: empty for one that is let in by its key, without any session."""
        return self.session_keys(request) if CALLER in request else frozenset()

    def allow(self, request: web.Request, permission: Permission) -> Person:
        """The person who asks, if they may. Raises Unauthorised, Forbidden; the audit gets to know of that."""
        person = self.person(request)
        if not may(person.role, permission):
            self._note_refused(request, f"the role {person.role.value} does not include {permission.value}")
            raise Forbidden(f"the role {person.role.value} does not include: {permission.value}")
        return person

    async def admit_camera(self, request: web.Request, device_id: str) -> None:
        """Whether this request may publish as `device_id`. Raises Unauthorised."""
        await self._cameras.admit(bearer(request.headers.get("Authorization")), device_id)

    async def admit_viewer(self, request: web.Request, device_id: str) -> Viewer:
        """Who watches `device_id`. Raises Unauthorised, Forbidden, NotFound, Conflict while it does not record.

        The database is asked again: an offer may have taken its time, and its sender's rights may have ended meanwhile.
        """
        caller = await self._caller(request)
        if caller is None:
            raise Unauthorised("the session has ended")
        request[CALLER] = caller
        viewer = self.viewer(request)
        unit = self._units.unit(device_id)
        if unit.recording != "recording":
            self._note_refused(request, "not recording", unit.device)
            raise Conflict(
                f"{unit.device.call_sign} is not recording, so there is no picture to watch", kind="not-recording"
            )
        return viewer

    def viewer(self, request: web.Request) -> Viewer:
        """Who asks, as one who may watch. Raises Unauthorised, Forbidden."""
        person = self.allow(request, Permission.WATCH)
        return Viewer(person.id, person.display_name, person.role.value, self.caller(request).session_id)

    # ---- what the audit gets of a request -------------------------------------------------------

    async def note_viewing(
        self, request: web.Request, what: What, subject: Subject, *, why: str = "", **detail: Any
    ) -> None:
        """Commit that the person who asks sees `subject`, before it is shown. Raises Unavailable: then it must not be.

        Why: `why` or the request's own (BadRequest if it is none), else what they said at sign-in that they are on duty as.
        """
        given = checked_why(why) or why_of(request.headers, request.query) or self.caller(request).duty
        await self._audit.note(self._note(request, what, subject, given, detail))

    async def note_live_view(self, request: web.Request, device_id: str, layer: str) -> None:
        """The same for a camera's living picture. Raises Unavailable, BadRequest, NotFound; ReasonNeeded where there is
        no reason at all and the force wants one. An alert's picture comes with its own, so that nobody is held up then.
        """
        device = self._units.device(device_id)
        said = why_of(request.headers, request.query) or self.caller(request).duty
        if self._config.reason_to_watch and not said:
            raise ReasonNeeded(WHY_FIRST, headers={"Retry-After": str(WHY_RETRY_S)})
        await self.note_viewing(request, What.VIEW_LIVE, as_camera(device), layer=layer, wearer=device.wearer_name)

    async def note_change(self, request: web.Request, what: What, subject: Subject, why: str, **detail: Any) -> None:
        """Commit that the person who asks changes `subject`, before it is. Raises Unavailable: then it must not be."""
        await self._audit.note(self._note(request, what, subject, why, detail))

    def along(self, request: web.Request, what: What, subject: Subject, why: str = "", **detail: Any) -> Along:
        """A row that the change writes within its own transaction: the person who asks changes `subject`."""
        return self._audit.within(self._note(request, what, subject, why, detail))

    def writer(self, request: web.Request) -> Writer:
        """Of rows about what this request began, and which outlasts it."""
        agent = request.headers.get("User-Agent", "")
        return Writer(self._audit, _actor(self.person(request)), self.address(request), agent)

    def note(self, request: web.Request, what: What, subject: Subject, **detail: Any) -> None:
        """The person who asks has done it."""
        self._audit.note_soon(self._note(request, what, subject, "", detail))

    def note_sign_in(self, request: web.Request, person: Person, how: str, duty: str = "") -> None:
        """Somebody is in, by password, link or token. A display comes back by itself, perhaps again and again."""
        note = self._note(request, What.ACCESS_SIGNED_IN, as_subject(person), duty, {"by": how}, _actor(person))
        self._audit.note_repeated(note)

    def note_not_signed_in(self, request: web.Request, known: Person | None) -> None:
        """Somebody was not let in. A name that is not known is not kept: it may be a password in the wrong field."""
        whom = Subject("person", "", "a name that is not known") if known is None else as_subject(known)
        self._audit.note_repeated(self._note(request, What.ACCESS_NOT_SIGNED_IN, whom, "", {}, Actor("nobody")))

    def _note_refused(self, request: web.Request, why: str, device: Device | None = None) -> None:
        device_id = request.match_info.get("device_id")
        whom = Subject("address", request.path) if device_id is None else Subject("device", device_id)
        detail = {"asked": f"{request.method} {request.path}"[:200]}
        of = whom if device is None else as_camera(device)
        note = self._note(request, What.ACCESS_REFUSED, of, why, detail)
        self._audit.note_repeated(note)

    def _note(
        self,
        request: web.Request,
        what: What,
        subject: Subject,
        why: str,
        detail: Mapping[str, Any],
        actor: Actor | None = None,
    ) -> Note:
        agent = request.headers.get("User-Agent", "")
        by = actor or _actor(self.person(request))
        return Note(what, by, subject, why, self.address(request), agent, detail)

    # ---- cameras, pages, addresses --------------------------------------------------------------

    async def verify_hello(self, request: web.Request, device_id: str, nonce: bytes, hello: Hello) -> Device:
        """The camera on this uplink. Raises Unauthorised."""
        caller: Caller | None = request.get(CALLER)
        if caller is not None and caller.csrf is not None and request.headers.get("Origin") is None:
            caller = None  # a phone is a browser, and browsers say on a WebSocket which page opened it
        return await self._cameras.verify_hello(device_id, hello, nonce, caller)

    def variables(self, request: web.Request) -> Mapping[str, Any]:
        """What every page's template gets of its request."""
        caller: Caller | None = request.get(CALLER)
        csrf, duty = (caller.csrf or "", caller.duty) if caller else ("", "")
        return {"csp_nonce": request[NONCE], "csrf_token": csrf, "duty": duty}

    async def still_in(self, request: web.Request) -> bool:
        """Whether the session or token of this request is still good. An open console is in use: to ask keeps it.

        (A calm night must not sign the room out, and silence the next alert; the absolute limit stays.)
        """
        return await self._caller(request) is not None

    def check_origin(self, request: web.Request) -> None:
        """Refuse what a page of another site makes a browser do. Raises Forbidden."""
        origin = request.headers.get("Origin")
        if not origin_allowed(origin, self.own_origin(request), self._config.allowed_origins):
            log.warning("foreign origin refused", origin=origin, path=request.path, remote=request.remote)
            raise Forbidden("this page may not act here", kind="foreign-origin")

    def own_origin(self, request: web.Request) -> str:
        """The origin under which the browser sees this server."""
        return own_origin(request.scheme, request.host, request.headers, self._config.trusted_proxies)

    def address(self, request: web.Request) -> str:
        """The address that asks."""
        return client_address(request.remote, request.headers, self._config.trusted_proxies)

    def is_secure(self, request: web.Request) -> bool:
        """Whether the browser speaks HTTPS with us, or with the proxy before us."""
        return self.own_origin(request).startswith("https://")

    # ---- how it is judged -----------------------------------------------------------------------

    async def _caller(self, request: web.Request) -> Caller | None:
        token = bearer(request.headers.get("Authorization"))
        if token is not None:
            return await self._access.by_token(token)
        secret = request.cookies.get(COOKIE)
        return await self._access.by_cookie(secret) if secret else None

    def _check_page(self, request: web.Request, caller: Caller | None) -> None:
        """Whether a page of ours made the browser send this. Raises Forbidden."""
        signs_in = (request.method, request.path) in SIGN_IN
        csrf = caller.csrf if caller is not None else None
        is_socket = request.headers.get("Upgrade", "").lower() == "websocket"
        if (csrf is None and not signs_in) or (request.method in SAFE and not is_socket):
            return  # without a cookie there is nothing to abuse; a plain GET changes nothing
        self.check_origin(request)
        if csrf is not None and not signs_in and not is_socket and not same(_csrf_shown(request), csrf):
            raise Forbidden("the header X-CSRF-Token is missing or not this session's", kind="csrf")

    def _is_this_machine(self, request: web.Request) -> bool:
        by_unknown_proxy = not self._config.trusted_proxies and "X-Forwarded-For" in request.headers
        return is_loopback(self.address(request)) and not by_unknown_proxy

    async def _may_enter(self, request: web.Request) -> bool:
        path = request.path
        if path in PUBLIC or path.startswith(PUBLIC_BELOW) or path.startswith(OWN_PROOF):
            return True
        if (request.method, path) in SIGN_IN or request.method == "OPTIONS":
            return True
        if path == "/metrics":
            return self._is_this_machine(request)
        if path.startswith(MEDIA_SESSIONS):
            await self._cameras.by_token(bearer(request.headers.get("Authorization")))
            return True
        return False


def _actor(person: Person) -> Actor:
    return Actor("person", person.id, person.display_name, person.role.value)


def as_subject(person: Person) -> Subject:
    """A person, as one to whom something is done."""
    return Subject("person", person.id, person.display_name)


def as_camera(device: Device) -> Subject:
    return Subject("device", device.device_id, device.call_sign)


def _csrf_shown(request: web.Request) -> str:
    return request.headers.get("X-CSRF-Token", "")


def _sign_in_first(request: web.Request) -> web.Response:
    """A person's browser goes to the page; everything else gets the problem."""
    if wants_page(request):
        target = request.path_qs  # with the wall's distance and size, the console's tiles
        query = {} if target == "/" else {"next": target}
        location = request.rel_url.with_path("/sign-in").with_query(query)
        return web.Response(status=303, headers={"Location": str(location)})
    raise Unauthorised("sign in, or send an API token", headers={"WWW-Authenticate": "Bearer"})
