"""What every page's look is made of, the app's and the server's: one accent a city, made sure of.

Contrast is WCAG 2's: (lighter + 0.05) / (darker + 0.05) of relative luminances. Text and buttons
want 4.5, borders and focus 3.
"""

import hashlib
from functools import cache

from portal.cities import city
from portal.config import ROOT, settings

FONT = "/fonts/public-sans.woff2"

PAPER = {"light": "#fcfcfa", "dark": "#15181b"}
RAISED = {"light": "#f3f2ee", "dark": "#1f2428"}
TEXT_CONTRAST = 4.5

Rgb = tuple[int, int, int]


def rgb(colour: str) -> Rgb:
    """Return the red, green and blue of "#rrggbb"."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def written(colour: Rgb) -> str:
    """Return "#rrggbb"."""
    return "#" + "".join(f"{part:02x}" for part in colour)


def luminance(colour: str) -> float:
    """Return WCAG's relative luminance, 0 to 1."""

    def linear(part: int) -> float:
        value = part / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(part) for part in rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return WCAG's contrast ratio, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def mixed(colour: str, towards: str, part: float) -> str:
    """Return `colour` with `part` (0 to 1) of `towards` mixed in."""
    red, green, blue = (
        round(a + (b - a) * part) for a, b in zip(rgb(colour), rgb(towards), strict=True)
    )
    return written((red, green, blue))


def readable(colour: str, grounds: tuple[str, ...], wanted: float, towards: str) -> str:
    """Return `colour`, moved towards black or white until it reaches `wanted` on every ground."""
    for step in range(101):
        candidate = mixed(colour, towards, step / 100)
        if all(contrast(candidate, ground) >= wanted for ground in grounds):
            return candidate
    return towards


@cache
def accents(accent: str) -> dict[str, dict[str, str]]:
    """Return the accent's roles in light and dark: as text, as a button, under it, as a tint."""
    light_grounds = (PAPER["light"], RAISED["light"], "#ffffff")
    dark_grounds = (PAPER["dark"], RAISED["dark"])
    light = readable(accent, light_grounds, TEXT_CONTRAST + 0.3, "#000000")
    dark = readable(accent, dark_grounds, TEXT_CONTRAST + 1.5, "#ffffff")
    return {
        "light": {
            "accent": light,
            "accent-strong": mixed(light, "#000000", 0.25),
            "on-accent": "#ffffff",
            "accent-tint": mixed(PAPER["light"], light, 0.07),
            "focus": light,
        },
        "dark": {
            "accent": dark,
            "accent-strong": mixed(dark, "#ffffff", 0.3),
            "on-accent": "#0d1114",
            "accent-tint": mixed(PAPER["dark"], dark, 0.13),
            "focus": dark,
        },
    }


def city_style() -> str:
    """Return the city's colours as custom properties, for both modes."""
    roles = accents(city().look.accent)

    def block(mode: str) -> str:
        return "".join(f"--{name}:{value};" for name, value in roles[mode].items())

    return (
        f":root{{{block('light')}}}@media screen and (prefers-color-scheme:dark)"
        f"{{:root{{{block('dark')}}}}}"
    )


@cache
def asset(name: str) -> str:
    """Return an asset's address, with its content's hash: a browser may keep it for ever."""
    content = (ROOT / "assets" / name).read_bytes()
    return f"/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


def city_logo() -> str:
    """Return the address of the city's own mark, or "" where its initials are drawn."""
    logo = city().look.logo
    return asset("cities/" + logo) if logo else ""


def is_test_mode() -> bool:
    """True where no payment is real."""
    return settings().demo or settings().payments in ("demo", "stripe_test")


def telephone(number: str) -> str:
    """Return the tel: address of a printed number."""
    return "tel:+1" + "".join(c for c in number if c.isdigit())
