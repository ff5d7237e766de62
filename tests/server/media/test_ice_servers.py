"""TURN credentials: what coturn would reckon, good for a while, and no trace of the secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path

from server.config import Config
from server.media.ice_servers import TURN_S, IceServers

NOW = 1_700_000_000.9
TURN = IceServers(lambda: NOW, turn_urls=("turn:a:3478", "turns:a:5349"), turn_secret="north")


def test_credentials_are_made_for_one_client_and_expire() -> None:
    (given,) = TURN.given_to("camera-1")
    assert given["urls"] == ["turn:a:3478", "turns:a:5349"]
    assert given["username"] == f"{1_700_000_000 + TURN_S}:camera-1"
    signed = hmac.digest(b"north", given["username"].encode(), hashlib.sha1)
    assert base64.b64decode(given["credential"]) == signed
    assert given != IceServers(lambda: NOW + 1, TURN.static, TURN.turn_urls, "north").given_to("camera-1")[0]
    assert given["credential"] != TURN.given_to("camera-2")[0]["credential"]


def test_fixed_servers_stay_as_they_are() -> None:
    fixed = ({"urls": "stun:a"}, {"urls": ["turn:b"], "username": "u", "credential": "c"})
    both = IceServers(lambda: NOW, fixed, ("turn:c",), "north")
    assert both.given_to("x")[:2] == list(fixed)
    assert [one["urls"] for one in both.given_to("x")[2:]] == [["turn:c"]]
    assert IceServers(lambda: NOW, fixed).given_to("x") == list(fixed)


def test_each_url_is_a_link_of_its_own() -> None:
    links = TURN.links("camera-1")
    assert [link.split(";")[0] for link in links] == ["<turn:a:3478>", "<turns:a:5349>"]
    assert all('rel="ice-server"; username="' in link and 'credential-type="password"' in link for link in links)
    quoted = IceServers(lambda: NOW, ({"urls": "turn:b", "username": 'a"b', "credential": "c\\d"},)).links("x")
    assert quoted == [
        '<turn:b>; rel="ice-server"; username="a\\"b"; credential="c\\\\d"; credential-type="password"',
    ]
    assert IceServers(lambda: NOW, ({"urls": "stun:a"},)).links("x") == ['<stun:a>; rel="ice-server"']


def test_the_secret_is_in_nothing_that_is_printed(tmp_path: Path) -> None:
    config = Config.load(tmp_path, {"turn_urls": "turn:a", "turn_secret": "north-sea"})
    made = IceServers.of(config, lambda: NOW)
    assert (
        made.given_to("x")[0]["credential"]
        == IceServers(lambda: NOW, (), ("turn:a",), "north-sea").given_to("x")[0]["credential"]
    )
    for told in (repr(config), str(config), config.model_dump_json(), repr(made), str(made.given_to("x"))):
        assert "north-sea" not in told
