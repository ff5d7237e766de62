"""Which wall each column of the picture sees, and its bricks: one look-up for all columns at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamer.street.atlas import SIZES, Atlas
from streamer.street.camera import EYE_M, NEAR_M, View
from streamer.street.facades import HEIGHT_PX, PX_PER_M, WIDTH_PX
from streamer.street.light import Sources
from streamer.street.palette import shade_of
from streamer.street.surroundings import SIGHT_M, Surroundings, front_of

Floats = NDArray[np.float64]
# Of a texel: how far beside its place each pixel of a square of four looks. The lens makes one of the four, so that a
# texel that is larger than a pixel has soft edges, and one that is smaller does not flicker.
ASTRAY = 0.27


@dataclass(frozen=True)
class Columns:
    """One wall for each of the columns `which`: rows of top and foot, metres away (inf: none), texture start, its rows, shade."""

    which: NDArray[np.intp]
    top: Floats
    foot: Floats
    depth: Floats
    start: tuple[NDArray[np.int32], NDArray[np.int32]]  # in even rows of the picture, in odd ones
    texels: NDArray[np.int64]  # texture's height
    shade: NDArray[np.uint16]

    def part(self, some: slice) -> Columns:
        """Some of them."""
        even, odd = self.start
        return Columns(
            *(self.which[some], self.top[some], self.foot[some], self.depth[some]),
            *((even[some], odd[some]), self.texels[some], self.shade[some]),
        )


@dataclass(frozen=True)
class _Spans:
    """The walls in view, cut at the near plane: columns and inverse depths of both ends."""

    index: NDArray[np.int64]
    column_a: Floats
    column_b: Floats
    inverse_a: Floats
    inverse_b: Floats
    share_a: Floats
    share_b: Floats


def _spans(view: View, near: Surroundings) -> _Spans:
    (xa, za), (xb, zb) = view.to_camera(near.a), view.to_camera(near.b)
    facing = xa * zb - xb * za < 0  # we stand outside: a is to the left of b
    index = np.nonzero(facing & ((za > NEAR_M) | (zb > NEAR_M)) & (np.minimum(za, zb) < SIGHT_M))[0]
    xa, za, xb, zb = xa[index], za[index], xb[index], zb[index]
    cut_a = np.where(za < NEAR_M, (NEAR_M - za) / np.where(zb == za, 1, zb - za), 0.0)
    cut_b = np.where(zb < NEAR_M, (NEAR_M - za) / np.where(zb == za, 1, zb - za), 1.0)
    xa, xb, za, zb = xa + (xb - xa) * cut_a, xa + (xb - xa) * cut_b, za + (zb - za) * cut_a, za + (zb - za) * cut_b
    column_a, column_b = view.width / 2 + view.f * xa / za, view.width / 2 + view.f * xb / zb
    seen = (column_b > 0) & (column_a < view.width) & (column_b - column_a > 0.02)
    kept = [v[seen] for v in (column_a, column_b, 1 / za, 1 / zb, cut_a, cut_b)]
    return _Spans(index[seen], *kept)


def see(view: View, near: Surroundings, light: Sources, atlas: Atlas, haze_m: float) -> tuple[Columns, Columns]:
    """(the nearest wall of every column, the one that rises over it where there is one)."""
    spans = _spans(view, near)
    everywhere = np.arange(view.width)
    if not len(spans.index):
        return _nothing(view, view.width), _nothing(view, 0)
    slope = (spans.inverse_b - spans.inverse_a) / (spans.column_b - spans.column_a)
    offset = spans.inverse_a - slope * spans.column_a
    # The wall is chosen for pairs of columns: half the work, and no edge is off by more than a pixel.
    pairs = np.arange(1.0, view.width, 2.0).astype(np.float32)
    inverse = slope[:, None].astype(np.float32) * pairs + offset[:, None].astype(np.float32)
    left, right = spans.column_a[:, None].astype(np.float32), spans.column_b[:, None].astype(np.float32)
    inverse *= (pairs >= left) & (pairs < right)
    rise = inverse * (near.height[spans.index] - EYE_M)[:, None].astype(np.float32)
    first, highest = inverse.argmax(0), rise.argmax(0)
    each = np.arange(len(pairs))
    over = np.flatnonzero(np.repeat(rise[highest, each] > rise[first, each] * 1.004, 2))
    first, highest = np.repeat(first, 2), np.repeat(highest, 2)[over]

    chosen, columns = np.concatenate([first, highest]), np.concatenate([everywhere, over])
    inv = slope[chosen] * (columns + 0.5) + offset[chosen]
    inv[inverse[chosen, columns // 2] <= 0] = 0
    both = _columns(view, near, light, atlas, spans, inv, chosen, columns, haze_m)
    return both.part(slice(None, view.width)), both.part(slice(view.width, None))


def _nothing(view: View, w: int) -> Columns:
    flat, whole = np.full(w, view.horizon), np.zeros(w, np.int64)
    start = whole.astype(np.int32)
    return Columns(np.arange(w), flat, flat, np.full(w, np.inf), (start, start), whole + 1, np.zeros(w, np.uint16))


def _columns(
    view: View,
    near: Surroundings,
    light: Sources,
    atlas: Atlas,
    spans: _Spans,
    inv: Floats,
    chosen: NDArray[np.int64],
    which: NDArray[np.intp],
    haze_m: float,
) -> Columns:
    """How the walls `chosen` for the columns `which` look; `inv`: one over their depth, 0 for none."""
    columns = which + 0.5
    hit = inv > 1e-6
    inv = np.maximum(inv, 1e-6)
    wall = spans.index[chosen]
    run = (columns - spans.column_a[chosen]) / (spans.column_b - spans.column_a)[chosen]
    share = spans.share_a[chosen] + (spans.share_b - spans.share_a)[chosen] * run * spans.inverse_b[chosen] / inv
    along = np.clip(share, 0, 0.99999) * near.houses[wall]
    house = along.astype(np.int64)
    front = front_of(near.first[wall], near.count[wall], near.seed[wall], house)
    run_m = share * near.length[wall]
    step = np.abs(np.diff(run_m, append=run_m[-1:]))
    coarse = np.maximum(PX_PER_M / (view.f * inv), np.minimum(step, 2.0) * PX_PER_M * 0.4)
    size = np.clip(np.log2(np.maximum(coarse, 1e-3)) + 0.35, 0, SIZES - 1).astype(np.int64)
    rows = HEIGHT_PX >> size
    texel = (along - house) * (WIDTH_PX >> size)
    aside = np.where(which % 2, -ASTRAY, ASTRAY)
    start = atlas.start[front, size]

    def column(astray: Floats) -> NDArray[np.int32]:
        beside = np.clip(texel + astray, 0, (WIDTH_PX >> size) - 1).astype(np.int64)
        return (start + beside * rows).astype(np.int32)

    depth = 1 / inv
    slant = (columns[::2] - view.width / 2) / view.f
    x = view.x + depth[::2] * (view.forward[0] + view.right[0] * slant)
    y = view.y + depth[::2] * (view.forward[1] + view.right[1] * slant)
    return Columns(
        which=which,
        top=np.where(hit, view.horizon - view.f * (near.height[wall] - EYE_M) * inv, view.horizon),
        foot=np.where(hit, view.horizon + view.f * EYE_M * inv, view.horizon),
        depth=np.where(hit, depth, np.inf),
        start=(column(aside), column(-aside)),
        texels=rows,
        shade=shade_of(np.repeat(light.at(x, y), 2)[: len(columns)], depth, haze_m),
    )


def paint(index: NDArray[np.uint8], shade: NDArray[np.uint16], seen: Columns, last: int, atlas: Atlas) -> None:
    """Put the walls of `seen` into the picture's `index` and `shade`, down to row `last`."""
    if not len(seen.which):
        return
    first, last = max(0, int(seen.top.min())), min(last, math.ceil(seen.foot.max()) + 1)
    if last <= first:
        return
    texels, inside = _texels(seen, first, last, atlas)
    if len(seen.which) == index.shape[1]:
        np.copyto(index[first:last], texels, where=inside)
        np.copyto(shade[first:last], seen.shade, where=inside)
    else:
        index[first:last, seen.which] = np.where(inside, texels, index[first:last, seen.which])
        shade[first:last, seen.which] = np.where(inside, seen.shade, shade[first:last, seen.which])


def _texels(seen: Columns, first: int, last: int, atlas: Atlas) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """What the walls' columns show in rows `first` to `last`, and where that is a wall at all."""
    scale = (seen.texels / np.maximum(seen.foot - seen.top, 1e-3)).astype(np.float32)
    over = (seen.top * scale).astype(np.float32)
    where = np.empty((last - first, len(scale)), np.int32)
    inside = np.empty(where.shape, bool)
    rows_of_texels = seen.texels.astype(np.uint32)
    for parity, astray in ((0, ASTRAY), (1, -ASTRAY)):  # of the picture's row
        these = slice((first + parity) % 2, None, 2)
        row = (np.arange(first, last, dtype=np.float32)[these, None] + np.float32(0.5)) * scale
        row -= over - np.float32(astray)
        found = row.astype(np.int32)
        np.less(found.view(np.uint32), rows_of_texels, out=inside[these])  # neither over it nor under
        np.add(found, seen.start[parity], out=where[these])
    texels: NDArray[np.uint8] = np.take(atlas.texels, where, mode="clip")
    inside &= texels != 0
    return texels, inside
