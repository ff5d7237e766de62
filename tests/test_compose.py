"""compose.yaml: that it says what the server understands, and that what goes into the image is enough to serve.

No engine is needed here. README.md says with which one the whole of it was run.
"""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from server.config import Config
from tests.compose import GIVEN, ROOT, WITH_TURN, composed, filled
from tests.installation import Installation, Server


@pytest.fixture
def server() -> dict[str, Any]:
    """The server's part, without TURN."""
    found: dict[str, Any] = composed(GIVEN)["services"]["server"]
    return found


# ---- what it says


def test_what_must_be_set_is_asked_for() -> None:
    for name in GIVEN:
        without = {other: value for other, value in GIVEN.items() if other != name}
        with pytest.raises(KeyError, match=f"{name}: (choose|the address)"):
            composed(without)


@pytest.mark.parametrize("given", [GIVEN, WITH_TURN], ids=["without TURN", "with TURN"])
def test_the_server_understands_what_it_is_told(
    given: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment = composed(given)["services"]["server"]["environment"]
    named = {name.removeprefix("WATCHROOM_").lower() for name in environment if name.startswith("WATCHROOM_")}
    assert named <= Config.model_fields.keys()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    told = Config.load(tmp_path)
    assert told.public_address == ("203.0.113.5",)
    assert (told.host, told.port, told.media_port, told.media_workers) == ("0.0.0.0", 8080, 5004, 2)
    turn = ("turn:203.0.113.5:3478", "turn:203.0.113.5:3478?transport=tcp") if "TURN_SECRET" in given else ()
    assert told.turn_urls == turn
    database = make_url(told.database_url)
    assert (database.host, database.database, database.password) == ("database", "watchroom", None)


def test_a_password_may_hold_any_sign() -> None:
    services = composed(GIVEN)["services"]
    assert services["server"]["environment"]["PGPASSWORD"] == GIVEN["POSTGRES_PASSWORD"]
    assert services["database"]["environment"]["POSTGRES_PASSWORD"] == GIVEN["POSTGRES_PASSWORD"]


def test_each_media_worker_has_a_published_port_of_the_same_number(server: dict[str, Any]) -> None:
    environment = server["environment"]
    page, media = server["ports"]
    assert page == f"{environment['WATCHROOM_PORT']}:{environment['WATCHROOM_PORT']}"
    published, inside = media.removesuffix("/udp").split(":")
    first, last = map(int, inside.split("-"))
    assert published == inside, "a camera is told the number that the worker has"
    assert first == int(environment["WATCHROOM_MEDIA_PORT"])
    assert int(environment["WATCHROOM_MEDIA_WORKERS"]) <= last - first + 1
    (most,) = re.findall(r"at most (\d+) here", (ROOT / "compose.yaml").read_text())
    assert int(most) == last - first + 1


def test_nobody_has_more_rights_than_needed() -> None:
    services = composed(WITH_TURN)["services"]
    for name, service in services.items():
        assert service["read_only"] == "true" and service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service.get("user", "its image's own") not in ("root", "0"), name
        assert "configs" not in service and "secrets" not in service, "Compose cannot put them into what is read-only"
    assert re.search(r"^USER watchroom$", services["server"]["build"]["dockerfile_inline"], re.MULTILINE)


def test_without_a_secret_turn_does_not_start() -> None:
    turn = composed(GIVEN)["services"]["turn"]
    done = subprocess.run(turn["entrypoint"], env=os.environ | turn["environment"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "TURN_SECRET is not set\n")


# ---- the image


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the build's COPY brings into the image: all here that .dockerignore lets in."""

    def left_out(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if not _in_context((Path(folder) / name).relative_to(ROOT))]

    return Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("opt") / "watchroom", ignore=left_out))


