"""The inside of a patrol car round its windscreen, as the driver's own camera sees it: drawn once, laid over the street."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

XY = tuple[float, float]
RGB = tuple[int, int, int]
DASH, DASH_LIT, PILLAR, RIM, GLOVE = (17, 19, 23), (31, 34, 40), (12, 13, 16), (9, 10, 12), (44, 40, 40)
GLOVE_LIT, MIRROR, BONNET = (58, 53, 52), (34, 40, 52), (30, 33, 41)
SCREEN, SCREEN_LINE, SCREEN_MAP, DIAL = (16, 44, 66), (120, 190, 226), (40, 84, 108), (232, 178, 92)


class Cabin:
    """Scaled to the picture. Everything is opaque: a copy of some pixels a frame, whatever stands behind."""

    def __init__(self, width: int, height: int) -> None:
        drawn = Image.new("RGBA", (width * 2, height * 2), (0, 0, 0, 0))
        sheet = _Sheet(ImageDraw.Draw(drawn), width * 2, height * 2)
        _frame(sheet)
        _dashboard(sheet)
        _wheel(sheet)
        small = drawn.resize((width, height), Image.Resampling.BOX)
        alpha = np.asarray(small)[:, :, 3]
        self._where = np.flatnonzero(alpha > 127)
        self.first_whole_row = (
            int(np.flatnonzero((alpha <= 127).any(1))[-1]) + 1
        )  # from here on nothing is seen of the street
        packed = np.ascontiguousarray(np.asarray(small)).view(np.uint32)[:, :, 0].reshape(-1)
        self._what = packed[self._where] | np.uint32(0xFF000000)
        shade = Image.fromarray((alpha > 127).astype(np.uint8) * 255).filter(ImageFilter.GaussianBlur(height / 90))
        edge = (np.asarray(shade) > 12) & (alpha <= 127)
        self._edge = np.flatnonzero(edge)  # the glass is darker along its frame

    def cover(self, pixels: NDArray[np.uint32]) -> None:
        """Put the cabin over the finished street."""
        flat = pixels.reshape(-1)
        flat[self._edge] = ((flat[self._edge] >> np.uint32(1)) & np.uint32(0x7F7F7F)) | np.uint32(0xFF000000)
        flat[self._where] = self._what


class _Sheet:
    """Shapes by shares of width and height, so that they fit any picture."""

    def __init__(self, canvas: ImageDraw.ImageDraw, w: float, h: float) -> None:
        self.canvas, self.w, self.h = canvas, w, h

    def shape(self, points: list[XY], colour: RGB) -> None:
        self.canvas.polygon([(x * self.w, y * self.h) for x, y in points], fill=(*colour, 255))

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: RGB) -> None:
        self.canvas.rectangle((x0 * self.w, y0 * self.h, x1 * self.w, y1 * self.h), fill=(*colour, 255))

    def ball(self, x0: float, y0: float, x1: float, y1: float, colour: RGB) -> None:
        self.canvas.ellipse((x0 * self.w, y0 * self.h, x1 * self.w, y1 * self.h), fill=(*colour, 255))

    def ring(self, x: float, y: float, wide: float, start: float, end: float, colour: RGB, thick: float) -> None:
        """An arc in a square of `wide` shares of the width, whose upper left corner is given; degrees."""
        box = (x * self.w, y * self.h, (x + wide) * self.w, y * self.h + wide * self.w)
        self.canvas.arc(box, start, end, fill=(*colour, 255), width=max(1, round(thick * self.w)))


def _frame(sheet: _Sheet) -> None:
    """Roof lining and pillars, the mirror, the bonnet's edge under the glass."""
    sheet.shape([(0, 0), (1, 0), (1, 0.07), (0.7, 0.045), (0.3, 0.045), (0, 0.07)], PILLAR)
    sheet.shape([(0, 0), (0.055, 0), (0.14, 0.68), (0, 0.78)], PILLAR)
    sheet.shape([(1, 0), (0.965, 0), (0.9, 0.68), (1, 0.76)], PILLAR)
    sheet.box(0.44, 0.03, 0.6, 0.115, PILLAR)
    sheet.box(0.452, 0.045, 0.588, 0.1, MIRROR)
    sheet.shape([(0.1, 0.7), (0.3, 0.655), (0.7, 0.65), (0.93, 0.69), (0.93, 0.74), (0.1, 0.75)], BONNET)


def _dashboard(sheet: _Sheet) -> None:
    """Lit along its top; instruments behind the wheel, a terminal beside it."""
    top = [(0, 0.76), (0.13, 0.7), (0.5, 0.68), (0.9, 0.69), (1, 0.74)]
    sheet.shape([*top, (1, 1), (0, 1)], DASH)
    sheet.shape([*top, (1, 0.755), (0.9, 0.71), (0.5, 0.7), (0.13, 0.72), (0, 0.78)], DASH_LIT)
    sheet.shape([(0.06, 0.77), (0.38, 0.745), (0.4, 0.86), (0.05, 0.88)], RIM)
    for left in (0.095, 0.245):
        sheet.ring(left, 0.765, 0.1, 150, 390, DIAL, 0.004)
    sheet.shape([(0.56, 0.73), (0.83, 0.735), (0.82, 0.93), (0.55, 0.915)], RIM)
    sheet.shape([(0.568, 0.742), (0.822, 0.747), (0.812, 0.917), (0.558, 0.903)], SCREEN)
    for k in range(5):
        y = 0.765 + k * 0.026
        sheet.box(0.58, y, 0.68 + 0.035 * ((k * 7) % 4), y + 0.007, SCREEN_LINE)
    sheet.shape([(0.74, 0.77), (0.8, 0.775), (0.795, 0.88), (0.735, 0.872)], SCREEN_MAP)
    sheet.box(0.762, 0.8, 0.776, 0.822, (250, 250, 250))


def _wheel(sheet: _Sheet) -> None:
    """The wheel, and the hands on it."""
    sheet.ring(-0.06, 0.8, 0.56, 180, 360, RIM, 0.042)
    sheet.ring(-0.054, 0.81, 0.554, 200, 300, DASH_LIT, 0.006)
    for x, y, turn in ((0.02, 0.9, -1), (0.43, 0.88, 1)):
        sheet.ball(x - 0.05, y - 0.06, x + 0.05, y + 0.09, GLOVE)
        for k in range(4):
            left, top = x - turn * (0.018 + 0.012 * k) - 0.016, y - 0.075 + 0.02 * k
            sheet.ball(left, top, left + 0.046, top + 0.05, GLOVE_LIT)
