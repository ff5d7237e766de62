"""What may be done about access: signing in and out, tokens, and letting cameras in.

A revocation reaches every process in two ways: at once over the bus, and within FOLLOW_S from the
database, for what a terminal revoked beside the running server.
"""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.access import credential
from server.access.attempts import Attempts, limits_for
from server.access.permission import Permission, may
from server.access.person import (
    Person,
    checked_days,
    checked_name,
    checked_password,
    checked_role,
    checked_text,
    name_key,
)
from server.access.session import ApiToken, Caller, SignedIn, is_over, touch_after
from server.access.store import AccessStore, person_of
from server.bus import Body, Bus, Topic
from server.clock import Clock
from server.database import Along, alone
from server.errors import Conflict, Forbidden, NotFound, TooMany, Unauthorised, Unavailable
from server.tasks import TaskOwner
from server.units.unit import Device, checked_call_sign
from server.wire import Hello

if TYPE_CHECKING:
    from server.units.actions import Units

FOLLOW_S = 1.0  # media of what was revoked must end within 5 s
SWEEP_S = 10.0
OVERLAP_S = 30.0  # clocks of several hosts differ; a slow transaction commits after its time
HASHES_AT_ONCE = 2  # 64 MiB and 200 ms CPU each
HASHES_WAITING = 40  # some 4 s of work: whoever comes later is told to come again
LINK_S = 600.0
DAY_S = 86_400.0