def test_each_step_of_the_build_can_be_taken(server: dict[str, Any], image: Path) -> None:
    dockerfile = server["build"]["dockerfile_inline"]
    setup, _, compiling, user, folder = [
        shlex.split(step) for line in re.findall(r"^RUN (.*)$", dockerfile, re.MULTILINE) for step in line.split(" && ")
    ]
    assert setup[0] == "python"
    environ = os.environ | {"WATCHROOM_SETUP": "off"}  # all that it would install is there
    done = subprocess.run([sys.executable, *setup[1:]], cwd=image, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert compiling[:3] == ["python", "-m", "compileall"]
    made_by_setup = ".venv"
    assert all((image / name).is_dir() for name in compiling[3:] if name[0] not in "-.0"), compiling
    assert compiling[-1] == made_by_setup
    assert user[0] == "useradd" and folder[:2] == ["install", "-d"]
    account, data = user[-1], folder[-1]
    assert folder[2:4] == ["-o", account] and f"\nUSER {account}\n" in dockerfile
    assert server["environment"]["WATCHROOM_DATA"] == data
    assert server["volumes"] == [f"server-data:{data}"], "a new volume takes its owner from the image's folder"


@pytest.mark.parametrize("tls", ["off", "self-signed"])
async def test_what_goes_into_the_image_serves_and_is_found_well(
    server: dict[str, Any], image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tls: str
) -> None:
    if "WATCHROOM_NODE_MODULES" not in os.environ:
        monkeypatch.setenv("WATCHROOM_NODE_MODULES", str(ROOT / "static" / "node_modules"))
    monkeypatch.setattr("tests.installation.ROOT", image)
    installation = Installation(tmp_path / "data")
    installation.settings = {"WATCHROOM_TLS": tls}
    assert server["healthcheck"]["test"][:3] == ["CMD", "python", "-c"]
    probe = [sys.executable, *server["healthcheck"]["test"][2:]]
    environ = os.environ | {"WATCHROOM_DATA": str(installation.folder)}
    with Server(installation) as running:
        assert running.arguments[:3] == server["command"][1:]
        await running.serve()
        assert running.url.startswith("http://" if tls == "off" else "https://")
        assert await _code(probe, environ) == 0
        where = (installation.folder / "server.json").read_bytes()
    (installation.folder / "server.json").write_bytes(where)  # as a power cut leaves it
    assert await _code(probe, environ) == 1


async def _code(command: list[str], environ: dict[str, str]) -> int:
    started = await asyncio.create_subprocess_exec(*command, env=environ, stderr=asyncio.subprocess.DEVNULL)
    return await started.wait()


def test_nothing_secret_goes_into_the_image() -> None:
    for name in (".env", "watchroom.env", ".git/config", "DATA/watchroom.toml", "tests/conftest.py", "key.pem"):
        assert not _in_context(Path(name)), name
    for name in ("server/app.py", "static/package-lock.json", "requirements-setup.txt"):
        assert _in_context(Path(name)), name


def _in_context(path: Path) -> bool:
    """Whether the build sees a file: the last of .dockerignore's lines that fits it, or a folder that it is in."""
    taken = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line and not line.startswith("#"):
            pattern = line.removeprefix("!")
            ways = [path, *path.parents][:-1]
            if any(
                fnmatch(each.name, pattern[3:]) if pattern.startswith("**/") else _fits(each, pattern) for each in ways
            ):
                taken = line.startswith("!")
    return taken


def _fits(path: Path, pattern: str) -> bool:
    """A star does not stand for a slash."""
    wanted = pattern.split("/")
    return len(path.parts) == len(wanted) and all(map(fnmatch, path.parts, wanted))


# ---- the reader


def test_variables_are_filled_in_as_compose_does() -> None:
    given = {"A": "1", "EMPTY": ""}
    assert filled("$$ ${A} ${B} ${B:-b${A}} ${A:-b} ${EMPTY:-e}", given) == "$ 1  b1 1 e"
    assert filled("${A:+x:${A}?y}|${EMPTY:+z}|${B:+z}", given) == "x:1?y||"
    with pytest.raises(KeyError, match="B: set it"):
        filled("${B:?set it}", given)
    with pytest.raises(ValueError, match="neither"):
        filled("$A", given)
