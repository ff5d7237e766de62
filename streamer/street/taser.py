"""The officer's own hands with the yellow conducted-energy device, seen low on the right."""

from __future__ import annotations

import math

from PIL import Image, ImageDraw

XY = tuple[float, float]
YELLOW, SHADED, DARK = (246, 204, 30), (196, 152, 16), (26, 27, 30)
GLOVE, GLOVE_LIT, SLEEVE = (34, 36, 42), (58, 60, 68), (20, 24, 36)


def draw_taser(picture: Image.Image, at: float) -> None:
    """Draw over the finished street, scaled to the picture; trembles a little with the time `at`."""
    canvas = ImageDraw.Draw(picture)
    unit = picture.height / 360
    ox = picture.width * 0.635 + math.sin(at * 5.1) * 1.2 * unit
    oy = picture.height + math.sin(at * 3.7) * 1.6 * unit

    def shape(points: list[XY], colour: tuple[int, int, int]) -> None:
        canvas.polygon([(ox + x * unit, oy + y * unit) for x, y in points], fill=colour)

    def ball(x: float, y: float, rx: float, ry: float, colour: tuple[int, int, int]) -> None:
        canvas.ellipse(
            (ox + (x - rx) * unit, oy + (y - ry) * unit, ox + (x + rx) * unit, oy + (y + ry) * unit), fill=colour
        )

    shape([(-92, 8), (-22, -62), (6, -40), (-30, 8)], SLEEVE)  # left sleeve
    shape([(44, 8), (34, -44), (66, -62), (140, 8)], SLEEVE)  # right sleeve
    shape([(0, -118), (6, -150), (36, -150), (42, -118)], DARK)  # cartridge bay, away from us
    shape([(3, -146), (19, -146), (19, -124), (2, -124)], (64, 66, 70))
    shape([(22, -146), (38, -146), (40, -124), (22, -124)], (64, 66, 70))
    shape([(-4, -62), (0, -120), (42, -120), (46, -62)], YELLOW)  # the body from behind
    shape([(34, -62), (34, -120), (42, -120), (46, -62)], SHADED)
    shape([(6, -116), (36, -116), (37, -96), (5, -96)], DARK)  # rear display
    shape([(10, -112), (32, -112), (32, -100), (10, -100)], (20, 66, 40))
    shape([(14, -109), (22, -109), (22, -103), (14, -103)], (120, 240, 150))
    shape([(14, -122), (17, -130), (25, -130), (28, -122)], DARK)  # rear sight
    shape([(0, -66), (42, -66), (40, -6), (4, -6)], DARK)  # grip
    for k in range(4):  # fingers of both hands round the grip
        ball(0, -56 + k * 13, 16, 8, GLOVE if k % 2 else GLOVE_LIT)
        ball(44, -58 + k * 13, 15, 8, GLOVE_LIT if k % 2 else GLOVE)
    ball(22, -30, 26, 27, GLOVE)
    ball(12, -66, 18, 9, GLOVE_LIT)  # thumbs
    ball(36, -70, 16, 8, GLOVE)
