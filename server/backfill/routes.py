"""`/backfill/{device_id}`: a camera asks what is lacking, and uploads it by tus 1.0 with creation, termination and checksum."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from pydantic import ValidationError

from server.backfill.actions import BackFilling
from server.backfill.upload import ALGORITHMS, EXTENSIONS, VERSION, Upload, check_version, checksum_in, offset_in
from server.errors import BadRequest, TooLarge
from server.request_body import text_of
from server.wire import FootageHeld

AdmitCamera = Callable[[web.Request, str], Awaitable[None]]
CAMERA = "/backfill/{device_id:[a-z0-9-]{3,40}}"
ONE = CAMERA + "/uploads/{upload_id}"
PIECE = 64 * 1024  # bytes that are written and flushed at once
MOST_CHECKED = 1 << 20  # bytes of a request with a checksum: they are held in memory until it is known to be right


def backfill_routes(filling: BackFilling, admit_camera: AdmitCamera) -> list[web.AbstractRouteDef]:
    """`admit_camera(request, device_id)` raises Unauthorised for whoever is not that camera."""
    made = _Routes(filling, admit_camera)
    return [
        web.post(CAMERA + "/wanted", made.wanted),
        web.options(CAMERA + "/uploads", made.options),
        web.post(CAMERA + "/uploads", made.create),
        web.head(ONE, made.head),
        web.patch(ONE, made.patch),
        web.delete(ONE, made.delete),
    ]


class _Routes:
    def __init__(self, filling: BackFilling, admit_camera: AdmitCamera) -> None:
        self._filling = filling
        self._admit = admit_camera

    async def _camera(self, request: web.Request) -> str:
        device_id = request.match_info["device_id"]
        await self._admit(request, device_id)
        return device_id

    async def _upload(self, request: web.Request) -> tuple[Upload, int]:
        device_id = await self._camera(request)
        check_version(request.headers)
        return await self._filling.offset(device_id, request.match_info["upload_id"])

    async def wanted(self, request: web.Request) -> web.Response:
        device_id = await self._camera(request)
        text = await text_of(request, "application/json")
        try:
            held = FootageHeld.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise BadRequest(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        told = await self._filling.wanted(device_id, held)
        return web.json_response(told.model_dump())

    async def options(self, request: web.Request) -> web.Response:
        return web.Response(
            status=204,
            headers={
                "Tus-Resumable": VERSION,
                "Tus-Version": VERSION,
                "Tus-Extension": EXTENSIONS,
                "Tus-Max-Size": str(self._filling.most_bytes),
                "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
            },
        )

    async def create(self, request: web.Request) -> web.Response:
        device_id = await self._camera(request)
        check_version(request.headers)
        upload = await self._filling.create(device_id, request.headers)
        location = f"/backfill/{device_id}/uploads/{upload.id}"
        return web.Response(status=201, headers={"Tus-Resumable": VERSION, "Location": location})

    async def head(self, request: web.Request) -> web.Response:
        upload, offset = await self._upload(request)
        told = {"Upload-Offset": str(offset), "Upload-Length": str(upload.length), "Cache-Control": "no-store"}
        return web.Response(status=200, headers={"Tus-Resumable": VERSION, **told})

    async def patch(self, request: web.Request) -> web.Response:
        upload, _ = await self._upload(request)
        offset, checksum = offset_in(request.headers), checksum_in(request.headers)
        if checksum is not None:
            data = await _whole(request)
            offset = await self._filling.append(upload, offset, data, checksum)
        else:
            while piece := await _piece(request, PIECE):
                offset = await self._filling.append(upload, offset, piece, None)
        return web.Response(status=204, headers={"Tus-Resumable": VERSION, "Upload-Offset": str(offset)})

    async def delete(self, request: web.Request) -> web.Response:
        upload, _ = await self._upload(request)
        await self._filling.remove(upload)
        return web.Response(status=204, headers={"Tus-Resumable": VERSION})


async def _whole(request: web.Request) -> bytes:
    """A body whose checksum is to be compared. Raises TooLarge."""
    data = b""
    while len(data) <= MOST_CHECKED and (piece := await request.content.read(PIECE)):
        data += piece
    if len(data) > MOST_CHECKED:
        raise TooLarge(f"a piece with a checksum may have {MOST_CHECKED} bytes")
    return data


async def _piece(request: web.Request, size: int) -> bytes:
    """So many bytes of the body, fewer at its end."""
    data = b""
    while len(data) < size and (more := await request.content.read(size - len(data))):
        data += more
    return data
