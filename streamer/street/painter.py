"""One picture of the street: ground, sky, walls, wet reflections, figures, and what the camera burns in."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from streamer.pose import Colleague, Overlay, Pose
from streamer.street import walls
from streamer.street.atlas import Atlas, make_atlas
from streamer.street.barcode import draw_barcode
from streamer.street.burnt_in import BurntIn
from streamer.street.cabin import Cabin
from streamer.street.camera import View
from streamer.street.canvas import canvas
from streamer.street.figures import Moment, Scene
from streamer.street.ground import Ground, ground_shade
from streamer.street.indoor import IndoorScene
from streamer.street.lens import Lens
from streamer.street.light import Sources
from streamer.street.look import PRESETS, USUAL
from streamer.street.palette import GROUND_INDEX, STEPS, lit_table
from streamer.street.sky import make_sky, sky_columns
from streamer.street.surroundings import DETAIL_M, Neighbourhood
from streamer.street.taser import draw_taser
from streamer.street.traffic import Traffic, making_way
from streamer.town import Town

# Of a shade the row of the table: the steps between two rows have done their work when the grain was added.
_ROW = np.uint16(0xFFFF - (STEPS - 1))
# Colour indexes that mirror what stands behind them: the roads of a town by the sea; where it rains or has rained,
# whatever is paved.
_DAMP = ("road", "water", "iron", "kerb")
_WET = (*_DAMP, "pavement", "joint", "setts", "path", "yellow", "white")
WET_MIRROR = 2


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
        self._indoors = IndoorScene(width, height, self._look) if self._preset.indoors else None
        self._atlas: Atlas = make_atlas()
        self._colours = lit_table(self._atlas.table, self._look)
        self._wet = np.zeros(256, bool)
        self._wet[[GROUND_INDEX[name] for name in (_WET if self._look.mirror <= WET_MIRROR else _DAMP)]] = True
        self._sky = make_sky(height, 48, self._look)
        self._near = Neighbourhood(town, self._atlas)
        self._ground = Ground(town)
        self._traffic = Traffic(town.segments)
        self._scene = Scene(self._look)
        self._lens = Lens(width, height, self._look.rain)
        self._cabin = Cabin(width, height) if self._preset.in_vehicle else None
        self._rows = height if self._cabin is None else self._cabin.first_whole_row

    def draw(self, pose: Pose, overlay: Overlay, at: float, others: tuple[Colleague, ...] = ()) -> NDArray[np.uint8]:
        """The picture at Unix time `at` as height×width×4 bytes (R, G, B, unused); `others` are who truly is near."""
        if self._indoors is not None:
            pixels = self._through_the_lens(self._indoors.draw(pose, at), at)
        else:
            pixels = self._outside(pose, overlay, at, others)
        picture = canvas(pixels)
        if overlay.taser_drawn:
            draw_taser(picture, at)
        self._burnt_in.draw(picture, overlay, at)
        if self._barcode:
            draw_barcode(picture, at)
        return pixels.view(np.uint8).reshape(self.height, self.width, 4)

    def _outside(self, pose: Pose, overlay: Overlay, at: float, others: tuple[Colleague, ...]) -> NDArray[np.uint32]:
        look = self._look
        view = replace(View.of(pose, self.width, self.height, self._bob(pose, at)), height=self._rows)
        near = self._near.at(pose.x, pose.y)
        officers = [(pose.x, pose.y), *((other.x, other.y) for other in others)]
        cars = making_way(self._traffic.near(pose.x, pose.y, DETAIL_M, at), officers)
        light = Sources.of(view, near, cars)
        horizon = int(view.horizon)
        index = self._ground.draw(view, near)
        index[:horizon] = 0
        shade = np.zeros(index.shape, np.uint16)
        shade[horizon:] = ground_shade(view, light, horizon, look.haze_m)
        nearest, behind = walls.see(view, near, light, self._atlas, look.haze_m)
        walls.paint(index, shade, behind, horizon, self._atlas)
        walls.paint(index, shade, nearest, view.height, self._atlas)
        shade += self._lens.grain(at)[: view.height]
        shade &= _ROW
        shade <<= np.uint16(5)
        shade |= index
        pixels = np.take(self._colours, shade, mode="clip")
        self._fill_sky(pixels, index, view)
        _reflect(pixels, np.take(self._wet, index[horizon + 1 :: 2, ::2]), view, nearest, look.mirror)
        now = Moment(view, near, light, nearest.depth, cars, others, at)
        self._scene.draw(canvas(pixels), now, pose, overlay.taser_drawn)
        return self._through_the_lens(pixels, at)

    def _through_the_lens(self, street: NDArray[np.uint32], at: float) -> NDArray[np.uint32]:
        """What the glass makes of it, rain, and the car that the officer sits in."""
        pixels = np.empty((self.height, self.width), np.uint32)
        self._lens.soften(street, pixels)
        pixels[len(street) :] = 0
        self._lens.wet(pixels, at)
        if self._cabin is not None:
            self._cabin.cover(pixels)
        return pixels

    def _bob(self, pose: Pose, at: float) -> float:
        """A walker's chest goes up and down about twice a second, a car's seat shakes a little; pixels."""
        if self._preset.in_vehicle:
            return self.height * 0.0018 * min(1.0, pose.speed_mps / 6) * math.sin(at * 2 * math.pi * 4.3)
        return self.height * 0.006 * min(1.0, pose.speed_mps / 1.4) * math.sin(at * 2 * math.pi * 1.9)

    def _fill_sky(self, pixels: NDArray[np.uint32], index: NDArray[np.uint8], view: View) -> None:
        horizon = int(view.horizon)
        last = min(view.height, horizon + 6)
        rows = self._sky[self.height - horizon : self.height - horizon + last]
        sky = np.take(rows, sky_columns(view), axis=1)
        np.copyto(pixels[:last], sky, where=index[:last] == 0)


def _reflect(
    pixels: NDArray[np.uint32], wet: NDArray[np.bool_], view: View, nearest: walls.Columns, mirror: int
) -> None:
    """Wet ground: one 2**mirror-th of what stands above the foot of the wall, mirrored about it.

    For two by two pixels, of which those that are `wet` under the horizon: a quarter of the work, and a road is no clear
    mirror.
    """
    first = int(view.horizon) + 1
    foot = np.where(np.isfinite(nearest.depth), nearest.foot, view.horizon)[::2].astype(np.float32)
    rows = np.arange(first, view.height, 2, dtype=np.float32)[:, None]
    under = rows - foot  # as far over the foot stands what this pixel mirrors
    left = np.where(wet & (under > 0), np.uint32((0xFF >> mirror) * 0x010101), np.uint32(0))
    shift = np.uint32(mirror)
    source = np.maximum(foot - under, 0).astype(np.intp)
    source *= view.width
    source += np.arange(0, view.width, 2)
    mirrored = np.take(pixels.reshape(-1), source, mode="clip")
    mirrored >>= shift
    mirrored &= left
    # of the ground what is left, of its mirror image the rest, all channels at once
    below = pixels[first:]
    kept = below >> shift
    kept &= _doubled(left, below.shape)
    below -= kept
    below += _doubled(mirrored, below.shape)


def _doubled(small: NDArray[np.uint32], shape: tuple[int, ...]) -> NDArray[np.uint32]:
    """Each pixel as a square of four, cut to `shape`."""
    pairs = small.astype(np.uint64)
    pairs |= pairs << np.uint64(32)
    return np.repeat(pairs.view(np.uint32), 2, axis=0)[: shape[0], : shape[1]]
