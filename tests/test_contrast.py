"""Every pair of colours in use, computed from tokens.css in both themes: text 4.5, an alarm's text 7, graphics 3."""

from __future__ import annotations

import re
from functools import cache

import pytest

from tests.source import ROOT

TOKENS = ROOT / "static" / "css" / "tokens.css"
THEMES = ("dark", "light")
TEXT, ALARM, GRAPHIC = 4.5, 7.0, 3.0

# What is written or drawn in a role, the grounds it stands on, and what it needs there (WCAG 2.2, 1.4.3 and 1.4.11).
PAIRS: dict[str, tuple[float, tuple[str, ...]]] = {
    "text": (
        TEXT,
        (
            "bg",
            "panel",
            "raised",
            "control",
            "control-hover",
            "field",
            "map-land",
            "map-halo",
            "map-sea",
            "p1-tint",
            "line-strong",
        ),
    ),
    "text-2": (TEXT, ("bg", "panel", "raised", "control", "control-hover", "p1-tint")),
    "text-3": (TEXT, ("bg", "panel", "raised", "control", "control-hover", "field")),
    "text-strong": (TEXT, ("bg", "panel", "raised", "seg-on", "p1-tint")),
    "accent-text": (TEXT, ("bg", "panel", "accent-fill")),
    "accent-on": (TEXT, ("accent-fill",)),
    "primary-on": (TEXT, ("primary", "primary-hover")),
    "primary-on-2": (TEXT, ("primary",)),
    "mode-on": (TEXT, ("mode-fill",)),
    "map-text": (TEXT, ("map-land", "map-urban", "map-halo")),
    "map-water-text": (TEXT, ("map-sea",)),
    "map-park-text": (TEXT, ("map-park", "map-wood")),
    "on-pic": (TEXT, ("well",)),
    "on-pic-2": (TEXT, ("well",)),
    "p1-on": (ALARM, ("p1-fill", "p1-fill-2")),
    "p1-text": (ALARM, ("panel", "raised")),
    "p2-on": (ALARM, ("p2-fill",)),
    "p2-text": (ALARM, ("panel", "raised")),
    "graphic": (GRAPHIC, ("panel", "raised", "map-land")),
    "accent": (GRAPHIC, ("bg", "panel", "map-land")),
    "focus": (GRAPHIC, ("bg", "panel", "raised", "control", "map-land", "accent-fill")),
    "p1": (GRAPHIC, ("bg", "panel", "raised", "map-land", "map-sea")),
    "p2": (GRAPHIC, ("bg", "panel", "raised", "map-land", "map-sea")),
    "p3": (GRAPHIC, ("panel", "raised")),
    "mode": (GRAPHIC, ("panel",)),
}
GROUNDS = {ground for _, grounds in PAIRS.values() for ground in grounds}
# Told apart by lightness alone or see-through: nothing has to be read from these (a border, a street, a shadow).
ORNAMENTS = re.compile(r"line|line-strong|hatch|scrim|shadow-.|map-.*|on-pic-.*|p1-control.*|p1-key|p2-tint|p2-key")


@cache
def roles(theme: str) -> dict[str, str]:
    """Tier 2 with tier 1 put in: role to `#rrggbb` or whatever else it is."""
    text = re.sub(r"/\*.*?\*/", "", TOKENS.read_text(), flags=re.S)
    known: dict[str, str] = {}
    own: set[str] = set()
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", text):
        if not ({":root", f'[data-theme="{theme}"]'} & {one.strip() for one in selectors.split(",")}):
            continue
        found = dict(re.findall(r"--([\w-]+):\s*([^;]+);", body))
        known |= found
        own |= {name for name, value in found.items() if not re.match(r"(ink|red|amber|blue|violet)-\d", name)}
    return {name: resolved(known, known[name]) for name in own}


def resolved(known: dict[str, str], value: str) -> str:
    """The value behind its `var()`s."""
    named = re.fullmatch(r"var\(--([\w-]+)\)", value.strip())
    return resolved(known, known[named[1]]) if named else value.strip()


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2.2)."""
    assert re.fullmatch(r"#[0-9a-f]{6}", colour), f"{colour} is no plain colour"
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_every_pair_in_use_has_its_contrast(theme: str) -> None:
    known = roles(theme)
    short = [
        f"{role} on {ground}: {found:.2f} < {least}"
        for role, (least, grounds) in PAIRS.items()
        for ground in grounds
        if (found := contrast(known[role], known[ground])) < least
    ]
    assert not short, f"{theme}: " + "; ".join(short)


@pytest.mark.parametrize("theme", THEMES)
def test_no_colour_stands_outside_the_table(theme: str) -> None:
    """A new role says on what it stands, or that nothing is read from it."""
    colours = {name for name, value in roles(theme).items() if re.match(r"#|rgb", value)}
    assert {name for name in colours - PAIRS.keys() - GROUNDS if not ORNAMENTS.fullmatch(name)} == set()


def test_both_themes_have_the_same_roles() -> None:
    assert roles("dark").keys() == roles("light").keys()
