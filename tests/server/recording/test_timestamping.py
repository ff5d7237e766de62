"""A real authority's timestamps of real recordings: asked for until it answers, kept beside them, and checked."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import subprocess
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from server.clock import HandClock
from server.config import Config
from server.errors import StartError
from server.recording.master_key import PLAIN
from server.recording.timestamp import request
from server.recording.timestamping import LONGEST_PAUSE_S, LOOK_S, Timestamping
from server.recording.verifier import verify
from server.recording.verifying import checks_with
from server.recording.vouching import vouched
from tests.server.media.conftest import until
from tests.server.recording.authority import Authority
from tests.server.recording.recordings import IDENTITY, bundle, new_folder, recording, segment

SECOND = "20261128T214600Z-et17-3fa2c1d1"


@dataclass
class Office:
    """A folder of recordings, an authority that is reached over a real socket, and the job between them."""

    root: Path
    authority: Authority
    url: str
    clock: HandClock

    def __post_init__(self) -> None:
        self.job = self.another(self.authority.certificates)

    def another(self, certificates: Path | None) -> Timestamping:
        return Timestamping(self.root, self.url, certificates, self.clock)

    def token(self, identity: str = IDENTITY) -> Path:
        return self.root / identity / "manifest.tsr"

    def told(self, path: Path, authority: Path | None) -> Any:
        return verify(str(path), (), checks_with(PLAIN, authority))


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    authority = Authority.made(tmp_path / "authority")
    async with TestServer(authority.application()) as server:
        yield Office(tmp_path / "recordings", authority, str(server.make_url("/")), HandClock())


def claims(found: Any, verdict: str) -> list[str]:
    return [claim["claim"] for one in found["recordings"] for claim in one["claims"] if claim["verdict"] == verdict]


async def test_what_is_signed_is_timestamped_once_and_nothing_signed_is_changed(office: Office) -> None:
    recording(office.root)
    new_folder(office.root, SECOND).commit(segment(0))  # goes on
    before = {path: path.read_bytes() for path in office.root.rglob("*") if path.is_file()}
    assert "not timestamped by an authority" in " ".join(office.told(office.root / IDENTITY, None)["not_proved"])
    await office.job.run()
    await office.job.run()
    await office.another(None).run()  # another process
    assert len(office.authority.asked) == 1 and office.job.waiting == 0
    after = {path: path.read_bytes() for path in office.root.rglob("*") if path.is_file()}
    assert {path: after[path] for path in before} == before and after.keys() - before.keys() == {office.token()}
    assert office.token().stat().st_mode & 0o777 == 0o600


async def test_a_part_that_comes_later_is_stamped_too(office: Office) -> None:
    path = recording(office.root)
    await office.job.run()
    shutil.copytree(recording(office.root.parent / "aside", count=2), path / "back-1")
    await office.job.run()
    await office.job.run()
    assert (path / "back-1" / "manifest.tsr").exists() and len(office.authority.asked) == 2


async def test_while_the_authority_is_away_it_is_asked_less_and_less_and_then_all_are_stamped(office: Office) -> None:
    recording(office.root), recording(office.root, identity=SECOND)
    office.authority.away = True
    for _ in range(200):
        await office.job.run()
        office.clock.move(LOOK_S)
    assert 3 < len(office.authority.asked) < 20 and office.job.waiting == 2
    office.authority.away = False
    office.clock.move(LONGEST_PAUSE_S)
    await office.job.run()
    assert office.token().exists() and office.token(SECOND).exists() and office.job.waiting == 0


async def test_nobody_who_answers_at_all_is_no_error(office: Office) -> None:
    recording(office.root)
    job = Timestamping(office.root, "http://127.0.0.1:9/", None, office.clock)
    await job.run()
    assert job.waiting == 1 and not office.token().exists()


async def test_an_answer_to_something_else_or_of_somebody_else_is_not_kept(office: Office, tmp_path: Path) -> None:
    recording(office.root)
    job = office.another(office.authority.certificates)
    for wrong in (b"", b"nonsense", bytes(100_000), office.authority.answer(request(bytes(32), 5))):
        office.authority.wrong = wrong
        await job.run()
        office.clock.move(LONGEST_PAUSE_S)
    office.authority.wrong = None
    stranger = Authority.made(tmp_path / "stranger")
    await office.another(stranger.certificates).run()
    assert not office.token().exists()
    await job.run()
    assert office.token().exists()


async def test_a_timestamp_is_of_its_manifest_and_its_authoritys_certificates_tell_whose_it_is(
    office: Office, tmp_path: Path
) -> None:
    recording(office.root)
    await office.job.run()
    found = office.told(office.root, None)
    assert found["exit"] == 0
    assert any(claim.startswith("The timestamp (of 20") for claim in claims(found, "PASS"))
    (note,) = [note for note in found["recordings"][0]["notes"] if "openssl ts -verify" in note]
    line = note.partition(": ")[2].replace("CERTIFICATES", str(office.authority.certificates)).split()
    done = await asyncio.to_thread(subprocess.run, line, cwd=office.root, capture_output=True, check=False)
    assert done.returncode == 0
    found = office.told(office.root, office.authority.certificates)
    assert (found["exit"], len([one for one in claims(found, "PASS") if one.startswith("An authority of")])) == (0, 1)
    stranger = Authority.made(tmp_path / "stranger")
    assert office.told(office.root, stranger.certificates)["exit"] == 2


async def test_a_timestamp_of_something_else_is_found_out_and_a_damaged_one_by_the_certificates(office: Office) -> None:
    recording(office.root), recording(office.root, identity=SECOND, count=6)
    await office.job.run()
    whole = office.token().read_bytes()
    shutil.copy(office.token(SECOND), office.token())
    assert office.told(office.root, None)["exit"] == 2
    damaged = bytearray(whole)
    damaged[-10] ^= 1  # in the signature
    office.token().write_bytes(bytes(damaged))
    assert office.told(office.root, office.authority.certificates)["exit"] == 2
    office.token().write_bytes(b"nonsense")
    found = office.told(office.root, office.authority.certificates)
    assert (found["exit"], claims(found, "FAIL")) == (3, [])


async def test_without_the_program_nobody_can_tell_whose_it_is(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    recording(office.root)
    await office.job.run()
    monkeypatch.setenv("PATH", "/nowhere")
    found = office.told(office.root, office.authority.certificates)
    assert (found["exit"], claims(found, "FAIL")) == (3, [])
    said = [text for claim in found["recordings"][0]["claims"] for text in claim["found"]]
    assert any("the program openssl is needed" in text for text in said)


async def test_it_holds_when_the_authoritys_certificate_has_ended(office: Office) -> None:
    """Judged by the time that the timestamp tells, not by today's."""
    recording(office.root)
    for lasts_s in (3.0, 10.0, 60.0):  # a loaded machine may take as long to ask
        office.authority.renew(lasts_s)
        await office.job.run()
        if office.token().exists():
            break
        office.clock.move(LONGEST_PAUSE_S)
    await until(office.authority.has_ended, 90.0)
    manifest = (office.root / IDENTITY / "manifest.json").read_bytes()
    assert vouched(office.token().read_bytes(), manifest, office.authority.certificates) == ("PASS", "")


