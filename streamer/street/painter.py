"""One picture of the street: ground, sky, walls, wet reflections, figures, and what the camera burns in."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from streamer.pose import Colleague, Overlay, Pose
from streamer.street import walls
from streamer.street.atlas import Atlas, make_atlas
from streamer.street.barcode import draw_barcode
from streamer.street.burnt_in import BurntIn
from streamer.street.cabin import Cabin
from streamer.street.camera import View
from streamer.street.figures import Scene
from streamer.street.ground import Ground, ground_shade
from streamer.street.indoor import IndoorScene
from streamer.street.lens import Lens
from streamer.street.look import PRESETS, USUAL
from streamer.street.palette import GROUND_INDEX, STEPS, lit_table
from streamer.street.sky import make_sky, sky_columns
from streamer.street.surroundings import Neighbourhood
from streamer.street.taser import draw_taser
from streamer.town import Town

# Of a shade the row of the table: the steps between two rows have done their work when the grain was added.
_ROW = np.uint16(0xFFFF - (STEPS - 1))
_WET = np.zeros(256, bool)  # colour indexes that mirror what stands behind them
_WET[[GROUND_INDEX[name] for name in ("road", "water", "iron", "kerb")]] = True


class StreetPainter:
    """Draws what a camera sees; keeps the fronts and the sky, which are drawn once (about a second)."""

    def __init__(
        self, town: Town, width: int = 640, height: int = 360, barcode: bool = False, preset: str = USUAL
    ) -> None:
        self.width, self.height = width, height
        self._barcode = barcode
        self._preset = PRESETS[preset]
        self._look = self._preset.look
        self._burnt_in = BurntIn(width, height)
        self._indoors = IndoorScene(width, height) if self._preset.indoors else None
        self._atlas: Atlas = make_atlas()
        self._colours = lit_table(self._atlas.table, self._look)
        self._sky = make_sky(height, 48, self._look)
        self._near = Neighbourhood(town, self._atlas)
        self._ground = Ground(town)
        self._scene = Scene(town, self._look)
        self._lens = Lens(width, height, self._look.rain)
        self._cabin = Cabin(width, height) if self._preset.in_vehicle else None

    def draw(self, pose: Pose, overlay: Overlay, at: float, others: tuple[Colleague, ...] = ()) -> NDArray[np.uint8]:
        """The picture at Unix time `at` as height×width×4 bytes (R, G, B, unused); `others` are who truly is near."""
        if self._indoors is not None:
            picture = self._indoors.draw(pose, at)
        else:
            picture = self._outside(pose, overlay, at, others)
        if overlay.taser_drawn:
            draw_taser(picture, at)
        self._burnt_in.draw(picture, overlay, at)
        if self._barcode:
            draw_barcode(picture, at)
        return np.asarray(picture)

    def _outside(self, pose: Pose, overlay: Overlay, at: float, others: tuple[Colleague, ...]) -> Image.Image:
        look = self._look
        view = View.of(pose, self.width, self.height, self._bob(pose, at))
        near = self._near.at(pose.x, pose.y)
        lamps = walls.brightest(view, near.lamps)
        horizon = int(view.horizon)
        index = np.array(self._ground.draw(view, near))
        index[:horizon] = 0
        shade = np.zeros((self.height, self.width), np.uint16)
        shade[horizon:] = ground_shade(view, lamps, horizon, look.haze_m)
        nearest, behind = walls.see(view, near, lamps, self._atlas, look.haze_m)
        walls.paint(index, shade, behind, horizon, self._atlas)
        walls.paint(index, shade, nearest, self.height, self._atlas)
        shade += self._lens.grain(at)
        shade &= _ROW
        shade <<= np.uint16(5)
        shade |= index
        pixels = np.take(self._colours, shade, mode="clip")
        self._fill_sky(pixels, index, view)
        _reflect(pixels, index, view, nearest, look.mirror)
        street = Image.frombuffer("RGBX", (self.width, self.height), pixels.tobytes(), "raw", "RGBX", 0, 1)
        self._scene.draw(street, view, near, lamps, nearest.depth, pose, overlay.taser_drawn, at, others)
        return self._before_the_lens(street, at)

    def _before_the_lens(self, street: Image.Image, at: float) -> Image.Image:
        """Rain, and the car that the officer sits in."""
        if not self._look.rain and self._cabin is None:
            return street
        pixels = np.array(street).view(np.uint32)[:, :, 0]
        self._lens.wet(pixels, at)
        if self._cabin is not None:
            self._cabin.cover(pixels)
        return Image.frombuffer("RGBX", (self.width, self.height), pixels.tobytes(), "raw", "RGBX", 0, 1)

    def _bob(self, pose: Pose, at: float) -> float:
        """A walker's chest goes up and down about twice a second, a car's seat shakes a little; pixels."""
        if self._preset.in_vehicle:
            return self.height * 0.0018 * min(1.0, pose.speed_mps / 6) * math.sin(at * 2 * math.pi * 4.3)
        return self.height * 0.006 * min(1.0, pose.speed_mps / 1.4) * math.sin(at * 2 * math.pi * 1.9)

    def _fill_sky(self, pixels: NDArray[np.uint32], index: NDArray[np.uint8], view: View) -> None:
        horizon = int(view.horizon)
        last = min(self.height, horizon + 6)
        rows = self._sky[self.height - horizon : self.height - horizon + last]
        sky = np.take(rows, sky_columns(view), axis=1)
        np.copyto(pixels[:last], sky, where=index[:last] == 0)


def _reflect(
    pixels: NDArray[np.uint32], index: NDArray[np.uint8], view: View, nearest: walls.Columns, mirror: int
) -> None:
    """Wet ground: one 2**mirror-th of what stands above the foot of the wall, mirrored about it."""
    first = int(view.horizon) + 1
    foot = np.where(np.isfinite(nearest.depth), nearest.foot, view.horizon)
    rows = np.arange(first, view.height)[:, None]
    source = (2 * foot).astype(np.intp) - rows  # the same height over the foot as this pixel is under it
    np.maximum(source, 0, out=source)
    source *= view.width
    source += np.arange(view.width)
    mirrored = np.take(pixels.reshape(-1), source, mode="clip")
    wet = np.take(_WET, index[first:])
    wet &= rows.astype(np.float32) > foot.astype(np.float32)
    below = pixels[first:]
    left = np.uint32((0xFF >> mirror) * 0x010101)  # what is left of each byte after the shift
    shift = np.uint32(mirror)
    # of the ground what is left, of its mirror image the rest, all channels at once
    mirrored >>= shift
    mirrored &= left
    kept = below >> shift
    kept &= left
    mirrored -= kept
    mirrored += below
    np.copyto(below, mirrored, where=wet)
