"""What a camera is told at its start: options, checked, with one sentence for each thing that is wrong."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from server import wire
from streamer import routes
from streamer.errors import ConfigError
from streamer.prompt import HELP
from streamer.scenario import Scenario, parse
from streamer.street.look import PRESETS, USUAL

ROOT = Path(__file__).resolve().parents[1]
SCENARIOS = ROOT / "streamer" / "scenarios"
TOWNS = ROOT / "static" / "town"
DEVICE_ID = re.compile(r"[a-z0-9-]{3,40}")
_SIZE = re.compile(r"(\d{2,4})x(\d{2,4})")
_TOWN_NAME = re.compile(r"[a-z0-9_-]+")

SOURCES = (
    f"street, file:PATH, rtsp://…, v4l2:/dev/video0; or the street as {', '.join(f'street:{one}' for one in PRESETS)}"
)
GPS = "route:FILE.gpx or .geojson, gpsd://HOST:PORT, nmea:PATH, scenario, none"


@dataclass(frozen=True)
class PictureSize:
    """Pixels and pictures a second."""

    width: int
    height: int
    fps: int


@dataclass(frozen=True)
class CameraConfig:
    """All that a camera needs to know; paths exist and the key is read."""

    server: str
    device_id: str
    key: Ed25519PrivateKey
    state: Path
    source: str
    preset: str  # of the street; "" for other sources
    gps: str
    main: PictureSize
    sub: PictureSize
    bitrate: int
    barcode: bool
    sound: str
    recording: wire.RecordingState
    streaming: bool
    scenario: Scenario | None
    call_sign: str
    collar_number: str
    start_at: float | None
    town: str
    control: str | None
    keys: bool
    until_stdin_closes: bool
    requests_refused: bool
    heard_after_s: float
    before_s: float
    footage_bytes: int
    insecure: bool
    ca_file: Path | None

    @property
    def town_file(self) -> Path:
        """The town that the street source draws and the scenario walks."""
        return TOWNS / f"{self.scenario.town if self.scenario else self.town}.geojson"


def parser() -> argparse.ArgumentParser:
    """The command line, with its help."""
    p = argparse.ArgumentParser(
        prog="python3 -m streamer",
        description="One officer's camera: picture, sound, position, and what the officer's hand does.",
        epilog=f"{HELP}\n\nLocal control:\n{routes.__doc__}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("--server", required=True, metavar="URL", help="the server, http://… or https://…")
    p.add_argument("--device", required=True, metavar="ID", help="this camera's id, as `server device add` printed it")
    p.add_argument("--key-file", required=True, type=Path, metavar="FILE", help="this camera's private key (PEM)")
    p.add_argument("--source", required=True, help=SOURCES)
    p.add_argument("--gps", required=True, help=GPS)
    p.add_argument("--state", type=Path, metavar="DIR", help="folder of the outbox (default: the key file's)")
    _add_story(p)
    _add_media(p)
    p.add_argument("--control", metavar="PORT|unix:PATH", help="listen for buttons and sensors, see below")
    p.add_argument("--no-keys", action="store_true", help="do not take keys from the terminal")
    p.add_argument(
        "--until-stdin-closes", action="store_true", help="end when standard input does: a child of another program"
    )
    p.add_argument("--refuse-requests", action="store_true", help="control may not start recording or the stream")
    p.add_argument("--insecure", action="store_true", help="trust any certificate (tests only)")
    p.add_argument("--ca-file", type=Path, metavar="FILE", help="trust this certificate, e.g. a self-signed one")
    return p


def _add_story(p: argparse.ArgumentParser) -> None:
    p.add_argument("--scenario", metavar="FILE", help="scenario to play a part in (a file, or the name of one of ours)")
    p.add_argument("--call-sign", default="", metavar="CS", help="which officer of the scenario this camera is")
    p.add_argument("--collar-number", default="", help="shown in the picture (the scenario knows it)")
    p.add_argument("--start-at", type=float, metavar="UNIX", help="when the scenario's clock was 0 (default: now)")
    p.add_argument("--town", default="estuary", help="town of the street source without a scenario")
    p.add_argument(
        "--heard-after", type=float, default=0.0, metavar="S", help="answer advice so long after it is shown"
    )


def _add_media(p: argparse.ArgumentParser) -> None:
    p.add_argument("--size", help="main picture (default 1280x720; street: 512x288)")
    p.add_argument("--fps", type=int, help="main pictures a second (default 25; street: 10)")
    p.add_argument("--sub-size", default="320x180", help="small picture for the grid (default 320x180)")
    p.add_argument("--sub-fps", type=int, help="small pictures a second (default 10; street: 5)")
    p.add_argument("--bitrate", type=int, help="of the main picture, bit/s (default 2000000; street: 450000)")
    p.add_argument("--barcode", action="store_true", help="burn a machine-readable clock into the picture")
    p.add_argument("--sound", help="synth, mic:DEVICE (alsa, or mic:pulse:SOURCE), source (of file:PATH) or none")
    p.add_argument(
        "--before", type=int, default=30, metavar="S", help="seconds before recording is ordered that it keeps"
    )
    p.add_argument(
        "--footage",
        type=int,
        default=512,
        metavar="MB",
        help="room for what it records itself, to back-fill what the link drops",
    )
    p.add_argument("--recording", choices=["on", "off", *get_args(wire.RecordingState)], help="state at the start")
    p.add_argument("--stream", choices=["on", "off"], default="on", help="stream at the start")


def read(argv: list[str]) -> CameraConfig:
    """The checked configuration. Raises ConfigError in one sentence; SystemExit for usage and --help."""
    a = parser().parse_args(argv)
    if not DEVICE_ID.fullmatch(a.device):
        raise ConfigError(f"--device must be 3 to 40 of a-z, 0-9 and -; got {a.device!r}.")
    scenario = _scenario(a.scenario, a.call_sign, a.gps)
    officer = scenario.officer(a.call_sign) if scenario else None
    # a drawn street: six such cameras, a server and a browser fit on two cores
    preset = _preset(a.source, scenario.preset(officer) if scenario and officer else USUAL)
    large, large_fps, small_fps, bps = ("512x288", 10, 5, 450_000) if preset else ("1280x720", 25, 10, 2_000_000)
    config = CameraConfig(
        server=_server(a.server),
        device_id=a.device,
        key=_key(a.key_file),
        state=_folder(a.state or a.key_file.parent),
        source="street" if preset else _source(a.source),
        preset=preset,
        gps=_gps(a.gps),
        main=_size("--size", a.size or large, "--fps", a.fps or large_fps),
        sub=_size("--sub-size", a.sub_size, "--sub-fps", a.sub_fps or small_fps),
        bitrate=_between("--bitrate", a.bitrate or bps, 100_000, 50_000_000),
        barcode=a.barcode,
        sound=_sound(a.sound, "street" if preset else a.source),
        recording=_recording(a.recording, officer.recording if officer else "buffering"),
        streaming=a.stream == "on",
        scenario=scenario,
        call_sign=a.call_sign,
        collar_number=a.collar_number or (officer.collar_number if officer else ""),
        start_at=a.start_at,
        town=a.town,
        control=_control(a.control),
        keys=not a.no_keys and not a.until_stdin_closes,
        until_stdin_closes=a.until_stdin_closes,
        requests_refused=a.refuse_requests,
        before_s=_between("--before", a.before, 0, 120),
        footage_bytes=_between("--footage", a.footage, 0, 1_000_000) << 20,
        heard_after_s=a.heard_after or (officer.heard_after_s if officer else 0.0),
        insecure=a.insecure,
        ca_file=_existing("--ca-file", a.ca_file) if a.ca_file else None,
    )
    if not _TOWN_NAME.fullmatch(config.town_file.stem) or not config.town_file.is_file():
        raise ConfigError(f"There is no town {config.town_file.stem!r} in {TOWNS}.")
    return config


def _server(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ConfigError(f"--server must be http://… or https://…; got {url!r}.")
    return url.rstrip("/")


def _key(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(_existing("--key-file", path).read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"--key-file {path} is no PEM private key without a password.") from error
    except OSError as error:
        raise ConfigError(f"--key-file {path} cannot be read: {error.strerror}.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"--key-file {path} is not an Ed25519 key; make one with `server device add`.")
    return key


def _existing(option: str, path: Path) -> Path:
    if not path.is_file():
        raise ConfigError(f"{option} {path}: there is no such file.")
    return path


def _folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--state {path} cannot be made: {error.strerror}.") from error
    return path


def _preset(source: str, usual: str) -> str:
    """How the drawn street is to look: as `street:NAME` says, else as the officer's part has it; "" for no street."""
    if source == "street":
        return usual
    name = source.removeprefix("street:")
    return name if source.startswith("street:") and name in PRESETS else ""


