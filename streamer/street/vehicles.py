"""Cars: a profile extruded across, far faces first; a patrol car has its livery and its blue lamps."""

from __future__ import annotations

from collections.abc import Callable

from PIL import ImageDraw

from streamer.street.camera import NEAR_M, View
from streamer.street.people import lit
from streamer.street.surroundings import Car

RGB = tuple[int, int, int]
XY = tuple[float, float]
PAINTS: list[RGB] = [
    (146, 26, 30),
    (150, 156, 164),
    (42, 46, 54),
    (34, 62, 110),
    (196, 196, 192),
    (70, 84, 70),
    (98, 98, 102),
]
GLASS: RGB = (28, 36, 50)
POLICE_WHITE: RGB = (206, 208, 206)
BATTENBURG: tuple[RGB, RGB] = ((226, 214, 44), (26, 58, 150))
HEADLAMP: RGB = (255, 246, 220)
TAIL_LAMP: RGB = (255, 56, 44)
HALF_WIDTH_M = 0.86
FINE_PX = 9.0  # pixels a metre
# (metres along, metres up), clockwise from the rear bumper
BODY: list[XY] = [(-2.05, 0.32), (-2.1, 0.72), (-1.95, 0.92), (0.95, 0.92), (1.9, 0.8), (2.08, 0.58), (2.05, 0.32)]
CABIN: list[XY] = [(-1.85, 0.92), (-1.4, 1.42), (0.15, 1.45), (0.95, 0.92)]
SIDE_GLASS: list[XY] = [(-1.55, 0.96), (-1.25, 1.34), (0.08, 1.36), (0.66, 0.96)]


def draw_car(canvas: ImageDraw.ImageDraw, view: View, car: Car, light: float, blue: bool = False) -> None:
    """Draw `car` as it shows from `view`, in the light 0…1 that falls on it; a patrol car's lamps are `blue` or dark."""
    pixel = _pixels_of(view, car)
    across = (car.along[1], -car.along[0])
    dx, dy = car.at[0] - view.x, car.at[1] - view.y
    near_sign = -1.0 if dx * across[0] + dy * across[1] > 0 else 1.0
    front_seen = _shows_front(view, car)
    paint = POLICE_WHITE if car.police else PAINTS[car.colour % len(PAINTS)]
    near, far = HALF_WIDTH_M * near_sign, -HALF_WIDTH_M * near_sign
    canvas.polygon([pixel(a, o, 0.0) for a, o in ((-2, near), (2, near), (2, far), (-2, far))], fill=(16, 17, 20))
    end = 1 if front_seen else -1
    _end(canvas, pixel, end, near, far, paint, light)
    _top(canvas, pixel, near, far, paint, light)
    side = [pixel(a, near, u) for a, u in BODY]
    canvas.polygon(side, fill=lit(paint, light * 0.9))
    canvas.polygon([pixel(a, near * 0.93, u) for a, u in CABIN], fill=lit(paint, light * 0.8))
    canvas.polygon([pixel(a, near * 0.95, u) for a, u in SIDE_GLASS], fill=lit(GLASS, 0.4 + light * 0.8))
    if car.police:
        _livery(canvas, pixel, near, far, light, blue)
    if view.f / max(NEAR_M, dx * view.forward[0] + dy * view.forward[1]) < FINE_PX:
        return  # too small for trim and wheels to show
    canvas.line([c for a, u in ((-2.05, 0.62), (2.02, 0.6)) for c in pixel(a, near, u)], fill=lit(paint, light * 0.55))
    for axle in (-1.3, 1.3):
        ring = [
            (0.33, 0.0),
            (0.23, 0.23),
            (0.0, 0.33),
            (-0.23, 0.23),
            (-0.33, 0.0),
            (-0.23, -0.23),
            (0.0, -0.33),
            (0.23, -0.23),
        ]
        canvas.polygon([pixel(axle + x, near, 0.33 + y) for x, y in ring], fill=(14, 14, 16))
        canvas.polygon(
            [pixel(axle + x * 0.55, near, 0.33 + y * 0.55) for x, y in ring], fill=lit((120, 124, 130), light * 0.8)
        )


def _pixels_of(view: View, car: Car) -> Callable[[float, float, float], XY]:
    """Metres along the car, across it (to its right) and up → pixels."""
    across = (car.along[1], -car.along[0])
    dx, dy = car.at[0] - view.x, car.at[1] - view.y

    def pixel(along: float, over: float, up: float) -> XY:
        x, y = dx + car.along[0] * along + across[0] * over, dy + car.along[1] * along + across[1] * over
        ahead = max(NEAR_M, x * view.forward[0] + y * view.forward[1])
        return view.pixel(x * view.right[0] + y * view.right[1], ahead, up)

    return pixel


def _shows_front(view: View, car: Car) -> bool:
    return (car.at[0] - view.x) * car.along[0] + (car.at[1] - view.y) * car.along[1] < 0


