"""What gives light to a street: lamps, lit shop windows, the headlamps of cars that drive."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamer.street.camera import View
from streamer.street.surroundings import Car, Surroundings

Floats = NDArray[np.float64]
SKY = 0.06  # what the sky leaves
LAMP, LAMP_REACH_M2 = 0.8, 26.0  # a lamp's light under it; squared metres at which it has halved
SHOP, SHOP_REACH_M2 = 0.62, 5.0
BEAM, BEAM_REACH_M2, BEAM_AHEAD_M = 0.5, 8.0, 5.0
LAMPS, SHOPS, BEAMS = 12, 8, 4  # the nearest of each matter
BEAM_M = 45.0


@dataclass(frozen=True, slots=True)
class Sources:
    """Places, strengths 0…1 and reaches (squared metres) of the light in one frame."""

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    strength: NDArray[np.float32]
    per_m2: NDArray[np.float32]

    @classmethod
    def of(cls, view: View, near: Surroundings, cars: Iterable[Car]) -> Sources:
        """Those that matter to a view: the nearest to a point some way ahead."""
        middle = (view.x + 14 * view.forward[0], view.y + 14 * view.forward[1])
        lamps, shops = _nearest(near.lamps, middle, LAMPS), _nearest(near.shops, middle, SHOPS)
        beams = [
            (c.at[0] + BEAM_AHEAD_M * c.along[0], c.at[1] + BEAM_AHEAD_M * c.along[1])
            for c in cars
            if c.drives and abs(c.at[0] - middle[0]) + abs(c.at[1] - middle[1]) < BEAM_M
        ][:BEAMS]
        places = np.concatenate([lamps, shops[:, :2], np.array(beams, float).reshape(-1, 2)]).astype(np.float32)
        counts = (len(lamps), len(shops), len(beams))
        strength = np.repeat(np.array([LAMP, SHOP, BEAM], np.float32), counts)
        strength[len(lamps) : len(lamps) + len(shops)] *= shops[:, 2]
        reach = np.array([1 / LAMP_REACH_M2, 1 / SHOP_REACH_M2, 1 / BEAM_REACH_M2], np.float32)
        return cls(places[:, 0], places[:, 1], strength, np.repeat(reach, counts))

    def at(self, x: NDArray[np.floating], y: NDArray[np.floating]) -> NDArray[np.float32]:
        """The light 0…1 at town points."""
        dx = x.astype(np.float32)[..., None] - self.x
        dy = y.astype(np.float32)[..., None] - self.y
        dx *= dx
        dy *= dy
        dx += dy
        dx *= self.per_m2
        dx += np.float32(1)
        np.divide(self.strength, dx, out=dx)
        out: NDArray[np.float32] = np.minimum(dx.sum(-1) + np.float32(SKY), np.float32(1))
        return out


def _nearest(places: Floats, to: tuple[float, float], count: int) -> Floats:
    if len(places) <= count:
        return places
    away = (places[:, 0] - to[0]) ** 2 + (places[:, 1] - to[1]) ** 2
    return places[np.argpartition(away, count)[:count]]
