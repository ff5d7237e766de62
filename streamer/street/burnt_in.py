"""What the camera burns into its picture: UTC time with tenths, officer, device, battery, REC."""

from __future__ import annotations

import datetime
import functools

from PIL import Image, ImageDraw, ImageFont

from streamer.pose import Overlay

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
        self._strip = functools.lru_cache(maxsize=16)(self._text)

    def draw(self, picture: Image.Image, overlay: Overlay, at: float) -> None:
        """Two lines at the top right, three signs at the top left."""
        now = datetime.datetime.fromtimestamp(at, datetime.UTC)
        time = f"{now:%Y-%m-%d %H:%M:%S}.{now.microsecond // 100_000}Z"
        right, top = self._width - self._step, self._line // 3
        self._static(picture, time[:-2], top, room=2)  # cut once a second; only the tenth changes in every frame
        self._paste(picture, right - 2 * self._step, top, time[-2:])
        self._static(picture, f"{overlay.call_sign} {overlay.collar_number}", top + self._line)
        self._static(picture, overlay.device_id, top + 2 * self._line)
        left = self._step
        strip = self._strip(f"  {'REC' if overlay.recording else 'BUF'}  {overlay.battery_pct}%")
        picture.paste(SHADOW, (left + 1, top + 1), strip)
        picture.paste(INK, (left, top), strip)
        dot = self._step * 0.55
        middle = (left + self._step * 0.8, top + self._line * 0.45)
        box = (middle[0] - dot, middle[1] - dot, middle[0] + dot, middle[1] + dot)
        canvas = ImageDraw.Draw(picture)
        canvas.ellipse(box, fill=INK if overlay.recording else None, outline=INK, width=2)

    def _static(self, picture: Image.Image, text: str, top: int, room: int = 0) -> None:
        strip = self._strip(text)
        at = (self._width - self._step - (len(text) + room) * self._step, top)
        picture.paste(SHADOW, (at[0] + 1, at[1] + 1), strip)
        picture.paste(INK, at, strip)

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

    def _text(self, text: str) -> Image.Image:
        strip = Image.new("L", (len(text) * self._step + 1, self._line), 0)
        for n, letter in enumerate(text):
            strip.paste(self._cut(letter), (n * self._step, 0))
        return strip
