"""The local control: an officer's button, or a holster's sensor, presses what a finger would.

    POST /press/{what}    what: record record_stop stream_on stream_off watch_me watch_cancel emergency heard
                          taser.drawn taser.armed taser.trigger taser.arc taser.safe
                          204 done (and on this camera's disk) · 404 no such press · 409 the kit's state forbids it
    GET  /state           what the camera does now, as JSON

`--control PORT` listens on 127.0.0.1 and asks for `Authorization: Bearer` with the text in the file
`DIR/DEVICE.control-token` (made anew at each start, readable by the camera's user only). `--control unix:PATH` listens on a
Unix socket that only the camera's user may open; there no token is needed.

    curl -X POST -H "Authorization: Bearer $(cat keys/et17.control-token)" http://127.0.0.1:9009/press/taser.drawn
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from aiohttp import web

from streamer.controls import PRESSES, Kit
from streamer.errors import ConfigError, PressError, StoreError

UNIX = "unix:"


def state_of(kit: Kit, waiting: tuple[int, int], connected: bool) -> dict[str, Any]:
    """What `GET /state` says."""
    return {
        "recording": kit.recording,
        "streaming": kit.streaming,
        "taser": kit.holster.value,
        "watch_asked": kit.watch_asked,
        "emergency": kit.emergency,
        "status_code": kit.status_code,
        "battery_pct": kit.battery_pct,
        "connected": connected,
        "waiting": {"signals": waiting[0], "fixes": waiting[1]},
    }


class LocalControl:
    """The control's HTTP server; `token` None: whoever may open the socket may press."""

    def __init__(self, kit: Kit, state: Any, token: str | None) -> None:
        self._kit = kit
        self._state = state
        self._token = token
        self._runner: web.AppRunner | None = None

    async def start(self, where: str) -> str:
        """Listen at a port of 127.0.0.1 ("0": any free one) or at `unix:PATH`. Returns the address.

        Raises ConfigError.
        """
        runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        self._runner = runner
        site = self._site(runner, where)
        try:
            await site.start()
        except OSError as error:
            await self.close()
            raise ConfigError(f"--control {where} cannot be used: {error.strerror or error}.") from error
        if where.startswith(UNIX):
            os.chmod(where.removeprefix(UNIX), 0o600)
            return where
        host, port = runner.addresses[0][:2]
        return f"http://{host}:{port}"

    async def close(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _site(self, runner: web.AppRunner, where: str) -> web.BaseSite:
        if where.startswith(UNIX):
            path = Path(where.removeprefix(UNIX))
            if path.is_socket():
                path.unlink()  # left by a camera that was killed
            return web.UnixSite(runner, path)
        return web.TCPSite(runner, "127.0.0.1", int(where))

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=1024)
        application.add_routes([web.post("/press/{what}", self._press), web.get("/state", self._get_state)])
        return application

    def _known(self, request: web.Request) -> bool:
        if self._token is None:
            return True
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return secrets.compare_digest(given.encode(), self._token.encode())

    async def _press(self, request: web.Request) -> web.Response:
        if not self._known(request):
            return _problem(401, "Say Authorization: Bearer with the text of the control-token file.")
        what = request.match_info["what"]
        if what not in PRESSES:
            return _problem(404, f"There is no {what!r}; there are {', '.join(PRESSES)}.")
        try:
            self._kit.press(what)
        except PressError as error:
            return _problem(409, str(error))
        except StoreError as error:
            return _problem(507, str(error))
        return web.Response(status=204)

    async def _get_state(self, request: web.Request) -> web.Response:
        if not self._known(request):
            return _problem(401, "Say Authorization: Bearer with the text of the control-token file.")
        return web.json_response(self._state())


def write_token(path: Path) -> str:
    """A new token, in a file that only this user may read. Raises ConfigError."""
    token = secrets.token_urlsafe(24)
    try:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(token)
    except OSError as error:
        raise ConfigError(f"The control's token {path} cannot be written: {error.strerror}.") from error
    return token


def _problem(status: int, detail: str) -> web.Response:
    body = {"type": "about:blank", "status": status, "detail": detail}
    return web.json_response(body, status=status, content_type="application/problem+json")
