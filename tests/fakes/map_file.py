"""A force's own map, made of the fictional town: a PMTiles file (version 3) of vector tiles, tagged as Protomaps tags them.

Formats: https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md,
https://github.com/mapbox/vector-tile-spec/tree/master/2.1, https://docs.protomaps.com/basemaps/layers (version 4).
"""

from __future__ import annotations

import gzip
import json
import math
import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

ZOOM = 14  # one zoom is enough: what is nearer is drawn from it, as with a file that ends there
EXTENT = 4096
BUFFER = 0.05  # of a tile, so that no seam is seen
HEADER_BYTES = 127
GZIP, MVT = 2, 1
ATTRIBUTION = '<a href="https://example.org">Estuary Surveyors</a> © 2026'
POINT, LINE, AREA = 1, 2, 3
MOVE_TO, LINE_TO, CLOSE = 1, 2, 7
Points = list[tuple[float, float]]
Tags = dict[str, str]
Tile = tuple[int, int]


def write_map(town: Path, file: Path) -> None:
    """Write the town at `town` (GeoJSON) as a PMTiles file."""
    tiles: defaultdict[Tile, defaultdict[str, list[tuple[Tags, int, list[Points]]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for feature in json.loads(town.read_text())["features"]:
        tags = _tags(feature["properties"])
        layer = feature["properties"]["layer"]
        for kind, parts in _parts(feature["geometry"]):
            world = [[_world(lon, lat) for lon, lat in part] for part in parts]
            for tile in _tiles_of([point for part in world for point in part]):
                cut = [one for part in world for one in _cut(part, kind, tile)]
                if cut:
                    tiles[tile][layer].append((tags, kind, cut))
    coded = sorted((_tile_id(*tile), gzip.compress(_tile(tile, layers), 6)) for tile, layers in tiles.items())
    file.write_bytes(_archive(coded))


def _tags(properties: dict[str, Any]) -> Tags:
    """As Protomaps names things: a town is a locality with a detail, and no street has a width."""
    kind = properties.get("kind")
    tags: Tags = {key: properties[key] for key in ("name", "ref") if properties.get(key)}
    if kind in ("city", "town", "village"):
        return {**tags, "kind": "locality", "kind_detail": kind}
    if properties["layer"] == "roads" and kind == "major_road":
        return {**tags, "kind": kind, "kind_detail": "primary"}
    return {**tags, "kind": kind or "building"}


def _parts(geometry: dict[str, Any]) -> Iterator[tuple[int, list[Points]]]:
    """The geometry's kind and its rings or lines; what has many is taken apart, so that a tile holds only its own."""
    coordinates = geometry["coordinates"]
    match geometry["type"]:
        case "Point":
            yield POINT, [[tuple(coordinates)]]
        case "LineString":
            yield LINE, [coordinates]
        case "MultiLineString":
            yield from ((LINE, [line]) for line in coordinates)
        case "Polygon":
            yield AREA, coordinates
        case "MultiPolygon":
            yield from ((AREA, polygon) for polygon in coordinates)


def _world(lon: float, lat: float) -> tuple[float, float]:
    """Web Mercator, in tiles of ZOOM."""
    up = math.log(math.tan(math.pi / 4 + math.radians(lat) / 2))
    return (lon + 180) / 360 * 2**ZOOM, (1 - up / math.pi) / 2 * 2**ZOOM


def _tiles_of(points: Points) -> Iterator[Tile]:
    (west, east), (north, south) = ((min(one), max(one)) for one in zip(*points, strict=True))
    for x in range(int(west), int(east) + 1):
        yield from ((x, y) for y in range(int(north), int(south) + 1))


def _cut(part: Points, kind: int, tile: Tile) -> list[Points]:
    """What of it lies in the tile and a little beyond."""
    west, north, east, south = tile[0] - BUFFER, tile[1] - BUFFER, tile[0] + 1 + BUFFER, tile[1] + 1 + BUFFER
    if kind == AREA:
        for axis, edge, sign in ((0, west, 1), (0, east, -1), (1, north, 1), (1, south, -1)):
            part = _on_one_side(part, axis, edge, sign)
        return [part] if len(part) > 3 else []
    if kind == POINT:
        return [part]
    lines: list[Points] = [[]]
    for a, b in pairwise(part):
        (left, right), (top, foot) = sorted((a[0], b[0])), sorted((a[1], b[1]))
        if right < west or left > east or foot < north or top > south:
            lines.append([])
        else:
            lines[-1] += [b] if lines[-1] else [a, b]
    return [line for line in lines if line]


def _on_one_side(ring: Points, axis: int, edge: float, sign: int) -> Points:
    """A closed ring cut along a line across one axis (Sutherland and Hodgman, 1974)."""
    kept: Points = []
    for a, b in pairwise(ring):
        inside, after = (sign * (one[axis] - edge) >= 0 for one in (a, b))
        if inside is not after:
            share = (edge - a[axis]) / (b[axis] - a[axis])
            kept.append((a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share))
        if after:
            kept.append(b)
    return [*kept, kept[0]] if kept else []


# ---- a vector tile ---------------------------------------------------------------------------------


def _tile(tile: Tile, layers: dict[str, list[tuple[Tags, int, list[Points]]]]) -> bytes:
    return b"".join(_field(3, _layer(tile, name, features)) for name, features in layers.items())


def _layer(tile: Tile, name: str, features: list[tuple[Tags, int, list[Points]]]) -> bytes:
    keys: dict[str, int] = {}
    values: dict[str, int] = {}
    coded = []
    for tags, kind, parts in features:
        pairs = [
            number
            for key, value in tags.items()
            for number in (keys.setdefault(key, len(keys)), values.setdefault(value, len(values)))
        ]
        body = _field(2, _varints(pairs)) + _number(3, kind) + _field(4, _varints(_geometry(tile, kind, parts)))
        coded.append(_field(2, body))
    named = [_field(3, key.encode()) for key in keys]
    said = [_field(4, _field(1, value.encode())) for value in values]
    return b"".join([_number(15, 2), _field(1, name.encode()), *coded, *named, *said, _number(5, EXTENT)])


def _geometry(tile: Tile, kind: int, parts: list[Points]) -> Iterator[int]:
    at = (0, 0)
    for part in parts:
        points = [(round((x - tile[0]) * EXTENT), round((y - tile[1]) * EXTENT)) for x, y in part]
        if kind == AREA:
            points = points[:-1] if points[0] == points[-1] else points
            # outer rings go round by the clock on the screen, holes the other way
            if (_area(points) > 0) is not (part is parts[0]):
                points.reverse()
        yield MOVE_TO | 1 << 3
        yield from _step(at, points[0])
        at = points[0]
        if kind == POINT:
            continue
        yield LINE_TO | (len(points) - 1) << 3
        for point in points[1:]:
            yield from _step(at, point)
            at = point
        if kind == AREA:
            yield CLOSE | 1 << 3


def _area(points: list[tuple[int, int]]) -> int:
    """Twice the signed area; above 0 for a ring that goes round by the clock where y grows downwards."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise([*points, points[0]]))


def _step(one: tuple[int, int], other: tuple[int, int]) -> Iterator[int]:
    for a, b in zip(one, other, strict=True):
        yield (b - a) << 1 if b >= a else ((a - b) << 1) - 1


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, body: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(body)) + body


def _varints(values: Iterable[int]) -> bytes:
    return b"".join(map(_varint, values))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


# ---- the archive -----------------------------------------------------------------------------------


def _tile_id(x: int, y: int) -> int:
    """Its number along the Hilbert curve, behind all tiles of lower zooms."""
    number, half = ((1 << 2 * ZOOM) - 1) // 3, 1 << ZOOM - 1
    while half:
        right, low = int(x & half > 0), int(y & half > 0)
        number += half * half * (3 * right ^ low)
        if not low:
            if right:
                x, y = half - 1 - (x & (half - 1)), half - 1 - (y & (half - 1))
            x, y = y, x
        half //= 2
    return number


def _archive(tiles: list[tuple[int, bytes]]) -> bytes:
    ids = [number for number, _ in tiles]
    steps = [b - a for a, b in pairwise([0, *ids])]
    lengths = [len(body) for _, body in tiles]
    offsets = [1] + [0] * (len(tiles) - 1)  # each behind the one before
    directory = gzip.compress(_varints([len(tiles), *steps, *[1] * len(tiles), *lengths, *offsets]))
    metadata = gzip.compress(json.dumps({"attribution": ATTRIBUTION, "vector_layers": []}).encode())
    about, data = HEADER_BYTES + len(directory), HEADER_BYTES + len(directory) + len(metadata)
    sections = (HEADER_BYTES, len(directory), about, len(metadata), data, 0, data, sum(lengths))
    counts = (len(tiles), len(tiles), len(tiles))
    header = struct.pack("<7sB8Q3Q6B", b"PMTiles", 3, *sections, *counts, 1, GZIP, GZIP, MVT, ZOOM, ZOOM)
    places = [round(degrees * 1e7) for degrees in (0.98, 51.34, 1.08, 51.39)]
    header += struct.pack("<4iB2i", *places, ZOOM, round(1.03 * 1e7), round(51.36 * 1e7))
    return b"".join([header, directory, metadata, *(body for _, body in tiles)])