def _source(source: str) -> str:
    if source.startswith("file:"):
        _existing("--source", Path(source.removeprefix("file:")))
    elif not source.startswith(("rtsp://", "rtsps://", "v4l2:")):
        raise ConfigError(f"--source must be one of {SOURCES}; got {source!r}.")
    return source


def _gps(gps: str) -> str:
    kind, _, rest = gps.partition(":")
    if kind == "route":
        if Path(rest).suffix.lower() not in (".gpx", ".geojson", ".json"):
            raise ConfigError(f"--gps route: must name a .gpx or .geojson file; got {rest!r}.")
        _existing("--gps", Path(rest))
    elif kind == "gpsd":
        gpsd_address(gps)
    elif gps not in ("scenario", "none") and not (kind == "nmea" and rest):
        raise ConfigError(f"--gps must be one of {GPS}; got {gps!r}.")
    return gps


def gpsd_address(gps: str) -> tuple[str, int]:
    """Host and port of `gpsd://host:port`; port 2947 if it is left out. Raises ConfigError."""
    try:
        parts = urlsplit(gps)
        host, port = parts.hostname, parts.port or 2947
    except ValueError:
        host, port = None, 0
    if not host:
        raise ConfigError(f"--gps must be gpsd://HOST:PORT; got {gps!r}.")
    return host, port


