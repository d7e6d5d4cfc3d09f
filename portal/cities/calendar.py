"""The city's business days: payments made on other days are booked on the next one."""

from datetime import date, timedelta
from functools import cache

import holidays

from portal.cities.model import City


@cache
def _public(state: str) -> holidays.HolidayBase:
    return holidays.country_holidays("US", subdiv=state)


def is_business_day(city: City, day: date) -> bool:
    """True on a weekday that is neither a public holiday nor one of the city's closed days."""
    return (
        day.weekday() < 5
        and day not in city.payments.closed
        and day not in _public(city.payments.holidays_of)
    )


def business_day_on_or_after(city: City, day: date) -> date:
    """Return the first business day that is not before `day`."""
    while not is_business_day(city, day):
        day += timedelta(days=1)
    return day


def next_business_day(city: City, day: date) -> date:
    """Return the first business day after `day`."""
    return business_day_on_or_after(city, day + timedelta(days=1))
