"""`/api/devices`: the registered cameras, for admins: what `python3 -m server device` does, from a browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.access.credential import private_pem
from server.access.middleware import Gate, as_camera
from server.access.permission import Permission
from server.audit.audit_entry import What
from server.database import Along
from server.errors import BadRequest
from server.operations.phone import qr_picture
from server.request_body import json_object
from server.units.unit import DEVICE_FIELDS, Device, checked_fields

if TYPE_CHECKING:
    from server.access.actions import CameraAccess
    from server.units.actions import Units

log = structlog.get_logger(__name__)

LONGEST_BODY = 8 * 1024
FixOf = Callable[[str], dict[str, Any] | None]  # device_id: its newest fix


def device_routes(cameras: CameraAccess, units: Units, gate: Gate, fix_of: FixOf) -> list[web.RouteDef]:
    """The routes of cameras: each needs the permission to administer, and each change is in the audit, too."""

    async def every(request: web.Request) -> web.Response:
        gate.allow(request, Permission.ADMINISTER)
        return web.json_response(await units.registry(fix_of))

    async def add(request: web.Request) -> web.Response:
        by = gate.allow(request, Permission.ADMINISTER)
        fields = checked_fields(await json_object(request, most=LONGEST_BODY))
        if "call_sign" not in fields:
            raise BadRequest("call_sign: expected; it is missing")
        key = Ed25519PrivateKey.generate()
        row = _row(gate, request, What.CHANGE_CAMERA_ADDED, wearer=fields.get("wearer_name"))
        device, token = await cameras.enrol(key, fields, row)
        log.info("camera registered", device=device.device_id, call_sign=device.call_sign, by=by.name)
        shown = _enrolment(gate.own_origin(request), device, key, token)
        return web.json_response({**shown, "namesakes": await units.namesakes(device)}, status=201)

    async def change(request: web.Request) -> web.Response:
        by = gate.allow(request, Permission.ADMINISTER)
        fields = checked_fields(await json_object(request, most=LONGEST_BODY))
        if not fields:
            raise BadRequest(f"nothing to change: expected any of {', '.join(DEVICE_FIELDS)}")
        row = _row(gate, request, What.CHANGE_CAMERA, **fields)
        device = await units.change(request.match_info["device_id"], row, **fields)
        log.info("camera changed", device=device.device_id, by=by.name, **fields)
        return web.json_response(device.registration())

    async def revoke(request: web.Request) -> web.Response:
        by = gate.allow(request, Permission.ADMINISTER)
        row = _row(gate, request, What.CHANGE_CAMERA_REVOKED)
        device = await units.revoke(request.match_info["device_id"], row)
        log.info("camera revoked", device=device.device_id, call_sign=device.call_sign, by=by.name)
        return web.json_response(device.registration())

    one = "/api/devices/{device_id}"
    return [
        web.get("/api/devices", every),
        web.post("/api/devices", add),
        web.patch(one, change),
        web.delete(one, revoke),
    ]


def _row(gate: Gate, request: web.Request, what: What, **detail: Any) -> Callable[[Device], Along]:
    """The audit's row of what is done to a camera."""

    def row(device: Device) -> Along:
        return gate.along(request, what, as_camera(device), **detail)

    return row


def _enrolment(origin: str, device: Device, key: Ed25519PrivateKey, token: str) -> dict[str, Any]:
    """What a new camera needs. Key and token are told only now; `qr` is address and token, for a client that scans."""
    where = device.urls(origin)
    return {
        **where,
        "record": device.record_mode.value,
        "private_key": private_pem(key).decode(),
        "whip_token": token,
        "qr": qr_picture(json.dumps({"whip_url": where["whip_url"], "whip_token": token})),
    }
