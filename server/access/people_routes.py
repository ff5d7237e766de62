"""`/api/people` for admins; for everybody their own tokens (`/api/tokens`) and their own password."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from aiohttp import web

from server.access.middleware import Gate, as_subject
from server.access.permission import Permission
from server.access.person import CHANGEABLE, PERSON_FIELDS, own_password_fields, text_fields, token_fields
from server.audit.audit_entry import Subject, What
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
        person = await people.add(by, fields)
        call_sign = fields.get("call_sign")
        gate.note(request, What.CHANGE_PERSON_ADDED, as_subject(person), role=person.role.value, call_sign=call_sign)
        return web.json_response(person.as_json(), status=201)

    async def change(request: web.Request) -> web.Response:
        by = gate.allow(request, Permission.ADMINISTER)
        fields = text_fields(await json_object(request, most=LONGEST_BODY), CHANGEABLE)
        person = await people.change(by, request.match_info["person_id"], fields)
        gate.note(request, What.CHANGE_PERSON, as_subject(person), **fields)
        return web.json_response(person.as_json())

    async def switch_off(request: web.Request) -> web.Response:
        by = gate.allow(request, Permission.ADMINISTER)
        person = await people.switch_off(by, request.match_info["person_id"])
        gate.note(request, What.CHANGE_PERSON_OFF, as_subject(person))
        return web.json_response({**person.as_json(), "revoked": True})

    return [
        web.get("/api/people", everybody),
        web.post("/api/people", add),
        web.patch(ONE, change),
        web.delete(ONE, switch_off),
        *_way_in_routes(people, gate),
        *_token_routes(people, gate),
    ]


def _way_in_routes(people: People, gate: Gate) -> list[web.RouteDef]:
    async def set_password(request: web.Request) -> web.Response:
        by = gate.allow(request, Permission.ADMINISTER)
        fields = text_fields(await json_object(request, most=LONGEST_BODY), ("password",), ("password",))
        person = await people.set_password(by, request.match_info["person_id"], fields["password"] or "")
        gate.note(request, What.CHANGE_PASSWORD, as_subject(person))
        return web.Response(status=204)

    async def link(request: web.Request) -> web.Response:
        by = gate.allow(request, Permission.ADMINISTER)
        person, token, expires_at = await people.link(by, request.match_info["person_id"])
        gate.note(request, What.CHANGE_SIGN_IN_LINK, as_subject(person))
        url = f"{gate.own_origin(request)}/sign-in/once/{token}"
        return web.json_response({"url": url, "expires_at": expires_at}, status=201)

    async def end_sessions(request: web.Request) -> web.Response:
        by = gate.allow(request, Permission.ADMINISTER)
        person, ended = await people.end_sessions(by, request.match_info["person_id"])
        gate.note(request, What.CHANGE_SIGNED_OUT, as_subject(person), ended=ended)
        return web.json_response({"ended": ended})

    async def set_own_password(request: web.Request) -> web.Response:
        caller = gate.caller(request)
        if caller.csrf is None:  # a token that leaked must not become its owner's password
            raise Forbidden("a token sets no password: sign in for that", kind="needs-sign-in")
        current, new = own_password_fields(await json_object(request, most=LONGEST_BODY))
        try:
            ended = await people.change_own_password(caller, current, new, gate.address(request))
        except Forbidden:
            gate.note_not_signed_in(request, caller.person)  # somebody guesses at a desk that was left open
            raise
        gate.note(request, What.CHANGE_PASSWORD, as_subject(caller.person), own=True, ended=ended)
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
        kept, token = await people.add_token(
            caller.person, *token_fields(await json_object(request, most=LONGEST_BODY))
        )
        gate.note(request, What.CHANGE_TOKEN_MADE, Subject("token", kept.id, kept.purpose), until=kept.expires_at)
        return web.json_response({**asdict(kept), "token": token}, status=201)

    async def revoke(request: web.Request) -> web.Response:
        token_id = request.match_info["token_id"]
        await people.revoke_token(gate.person(request), token_id)
        gate.note(request, What.CHANGE_TOKEN_REVOKED, Subject("token", token_id))
        return web.Response(status=204)

    return [
        web.get("/api/tokens", mine),
        web.post("/api/tokens", add),
        web.delete("/api/tokens/{token_id}", revoke),
    ]