def _size(option: str, size: str, fps_option: str, fps: int) -> PictureSize:
    found = _SIZE.fullmatch(size)
    if found is None or int(found[1]) % 2 or int(found[2]) % 2 or int(found[1]) < 64 or int(found[2]) < 36:
        raise ConfigError(f"{option} must be WIDTHxHEIGHT in even pixels, at least 64x36; got {size!r}.")
    return PictureSize(int(found[1]), int(found[2]), _between(fps_option, fps, 1, 60))


def _between(option: str, value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise ConfigError(f"{option} must be {low} to {high}; got {value}.")
    return value


def _sound(sound: str | None, source: str) -> str:
    if sound is None:
        return "synth" if source == "street" else "none"
    if sound == "source" and not source.startswith("file:"):
        raise ConfigError("--sound source needs --source file:PATH.")
    if sound not in ("synth", "source", "none") and not (sound.startswith("mic:") and len(sound) > 4):
        raise ConfigError(f"--sound must be synth, mic:DEVICE, source or none; got {sound!r}.")
    return sound


def _recording(asked: str | None, default: wire.RecordingState) -> wire.RecordingState:
    return cast(wire.RecordingState, {None: default, "on": "recording"}.get(asked, asked))


def _control(where: str | None) -> str | None:
    if where is None or where.startswith(routes.UNIX) or (where.isdecimal() and int(where) < 65536):
        return where
    raise ConfigError(f"--control must be a port or unix:PATH; got {where!r}.")


def _scenario(named: str | None, call_sign: str, gps: str) -> Scenario | None:
    if named is None:
        if gps == "scenario":
            raise ConfigError("--gps scenario needs --scenario and --call-sign.")
        return None
    if not call_sign:
        raise ConfigError("--scenario needs --call-sign, to know which officer this camera is.")
    path = Path(named)
    if not path.suffix and (SCENARIOS / f"{path.name}.toml").is_file():
        path = SCENARIOS / f"{path.name}.toml"
    try:
        return parse(_existing("--scenario", path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--scenario {path} cannot be read: {error}.") from error
