"""Real feeds and real dirty households through the importer, with totals counted apart from it.

The data stand beside the repository, each under its own licence, and are not copied into it.
"""

import csv
import gzip
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func
from sqlmodel import Session, select

from portal.domain.usage.operations import UsageReport, import_file
from portal.models.usage import MeterDay

DATA = Path(__file__).parents[4] / "shared" / "usage"
NOW = datetime(2027, 1, 26, 18, 0, tzinfo=UTC)
MADRID = ZoneInfo("Europe/Madrid")
PACIFIC = ZoneInfo("America/Los_Angeles")

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real meter data at {DATA}")


def thousandths(quantity: str, gallons_each: Fraction) -> int:
    """Return a quantity in thousandths of a gallon, half up, by this test's own arithmetic."""
    exact = Fraction(Decimal(quantity)) * gallons_each * 1000
    return int(
        (Decimal(exact.numerator) / exact.denominator).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    )


LITRE = Fraction(10**9, 3785411784)
CUBIC_FOOT = Fraction(1728, 231)


def days(db: Session, feed: str) -> dict[date, MeterDay]:
    db.expire_all()
    return {
        row.usage_date: row for row in db.exec(select(MeterDay).where(MeterDay.feed_id == feed))
    }


def total(db: Session, feed: str) -> int:
    return db.exec(select(func.sum(MeterDay.total)).where(MeterDay.feed_id == feed)).one()


def test_the_sensus_drop(db: Session) -> None:
    path = DATA / "fixtures" / "cmep_stpud.txt"
    report = import_file(db, path, wanted="auto", zone=PACIFIC, now=NOW)
    found = days(db, "74741489")
    # Intervals end from 08:00 on June 2 to 07:00 on June 3: 17 hours of the 2nd, 7 of the 3rd.
    second = "8 9 6 8 7 10 27 35 27 23 25 20 22 12 8 20 16".split()  # noqa: SIM905 - 283 CF
    third = "28 23 31 53 28 20 13".split()  # noqa: SIM905 - 196 CF; 479 = 2932046 - 2931567
    values = [thousandths(value, CUBIC_FOOT) for value in second + third]
    assert found[date(2026, 6, 2)].hours == [None] * 7 + values[:17]
    assert found[date(2026, 6, 3)].hours == values[17:] + [None] * 17
    # 479 CF is 3583.168831 gal; 24 roundings to a thousandth move it by 0.000 here.
    assert total(db, "74741489") == sum(values)
    assert abs(sum(values) - thousandths("479", CUBIC_FOOT)) <= 12
    other = days(db, "68567673")[date(2026, 6, 3)]
    assert other.hours[4:8] == [None, 22_442, 29_922, None]  # 3 CF and 4 CF
    assert report.counts["readings"] == 28
    assert (report.counts["faults"], report.counts["meters"]) == (0, 2)


def test_the_beacon_export(db: Session) -> None:
    path = DATA / "fixtures" / "beacon_range_export.csv"
    report = import_file(db, path, wanted="auto", zone=PACIFIC, now=NOW)
    day = days(db, "1470158170")[date(2024, 8, 1)]
    # Flow is 5.0 gallons in the hours ending 00:59 and 01:59; the register in CCF is not needed.
    assert day.hours == [5000, 5000] + [None] * 22
    assert (day.total, day.quality[:3], report.counts["faults"]) == (10_000, "RR-", 0)


