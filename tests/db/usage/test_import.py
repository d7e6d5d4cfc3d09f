"""Usage files into meter days, on PostgreSQL, with files written for each case."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, select

from portal.domain.usage.operations import UsageReport, import_file
from portal.kit.errors import DomainError
from portal.models.exchange import ImportFault, ImportRun
from portal.models.usage import FeedMeter, MeterDay, RegisterDay
from tests import factories

PACIFIC = ZoneInfo("America/Los_Angeles")
NOW = datetime(2027, 1, 26, 18, 0, tzinfo=UTC)


def row(
    start: str,
    values: list[str],
    *,
    meter: str = "B100",
    record: str = "202606031515",
    unit: str = "GAL",
    interval: str = "00000100",
    quality: str = "R0",
) -> str:
    """Return a CMEP row of values; only the first has a time, the rest follow by the interval."""
    triplets = [start, quality, values[0]]
    for value in values[1:]:
        triplets += ["", quality, value]
    head = ["MEPMD01", "20080501", "S", "C", "R", "RC", record, meter, "OK", "W", unit, "1.0"]
    return ",".join([*head, interval, str(len(values)), *triplets]) + "\n"


def timed(readings: list[tuple[str, str, str]], **more: str) -> str:
    """Return a CMEP row whose readings (time, quality, value) are given in full."""
    parts = row("x", ["0"] * len(readings), **more).rstrip("\n").split(",")  # type: ignore[arg-type]
    parts[14:] = [text for reading in readings for text in reading]
    return ",".join(parts) + "\n"


class Desk:
    """Imports texts as files, one minute after another."""

    def __init__(self, db: Session, folder: Path) -> None:
        self.db, self.folder = db, folder
        self.now = datetime(2027, 1, 26, 18, 0, tzinfo=UTC)

    def take(self, name: str, text: str, wanted: str = "auto") -> UsageReport:
        path = self.folder / name
        path.write_text(text)
        self.now += timedelta(minutes=1)
        return import_file(self.db, path, wanted=wanted, zone=PACIFIC, now=self.now)

    def day(self, feed: str, day: date) -> MeterDay:
        self.db.expire_all()
        return self.db.exec(
            select(MeterDay).where(MeterDay.feed_id == feed, MeterDay.usage_date == day)
        ).one()


@pytest.fixture
def desk(db: Session, tmp_path: Path) -> Desk:
    return Desk(db, tmp_path)


def test_a_day_holds_its_hours_total_and_count(desk: Desk) -> None:
    desk.take("a.csv", row("202606020100", [str(n) for n in range(24)]))
    day = desk.day("100", date(2026, 6, 2))
    assert day.hours == [n * 1000 for n in range(24)]
    assert (day.total, day.minimum, day.maximum, day.count) == (276_000, 0, 23_000, 24)
    assert day.quality == "R" * 24
    assert day.stamps == ["202606031515 a.csv"]


def test_filler_is_missing_and_not_zero(desk: Desk) -> None:
    # N is no reading; 512 is bit 9, overflow; 8192 is bit 13, rollover; 576 is 512 + 64.
    report = desk.take(
        "a.csv",
        timed(
            [
                ("202606020100", "R0", "5"),
                ("202606020200", "N0", "99999"),
                ("202606020300", "R512", "99999"),
                ("202606020400", "R8192", "99999"),
                ("202606020500", "R576", "rubbish"),
                ("202606020600", "E64", "7"),
                ("202606020700", "A64", "2"),
            ]
        ),
    )
    day = desk.day("100", date(2026, 6, 2))
    assert day.hours[:7] == [5000, None, None, None, None, 7000, 2000]
    assert (day.total, day.count, day.estimated_count) == (14_000, 3, 1)
    assert day.quality[:8] == "R----EA-"
    assert (report.counts["filler"], report.counts["faults"]) == (4, 0)


def test_the_autumn_hour_comes_twice(desk: Desk) -> None:
    # 2026-11-01, Pacific: 01:00 daylight, then 01:00 standard time; the day has 25 hours.
    stamps = ["00", "01", "01", *[f"{n:02d}" for n in range(2, 24)]]
    readings = [(f"20261101{hour}00", "R0", str(n)) for n, hour in enumerate(stamps)]
    desk.take("a.csv", timed([*readings, ("202611020000", "R0", "25")]))
    day = desk.day("100", date(2026, 11, 1))
    assert day.hours == [n * 1000 for n in range(1, 26)]
    assert desk.day("100", date(2026, 10, 31)).hours[23] == 0


def test_the_daylight_bit_decides_where_only_one_twin_came(desk: Desk) -> None:
    desk.take("a.csv", timed([("202611010000", "R64", "1"), ("202611010100", "R0", "2")]))
    assert desk.day("100", date(2026, 11, 1)).hours[:3] == [None, 2000, None]


def test_a_stamp_in_the_spring_gap_is_dropped_and_logged(desk: Desk) -> None:
    # 2026-03-08, Pacific: the clocks go from 02:00 to 03:00.
    report = desk.take(
        "a.csv",
        timed([(f"20260308{hour:02d}00", "R0", str(hour)) for hour in range(1, 24)]),
    )
    day = desk.day("100", date(2026, 3, 8))
    assert len(day.hours) == 23
    assert day.hours == [1000, *[n * 1000 for n in range(3, 24)], None]
    assert report.counts["gap_stamps"] == 1
    assert [(fault.line, fault.value) for fault in report.faults] == [(1, "202603080200")]


def test_the_newest_delivery_wins_each_hour_in_any_order(desk: Desk) -> None:
    old = ("old.csv", row("202606020100", ["1", "1", "1"], record="202606031000"))
    new = ("new.csv", row("202606020200", ["2"], record="202606031200"))
    mid = ("mid.csv", row("202606020100", ["3", "3", "3", "3"], record="202606031100"))
    for name, text in (new, mid, old):
        desk.take(name, text)
    assert desk.day("100", date(2026, 6, 2)).hours[:5] == [3000, 2000, 3000, 3000, None]


def test_of_one_record_time_the_later_file_name_wins(desk: Desk) -> None:
    desk.take("b.csv", row("202606020100", ["2"]))
    desk.take("a.csv", row("202606020100", ["1"]))
    assert desk.day("100", date(2026, 6, 2)).hours[0] == 2000


def test_a_filler_takes_nothing_back(desk: Desk) -> None:
    desk.take("a.csv", row("202606020100", ["4"]))
    desk.take("b.csv", row("202606020100", ["0"], quality="N0", record="202606051515"))
    assert desk.day("100", date(2026, 6, 2)).hours[0] == 4000


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    text = row("202606020100", ["4", "5"])
    assert desk.take("a.csv", text).status == "done"
    before = desk.day("100", date(2026, 6, 2)).model_dump()
    assert desk.take("a.csv", text).status == "unchanged"
    assert desk.day("100", date(2026, 6, 2)).model_dump() == before
    runs = desk.db.exec(select(ImportRun.status).order_by(ImportRun.started_at)).all()
    assert runs == ["done", "unchanged"]


def test_quarters_sum_to_whole_hours_alone(desk: Desk) -> None:
    text = row("202606020015", ["1", "2", "3", "4", "5", "6"], interval="00000015")
    report = desk.take("a.csv", text)
    assert desk.day("100", date(2026, 6, 2)).hours[:2] == [10_000, None]
    assert report.counts["hours_incomplete"] == 1


def test_units_and_multiplier(desk: Desk) -> None:
    # 1 CF = 7.48051948.. gal; 2 x 0.5 CCF x 10 = 10 CCF = 7480.519 gal; 3 L = 0.793 gal.
    ten = row("202606020100", ["1"], unit="CCF", meter="2").replace(",1.0,", ",10,")
    desk.take(
        "a.csv",
        row("202606020100", ["1"], unit="CF", meter="1")
        + ten
        + row("202606020100", ["3"], unit="L", meter="3"),
    )
    first = date(2026, 6, 2)
    assert [desk.day(feed, first).hours[0] for feed in "123"] == [7481, 7_480_519, 793]


def test_faults_carry_their_line_and_the_rest_is_taken(desk: Desk) -> None:
    good = row("202606020100", ["1", "2"])
    report = desk.take(
        "a.csv",
        good
        + "hello\n"
        + row("202606020100", ["1"], unit="BARREL")
        + row("202606021300", ["1", "x", "-40", "4"])
        + good.replace(",2,2026", ",3,2026")
        + row("202606027700", ["1"])
        + row("202606020100", ["1"], quality="Z0"),
        "cmep",
    )
    assert [(f.line, f.column, f.value) for f in report.faults] == [
        (2, "1", "hello"),
        (3, "11", "BARREL"),
        (4, "value", "x"),
        (4, "value", "-40"),
        (5, "14", "3"),
        (6, "time", "202606027700"),
        (7, "quality", "Z0"),
    ]
    assert desk.day("100", date(2026, 6, 2)).hours[:2] == [1000, 2000]
    assert desk.day("100", date(2026, 6, 2)).hours[12:16] == [1000, None, None, 4000]
    kept = desk.db.exec(select(ImportFault.line, ImportFault.file_name)).all()
    assert sorted(kept) == [(n, "a.csv") for n in (2, 3, 4, 4, 5, 6, 7)]


def test_an_unknown_meter_is_counted_kept_and_attached_when_it_is_named(desk: Desk) -> None:
    report = desk.take("a.csv", row("202606020100", ["4"], meter="B777"))
    assert report.unknown_meters == ("777",)
    account = factories.account(desk.db)
    factories.meter(desk.db, account, remote_id="B777")
    again = desk.take("b.csv", row("202606020200", ["5"], meter="777"))
    assert again.unknown_meters == ()
    assert desk.day("777", date(2026, 6, 2)).hours[:2] == [4000, 5000]
    assert desk.db.exec(select(FeedMeter.feed_id)).all() == ["777"]


def test_other_commodities_and_templates_are_passed_over(desk: Desk) -> None:
    text = row("202606020100", ["4"])
    report = desk.take(
        "a.csv", text.replace(",W,", ",E,") + text.replace(",OK,", ",TEMPLATE,"), "cmep"
    )
    assert report.counts["skipped"] == 2
    assert desk.db.exec(select(MeterDay)).all() == []


def test_registers_become_differences_and_a_gap_is_spread_and_marked(desk: Desk) -> None:
    registers = [
        ("202606020000", "R0", "1000"),
        ("202606020100", "R0", "1005"),
        ("202606020500", "R0", "1015"),
        ("202606020600", "R0", "1015"),
    ]
    desk.take("a.csv", timed(registers, unit="GALREG"))
    day = desk.day("100", date(2026, 6, 2))
    # 10 gallons in a gap of four hours: 2.5 each, estimated; its total is right.
    assert day.hours[:7] == [5000, 2500, 2500, 2500, 2500, 0, None]
    assert day.quality[:7] == "dggggd-"
    assert (day.total, day.estimated_count) == (15_000, 4)


def test_intervals_leave_a_gap_what_the_register_says_is_left(desk: Desk) -> None:
    hours = [str(n) for n in range(1, 25)]
    text = row("202606020100", hours).split(",")
    text[14 + 3 * 9 + 1] = "N0"  # the tenth hour was not read
    registers = [("202606020000", "R0", "1000"), ("202606030000", "R0", "1301")]
    desk.take("a.csv", ",".join(text) + timed(registers, unit="GALREG"))
    day = desk.day("100", date(2026, 6, 2))
    # 1 + .. + 24 is 300, 290 without the tenth; the register moved 301: 11 are left for it.
    assert (day.hours[9], day.quality[9], day.total) == (11_000, "g", 301_000)
    desk.take("b.csv", timed([("202606021000", "R0", "10")], record="202606041515"))
    assert desk.day("100", date(2026, 6, 2)).quality[9] == "R"


def test_a_corrupt_jump_is_taken_back_by_the_next_file(desk: Desk) -> None:
    def file(name: str, values: list[str], start: int) -> UsageReport:
        readings = [(f"20260602{start + n:02d}00", "R0", v) for n, v in enumerate(values)]
        return desk.take(name, timed(readings, unit="GALREG"))

    assert file("a.csv", ["100", "110", "9000110"], 0).counts["registers_held"] == 1
    assert desk.day("100", date(2026, 6, 2)).hours[:3] == [10_000, None, None]
    assert file("b.csv", ["130", "135"], 3).counts["registers_held"] == 0
    # 110 at 1 o'clock, 130 at 3: 20 gallons in two hours whose shape is unknown.
    assert desk.day("100", date(2026, 6, 2)).hours[:5] == [10_000, 10_000, 10_000, 5000, None]
    assert desk.day("100", date(2026, 6, 2)).quality[:5] == "dggd-"


def test_a_lost_file_leaves_a_gap_that_the_registers_fill(desk: Desk) -> None:
    first = [("202606010000", "R0", "1000"), ("202606010100", "R0", "1005")]
    desk.take("a.csv", timed(first, unit="GALREG") + row("202606010100", ["5"]))
    second = [("202606010400", "R0", "1035"), ("202606010500", "R0", "1041")]
    desk.take("b.csv", timed(second, unit="GALREG") + row("202606010500", ["6"]))
    day = desk.day("100", date(2026, 6, 1))
    assert day.hours[:5] == [5000, 10_000, 10_000, 10_000, 6000]
    assert day.quality[:5] == "RgggR"


def test_rollover_needs_a_register_near_its_end(desk: Desk) -> None:
    account = factories.account(desk.db)
    for feed, dials in (("1", 4), ("2", 5)):
        factories.meter(desk.db, account, remote_id=feed, dials=dials, unit="GAL")
    registers = [
        ("202606020000", "R0", "9990"),
        ("202606020100", "R0", "0005"),
        ("202606020200", "R0", "0007"),
    ]
    report = desk.take(
        "a.csv",
        timed(registers, unit="GALREG", meter="1") + timed(registers, unit="GALREG", meter="2"),
    )
    # Four dials: 9990 to 10000 is 10, and 5 more. Five dials: 9990 is far from the end: held.
    assert desk.day("1", date(2026, 6, 2)).hours[:2] == [15_000, 2000]
    assert desk.day("2", date(2026, 6, 2)).hours[:2] == [None, 2000]
    assert report.counts["registers_held"] == 1


def test_a_meter_change_makes_two_segments(desk: Desk) -> None:
    account = factories.account(desk.db)
    old = {"removed": date(2026, 6, 2), "out_read": Decimal(5012)}
    factories.meter(desk.db, account, remote_id="9", **old)
    factories.meter(desk.db, account, remote_id="9", connected=date(2026, 6, 2))
    readings = ["5000", "5010", "8", "11"]
    text = [(f"202606020{n}00", "R0", value) for n, value in enumerate(readings)]
    desk.take("a.csv", timed(text, unit="GALREG", meter="9"))
    # 5010 to 5012 on the old meter, 0 to 8 on the new: 10, and not 8 less 5010.
    assert desk.day("9", date(2026, 6, 2)).hours[:3] == [10_000, 10_000, 3000]


def test_refusals_are_sentences(desk: Desk) -> None:
    with pytest.raises(DomainError, match="none of the known formats"):
        desk.take("a.csv", "Date,Litres\n1,2\n")
    with pytest.raises(DomainError, match="header names no meter"):
        desk.take("b.csv", "Date,Litres\n1,2\n", "beacon")
    with pytest.raises(DomainError, match="There is no format aclara"):
        desk.take("c.csv", "x\n", "aclara")


def test_beacon_registers_and_flags(desk: Desk) -> None:
    head = "Meter_ID,Read,Read_Time,Read_Unit,Flow,Flow_Time,Flow_Unit,Estimated_Flag\n"
    rows = (
        '"5","1.0","2026-06-02 00:59","CCF","12.5","2026-06-02 00:59","Gallons","0"\n'
        '"5","1.0","2026-06-02 00:59","CCF","1,003","2026-06-02 01:59","Gallons","1"\n'
        '"5","","","","","","",""\n'
        '"5","1.0","2026-06-02 00:59","CCF","1","yesterday","Gallons","1"\n'
    )
    report = desk.take("a.csv", head + rows)
    day = desk.day("5", date(2026, 6, 2))
    assert day.hours[:3] == [12_500, 1_003_000, None]
    assert day.quality[:3] == "RE-"
    assert (report.counts["skipped"], [fault.line for fault in report.faults]) == (1, [5])
    assert desk.db.exec(select(RegisterDay)).all() == []
