"""Who is near whom in a scenario, as each camera works it out for its own picture."""

from __future__ import annotations

import threading
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from streamer.config import read
from streamer.town import Town
from streamer.whereabouts import SIGHT_M, Whereabouts


def of(folder: Path, town: Town, call_sign: str, at: float) -> Whereabouts:
    """The whereabouts of one officer of the night shift, with the clock at `at` seconds of it."""
    key_file = folder / "key.pem"
    key = Ed25519PrivateKey.generate()
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    words = ["--server", "http://127.0.0.1:1", "--device", "et17", "--key-file", str(key_file), "--source", "street"]
    words += ["--gps", "scenario", "--scenario", "night_shift", "--call-sign", call_sign, "--start-at", "1000"]
    return Whereabouts(read(words), town, lambda: 1000 + at, threading.Lock())


def test_units_that_have_come_to_an_officer_s_help_are_in_the_picture(tmp_path: Path, night_town: Town) -> None:
    there = of(tmp_path, night_town, "ET17", 69.0).others()
    me = of(tmp_path, night_town, "ET17", 69.0).pose()
    near = [one for one in there if abs(one.x - me.x) + abs(one.y - me.y) < 30]
    assert len(near) >= 2
    assert [one.in_vehicle for one in there].count(True) == 2, "ET40 and ET26 come by car"


def test_who_is_far_away_or_indoors_is_not_in_the_picture(tmp_path: Path, night_town: Town) -> None:
    for at in (1.0, 40.0, 200.0, 400.0):
        where = of(tmp_path, night_town, "ET17", at)
        me = where.pose()
        assert all((one.x - me.x) ** 2 + (one.y - me.y) ** 2 < SIGHT_M**2 for one in where.others())
    assert of(tmp_path, night_town, "ET31", 40.0).others() == ()
