"""Options: what is wrong is one sentence that names the option."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from streamer.command import main
from streamer.config import CameraConfig, PictureSize, gpsd_address, read
from streamer.errors import ConfigError, ScenarioError


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "et17.pem"
    key = Ed25519PrivateKey.generate()
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def options(key_file: Path, **changes: str | None) -> list[str]:
    given = {
        "server": "http://127.0.0.1:8080/",
        "device": "et17",
        "key-file": str(key_file),
        "source": "street",
        "gps": "none",
    } | {name.replace("_", "-"): value for name, value in changes.items()}
    return [text for name, value in given.items() for text in ([f"--{name}"] + ([value] if value is not None else []))]


def reading(key_file: Path, **changes: str | None) -> CameraConfig:
    return read(options(key_file, **changes))


def test_what_is_left_out_has_a_default_that_suits_the_source(key_file: Path) -> None:
    street = reading(key_file)
    assert (street.main, street.sub) == (PictureSize(512, 288, 10), PictureSize(320, 180, 5))
    assert (street.server, street.state, street.recording) == ("http://127.0.0.1:8080", key_file.parent, "buffering")
    assert (street.sound, street.streaming, street.keys) == ("synth", True, True)
    usb = reading(key_file, source="v4l2:/dev/video0", size="1920x1080")
    assert (usb.main, usb.bitrate, usb.sound) == (PictureSize(1920, 1080, 25), 2_000_000, "none")


@pytest.mark.parametrize("preset", ["dusk", "night", "rain", "night-rain", "vehicle", "night-rain-vehicle", "indoor"])
def test_a_preset_of_the_street_is_named_behind_it(key_file: Path, preset: str) -> None:
    street = reading(key_file, source=f"street:{preset}")
    assert (street.source, street.preset, street.sound, street.main) == (
        "street",
        preset,
        "synth",
        PictureSize(512, 288, 10),
    )
    assert reading(key_file, source="street").preset == "dusk"
    assert reading(key_file, source="v4l2:/dev/video0").preset == ""


def test_an_officer_s_part_says_what_the_picture_shows_unless_the_source_does(key_file: Path) -> None:
    part = {"gps": "scenario", "scenario": "night_shift", "call_sign": "ET40"}
    assert reading(key_file, **part).preset == "night-vehicle"
    assert reading(key_file, **part, source="street:rain").preset == "rain"


def test_a_scenario_knows_its_officers(key_file: Path) -> None:
    config = reading(key_file, gps="scenario", scenario="night_shift", call_sign="ET22", start_at="1800000000.5")
    assert config.scenario is not None
    assert (config.collar_number, config.recording, config.heard_after_s) == ("0688", "recording", 3.0)
    assert (config.start_at, config.town_file.name) == (1800000000.5, "estuary.geojson")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"device": "ET 17"}, "--device must be 3 to 40 of a-z, 0-9 and -; got 'ET 17'"),
        ({"server": "localhost:8080"}, "--server must be http://"),
        ({"key-file": "/nowhere/key.pem"}, "--key-file /nowhere/key.pem: there is no such file"),
        ({"source": "webcam"}, "--source must be one of street, file:PATH"),
        ({"source": "street:fog"}, "street:night-rain-vehicle, street:indoor; got 'street:fog'"),
        ({"source": "file:/nowhere.mp4"}, "there is no such file"),
        ({"gps": "satellite"}, "--gps must be one of route:"),
        ({"gps": "gpsd://"}, "--gps must be gpsd://HOST:PORT"),
        ({"gps": "gpsd://h:99999999"}, "--gps must be gpsd://HOST:PORT"),
        ({"gps": "route:/nowhere.gpx"}, "there is no such file"),
        ({"gps": "route:/etc/passwd"}, "must name a .gpx or .geojson"),
        ({"gps": "nmea:"}, "--gps must be one of"),
        ({"gps": "scenario"}, "--gps scenario needs --scenario and --call-sign"),
        ({"scenario": "night_shift"}, "--scenario needs --call-sign"),
        ({"scenario": "/nowhere.toml", "call-sign": "ET17"}, "--scenario /nowhere.toml: there is no such file"),
        ({"size": "640x361"}, "--size must be WIDTHxHEIGHT in even pixels"),
        ({"sub-size": "tiny"}, "--sub-size must be WIDTHxHEIGHT"),
        ({"fps": "200"}, "--fps must be 1 to 60; got 200"),
        ({"bitrate": "7"}, "--bitrate must be 100000 to"),
        ({"sound": "loud"}, "--sound must be synth, mic:DEVICE"),
        ({"sound": "source"}, "--sound source needs --source file:PATH"),
        ({"control": "70000"}, "--control must be a port or unix:PATH"),
        ({"town": "../../etc"}, "There is no town"),
        ({"ca-file": "/nowhere.pem"}, "--ca-file /nowhere.pem: there is no such file"),
        ({"state": "/dev/null/x"}, "--state /dev/null/x cannot be made"),
    ],
)
def test_what_is_wrong_is_one_sentence(key_file: Path, changes: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        reading(key_file, **changes)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_officer_who_is_not_in_the_scenario(key_file: Path) -> None:
    with pytest.raises(ScenarioError, match="one of ET17"):
        reading(key_file, scenario="night_shift", call_sign="ET99")


def test_keys_that_are_none_of_ours(key_file: Path) -> None:
    key_file.write_text("not a key")
    with pytest.raises(ConfigError, match="no PEM private key"):
        reading(key_file)
    wrong = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key_file.write_bytes(wrong)
    with pytest.raises(ConfigError, match="not an Ed25519 key; make one with `server device add`"):
        reading(key_file)


def test_gpsd_has_its_own_port_by_default() -> None:
    assert gpsd_address("gpsd://localhost") == ("localhost", 2947)
    assert gpsd_address("gpsd://[::1]:1234") == ("::1", 1234)


def test_the_command_says_it_and_gives_2(key_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(options(key_file, source="webcam")) == 2
    assert capsys.readouterr().err.startswith("camera: --source must be one of")


def test_help_documents_keys_and_the_local_control(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read(["--help"])
    shown = capsys.readouterr().out
    assert "POST /press/{what}" in shown
    assert "e EMERGENCY" in shown
