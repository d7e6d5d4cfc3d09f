"""A city is data: one TOML file each, read and checked at start.

`city()` is the one that the settings choose: PORTAL_CITY_FILE, or PORTAL_CITY among ours.
"""

from functools import cache
from pathlib import Path

from portal.cities.model import City
from portal.cities.reader import CityError, read_city
from portal.config import settings

__all__ = ["City", "CityError", "city", "city_file", "known_cities", "read_city"]

_OURS = Path(__file__).parent


def known_cities() -> tuple[str, ...]:
    """Return the keys of the cities that come with the portal."""
    return tuple(sorted(path.stem for path in _OURS.glob("*.toml")))


def city_file(key: str) -> Path:
    """Return the file of one of our cities. Raises CityError for another key."""
    if key not in known_cities():
        raise CityError(
            f'PORTAL_CITY: "{key}" is not known; allowed: {", ".join(known_cities())},'
            " or name your own file in PORTAL_CITY_FILE"
        )
    return _OURS / f"{key}.toml"


@cache
def city() -> City:
    """Return this process's city, read once. Raises CityError with every fault of its file."""
    chosen = settings()
    return read_city(chosen.city_file or city_file(chosen.city))
