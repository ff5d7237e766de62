"""How the street looks at an hour and in a weather, and from where it is seen: the presets of the street source."""

from __future__ import annotations

from dataclasses import dataclass

Tone = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Look:
    """Light of sky and lamps (factors of a surface's colour), haze, sky, wetness. Colours are 0…255.

    `haze_m`: metres at which haze is full. `mirror`: wet ground shows one 2**mirror-th of what stands over it.
    `glow`: how bright lit windows are. `rain`: streaks in the air, drops on the lens.
    """

    ambient: Tone
    lamp: Tone
    haze: Tone
    haze_m: float
    zenith: Tone
    skyline: Tone
    sunset: float
    cloud: float
    stars: int
    mirror: int
    glow: float
    rain: bool = False


DUSK = Look(
    ambient=(0.34, 0.39, 0.54),  # the blue hour
    lamp=(1.22, 0.98, 0.66),  # sodium-warm light at full strength
    haze=(44.0, 56.0, 86.0),
    haze_m=110.0,
    zenith=(13.0, 20.0, 44.0),
    skyline=(62.0, 78.0, 118.0),
    sunset=1.0,
    cloud=1.0,
    stars=150,
    mirror=3,
    glow=1.0,
)
NIGHT = Look(
    ambient=(0.16, 0.18, 0.26),
    lamp=(1.34, 1.02, 0.62),
    haze=(17.0, 18.0, 27.0),
    haze_m=95.0,
    zenith=(3.0, 4.0, 10.0),
    skyline=(34.0, 30.0, 34.0),
    sunset=0.0,
    cloud=0.5,
    stars=320,
    mirror=2,
    glow=1.06,
)
RAIN = Look(
    ambient=(0.27, 0.31, 0.37),
    lamp=(1.18, 1.0, 0.74),
    haze=(58.0, 64.0, 74.0),
    haze_m=62.0,
    zenith=(34.0, 39.0, 48.0),
    skyline=(66.0, 72.0, 82.0),
    sunset=0.08,
    cloud=1.6,
    stars=0,
    mirror=2,
    glow=0.96,
    rain=True,
)


NIGHT_RAIN = Look(
    ambient=(0.14, 0.16, 0.22),
    lamp=(1.26, 1.0, 0.66),
    haze=(27.0, 28.0, 35.0),
    haze_m=70.0,
    zenith=(17.0, 17.0, 22.0),
    skyline=(46.0, 42.0, 44.0),
    sunset=0.0,
    cloud=1.4,
    stars=0,
    mirror=2,
    glow=1.0,
    rain=True,
)
INDOORS = Look(
    ambient=(0.5, 0.5, 0.5),
    lamp=(1.0, 1.0, 0.97),
    haze=(70.0, 72.0, 74.0),
    haze_m=60.0,
    zenith=(0.0, 0.0, 0.0),
    skyline=(0.0, 0.0, 0.0),
    sunset=0.0,
    cloud=0.0,
    stars=0,
    mirror=3,
    glow=1.0,
)


@dataclass(frozen=True, slots=True)
class Preset:
    """A look, and what the camera looks out of: nothing, a car's windscreen; or it is indoors."""

    look: Look
    in_vehicle: bool = False
    indoors: bool = False


HOURS, WEATHERS, VIEWS = ("dusk", "night"), ("dry", "rain"), ("foot", "vehicle", "indoor")
_OUTSIDE = {("dusk", "dry"): DUSK, ("night", "dry"): NIGHT, ("dusk", "rain"): RAIN, ("night", "rain"): NIGHT_RAIN}


def preset_of(hour: str, weather: str, view: str) -> str:
    """The preset's name for an hour of HOURS, a weather of WEATHERS, and one of VIEWS, from where it is seen."""
    if view == "indoor":
        return view
    parts = [hour] * (hour != USUAL) + [weather] * (weather != "dry") + [view] * (view != "foot")
    return "-".join(parts) or USUAL


USUAL = "dusk"
PRESETS: dict[str, Preset] = {
    preset_of(hour, weather, view): Preset(look, in_vehicle=view == "vehicle")
    for view in ("foot", "vehicle")
    for (hour, weather), look in _OUTSIDE.items()
} | {"indoor": Preset(INDOORS, indoors=True)}
