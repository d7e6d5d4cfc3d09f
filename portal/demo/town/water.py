"""How much water a place uses each day and hour, in whole gallons; integers, so always the same."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from random import Random

# Shares of a day's indoor use at the end of each hour, of 4096 or so. Nights are still.
_NIGHT = (0, 0, 0, 0, 0)
_WORKDAY = (
    *_NIGHT,
    *(90, 420, 560, 380, 180, 120, 110, 150, 130),
    *(110, 120, 160, 290, 390, 360, 250, 190, 66, 20),
)
_WEEKEND = (
    *_NIGHT,
    *(20, 110, 270, 430, 470, 400, 310, 260, 220),
    *(180, 160, 170, 240, 290, 250, 160, 96, 50, 10),
)
_SHOP = (
    *_NIGHT,
    *(60, 120, 260, 390, 420, 430, 440, 450, 430),
    *(400, 300, 160, 90, 60, 46, 40, 0, 0, 0),
)
_SHARES = {"residential": (_WORKDAY, _WEEKEND), "commercial": (_SHOP, _SHOP)}
WATERING_HOURS = (4, 5)


@dataclass(frozen=True)
class Habit:
    """How a place uses water: indoor and outdoor gallons a day, and when."""

    kind: str  # residential, commercial, irrigation
    indoor: int
    outdoor: int  # on a watering day at midsummer
    every: int  # waters every so many days
    away: tuple[date, date] | None = None
    leak_from: date | None = None
    leak_per_hour: int = 0


@cache
def _season(city_key: str, day_of_year: int) -> int:
    """Return how much of midsummer's watering a day asks for, of 100."""
    first, last = {"pleasanton": (85, 315), "minot": (140, 260)}.get(city_key, (130, 275))
    if not first < day_of_year < last:
        return 0
    half = (last - first) // 2
    off = abs(day_of_year - (first + half))
    return max(0, 100 - 100 * off * off // (half * half))


def daily(
    rng: Random, city_key: str, habit: Habit, first: date, days: int
) -> tuple[list[int], list[int]]:
    """Return the indoor and the outdoor gallons of each day from `first` on; a leak is apart."""
    indoor: list[int] = []
    outdoor: list[int] = []
    draw = rng.random
    weekday, day_of_year = first.weekday(), first.timetuple().tm_yday
    away = (-1, -1)
    if habit.away:
        away = ((habit.away[0] - first).days, (habit.away[1] - first).days)
    for index in range(days):
        share = 70 + int(draw() * 60)
        if weekday >= 5:
            share += 14 if habit.kind == "residential" else -60
        use = habit.indoor * max(share, 4) // 100
        if away[0] <= index < away[1]:
            use = use // 25
        indoor.append(use)
        water = 0
        if habit.outdoor and index % habit.every == 0:
            water = habit.outdoor * _season(city_key, day_of_year) * (85 + int(draw() * 30))
            water //= 10_000
        outdoor.append(water)
        weekday = (weekday + 1) % 7
        day_of_year = day_of_year % 365 + 1
    return indoor, outdoor


def leak_of_day(habit: Habit, day: date, hours: int) -> int:
    """Return the gallons that leak on `day`."""
    if habit.leak_from is None or day < habit.leak_from:
        return 0
    return habit.leak_per_hour * hours


def shapes(rng: Random, kind: str) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    """Return four workdays and three weekend days of one home, as running shares of 4096."""

    def shape(shares: tuple[int, ...]) -> tuple[int, ...]:
        uneven = [share * (40 + int(rng.random() * 120)) for share in shares]
        whole, running, sums = sum(uneven), 0, []
        for share in uneven:
            running += share
            sums.append(running * 4096 // whole)
        return tuple(sums)

    workday, weekend = _SHARES.get(kind, _SHARES["residential"])
    return [shape(workday) for _ in range(4)], [shape(weekend) for _ in range(3)]


def hourly(
    shape: tuple[int, ...], indoor: int, outdoor: int, leak_per_hour: int, hours: int
) -> list[int]:
    """Split a day into its 23, 24 or 25 hours; they sum to the day's total exactly."""
    row: list[int] = []
    before = 0
    for share in shape:
        upto = indoor * share >> 12
        row.append(upto - before)
        before = upto
    row[-1] += indoor - before
    if outdoor:
        first, second = WATERING_HOURS
        row[first] += outdoor // 2
        row[second] += outdoor - outdoor // 2
    if hours == 23:
        row[3] += row.pop(2)
    elif hours == 25:
        row.insert(1, 0)
    return [use + leak_per_hour for use in row] if leak_per_hour else row


def day_range(first: date, last: date) -> list[date]:
    """Return the days [first, last)."""
    return [first + timedelta(days=n) for n in range((last - first).days)]
