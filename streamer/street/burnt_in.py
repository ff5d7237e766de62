"""What the camera burns into its picture: UTC time with tenths, officer, device, battery, REC."""

from __future__ import annotations

import datetime
import functools

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFont

from streamer.pose import Overlay
from streamer.street.letters import in_ascii

INK, SHADOW = (240, 242, 244), (0, 0, 0)


class BurntIn:
    """Letters of one width, cut once and pasted, since the time changes in every frame."""

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        size = max(8, round(height / 25.7))
        self._font = ImageFont.load_default(size)
        self._step = round(size * 0.64)
        self._line = round(size * 1.35)
        self._cut = functools.lru_cache(maxsize=128)(self._letter)
        self._block = functools.lru_cache(maxsize=16)(self._text)

    def draw(self, picture: Image.Image, overlay: Overlay, at: float) -> None:
        """Two lines at the top right, three signs at the top left."""
        now = datetime.datetime.fromtimestamp(at, datetime.UTC)
        time = f"{now:%Y-%m-%d %H:%M:%S}.{now.microsecond // 100_000}Z"
        right, top = self._width - self._step, self._line // 3
        lines = (
            time[:-2] + "  ",
            f"{in_ascii(overlay.call_sign)} {in_ascii(overlay.collar_number)}".strip(),
            overlay.device_id,
        )
        self._strip_at(picture, self._block(lines), self._width - self._step, top)  # cut once a second
        self._paste(picture, right - 2 * self._step, top, time[-2:])  # the tenth changes in every frame
        left = self._step
        signs = self._block((f"  {'REC' if overlay.recording else 'BUF'}  {overlay.battery_pct}%",))
        self._strip_at(picture, signs, left + signs[0].width - 1, top)
        dot = self._step * 0.55
        middle = (left + self._step * 0.8, top + self._line * 0.45)
        box = (middle[0] - dot, middle[1] - dot, middle[0] + dot, middle[1] + dot)
        canvas = ImageDraw.Draw(picture)
        canvas.ellipse(box, fill=INK if overlay.recording else None, outline=INK, width=2)

    def _strip_at(self, picture: Image.Image, block: tuple[Image.Image, Image.Image], right: int, top: int) -> None:
        shown, mask = block
        picture.paste(shown, (right - shown.width + 1, top), mask)

    def _paste(self, picture: Image.Image, left: int, top: int, text: str) -> None:
        for n, letter in enumerate(text):
            cut = self._cut(letter)
            picture.paste(SHADOW, (left + n * self._step + 1, top + 1), cut)
            picture.paste(INK, (left + n * self._step, top), cut)

    def _letter(self, letter: str) -> Image.Image:
        cell = Image.new("L", (self._step + 1, self._line), 0)
        wide = self._font.getlength(letter)
        ImageDraw.Draw(cell).text(((self._step - wide) / 2, 0), letter, fill=255, font=self._font)
        return cell

    def _text(self, lines: tuple[str, ...]) -> tuple[Image.Image, Image.Image]:
        """Lines that end at the right edge, with their shadow: what it looks like, and its mask."""
        size = (max(len(line) for line in lines) * self._step + 2, len(lines) * self._line + 1)
        ink, shadow = Image.new("L", size), Image.new("L", size)
        for row, line in enumerate(lines):
            left = size[0] - 2 - len(line) * self._step
            for n, letter in enumerate(line):
                ink.paste(self._cut(letter), (left + n * self._step, row * self._line))
        shadow.paste(ink, (1, 1))
        mask = ImageChops.screen(ink, shadow)  # what either covers
        share = np.asarray(ink, np.float32) / np.maximum(np.asarray(mask), 1)
        bright, dark = (Image.new("RGBX", size, tone) for tone in (INK, SHADOW))
        shown = Image.composite(bright, dark, Image.fromarray((255 * share).astype(np.uint8)))
        return shown, mask
