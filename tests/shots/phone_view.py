"""What the phone in the pictures sees: the demo's street, as the film that Chromium plays in place of a camera."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from streamer.pose import Overlay, Pose
from streamer.street.painter import StreetPainter
from streamer.town import Town
from tests.installation import ROOT

SEEN = (800, 450)
SHOWN = (80, 90, 720, 450)  # of it: what the demo's cameras burn in stands above, and a phone burns nothing in
SIZE = (SHOWN[2] - SHOWN[0], SHOWN[3] - SHOWN[1])
RATE, FRAMES = 10, 20
STANDS = Pose(186, -190, 0, 1.4)  # in Harbour Street, looking north


def write_street(file: Path, at: float) -> None:
    """Two seconds of it as YUV4MPEG2 (I420, studio range); Chromium begins again at its end. `at` is Unix time."""
    town = Town.from_geojson(json.loads((ROOT / "static" / "town" / "estuary.geojson").read_text()))
    painter = StreetPainter(town, *SEEN)
    worn = Overlay("", "", 100, recording=True, taser_drawn=False, device_id="")
    with file.open("wb") as film:
        film.write(f"YUV4MPEG2 W{SIZE[0]} H{SIZE[1]} F{RATE}:1 Ip A1:1 C420\n".encode())
        for number in range(FRAMES):
            seen = painter.draw(STANDS, worn, at + number / RATE)[:, :, :3]
            film.write(b"FRAME\n" + _planes(Image.fromarray(np.ascontiguousarray(seen)).crop(SHOWN)))


def _planes(picture: Image.Image) -> bytes:
    """Brightness at full size, both colours at half of it, 16 to 235 and to 240."""
    light, *colours = picture.convert("YCbCr").split()
    half = (picture.width // 2, picture.height // 2)
    small = [np.asarray(one.resize(half, Image.Resampling.BOX), np.float32) * 224 / 255 + 16 for one in colours]
    planes = [np.asarray(light, np.float32) * 219 / 255 + 16, *small]
    return b"".join(plane.round().astype(np.uint8).tobytes() for plane in planes)