def alicante() -> Iterator[tuple[str, str, str]]:
    with gzip.open(DATA / "daiad" / "alicante_swm_11.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            yield row["meter"], row["local_time_naive"], row["register_litres"]


# Register at the first and last read of each household, read off the file by hand: whatever the
# dirt between them, what ran through the meter is the difference.
HOUSEHOLDS = {
    "W080": (876471, 1157105),  # clean, never reads zero
    "W068": (103015, 155599),  # 535 gaps
    "W051": (133700, 233971),  # four jumps of 248,243 L and more, undone; -5 L of jitter
    "W017": (280689, 389254),
    "W015": (245488, 363082),  # falls by 12,288 L and 3,076 L, undone
    "W009": (52792, 181959),  # 35 steps back, up to -112 L
    "W092": (63390, 168476),  # a gap of 217 days
    "W038": (9173, 17230),  # 429 gaps
    "W075": (90143, 175053),  # a gap of 20 days
    "W070": (167835, 285973),  # one -3 L
    "W047": (208128, 300634),  # one -1 L
}


def take_alicante(db: Session, folder: Path, parts: int = 1) -> list[UsageReport]:
    """Import the households as BEACON exports of registers, in `parts` files by time."""
    rows = list(alicante())
    edges = [date(2016, 3, 1) + timedelta(days=n * 445 // parts) for n in range(1, parts)]
    reports = []
    for n in range(parts):
        low = edges[n - 1].isoformat() if n else ""
        high = edges[n].isoformat() if n < parts - 1 else "9999"
        path = folder / f"part{n:02d}.csv"
        with path.open("w", newline="") as file:
            out = csv.writer(file)
            out.writerow(["Meter_ID", "Read_Time", "Read", "Read_Unit"])
            out.writerows(
                [meter, at, litres, "Liters"] for meter, at, litres in rows if low <= at < high
            )
        now = NOW + timedelta(minutes=n)
        reports.append(import_file(db, path, wanted="auto", zone=MADRID, now=now))
    return reports


def test_dirty_households_keep_the_total_their_registers_say(db: Session, tmp_path: Path) -> None:
    (report,) = take_alicante(db, tmp_path)
    for meter, (first, last) in HOUSEHOLDS.items():
        expected = thousandths(str(last), LITRE) - thousandths(str(first), LITRE)
        assert total(db, meter) == expected, meter
    assert report.counts["readings"] + report.counts["gap_stamps"] == 82_911
    assert report.counts["registers_held"] == 0
    # The corrupt day of W051: 207,700 L-odd of register, 248,000 L of dirt, none of it counted.
    corrupt = days(db, "W051")[date(2017, 1, 17)]
    assert corrupt.maximum is not None
    assert corrupt.maximum < thousandths("500", LITRE)
    # 217 days without a read: their total is right, and each of their hours says it is a guess.
    silent = days(db, "W092")
    estimated = [day for day in silent.values() if day.quality == "g" * len(day.hours)]
    assert len(estimated) > 200
    assert min(row.minimum for row in silent.values() if row.minimum is not None) >= 0
    # Days with a clock change have 23 and 25 hours.
    assert len(days(db, "W080")[date(2016, 3, 27)].hours) == 23
    assert len(days(db, "W080")[date(2016, 10, 30)].hours) == 25


def test_in_eight_files_the_households_come_to_the_same_days(db: Session, tmp_path: Path) -> None:
    take_alicante(db, tmp_path, parts=8)
    for meter, (first, last) in HOUSEHOLDS.items():
        expected = thousandths(str(last), LITRE) - thousandths(str(first), LITRE)
        assert total(db, meter) == expected, meter


def test_a_clean_house_comes_out_hour_by_hour(db: Session, tmp_path: Path) -> None:
    """AMPds2 counts 17,520 hours in UTC; Vancouver's clocks change four times in them."""
    path = tmp_path / "ampds2.csv"
    zone = ZoneInfo("America/Vancouver")
    litres: dict[date, list[int]] = {}
    with gzip.open(DATA / "ampds2" / "whole_house_water_hourly.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    lines = ["Meter_ID,Flow,Flow_Time,Flow_Unit\n"]
    for row in rows[1:]:
        end = datetime.fromtimestamp(int(row["unix_ts"]), zone)
        day = (end.astimezone(UTC) - timedelta(hours=1)).astimezone(zone).date()
        litres.setdefault(day, []).append(thousandths(row["litres"], LITRE))
        lines.append(f"AMP,{row['litres']},{end:%Y-%m-%d %H:%M},Liters\n")
    path.write_text("".join(lines))
    report = import_file(db, path, wanted="beacon", zone=zone, now=NOW)
    assert report.counts["readings"] + report.counts["gap_stamps"] == len(rows) - 1
    # 03:00 is written 02:00 or 03:00 by nobody here: the clock shows 03:00 after 01:59.
    assert report.counts["gap_stamps"] == 0
    found = days(db, "AMP")
    assert {day: row.hours for day, row in found.items() if row.count == len(row.hours)} == {
        day: hours for day, hours in litres.items() if len(hours) == len(found[day].hours)
    }
    assert {len(row.hours) for row in found.values()} == {23, 24, 25}
    assert total(db, "AMP") == sum(sum(hours) for hours in litres.values())
