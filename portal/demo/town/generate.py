"""Generate a demo town: an exchange folder and CMEP files, the same for a seed and a date.

Places stream by one after the other, so 200,000 accounts take no more memory than 400.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random

from portal.cities import City
from portal.demo.town.books import history
from portal.demo.town.cmep import ReadingFiles, today_of
from portal.demo.town.folder import ExchangeFolder
from portal.demo.town.guides import guide_history
from portal.demo.town.rows import write_place, write_taxes
from portal.demo.town.streets import Names
from portal.demo.town.tales import TALES, place

# Hourly files of a whole large town would fill tens of gigabytes: the first places have them.
HOURLY_PLACES = 5_000


@dataclass(frozen=True)
class Generated:
    """What was written and where."""

    exchange: Path
    usage_files: tuple[Path, ...]
    accounts: int
    rows: int
    readings: int


def generate(
    folder: Path,
    city: City,
    *,
    accounts: int = 400,
    seed: int = 1,
    now: datetime,
    hourly_places: int = HOURLY_PLACES,
    progress: Callable[[int], None] | None = None,
) -> Generated:
    """Write `folder`/exchange and `folder`/usage for a town of `accounts` accounts at `now`.

    `progress` is told the number of accounts done, every hundred. At least the stories'
    accounts are written.
    """
    accounts = max(accounts, len(TALES))
    today = today_of(now, city.zone)
    names = Names(seed)
    out = ExchangeFolder(folder / "exchange")
    usage = ReadingFiles(folder / "usage", city.zone, today)
    stride = accounts + 1000
    for index in range(accounts):
        one = place(city, names, seed, index, today)
        rng = Random(f"{city.key}:{seed}:{index}:water")
        tell = guide_history if one.story == "guide" else history
        series, bills = tell(one, city, rng, today, stride)
        write_place(out, city, one, bills)
        if index % 5 == 1:
            write_taxes(out, city, one, rng, today)
        if index < hourly_places:
            usage.add(one, series, rng)
        if progress and index % 100 == 99:
            progress(index + 1)
    usage.close()
    out.close(now)
    return Generated(out.path, tuple(usage.paths), accounts, sum(out.rows.values()), usage.readings)
