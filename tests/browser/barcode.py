"""The barcode in a picture on screen (streamer/street/barcode.py), read by the page itself."""

from __future__ import annotations

READER = """(() => {
  const [cells, px] = [40, 16];  // in the picture's last rows
  const pen = new OffscreenCanvas(cells * px, px).getContext("2d", {willReadFrequently: true});
  return (video) => {
    pen.drawImage(video, 0, video.videoHeight - px, cells * px, px, 0, 0, cells * px, px);
    const {data} = pen.getImageData(0, px / 2, cells * px, 1);
    const bits = Array.from({length: cells}, (_, k) => data[4 * (k * px + px / 2) + 1] > 125 ? 1 : 0);
    const word = bits.slice(0, 32).reduce((whole, bit) => whole * 2 + bit, 0);
    let sum = 0xA5;
    for (const shift of [24, 16, 8, 0]) sum = (sum * 31 + (word >>> shift & 0xFF)) & 0xFF;
    return sum === bits.slice(32).reduce((whole, bit) => whole * 2 + bit, 0) ? word : null;
  };
})()"""
"""JavaScript: a function of a <video> that gives its picture's word, or null where none is readable."""
