"""Hourly readings as a metering network sends them: CMEP MEPMD01, a file a month, local time."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import IO
from zoneinfo import ZoneInfo

from portal.demo.town.books import Series, device_on
from portal.demo.town.places import Place
from portal.demo.town.water import day_range, hourly, shapes
from portal.kit.clock import day_bounds, local_date

HEAD = "MEPMD01,20080501,DEMO,TOWN,,"


def _stamps(day: date, zone: ZoneInfo) -> Iterator[str]:
    """Yield the naive local time at which each of the day's 23 to 25 hours ends."""
    at, stop = day_bounds(day, zone)
    while at < stop:
        at += timedelta(hours=1)
        yield at.astimezone(zone).strftime("%Y%m%d%H%M")


def days_of_readings(today: date) -> tuple[date, date]:
    """Return the half-open days of 13 months that end two days ago."""
    last = today - timedelta(days=1)
    return date(last.year - 1, last.month, 1) - timedelta(days=30) + timedelta(
        days=min(last.day, 28) - 1
    ), last


class ReadingFiles:
    """The months' files, all open, so that places stream by one after the other."""

    def __init__(self, folder: Path, zone: ZoneInfo, today: date) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.first, self.last = days_of_readings(today)
        self.days = day_range(self.first, self.last)
        self._months: dict[str, IO[str]] = {}
        self._prepared: list[tuple[IO[str], str, str, int, str]] = []
        self.paths: list[Path] = []
        self.readings = 0
        for day in self.days:
            month = day.strftime("%Y-%m")
            if month not in self._months:
                path = folder / f"cmep-{month}.csv"
                self.paths.append(path)
                self._months[month] = path.open("w", encoding="ascii", buffering=1 << 18)
            stamps = list(_stamps(day, zone))
            record = datetime.combine(day + timedelta(days=1), time(3, 15)).strftime("%Y%m%d%H%M")
            tail = ",OK,W,GAL,1.0,00000100," + str(len(stamps))
            row = tail + "".join(f",{stamp},R0,%d" for stamp in stamps) + "\n"
            filler = tail + "".join(f",{stamp},N0,0" for stamp in stamps) + "\n"
            self._prepared.append((self._months[month], record, row, len(stamps), filler))

    def add(self, place: Place, series: Series, rng: Random) -> None:
        """Write the place's hours: by whichever meter hung there that day."""
        workdays, weekends = shapes(rng, place.habit.kind)
        habit, draw = place.habit, rng.random
        start = (self.first - series.first).days
        weekday = self.first.weekday()
        leaks_from = date.max if habit.leak_from is None else habit.leak_from
        for nth, day in enumerate(self.days):
            sink, record, row, hours, filler = self._prepared[nth]
            at = start + nth
            weekday_here = (weekday + nth) % 7
            if at < 0 or at >= len(series.indoor):
                continue
            remote = device_on(place, day).remote
            if place.missing and place.missing[0] <= day < place.missing[1]:
                row = filler
                values: tuple[int, ...] = ()
            else:
                choice = workdays if weekday_here < 5 else weekends
                leak = habit.leak_per_hour if day >= leaks_from else 0
                values = tuple(
                    hourly(
                        choice[int(draw() * len(choice))],
                        series.indoor[at],
                        series.outdoor[at],
                        leak,
                        hours,
                    )
                )
                self.readings += hours
            if draw() < 0.003 and values:
                row = row.replace(",R0,", ",E0,", 3)  # the network guessed three hours
            text = row % values if values else row
            sink.write(f"{HEAD}{remote},{record},B{remote}{text}")

    def close(self) -> None:
        """Close the months' files."""
        for sink in self._months.values():
            sink.close()


def today_of(now: datetime, zone: ZoneInfo) -> date:
    """Return the town's date at `now`."""
    return local_date(now, zone)
