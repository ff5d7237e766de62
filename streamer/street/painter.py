"""One picture of the street: ground, sky, walls, wet reflections, figures, and what the camera burns in."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from streamer.pose import Overlay, Pose
from streamer.street import walls
from streamer.street.atlas import Atlas, make_atlas
from streamer.street.barcode import draw_barcode
from streamer.street.burnt_in import BurntIn
from streamer.street.camera import View
from streamer.street.figures import Scene
from streamer.street.ground import Ground, ground_shade
from streamer.street.palette import GROUND_INDEX
from streamer.street.sky import make_sky, sky_columns
from streamer.street.surroundings import Neighbourhood
from streamer.street.taser import draw_taser
from streamer.town import Town

_WET = np.zeros(256, bool)  # colour indexes that mirror what stands behind them
_WET[[GROUND_INDEX[name] for name in ("road", "water", "iron", "kerb")]] = True
_EIGHTH = np.uint32(0x1F1F1F)  # what is left of each byte after a shift by three


class StreetPainter:
    """Draws what a camera sees; keeps the fronts and the sky, which are drawn once (about a second)."""

    def __init__(self, town: Town, width: int = 640, height: int = 360, barcode: bool = False) -> None:
        self.width, self.height = width, height
        self._barcode = barcode
        self._atlas: Atlas = make_atlas()
        self._sky = make_sky(height, 48)
        self._near = Neighbourhood(town, self._atlas)
        self._ground = Ground(town)
        self._burnt_in = BurntIn(width, height)
        self._scene = Scene(town)

    def draw(self, pose: Pose, overlay: Overlay, at: float) -> NDArray[np.uint8]:
        """The picture at Unix time `at` as height×width×4 bytes (R, G, B, unused)."""
        view = View.of(pose, self.width, self.height, self._bob(pose, at))
        near = self._near.at(pose.x, pose.y)
        lamps = walls.brightest(view, near.lamps)
        horizon = int(view.horizon)
        index = np.array(self._ground.draw(view, near))
        index[:horizon] = 0
        shade = np.zeros((self.height, self.width), np.uint8)
        shade[horizon:] = ground_shade(view, lamps, horizon)
        nearest, behind = walls.see(view, near, lamps, self._atlas)
        walls.paint(index, shade, behind, horizon, self._atlas)
        walls.paint(index, shade, nearest, self.height, self._atlas)
        pixels = np.take(self._atlas.colours, (shade.astype(np.uint16) << 8) | index)
        self._fill_sky(pixels, index, view)
        _reflect(pixels, index, view, nearest)
        picture = Image.frombuffer("RGBX", (self.width, self.height), pixels.tobytes(), "raw", "RGBX", 0, 1)
        self._scene.draw(picture, view, near, lamps, nearest.depth, pose, overlay.taser_drawn, at)
        if overlay.taser_drawn:
            draw_taser(picture, at)
        self._burnt_in.draw(picture, overlay, at)
        if self._barcode:
            draw_barcode(picture, at)
        return np.asarray(picture)

    def _bob(self, pose: Pose, at: float) -> float:
        """A walker's chest goes up and down about twice a second; pixels."""
        return self.height * 0.006 * min(1.0, pose.speed_mps / 1.4) * math.sin(at * 2 * math.pi * 1.9)

    def _fill_sky(self, pixels: NDArray[np.uint32], index: NDArray[np.uint8], view: View) -> None:
        horizon = int(view.horizon)
        last = min(self.height, horizon + 6)
        rows = self._sky[self.height - horizon : self.height - horizon + last]
        sky = np.take(rows, sky_columns(view), axis=1)
        np.copyto(pixels[:last], sky, where=index[:last] == 0)


def _reflect(pixels: NDArray[np.uint32], index: NDArray[np.uint8], view: View, nearest: walls.Columns) -> None:
    """Wet ground: an eighth of what stands above the foot of the wall, mirrored about it."""
    first = int(view.horizon) + 1
    foot = np.where(np.isfinite(nearest.depth), nearest.foot, view.horizon)
    rows = np.arange(first, view.height, dtype=np.int32)[:, None]
    source = (2 * foot).astype(np.int32) - rows  # the same height over the foot as this pixel is under it
    source = np.maximum(source, 0) * view.width + np.arange(view.width, dtype=np.int32)
    mirrored = np.take(pixels.reshape(-1), source, mode="clip")
    wet = np.take(_WET, index[first:])
    wet &= rows > foot
    below = pixels[first:]
    # seven eighths of the ground and one of its mirror image, all channels at once
    mixed = below - ((below >> 3) & _EIGHTH) + ((mirrored >> 3) & _EIGHTH)
    np.copyto(below, mixed, where=wet)
