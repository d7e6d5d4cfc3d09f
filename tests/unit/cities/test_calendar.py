"""Business days: weekends, public holidays, the city's own closed days."""

from datetime import date

import holidays

from portal.cities import city_file, read_city
from portal.cities.calendar import (
    business_day_on_or_after,
    is_business_day,
    next_business_day,
)
from portal.kit.us_states import US_STATES

MINOT = read_city(city_file("minot"))


def test_weekend_and_thanksgiving() -> None:
    assert not is_business_day(MINOT, date(2026, 11, 26))
    assert next_business_day(MINOT, date(2026, 11, 25)) == date(2026, 11, 27)
    assert next_business_day(MINOT, date(2026, 11, 27)) == date(2026, 11, 30)


def test_a_business_day_is_its_own_business_day() -> None:
    assert business_day_on_or_after(MINOT, date(2026, 11, 25)) == date(2026, 11, 25)
    assert business_day_on_or_after(MINOT, date(2026, 11, 28)) == date(2026, 11, 30)


def test_closed_day_of_the_city() -> None:
    closed = MINOT.model_copy(
        update={"payments": MINOT.payments.model_copy(update={"closed": (date(2026, 11, 27),)})}
    )
    assert next_business_day(closed, date(2026, 11, 25)) == date(2026, 11, 30)


def test_every_state_that_a_city_may_name_has_holidays() -> None:
    assert {code for code, _ in US_STATES} <= set(holidays.country_holidays("US").subdivisions)
