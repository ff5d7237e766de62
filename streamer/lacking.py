"""Which of a camera's devices are missing: told with each status, before anybody asks it to record.

Only what can be seen without opening anything: a device's file, the sound cards that the kernel lists. A device that
is there and does not work says so when it is opened.
"""

from __future__ import annotations

from pathlib import Path

from server import wire

SOUND_CARDS = Path("/proc/asound/cards")  # ALSA's own list; "--- no soundcards ---" where there is none


def lacking(source: str, sound: str, gps: str, sound_cards: Path = SOUND_CARDS) -> list[wire.Lack]:
    """What a camera started with these options (`--source`, `--sound`, `--gps`) would not send now."""
    found: list[wire.Lack] = []
    if _is_gone(source, "v4l2:"):
        found.append("picture")
    if sound.startswith("mic:") and not sound.startswith("mic:pulse") and not _has_cards(sound_cards):
        found.append("sound")
    if _is_gone(gps, "nmea:"):
        found.append("position")
    return found


def _is_gone(option: str, kind: str) -> bool:
    return option.startswith(kind) and not Path(option.removeprefix(kind)).exists()


def _has_cards(listed: Path) -> bool:
    try:
        return "no soundcards" not in listed.read_text()
    except OSError:
        return False
