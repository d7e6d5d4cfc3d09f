"""A city's tariffs, read from portal/cities/tariffs and kept."""

import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from portal import cities
from portal.domain.rates.rules import Block, Charge, Tariff

_FOLDER = Path(cities.__file__).parent / "tariffs"


@cache
def tariffs(city_key: str) -> tuple[Tariff, ...]:
    """Return the city's tariffs, oldest first; none where the city has no file."""
    path = _FOLDER / f"{city_key}.toml"
    if not path.exists():
        return ()
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(
        sorted((_tariff(one) for one in content["tariff"]), key=lambda t: t.effective_from)
    )


def _tariff(content: Mapping[str, Any]) -> Tariff:
    effective = content["from"]
    if not isinstance(effective, date):
        raise TypeError(f"a tariff's `from` is a date, not {effective!r}")
    return Tariff(
        effective,
        content["unit"],
        content["gallons_per_unit"],
        content["rounding"],
        tuple(_charge(one) for one in content["charge"]),
    )


def _charge(content: Mapping[str, Any]) -> Charge:
    """Return a charge; every amount in the file is a string, so that none is ever a float."""
    fixed, cap, percent = (content.get(name) for name in ("fixed", "cap", "percent"))
    return Charge(
        content["code"],
        content["description"],
        content.get("service", ""),
        content.get("agency", ""),
        None if fixed is None else _amount(fixed),
        {size: _amount(amount) for size, amount in content.get("by_size", {}).items()},
        tuple(
            Block(None if up_to == "" else _amount(up_to), _amount(rate))
            for up_to, rate in content.get("blocks", [])
        ),
        None if cap is None else _amount(cap),
        None if percent is None else _amount(percent),
        tuple(content.get("of", ())),
        _amount(content.get("minimum", "0")),
        _amount(content.get("outside", "1")),
        tuple(content.get("kinds", ())),
        content.get("option", ""),
    )


def _amount(text: object) -> Decimal:
    if not isinstance(text, str):
        raise TypeError(f"amounts in a tariff are strings, not {text!r}")
    return Decimal(text)
