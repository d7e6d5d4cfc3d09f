"""Deliveries in any order make the same day; registers never lose or invent water."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from portal.domain.usage.days import Day, pack, unpack
from portal.domain.usage.local_time import Calendar
from portal.domain.usage.registers import Limits, Read, by_hour, differences

ZONE = ZoneInfo("America/Los_Angeles")
START = datetime(2026, 10, 31, 7, 0, tzinfo=UTC)
LIMITS = Limits(jitter=5, per_hour=1_000)

deliveries = st.lists(
    st.tuples(
        st.sampled_from(["202611011515 a", "202611011515 b", "202611021515 a", "202611031515 a"]),
        st.dictionaries(
            st.integers(0, 24), st.tuples(st.integers(0, 9), st.sampled_from("RE")), max_size=8
        ),
    ),
    max_size=6,
    unique_by=lambda delivery: delivery[0],
)


def merged(order: list[tuple[str, dict[int, tuple[int, str]]]]) -> Day:
    day = Day.empty(25)
    for stamp, hours in order:
        part = Day.empty(25)
        for slot, (value, letter) in hours.items():
            part.put(slot, value, letter, stamp)
        day.merge(part)
    return day


@given(deliveries, st.randoms())
def test_deliveries_in_any_order_make_the_same_day(
    given_: list[tuple[str, dict[int, tuple[int, str]]]], chance: object
) -> None:
    shuffled = list(given_)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert merged(shuffled) == merged(given_)
    once = merged(given_)
    again = merged([*given_, *given_])
    assert again == once


@given(st.lists(st.sampled_from(["", "1 a", "2 b", "3 c"]), max_size=25))
def test_packing_is_undone_by_unpacking(origin: list[str]) -> None:
    assert unpack(*pack(origin)) == origin


@given(st.lists(st.tuples(st.integers(1, 300), st.integers(0, 15)), min_size=1, max_size=60))
def test_hours_sum_to_the_difference_of_the_registers(moves: list[tuple[int, int]]) -> None:
    at, value = START, 0
    reads = [Read(at, value)]
    for minutes, used in moves:
        at += timedelta(minutes=minutes)
        value += used
        reads.append(Read(at, value))
    found = differences(reads, LIMITS, local_date=_local)
    assert found.held == []
    assert found.corrupt == []
    hours = by_hour(found.steps, Calendar(ZONE), {})
    known = [used for used, _ in hours.values() if used is not None]
    assert sum(known) == value
    assert min(known, default=0) >= 0


@given(
    st.lists(st.integers(0, 900), min_size=8, max_size=40),
    st.data(),
    st.integers(50_000, 9_000_000),
)
def test_a_corrupt_read_changes_no_total(uses: list[int], data: st.DataObject, jump: int) -> None:
    reads, value = [], 0
    for hour, used in enumerate(uses):
        value += used
        reads.append(Read(START + timedelta(hours=hour), value))
    place = data.draw(st.integers(1, len(reads) - 2))
    bad = list(reads)
    bad[place] = Read(reads[place].at, reads[place].value + jump)
    found = differences(bad, LIMITS, local_date=_local)
    assert found.corrupt == [bad[place]]
    assert sum(step.used or 0 for step in found.steps) == reads[-1].value - reads[0].value


def _local(at: datetime) -> date:
    return at.astimezone(ZONE).date()
