"""The commands as a person at a terminal runs them: each its own process, on a folder of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from server.access.store import AccessStore
from server.audit.actions import Audit
from server.audit.asked import Asked
from server.audit.store import AuditStore
from server.clock import HandClock
from server.database import Database
from server.journal.store import Journal
from server.units.store import UnitStore
from tests.source import ROOT

START = "import sys; from server.commands import main; sys.exit(main(sys.argv[1:]))"


def command(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", START, *words], input=given, cwd=ROOT, capture_output=True, text=True, timeout=120
    )


def printed(*words: str, given: str = "") -> dict[str, Any]:
    """The one JSON object."""
    done = command(*words, given=given)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


async def test_a_camera_from_registration_to_revocation(tmp_path: Path) -> None:
    data = tmp_path / "new folder"
    data.mkdir()
    (data / "server.json").write_text('{"url": "https://room.example:8443/", "pid": 1}')
    device = printed(
        "device", "add", "Tango 21", "--wearer", "PC Marsh", "--collar-number", "0417", "--data", str(data)
    )
    device_id = device["device_id"]
    assert device["whip_url"] == f"https://room.example:8443/whip/{device_id}"
    assert device["uplink_url"] == f"wss://room.example:8443/uplink/{device_id}"
    key_file = Path(device["key_file"])
    assert key_file.stat().st_mode & 0o777 == 0o600 and key_file.parent == data / "keys"
    private = load_pem_private_key(key_file.read_bytes(), None)
    database = Database(str(data / "watchroom.db"))
    kept = await UnitStore(database, Journal(database, HandClock())).device(device_id)
    assert kept is not None and kept.public_key == private.public_key().public_bytes_raw()  # type: ignore[union-attr]
    assert device["whip_token"] not in (data / "watchroom.db").read_bytes().decode("latin-1")
    await database.close()
    assert printed("device", "revoke", device_id, "--data", str(data))["revoked"] is True
    listed = printed("device", "list", "--data", str(data))["devices"]
    assert [(one["device_id"], one["revoked"]) for one in listed] == [(device_id, True)]


def test_a_camera_that_is_refused_leaves_no_key_and_a_namesake_is_named(tmp_path: Path) -> None:
    data = ["--data", str(tmp_path)]
    refused = command("device", "add", "", *data)
    assert refused.returncode == 2 and "Call sign" in refused.stderr
    assert list((tmp_path / "keys").iterdir()) == []
    first = command("device", "add", "ET17", *data)
    assert first.stderr == ""
    second = command("device", "add", "ET17", *data)
    assert json.loads(first.stdout)["device_id"] in second.stderr and "revoke" in second.stderr
    assert len(list((tmp_path / "keys").iterdir())) == 2


async def test_a_person_and_their_token(tmp_path: Path) -> None:
    person = printed("person", "add", "hill", "--role", "control", "--data", str(tmp_path), given="correct horse\n")
    assert (person["name"], person["role"]) == ("hill", "control")
    token = printed("token", "add", "hill", "--purpose", "test", "--data", str(tmp_path))
    assert token["token"].startswith("wr_api_") and token["expires_at"] is None
    before = time.time()
    short = printed("token", "add", "hill", "--purpose", "test", "--days", "2", "--data", str(tmp_path))
    assert before <= short["expires_at"] - 2 * 86_400 <= time.time()
    assert printed("token", "revoke", token["id"], "--data", str(tmp_path)) == {"id": token["id"], "revoked": True}
    database = Database(str(tmp_path / "watchroom.db"))
    row = await AccessStore(database).person(name="hill")
    await database.close()
    assert row is not None and row.password_hash.startswith("$argon2id$")
    again = command("person", "add", "Hill", "--role", "control", "--data", str(tmp_path), given="correct horse\n")
    assert again.returncode == 1 and "already" in again.stderr and again.stdout == ""


async def test_what_is_typed_at_a_terminal_is_in_the_audit(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path))
    camera = printed("device", "add", "ET17", *data)["device_id"]
    printed("person", "add", "hill", "--role", "control", *data, given="correct horse\n")
    token = printed("token", "add", "hill", "--purpose", "duty report", *data)
    printed("token", "revoke", token["id"], *data)
    printed("device", "revoke", camera, *data)
    printed("person", "revoke", "hill", *data)
    database = Database(str(tmp_path / "watchroom.db"))
    audit = Audit(AuditStore(database), HandClock())
    rows = (await audit.page(Asked()))["rows"][::-1]
    assert (await audit.check())["fault"] is None
    await database.close()
    assert [row["what"].removeprefix("change.") for row in rows] == [
        "camera-added",
        "person-added",
        "token-made",
        "token-revoked",
        "camera-revoked",
        "person-off",
    ]
    assert {(row["actor"]["kind"], row["actor"]["id"]) for row in rows} == {("system", "terminal")}
    assert rows[0]["actor"]["name"].endswith(" at a terminal") and rows[0]["subject"]["id"] == camera


def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path) -> None:
    data = ["--data", str(tmp_path)]
    (tmp_path / "file").write_text("")
    cases = [
        (["device", "add"], 2, "CALLSIGN"),
        (["device", "add", "X", "--record", "never", *data], 2, "on-signal, always"),
        (["device", "add", "X", "--url", "room.example", *data], 2, "http://"),
        (["device", "revoke", "none-1", *data], 1, "no camera"),
        (["device", "list", "--data", str(tmp_path / "file" / "x")], 1, "cannot be written"),
        (["person", "add", "x", "--role", "king", *data], 2, "control, inspector"),
        (["person", "add", "x", "--role", "control", *data], 2, "standard input"),
        (["token", "add", "nobody", "--purpose", "x", *data], 1, "no person"),
        (["run", "--port", "high", *data], 2, "port"),
        (["run", "--tls", "maybe", *data], 1, "tls"),
        (["dance"], 2, "dance"),
    ]
    for words, code, part in cases:
        done = command(*words)
        assert (done.returncode, done.stdout) == (code, ""), (words, done)
        assert part in done.stderr and done.stderr.count("\n") == 1 and "Traceback" not in done.stderr
    (tmp_path / "watchroom.toml").write_text("port = = 1")
    done = command("device", "list", *data)
    assert done.stderr.startswith(str(tmp_path / "watchroom.toml")), "a file's name is shown as it is typed"
