"""What a resident sees of their use: their own days, gaps as gaps, exchanges in one line."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from portal.domain.identity.actor import Actor
from portal.domain.usage import queries
from portal.kit.errors import DomainError, NotFound
from portal.kit.ids import UserId
from portal.models.accounts import Account, Customer, Read
from portal.models.usage import MeterDay
from tests import factories

PACIFIC = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)


def put(db: Session, feed: str, day: date, hours: list[int | None], quality: str = "") -> None:
    """Store a day given in whole gallons an hour."""
    known = [value * 1000 for value in hours if value is not None]
    letters = quality or "".join("-" if value is None else "R" for value in hours)
    db.add(
        MeterDay(
            feed_id=feed,
            usage_date=day,
            hours=[None if value is None else value * 1000 for value in hours],
            quality=letters,
            total=sum(known) if known else None,
            minimum=min(known, default=None),
            maximum=max(known, default=None),
            count=len(known),
            estimated_count=letters.count("g") + letters.count("E"),
            stamps=[],
            origin="." * len(hours),
        )
    )
    db.flush()


class House:
    """An account with one meter, its resident and their sign-in."""

    def __init__(self, db: Session, **stay: object) -> None:
        self.db = db
        self.account: Account = factories.account(db)
        self.customer: Customer = factories.customer(db)
        factories.tenure(db, self.account, self.customer, **stay)
        self.meter = factories.meter(db, self.account)
        self.feed = self.meter.remote_id
        user = factories.user(db)
        factories.link(db, user, self.account, self.customer)
        self.actor = Actor(user_id=UserId(user.id), role="resident")

    def see(self, begin: str = "", end: str = "", grouping: str = "daily") -> queries.UsageView:
        return queries.usage(
            self.db, self.actor, str(self.account.id), begin, end, grouping, zone=PACIFIC, now=NOW
        )


@pytest.fixture
def house(db: Session) -> House:
    return House(db)


def test_a_month_of_days_with_every_kind_of_day(db: Session, house: House) -> None:
    put(db, house.feed, date(2026, 11, 15), [10] * 24)
    put(db, house.feed, date(2026, 11, 16), [10] * 20 + [5] * 4, "R" * 20 + "g" * 4)
    put(db, house.feed, date(2026, 11, 17), [10] * 20 + [None] * 4)
    put(db, house.feed, date(2026, 11, 19), [1] * 24)
    put(db, house.feed, date(2026, 11, 20), [1] * 7 + [None] * 17)
    seen = house.see("2026-11-15", "2026-11-25")
    assert [(bar.first.day, bar.used, bar.status) for bar in seen.bars] == [
        (15, 240_000, "measured"),
        (16, 220_000, "estimated"),
        (17, 200_000, "partial"),
        (18, None, "missing"),
        (19, 24_000, "measured"),
        (20, 7_000, "partial"),
        (21, None, "pending"),
    ]
    assert (seen.through, seen.total) == (date(2026, 11, 19), 691_000)
    assert (seen.account_no, seen.cid) == (house.account.account_no, house.customer.cid)


def test_days_of_another_tenure_are_not_there(db: Session) -> None:
    house = House(db, start_date=date(2026, 11, 3), stop_date=date(2026, 11, 6))
    for day in range(1, 10):
        put(db, house.feed, date(2026, 11, day), [day] * (25 if day == 1 else 24))
    seen = house.see("2026-11-01", "2026-11-30")
    assert [bar.first.day for bar in seen.bars] == [3, 4, 5]
    assert seen.total == 24_000 * (3 + 4 + 5)
    assert (seen.through, seen.left_on) == (date(2026, 11, 5), date(2026, 11, 6))
    assert (seen.earlier, seen.later) == (None, None)
    assert len(house.see("2026-11-02", "2026-11-03", "hourly").bars) == 24
    assert house.see("", "", "monthly").total == 24_000 * 12


def test_two_stays_open_both_and_nothing_between(db: Session) -> None:
    house = House(db, start_date=date(2026, 11, 3), stop_date=date(2026, 11, 5))
    factories.tenure(db, house.account, house.customer, start_date=date(2026, 11, 7))
    for day in range(2, 10):
        put(db, house.feed, date(2026, 11, day), [1] * 24)
    assert [bar.first.day for bar in house.see("2026-11-01", "2026-11-09").bars] == [3, 4, 7, 8, 9]


def test_an_exchange_day_counts_both_meters(db: Session, house: House) -> None:
    house.meter.removed, house.meter.out_read = date(2026, 11, 10), Decimal(9)
    new = factories.meter(db, house.account, connected=date(2026, 11, 10))
    put(db, house.feed, date(2026, 11, 9), [2] * 24)
    put(db, house.feed, date(2026, 11, 10), [2] * 10 + [None] * 14)
    put(db, house.feed, date(2026, 11, 11), [50] * 24)  # the old meter, in the workshop
    put(db, new.remote_id, date(2026, 11, 10), [None] * 10 + [3] * 14)
    put(db, new.remote_id, date(2026, 11, 11), [3] * 24)
    seen = house.see("2026-11-09", "2026-11-11")
    assert [(bar.used, bar.status) for bar in seen.bars] == [
        (48_000, "measured"),
        (62_000, "measured"),  # 10 x 2 + 14 x 3
        (72_000, "measured"),
    ]
    hours = house.see("2026-11-10", "2026-11-10", "hourly").bars
    assert [bar.used for bar in hours] == [2000] * 10 + [3000] * 14


def test_two_services_add_up_and_one_silent_makes_the_day_partial(
    db: Session, house: House
) -> None:
    garden = factories.meter(db, house.account, service_code="IRR")
    put(db, house.feed, date(2026, 11, 9), [2] * 24)
    put(db, garden.remote_id, date(2026, 11, 9), [5] * 24)
    put(db, house.feed, date(2026, 11, 10), [2] * 24)
    seen = house.see("2026-11-09", "2026-11-10")
    assert [(bar.used, bar.status) for bar in seen.bars] == [
        (168_000, "measured"),
        (48_000, "partial"),
    ]


def test_a_network_id_used_by_two_accounts_shows_to_neither(db: Session, house: House) -> None:
    put(db, house.feed, date(2026, 11, 9), [2] * 24)
    assert house.see("2026-11-09", "2026-11-09").has_meter
    factories.meter(db, factories.account(db), remote_id=house.feed)
    assert not house.see("2026-11-09", "2026-11-09").has_meter


def test_a_meter_named_with_its_prefix_finds_its_days(db: Session, house: House) -> None:
    put(db, "555", date(2026, 11, 9), [2] * 24)
    factories.meter(db, house.account, remote_id="b555", service_code="IRR")
    assert house.see("2026-11-09", "2026-11-09").total == 48_000


def test_months_and_years_and_the_hours_of_a_clock_change(db: Session, house: House) -> None:
    day = date(2025, 10, 1)
    while day <= date(2026, 11, 19):
        length = {date(2025, 11, 2): 25, date(2026, 3, 8): 23, date(2026, 11, 1): 25}.get(day, 24)
        put(db, house.feed, day, [1] * length)
        day += timedelta(days=1)
    months = house.see(grouping="monthly").bars
    assert len(months) == 13
    assert (months[0].first, months[0].used) == (date(2025, 11, 1), 721_000)  # 30 x 24 + 1
    assert (months[4].first, months[4].used) == (date(2026, 3, 1), 743_000)  # 31 x 24 - 1
    years = house.see(grouping="yearly").bars
    assert [(bar.first, bar.used) for bar in years] == [
        (date(2025, 10, 1), 2_209_000),  # 92 days, one of 25 hours
        (date(2026, 1, 1), 7_752_000),  # 323 days, one of 23 and one of 25
    ]
    hours = house.see("2026-11-01", "2026-11-01", "hourly").bars
    assert len(hours) == 25
    assert hours[1].at == datetime(2026, 11, 1, 8, tzinfo=UTC)  # 01:00 daylight
    assert hours[2].at == datetime(2026, 11, 1, 9, tzinfo=UTC)  # 01:00 standard
    assert {bar.status for bar in [*months, *years]} == {"measured"}


def test_the_average_and_the_same_days_last_year(db: Session, house: House) -> None:
    for n in range(30):
        put(db, house.feed, date(2026, 11, 19) - timedelta(days=n), [10] * 24)
        put(db, house.feed, date(2025, 11, 19) - timedelta(days=n), [8] * 24)
    seen = house.see("2026-11-03", "2026-11-19")
    assert seen.average_30 == 240_000
    assert seen.comparison is not None
    assert (seen.comparison.now, seen.comparison.before) == (17 * 240_000, 17 * 192_000)
    assert seen.comparison.percent == 25
    assert seen.earlier == (date(2026, 10, 17), date(2026, 11, 2))
    assert seen.later is None


@pytest.mark.parametrize(
    ("begin", "end", "grouping", "field"),
    [
        ("31/31/2026", "", "daily", "begin"),
        ("2026-02-30", "", "daily", "begin"),
        ("", "tomorrow", "daily", "end"),
        ("soon", "2026-02-30", "daily", "begin end"),
        ("2026-05-02", "2026-05-01", "daily", "end"),
        ("2024-01-01", "2026-01-01", "daily", "begin"),
        ("2026-01-01", "2026-01-09", "hourly", "begin"),
        ("0001-01-01", "", "daily", "begin"),
    ],
)
def test_bad_dates_name_their_field(
    house: House, begin: str, end: str, grouping: str, field: str
) -> None:
    with pytest.raises(DomainError) as refused:
        house.see(begin, end, grouping)
    assert [one.field for one in refused.value.each] == field.split()


def test_a_foreign_account_is_not_found(db: Session, house: House) -> None:
    other = House(db)
    for claim in (str(other.account.id), "28624", "", None, "x" * 500):
        with pytest.raises(NotFound):
            queries.usage(db, house.actor, claim, "", "", "daily", zone=PACIFIC, now=NOW)


def test_billed_reads_of_the_stay(db: Session) -> None:
    house = House(db, start_date=date(2026, 3, 1), stop_date=date(2026, 9, 1))
    for day, why, used in (
        (date(2026, 2, 5), "CYCLE", 1),
        (date(2026, 3, 1), "FINAL", 2),  # the one before's
        (date(2026, 4, 5), "CYCLE", 3),
        (date(2026, 9, 1), "FINAL", 4),
        (date(2026, 10, 5), "CYCLE", 5),
    ):
        db.add(
            Read(
                account_id=house.account.id, service_code="WATER", service_seq=1,
                serial_no=house.meter.serial_no, read_date=day, prev_read_date=day,
                prev_read=Decimal(0), curr_read=Decimal(used), actual_usage=Decimal(used),
                billed_usage=Decimal(used), unit="CCF", read_code="A", transaction=why,
            )
        )  # fmt: skip
    db.flush()
    seen = queries.billed(db, house.actor, str(house.account.id))
    assert [(one.read_date, one.quantity) for one in seen] == [
        (date(2026, 4, 5), "3"),
        (date(2026, 9, 1), "4"),
    ]