def lit_lamps(view: View, car: Car) -> list[tuple[tuple[float, float, float], RGB, float]]:
    """The lamps of the end that shows, as (column, row, row of the road under it), colour, metres of glow."""
    pixel, front = _pixels_of(view, car), _shows_front(view, car)
    end, colour, wide = (2.08, HEADLAMP, 1.5) if front else (-2.08, TAIL_LAMP, 0.8)
    found = []
    for over in (-0.68, 0.68):
        (x, y), (_, foot) = pixel(end, over, 0.67), pixel(end, over, 0.0)
        found.append(((x, y, foot), colour, wide))
    return found


def blue_lamps(view: View, car: Car) -> list[tuple[float, float, float]]:
    """Both ends of a patrol car's roof bar: column, row, row of the road under it."""
    pixel = _pixels_of(view, car)
    return [(*pixel(-0.5, over, 1.56), pixel(-0.5, over, 0.0)[1]) for over in (-0.5, 0.5)]


def _livery(
    canvas: ImageDraw.ImageDraw,
    pixel: Callable[[float, float, float], XY],
    near: float,
    far: float,
    light: float,
    blue: bool,
) -> None:
    """Battenburg along the side, the bar on the roof."""
    yellow, dark = (lit(colour, max(0.5, light)) for colour in BATTENBURG)
    grid = [[pixel(-1.7 + k * 0.42, near * 1.01, up) for k in range(9)] for up in (0.46, 0.62, 0.78)]
    canvas.polygon([grid[0][0], grid[0][8], grid[2][8], grid[2][0]], fill=dark)
    for k in range(8):
        low, high = grid[k % 2], grid[k % 2 + 1]
        canvas.polygon([low[k], low[k + 1], high[k + 1], high[k]], fill=yellow)
    bar = [(-0.62, near * 0.7), (-0.62, far * 0.7), (-0.38, far * 0.7), (-0.38, near * 0.7)]
    canvas.polygon([pixel(a, o, 1.46) for a, o in bar], fill=(30, 34, 48))
    front = [(-0.5, near * 0.7, 1.46), (-0.5, far * 0.7, 1.46), (-0.5, far * 0.7, 1.6), (-0.5, near * 0.7, 1.6)]
    canvas.polygon([pixel(*p) for p in front], fill=(120, 170, 255) if blue else (34, 52, 110))


def _end(
    canvas: ImageDraw.ImageDraw,
    pixel: Callable[[float, float, float], XY],
    end: int,
    near: float,
    far: float,
    paint: RGB,
    light: float,
) -> None:
    """The end that faces us: body, glass, lamps, number plate."""
    foot, shoulder = 2.06 * end, (1.9 if end > 0 else -1.97)
    low, high = (0.95, 0.15) if end > 0 else (-1.85, -1.4)
    body = [(foot, near, 0.3), (foot, far, 0.3), (shoulder, far, 0.84), (shoulder, near, 0.84)]
    canvas.polygon([pixel(*p) for p in body], fill=lit(paint, light * 0.72))
    deck = [(shoulder, near, 0.84), (shoulder, far, 0.84), (low, far, 0.92), (low, near, 0.92)]
    canvas.polygon([pixel(*p) for p in deck], fill=lit(paint, min(1.0, light * 1.15)))
    pane = [(low, near * 0.9, 0.94), (low, far * 0.9, 0.94), (high, far * 0.84, 1.42), (high, near * 0.84, 1.42)]
    canvas.polygon([pixel(*p) for p in pane], fill=lit(GLASS, 0.5 + light * 0.9))
    lamp: RGB = (226, 224, 206) if end > 0 else (150, 20, 22)
    for side in (near, far):
        corners = [(foot, side, 0.6), (foot, side * 0.66, 0.6), (foot, side * 0.66, 0.74), (foot, side, 0.74)]
        canvas.polygon([pixel(*p) for p in corners], fill=lit(lamp, max(0.55, light)))
    plate = [(foot, near * 0.3, 0.42), (foot, far * 0.3, 0.42), (foot, far * 0.3, 0.53), (foot, near * 0.3, 0.53)]
    canvas.polygon(
        [pixel(*p) for p in plate], fill=lit((220, 220, 214) if end > 0 else (224, 186, 40), max(0.4, light))
    )


def _top(
    canvas: ImageDraw.ImageDraw,
    pixel: Callable[[float, float, float], XY],
    near: float,
    far: float,
    paint: RGB,
    light: float,
) -> None:
    roof = [(-1.4, near * 0.9, 1.43), (-1.4, far * 0.9, 1.43), (0.15, far * 0.9, 1.45), (0.15, near * 0.9, 1.45)]
    canvas.polygon([pixel(*p) for p in roof], fill=lit(paint, min(1.0, light * 1.2)))
