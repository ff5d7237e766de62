"""What the camera burns into its picture: UTC time with tenths, officer, device, battery, REC."""

from __future__ import annotations

import datetime
import functools

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFont

from streamer.pose import Overlay
from streamer.street.letters import in_ascii

INK, SHADOW = (240, 242, 244), (0, 0, 0)


NARROW = frozenset(" -.:'")  # half as wide as a figure: in cells of its width "22:41:07" falls apart


class BurntIn:
    """Figures of one width, so that the running time stands still; each cut once and pasted, for it changes in every frame."""

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        size = max(8, round(height / 25.7))
        self._font = ImageFont.load_default(size)
        self._step = round(size * 0.64)
        self._half = round(size * 0.4)
        self._line = round(size * 1.35)
        self._cut = functools.lru_cache(maxsize=128)(self._letter)
        self._block = functools.lru_cache(maxsize=16)(self._text)

    def draw(self, picture: Image.Image, overlay: Overlay, at: float) -> None:
        """Two lines at the top right, three signs at the top left."""
        now = datetime.datetime.fromtimestamp(at, datetime.UTC)
        time = f"{now:%Y-%m-%d %H:%M:%S}.{now.microsecond // 100_000}Z"
        right, top = self._width - self._step, self._line // 3
        tenth = time[-2:]
        lines = (
            time[:-2],
            f"{in_ascii(overlay.call_sign)} {in_ascii(overlay.collar_number)}".strip(),
            overlay.device_id,
        )
        self._strip_at(picture, self._block(lines, self._wide(tenth)), right, top)  # cut once a second
        self._paste(picture, right - self._wide(tenth), top, tenth)  # the tenth changes in every frame
        left = self._step
        signs = self._block((f"{'REC' if overlay.recording else 'BUF'}  {overlay.battery_pct}%",))
        self._strip_at(picture, signs, left + 2 * self._step + signs[0].width - 1, top)
        dot = self._step * 0.55
        middle = (left + self._step * 0.8, top + self._line * 0.45)
        box = (middle[0] - dot, middle[1] - dot, middle[0] + dot, middle[1] + dot)
        canvas = ImageDraw.Draw(picture)
        canvas.ellipse(box, fill=INK if overlay.recording else None, outline=INK, width=2)

    def _strip_at(self, picture: Image.Image, block: tuple[Image.Image, Image.Image], right: int, top: int) -> None:
        shown, mask = block
        picture.paste(shown, (right - shown.width + 1, top), mask)

    def _paste(self, picture: Image.Image, left: int, top: int, text: str) -> None:
        for letter in text:
            cut = self._cut(letter)
            picture.paste(SHADOW, (left + 1, top + 1), cut)
            picture.paste(INK, (left, top), cut)
            left += self._wide(letter)

    def _wide(self, text: str) -> int:
        """Pixels that it takes: a figure a step, what stands between figures less, a letter what it is wide."""
        return sum(map(self._wide_of, text))

    def _wide_of(self, letter: str) -> int:
        if letter in NARROW:
            return self._half
        return self._step if letter.isdigit() else round(self._font.getlength(letter)) + 1

    def _letter(self, letter: str) -> Image.Image:
        wide = self._wide(letter)
        cell = Image.new("L", (wide + 1, self._line), 0)
        beside = (wide - self._font.getlength(letter)) / 2
        ImageDraw.Draw(cell).text((beside, 0), letter, fill=255, font=self._font)
        return cell

    def _text(self, lines: tuple[str, ...], beside: int = 0) -> tuple[Image.Image, Image.Image]:
        """Lines that end at the right edge, with their shadow: what it looks like, and its mask.

        `beside`: pixels kept free at the end of the first.
        """
        size = (max(map(self._wide, lines)) + beside + 2, len(lines) * self._line + 1)
        ink, shadow = Image.new("L", size), Image.new("L", size)
        for row, line in enumerate(lines):
            left = size[0] - 2 - self._wide(line) - (0 if row else beside)
            for letter in line:
                ink.paste(self._cut(letter), (left, row * self._line))
                left += self._wide(letter)
        shadow.paste(ink, (1, 1))
        mask = ImageChops.screen(ink, shadow)  # what either covers
        share = np.asarray(ink, np.float32) / np.maximum(np.asarray(mask), 1)
        bright, dark = (Image.new("RGBX", size, tone) for tone in (INK, SHADOW))
        shown = Image.composite(bright, dark, Image.fromarray((255 * share).astype(np.uint8)))
        return shown, mask
