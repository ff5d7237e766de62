"""`/api/people` for admins; for everybody their own tokens (`/api/tokens`) and their own password."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from server.access.middleware import Gate, as_subject
from server.access.permission import Permission
from server.access.person import CHANGEABLE, PERSON_FIELDS, Person, own_password_fields, text_fields, token_fields
from server.access.session import ApiToken
from server.audit.audit_entry import Subject, What
from server.database import Along
from server.errors import Forbidden
from server.request_body import json_object

if TYPE_CHECKING:
    from server.access.people_actions import People

LONGEST_BODY = 8 * 1024
ONE = "/api/people/{person_id}"


def people_routes(people: People, gate: Gate) -> list[web.RouteDef]:
    """The routes of persons: each needs the permission to administer, and each change is in the audit."""

    async def everybody(request: web.Request) -> web.Response:
        gate.allow(request, Permission.ADMINISTER)
        return web.json_response(await people.all())

    async def add(request: web.Request) -> web.Response:
        by = gate.allow(request, Permission.ADMINISTER)
        fields = text_fields(await json_object(request, most=LONGEST_BODY), PERSON_FIELDS, ("name", "role"))
        told = {"role": fields["role"], "call_sign": fields.get("call_sign")}
        person = await people.add(by, fields, _row(gate, request, What.CHANGE_PERSON_ADDED, **told))
        return web.json_response(person.as_json(), status=201)

    async def change(request: web.Request) -> web.Response:
        by = gate.allow(request, Permission.ADMINISTER)
        fields = text_fields(await json_object(request, most=LONGEST_BODY), CHANGEABLE)
        row = _row(gate, request, What.CHANGE_PERSON, **fields)
        person = await people.change(by, request.match_info["person_id"], fields, row)
        return web.json_response(person.as_json())

    async def switch_off(request: web.Request) -> web.Response:
        by = gate.allow(request, Permission.ADMINISTER)
        row = _row(gate, request, What.CHANGE_PERSON_OFF)
        person = await people.switch_off(by, request.match_info["person_id"], row)
        return web.json_response({**person.as_json(), "revoked": True})

    return [
        web.get("/api/people", everybody),
        web.post("/api/people", add),
        web.patch(ONE, change),
        web.delete(ONE, switch_off),
        *_way_in_routes(people, gate),
        *_token_routes(people, gate),
    ]


def _row(gate: Gate, request: web.Request, what: What, **detail: Any) -> Callable[[Person], Along]:
    """The audit's row of what is done to a person."""

    def row(person: Person) -> Along:
        return gate.along(request, what, as_subject(person), **detail)

    return row


def _way_in_routes(people: People, gate: Gate) -> list[web.RouteDef]:
    async def set_password(request: web.Request) -> web.Response:
        by = gate.allow(request, Permission.ADMINISTER)
        fields = text_fields(await json_object(request, most=LONGEST_BODY), ("password",), ("password",))
        row = _row(gate, request, What.CHANGE_PASSWORD)
        await people.set_password(by, request.match_info["person_id"], fields["password"] or "", row)
        return web.Response(status=204)

    async def link(request: web.Request) -> web.Response:
        by = gate.allow(request, Permission.ADMINISTER)
        row = _row(gate, request, What.CHANGE_SIGN_IN_LINK)
        _, token, expires_at = await people.link(by, request.match_info["person_id"], row)
        url = f"{gate.own_origin(request)}/sign-in/once/{token}"
        return web.json_response({"url": url, "expires_at": expires_at}, status=201)

    async def end_sessions(request: web.Request) -> web.Response:
        by = gate.allow(request, Permission.ADMINISTER)

        def row(person: Person, ended: int) -> Along:
            return gate.along(request, What.CHANGE_SIGNED_OUT, as_subject(person), ended=ended)

        _, ended = await people.end_sessions(by, request.match_info["person_id"], row)
        return web.json_response({"ended": ended})

    async def set_own_password(request: web.Request) -> web.Response:
        caller = gate.caller(request)
        if caller.csrf is None:  # a token that leaked must not become its owner's password
            raise Forbidden("a token sets no password: sign in for that", kind="needs-sign-in")
        current, new = own_password_fields(await json_object(request, most=LONGEST_BODY))

        def row(ended: int) -> Along:
            return gate.along(request, What.CHANGE_PASSWORD, as_subject(caller.person), own=True, ended=ended)

        try:
            ended = await people.change_own_password(caller, current, new, gate.address(request), row)
        except Forbidden:
            gate.note_not_signed_in(request, caller.person)  # somebody guesses at a desk that was left open
            raise
        return web.json_response({"ended": ended})

    return [
        web.put("/api/session/password", set_own_password),
        web.put(f"{ONE}/password", set_password),
        web.post(f"{ONE}/link", link),
        web.delete(f"{ONE}/sessions", end_sessions),
    ]


def _token_routes(people: People, gate: Gate) -> list[web.RouteDef]:
    async def mine(request: web.Request) -> web.Response:
        return web.json_response(await people.tokens_of(gate.person(request)))

    async def add(request: web.Request) -> web.Response:
        caller = gate.caller(request)
        if caller.csrf is None:  # one that leaked must not outlive itself
            raise Forbidden("a token makes no further token: sign in for that", kind="needs-sign-in")

        def row(made: ApiToken) -> Along:
            subject = Subject("token", made.id, made.purpose)
            return gate.along(request, What.CHANGE_TOKEN_MADE, subject, until=made.expires_at)

        wanted = token_fields(await json_object(request, most=LONGEST_BODY))
        kept, token = await people.add_token(caller.person, *wanted, row)
        return web.json_response({**asdict(kept), "token": token}, status=201)

    async def revoke(request: web.Request) -> web.Response:
        token_id = request.match_info["token_id"]
        row = gate.along(request, What.CHANGE_TOKEN_REVOKED, Subject("token", token_id))
        await people.revoke_token(gate.person(request), token_id, row)
        return web.Response(status=204)

    return [
        web.get("/api/tokens", mine),
        web.post("/api/tokens", add),
        web.delete("/api/tokens/{token_id}", revoke),
    ]