def test_certificates_that_are_none_are_told_at_start(tmp_path: Path) -> None:
    (tmp_path / "none.pem").write_text("no certificate")
    clock = HandClock()
    for name, said in (("none.pem", "holds no certificates"), ("nowhere.pem", "cannot be read")):
        config = Config.load(tmp_path, {"tsa_url": "http://tsa.example/", "tsa_ca": tmp_path / name})
        with pytest.raises(StartError, match=said):
            Timestamping.of(config, tmp_path, clock)
    assert Timestamping.of(Config.load(tmp_path), tmp_path, clock) is None


async def test_a_bundle_carries_it(office: Office, tmp_path: Path) -> None:
    recording(office.root)
    await office.job.run()
    packed = bundle(tmp_path / "bundle.zip", office.root)
    with zipfile.ZipFile(packed) as archive:
        assert f"{IDENTITY}/manifest.tsr" in archive.namelist()
    found = office.told(packed, office.authority.certificates)
    assert found["exit"] == 0 and any(claim.startswith("An authority of") for claim in claims(found, "PASS"))
    assert json.loads((office.root / IDENTITY / "manifest.json").read_bytes())["timestamp"] is None
    assert (
        hashlib.sha256((office.root / IDENTITY / "manifest.json").read_bytes()).digest() in office.token().read_bytes()
    )
