"""Trees stand in parks, off the paths, and always in the same places."""

from __future__ import annotations

from streamer.street.surroundings import chance
from streamer.street.trees import CLEAR_OF_PATHS_M, inside, trees_near
from streamer.town import Area, Segment, distance_to_segment

SQUARE = ((0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0))
PATH = Segment((0.0, 50.0), (100.0, 50.0), "The Lammas", "path", 2.4)


def test_inside_is_inside() -> None:
    assert inside((50, 50), SQUARE)
    assert not inside((150, 50), SQUARE) and not inside((50, -1), SQUARE)


def test_trees_of_a_park() -> None:
    areas = [Area("park", SQUARE), Area("water", SQUARE)]
    trees = list(trees_near(areas, [PATH], 50, 50, 80, chance))
    assert 15 < len(trees) < 60
    assert all(inside(t, SQUARE) for t in trees)
    assert all(distance_to_segment(t, PATH.a, PATH.b) > CLEAR_OF_PATHS_M for t in trees)
    assert trees == list(trees_near(areas, [PATH], 50, 50, 80, chance))
