"""Text for people: gettext catalogues for English and Spanish, chosen by a context variable.

Pages are compiled once a language inside `speaking(...)`; handlers, mail, PDF and errors set it
from the route or the reader's profile.
"""

import gettext as _gettext
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date as _format_date
from babel.dates import format_datetime as _format_datetime
from babel.dates import format_time as _format_time
from babel.numbers import format_decimal

from portal.kit.catalogue import translations
from portal.kit.errors import DomainError
from portal.kit.money import format_cents

LANGUAGES = ("en", "es")
_LOCALE_DIR = Path(__file__).parent.parent / "locale"
_language: ContextVar[str] = ContextVar("language", default="en")


@cache
def _catalogue(language: str) -> _gettext.NullTranslations:
    return translations(_LOCALE_DIR / language, language)


def language() -> str:
    """Return the language being spoken: "en" or "es"."""
    return _language.get()


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Speak `code` ("en" or "es"; anything else is English) inside the block."""
    token = _language.set(code if code in LANGUAGES else "en")
    try:
        yield
    finally:
        _language.reset(token)


def _(message: str, **params: object) -> str:
    """Translate `message`, filling its `%(name)s` places from `params`."""
    text = _catalogue(_language.get()).gettext(message)
    return text % params if params else text


def ngettext(one: str, many: str, n: int, **params: object) -> str:
    """Translate by count; `%(n)s` is filled with the count."""
    return _catalogue(_language.get()).ngettext(one, many, n) % {"n": n, **params}


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "marked, translated later"
    """Mark a message for translation without translating it yet."""
    return message


def say(error: DomainError) -> str:
    """Return a domain error's sentence in the language being spoken."""
    return _(error.sentence, **error.params)


def _locale() -> Locale:
    # es_US prints $1,234.50; plain es and es_MX print other signs and separators.
    return Locale.parse("es_US" if _language.get() == "es" else "en_US")


def money(cents: int) -> str:
    """Write cents for the reader: $1,234.50."""
    return format_cents(cents, _language.get())


def number(value: int | Decimal, decimals: int = 0) -> str:
    """Write a number for the reader, with separators and at most `decimals` decimals."""
    pattern = "#,##0" + ("." + "#" * decimals if decimals else "")
    return str(format_decimal(value, format=pattern, locale=_locale()))


def day(value: date) -> str:
    """Write a civil date in words: January 23, 2027."""
    return _format_date(value, "long", locale=_locale())


def short_day(value: date) -> str:
    """Write a civil date for a table: 1/23/2027 (Spanish 23/1/2027)."""
    pattern = "d/M/y" if _language.get() == "es" else "M/d/y"
    return _format_date(value, pattern, locale=_locale())


def month_of(value: date, *, short: bool = False) -> str:
    """Write a civil date's month: November 2026, or Nov 2026."""
    return _format_date(value, "LLL y" if short else "LLLL y", locale=_locale())


def day_of_month(value: date) -> str:
    """Write a civil date without its year: Nov 19 (Spanish 19 nov)."""
    return _format_date(value, "d MMM" if language() == "es" else "MMM d", locale=_locale())


def clock_time(value: time) -> str:
    """Write a time of day: 11:00 AM."""
    return str(_format_time(value, "h:mm a", locale=_locale()))


def time_of(at: datetime, zone: ZoneInfo, *, named_zone: bool = False) -> str:
    """Write an instant's time of day in the city: 1:00 AM, or 1:00 AM PDT."""
    return _format_datetime(
        at, "h:mm a z" if named_zone else "h:mm a", tzinfo=zone, locale=_locale()
    )


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Write an instant in the city's time: January 23, 2027, 11:00 AM."""
    return _format_datetime(
        at,
        "d MMMM y, h:mm a" if language() == "es" else "MMMM d, y, h:mm a",
        tzinfo=zone,
        locale=_locale(),
    )