class Passwords:
    """Argon2id, in a thread, few at once."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher
        self._turn = asyncio.Semaphore(HASHES_AT_ONCE)
        self._waiting = 0
        self._of_nobody = ""

    async def start(self) -> None:
        """Prepare what an unknown name's password is checked against, so that it takes as long as a known one's."""
        self._of_nobody = await self.hash(secrets.token_urlsafe(16))

    async def hash(self, password: str) -> str:
        """How a password is kept. Raises Unavailable when too many wait."""
        await self._enter()
        try:
            return await asyncio.to_thread(self._hasher.hash, password)
        finally:
            self._turn.release()

    async def fits(self, known: str | None, password: str) -> bool:
        """Whether it is the password of `known`; None takes as long, and never fits."""
        await self._enter()
        try:
            await asyncio.to_thread(self._hasher.verify, known or self._of_nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        finally:
            self._turn.release()
        return known is not None

    async def _enter(self) -> None:
        if self._waiting >= HASHES_WAITING:
            raise Unavailable("many people sign in at this moment; try again", headers={"Retry-After": "3"})
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1


class Access:
    """Persons: who they are, and what shows it. `start` before use."""

    def __init__(
        self,
        store: AccessStore,
        bus: Bus,
        clock: Clock,
        *,
        session_idle_s: float,
        session_absolute_s: float,
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._idle_s = session_idle_s
        self._absolute_s = session_absolute_s
        self.passwords = Passwords(hasher or PasswordHasher())
        self._attempts = Attempts()
        self._told: dict[str, float] = {}

    async def start(self, tasks: TaskOwner) -> None:
        """Get ready, end sessions in time, and follow what other processes revoke."""
        await self.passwords.start()
        self._told = dict.fromkeys(await self._store.revoked_since(self._clock.wall() - OVERLAP_S), self._clock.wall())
        self._bus.subscribe(Topic.SESSIONS, self._heard)
        tasks.repeat(FOLLOW_S, self.follow, "access.follow")
        tasks.repeat(SWEEP_S, self.sweep, "access.sweep")

    # ---- persons --------------------------------------------------------------------------------

    async def add_person(
        self,
        name: str,
        role: str,
        password: str | None,
        display_name: str | None = None,
        call_sign: str | None = None,
        along: Callable[[Person], Along] = lambda _person: alone,
    ) -> Person:
        """Register a person; without password only links and tokens let them in. Raises BadRequest, Conflict."""
        wanted = checked_name(name)
        person = Person(
            id=secrets.token_hex(12),
            name=wanted,
            display_name=checked_text("display name", display_name or wanted),
            role=checked_role(role),
        )
        shown = None if call_sign is None else checked_call_sign(call_sign)
        kept = None if password is None else await self.passwords.hash(checked_password(password))
        await self._store.add_person(person, kept, shown, self._clock.wall(), along(person))
        return person

    async def person_named(self, name: str) -> Person:
        """The person who signs in with this name. Raises NotFound."""
        row = await self._store.person(name=name)
        if row is None:
            raise NotFound(f"there is no person named {name!r}")
        return person_of(row)

    async def revoke_person(self, name: str, along: Callable[[Person], Along] = lambda _person: alone) -> Person:
        """They may do nothing any more; their sessions and tokens end. Raises NotFound."""
        person = await self.person_named(name)
        await self.tell(await self._store.revoke_person(person.id, self._clock.wall(), along(person)))
        return person

    # ---- signing in and out ---------------------------------------------------------------------

    async def sign_in(
        self, name: str, password: str, address: str, previous: str | None = None, duty: str = ""
    ) -> SignedIn:
        """A new session; the `previous` one (its cookie's value) ends, so that nobody's prepared cookie is raised.

        Raises as `proven`.
        """
        return await self._opened(await self.proven(name, password, address), previous, duty)

    async def proven(self, name: str, password: str, address: str) -> Person:
        """Who this is by name and password; who tries too often waits.

        Raises Unauthorised (the same for an unknown name), TooMany, Unavailable.
        """
        limits = limits_for(name_key(name), address)
        at = self._clock.monotonic()
        wait = self._attempts.take(limits, at)
        if wait > 0:
            seconds = math.ceil(wait)
            raise TooMany(f"try again in {seconds} s", headers={"Retry-After": str(seconds)}, retry_after=seconds)
        row = await self._store.person(name=name)
        fits = await self.passwords.fits(None if row is None else row.password_hash, password)
        if row is None or not fits:
            raise Unauthorised("name or password is wrong", kind="wrong-credentials")
        self._attempts.take_back(limits, at)
        return person_of(row)

    async def link_for(self, person: Person, along: Along = alone) -> str:
        """The token of a one-time sign-in link, good for LINK_S."""
        token = secrets.token_urlsafe(credential.SECRET_BYTES)
        await self._store.add_link(credential.digest(token), person.id, self._clock.wall() + LINK_S, along)
        return token

    async def sign_in_once(self, token: str, previous: str | None = None, duty: str = "") -> SignedIn:
        """A new session by a one-time link. Raises Unauthorised when it is unknown, used or too old."""
        person_id = await self._store.use_link(credential.digest(token), self._clock.wall())
        row = None if person_id is None else await self._store.person(person_id=person_id)
        if row is None:
            raise Unauthorised("this sign-in link was used already, or is too old", kind="link-used")
        return await self._opened(person_of(row), previous, duty)

    async def by_cookie(self, secret: str) -> Caller | None:
        """Who has this session; None if it is not, or no longer, one. To ask is to use it, which prolongs it."""
        if secret.startswith(credential.API_TOKEN):  # a display's: it lasts until the token is revoked
            shown = await self.by_token(secret)
            return None if shown is None else replace(shown, csrf=credential.csrf_token(secret))
        session = await self._store.session(credential.digest(secret))
        now = self._clock.wall()
        if session is None or is_over(session, now, self._idle_s, self._absolute_s):
            return None
        if now - session.last_used_at > touch_after(self._idle_s):
            await self._store.touch(session.id, now)
        return Caller(session.person, session.id, credential.csrf_token(secret), session.duty)

    async def by_token(self, token: str) -> Caller | None:
        """Who has this API token."""
        found = await self._store.api_token(credential.digest(token), self._clock.wall())
        if found is None:
            return None
        token_id, purpose, person = found
        return Caller(person, token_id, duty=f"API token: {purpose}")

    async def set_duty(self, session_id: str, duty: str) -> None:
        """What they are on duty as from now on. Raises Conflict for an API token, whose purpose is its reason."""
        if not await self._store.set_duty(session_id, duty):
            raise Conflict("an API token's purpose is the reason of what it opens")

    async def sign_out(self, session_id: str) -> None:
        """End a session."""
        if await self._store.end_session(session_id, self._clock.wall()):
            await self.tell([session_id])

    async def sweep(self) -> None:
        """End the sessions and tokens whose time has come."""
        now = self._clock.wall()
        ended = await self._store.end_sessions_before(now - self._idle_s, now - self._absolute_s, now)
        await self.tell([*ended, *await self._store.revoke_expired_tokens(now)])

    async def _opened(self, person: Person, previous: str | None, duty: str = "") -> SignedIn:
        if previous is not None:
            await self.sign_out(credential.digest(previous))
        secret = secrets.token_urlsafe(credential.SECRET_BYTES)
        session_id = credential.digest(secret)
        await self._store.open_session(session_id, person.id, self._clock.wall(), duty)
        return SignedIn(person, secret, session_id)

    # ---- API tokens -----------------------------------------------------------------------------

    async def add_token(
        self,
        person: Person,
        purpose: str,
        days: int | None = None,
        along: Callable[[ApiToken], Along] = lambda _token: alone,
    ) -> tuple[ApiToken, str]:
        """A revocable API token, for so many days: what is kept, and the token itself, which is shown only now.

        Raises BadRequest.
        """
        now = self._clock.wall()
        expires_at = None if days is None else now + checked_days(days) * DAY_S
        kept = ApiToken(secrets.token_hex(12), checked_text("purpose", purpose), now, expires_at)
        token = credential.API_TOKEN + secrets.token_urlsafe(credential.SECRET_BYTES)
        await self._store.add_api_token(kept, credential.digest(token), person.id, along(kept))
        return kept, token

    async def revoke_token(self, token_id: str, along: Along = alone) -> None:
        """End an API token, and what was opened with it. Raises NotFound."""
        if not await self._store.revoke_api_token(token_id, self._clock.wall(), along=along):
            raise NotFound(f"there is no API token with the id {token_id!r}")
        await self.tell([token_id])

    # ---- revocation -----------------------------------------------------------------------------

    async def follow(self) -> None:
        """Tell this process what was revoked by one that cannot be heard."""
        now = self._clock.wall()
        recent = await self._store.revoked_since(now - OVERLAP_S)
        await self.tell([one for one in recent if one not in self._told])
        self._told = {one: at for one, at in self._told.items() if now - at < 2 * OVERLAP_S}

    async def tell(self, revoked: list[str]) -> None:
        """Every process ends what was opened with these sessions, tokens, persons."""
        if revoked:
            await self._bus.publish(Topic.SESSIONS, {"revoked": revoked})

    def _heard(self, body: Body) -> None:
        self._told.update(dict.fromkeys(map(str, body.get("revoked", ())), self._clock.wall()))


class CameraAccess:
    """Cameras: which is which, and which may publish. `start` before use."""

    def __init__(self, store: AccessStore, units: Units, clock: Clock) -> None:
        self._store = store
        self._units = units
        self._clock = clock
        self._key = b""

    async def start(self) -> None:
        """Read (or make) the secret that signs short-lived tokens in all processes."""
        self._key = await self._store.installation_secret("whip", secrets.token_bytes(credential.SECRET_BYTES))

    async def enrol(
        self,
        key: Ed25519PrivateKey,
        fields: dict[str, Any],
        along: Callable[[Device], Along] = lambda _device: alone,
    ) -> tuple[Device, str]:
        """Register a camera that has this key, by `fields` of Device; and its permanent token. Raises BadRequest."""
        device = await self._units.add_device(**fields, public_key=key.public_key().public_bytes_raw(), along=along)
        return device, await self.add_token(device.device_id)

    async def add_token(self, device_id: str) -> str:
        """A permanent token to publish as this camera, for a client without key; shown only now."""
        token = credential.DEVICE_TOKEN + secrets.token_urlsafe(credential.SECRET_BYTES)
        await self._store.add_device_token(device_id, credential.digest(token), self._clock.wall())
        return token

    def whip_token_for(self, device_id: str, keys: Collection[str] = ()) -> str:
        """A token to publish as this camera for the next WHIP_TOKEN_S; a phone's ends with its session (`keys`)."""
        return credential.short_token(self._key, device_id, int(self._clock.wall()) + credential.WHIP_TOKEN_S, keys)

    async def by_token(self, token: str | None) -> Device:
        """The camera that this token speaks for. Raises Unauthorised; the same whatever is wrong."""
        device_id = None
        if token is not None and token.startswith(credential.SHORT_TOKEN):
            device_id = await self._by_short_token(token)
        elif token is not None:
            device_id = await self._store.device_of_token(credential.digest(token))
        device = None if device_id is None else await self._units.current(device_id)
        if device is None:
            raise Unauthorised("this token does not let a camera in", headers={"WWW-Authenticate": "Bearer"})
        return device

    async def _by_short_token(self, token: str) -> str | None:
        found = credential.read_short_token(self._key, token, self._clock.wall())
        if found is None or await self._store.is_any_revoked(found[1]):
            return None
        return found[0]

    async def admit(self, token: str | None, device_id: str) -> Device:
        """The camera that publishes as `device_id`. Raises Unauthorised, also for another camera's token."""
        device = await self.by_token(token)
        if not credential.same(device.device_id, device_id):
            raise Unauthorised("this token is not for this camera", headers={"WWW-Authenticate": "Bearer"})
        return device

    async def verify_hello(self, device_id: str, hello: Hello, nonce: bytes, caller: Caller | None) -> Device:
        """The camera that says hello: by its signature, or, a phone, by its wearer's session. Raises Unauthorised."""
        device = await self._units.current(device_id)
        if device is not None and device.public_key is not None:
            good = credential.signed_by(device.public_key, device_id, hello, nonce)
        else:
            good = device is not None and caller is not None and _wears(caller.person, device)
        if device is None or not good:
            raise Unauthorised("this is not a camera that may connect")
        return device

    async def phone_of(self, person: Person) -> Device:
        """The officer's own phone, as a camera. Raises Forbidden for other roles."""
        if not may(person.role, Permission.CAMERA):
            raise Forbidden("only an officer's phone can be a camera")
        row = await self._store.person(person_id=person.id)
        call_sign = (row.call_sign if row is not None else None) or person.display_name[:20].strip()
        device = await self._units.phone_of(person.id, call_sign, person.display_name[:80].strip())
        if device.call_sign != call_sign:  # it was changed since the phone was registered
            return await self._units.change(device.device_id, call_sign=call_sign)
        return device


def _wears(person: Person, device: Device) -> bool:
    return device.wearer_person_id == person.id and may(person.role, Permission.CAMERA)
