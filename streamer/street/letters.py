"""Words in letters that the burnt-in font has: Pillow's own, which knows no letter beyond ASCII and draws a box for it."""

from __future__ import annotations

import unicodedata

# Cyrillic about as BGN/PCGN has it (Russian, Ukrainian, Belarusian, Serbian), and Latin letters that do not come apart.
_CYRILLIC = dict(
    zip(
        "абвгґдеёєжзиійклмнопрстуфхыэїцчшщюяђјљњћџў",
        "a b v g g d e yo ye zh z i i y k l m n o p r s t u f kh y e yi ts ch sh shch yu ya dj j lj nj c dz u".split(),
        strict=True,
    )
) | {"ъ": "", "ь": ""}
_LATIN = dict(zip("ßøłđıæœþð", "ss o l d i ae oe th d".split(), strict=True))
# Hyphens and dashes as a roster's word processor writes them, and its apostrophe: U+2010 to U+2014, U+2019.
_MARKS = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014", "-") | {"\u2019": "'"}
_OTHERS = {**_CYRILLIC, **_LATIN, **_MARKS}


def in_ascii(words: str) -> str:
    """`words` with accents taken off and Cyrillic transliterated: "ЕТ-17" becomes "ET-17".

    "" where a letter remains that cannot be shown (Arabic, say): a call sign that lacks some of its letters could be
    taken for another's, and the device's name stands beside it.
    """
    found = "".join(map(_letter, unicodedata.normalize("NFC", words)))
    return found if found.isascii() and found.isprintable() else ""


def _letter(letter: str) -> str:
    small = letter.lower()
    if small in _OTHERS:
        latin = _OTHERS[small]
        return latin if letter == small else latin[:1].upper() + latin[1:]
    apart = unicodedata.normalize("NFKD", letter)
    return "".join(one for one in apart if not unicodedata.combining(one))
