"""Reading a city's file: every fault is named with its file, line, key, and what is allowed."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from portal.cities.model import City

Place = tuple[str | int, ...]
_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\-\s]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"\s*([A-Za-z0-9_\-]+(?:\s*\.\s*[A-Za-z0-9_\-]+)*)\s*=\s*(.*)$")


class CityError(Exception):
    """A city's file cannot be used; the text has one line a fault: `file:line: key: what`."""


def read_city(path: Path) -> City:
    """Return the city that `path` (TOML) describes. Raises CityError naming every fault."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CityError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise CityError(f"{path}:{line}: is not UTF-8 text") from None
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"\(at line (\d+)", str(error))
        line = int(where[1]) if where else text.count("\n") + 1
        what = re.sub(r"\s*\(at .*\)$", "", str(error))
        raise CityError(f"{path}:{line}: is not TOML: {what[:1].lower()}{what[1:]}") from None
    try:
        return City.model_validate(content)
    except ValidationError as error:
        lines = line_numbers(text)
        faults = sorted({_fault(path, lines, one) for one in error.errors(include_url=False)})
        raise CityError("\n".join(sentence for _, sentence in faults)) from None


def line_numbers(text: str) -> dict[Place, int]:
    """Map each key's place (("billing", "categories", 0, "name")) to its line, from 1."""
    found: dict[Place, int] = {(): 1}
    counts: dict[Place, int] = {}
    table: Place = ()
    closing = ""
    for number, line in enumerate(text.splitlines(), 1):
        if closing:
            closing = "" if closing in line else closing
            continue
        if header := _HEADER.match(line):
            names = _parts(header[2])
            if header[1] == "[[":
                base = _inside(names[:-1], counts) + names[-1:]
                counts[base] = counts.get(base, -1) + 1
                table = (*base, counts[base])
                found.setdefault(base, number)
            else:
                table = _inside(names, counts)
            found[table] = number
        elif pair := _KEY.match(line):
            place = table
            for name in _parts(pair[1]):
                place = (*place, name)
                found.setdefault(place, number)
            for quotes in ('"""', "'''"):
                if pair[2].count(quotes) == 1:
                    closing = quotes
    return found


def _parts(dotted: str) -> Place:
    return tuple(part.strip() for part in dotted.split("."))


def _inside(names: Place, counts: Mapping[Place, int]) -> Place:
    """Return the place of a table, stepping into the newest element of each array of tables."""
    place: Place = ()
    for name in names:
        place = (*place, name)
        if place in counts:
            place = (*place, counts[place])
    return place


def _fault(path: Path, lines: Mapping[Place, int], error: ErrorDetails) -> tuple[int, str]:
    place: Place = error["loc"]
    known = place
    while known not in lines:
        known = known[:-1]
    key = "".join(f"[{p + 1}]" if isinstance(p, int) else f".{p}" for p in place).lstrip(".")
    prefix = f"{path}:{lines[known]}: " + (f"{key}: " if key else "")
    return lines[known], prefix + _what(error)


def _what(error: ErrorDetails) -> str:
    kind, given, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        allowed = ", ".join(_allowed_keys(error["loc"][:-1]))
        return f"is not known here; allowed: {allowed}"
    shown = f'"{given}"' if isinstance(given, str) else str(given).lower()
    if len(shown) > 60:
        shown = shown[:57] + "..."
    if kind == "literal_error":
        allowed = str(context["expected"]).replace("'", "").replace(" or ", ", ")
        return f"{shown} is not allowed; allowed: {allowed}"
    if kind == "value_error":
        reason = str(context["error"])
        return f"{shown} is not allowed; {reason}" if isinstance(given, str) else reason
    if kind == "zoneinfo_str":
        return f'{shown} is not a time zone; allowed: names like "America/New_York"'
    if kind == "string_pattern_mismatch":
        return f"{shown} is not allowed; it must match {context['pattern']}"
    message = error["msg"][:1].lower() + error["msg"][1:]
    return f"{shown} is not allowed; {message}"


def _allowed_keys(place: Place) -> list[str]:
    """Return the keys of the table at `place`, walking the model's annotations."""
    model: Any = City
    for part in place:
        if isinstance(part, str) and isinstance(model, type) and issubclass(model, BaseModel):
            model = model.model_fields[part].annotation
        while not isinstance(model, type) or not issubclass(model, BaseModel):
            inner = get_args(model)
            if not inner:
                return []
            model = inner[0]
    return list(model.model_fields)
