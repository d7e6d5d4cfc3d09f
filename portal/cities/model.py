"""What a city may say about itself: the shape of its TOML file."""

import re
from datetime import date, time
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from portal.cities.outgoing import COLUMNS, Outgoing
from portal.cities.part import Part
from portal.config import ROOT
from portal.kit.text import language
from portal.kit.us_states import US_STATES

_LOGOS = ROOT / "assets" / "cities"

Column = Literal[
    "customer_name",
    "service_address",
    "account_number",
    "customer_id",
    "parcel_id",
    "email_id",
]


def _colour(value: str) -> str:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise ValueError('a colour is written "#rrggbb"')
    return value.lower()


def _address(value: str) -> str:
    if not re.fullmatch(r"[^@\s,;<>]+@[^@\s,;<>]+\.[a-z]{2,}", value, re.IGNORECASE):
        raise ValueError("an e-mail address has a name, an @ and a domain")
    return value


def _web(value: str) -> str:
    if not re.match(r"https?://[^\s/]+", value):
        raise ValueError('a link starts with "https://" or "http://"')
    return value


def _logo(value: str) -> str:
    if value and not (_LOGOS / value).is_file():
        raise ValueError("no file of this name stands under assets/cities")
    if Path(value).name != value:
        raise ValueError("a logo is a file's name without a folder")
    return value


def _state(value: str) -> str:
    if value not in dict(US_STATES):
        raise ValueError('a state is written in its two letters, like "CA"')
    return value


def _some(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value


Line = Annotated[str, AfterValidator(_some)]
Colour = Annotated[str, AfterValidator(_colour)]
EmailAddress = Annotated[str, AfterValidator(_address)]
WebAddress = Annotated[str, AfterValidator(_web)]


class Words(Part):
    """A sentence or label in both languages."""

    en: Line
    es: Line

    def say(self) -> str:
        """Return it in the language being spoken."""
        return self.es if language() == "es" else self.en


class Look(Part):
    """`accent` is the one colour; FRONT's tokens derive shades that pass AA from it."""

    accent: Colour
    initials: Annotated[str, Field(min_length=1, max_length=3)]
    # A file under assets/cities; empty: the initials are drawn.
    logo: Annotated[str, AfterValidator(_logo)] = ""


class Portal(Part):
    """What the city calls the portal and its rooms."""

    name: Words  # Citizen Self Service, Customer Self Service
    access_name: Words  # what signing in is called: Community Access
    utility_billing: Words
    welcome: Words  # the home page's first sentence under its heading


class Labels(Part):
    """Links that the guides name differently."""

    autopay_menu: Words
    autopay_sign_up: Words
    daily_usage: Words
    pay_now: Words
    change_address: Words


class Units(Part):
    """How water is counted on the bill. Usage graphs are in gallons."""

    bill_unit: Literal["GAL", "KGAL", "CCF"]
    bill_unit_name: Words
    # Printed on the bill and charged by, as printed: 748 for CCF (the exact factor is 748.05).
    gallons_per_unit: Annotated[int, Field(gt=0)]
    usage_name: Words


class Category(Part):
    """A bill category of the billing system (exchange: bills.csv, category)."""

    number: Annotated[int, Field(gt=0)]
    key: Literal["utility", "real_estate", "personal_property", "business_license"]
    name: Words


class BillBox(Part):
    """A box at the top of the printed bill, in its own words: for the picture that helps linking.

    `shows` says which of the two numbers that a link asks for stands in it.
    """

    label: Line
    sample: Line
    shows: Literal["", "account", "customer", "both"] = ""


class Billing(Part):
    """The cycle, what the page shows of the past, and the categories."""

    cycle: Literal["monthly", "bi-monthly", "quarterly"]
    cycle_name: Words
    # Past Bills shows this many billing periods; older ones are in the books and in every total.
    past_bills: Annotated[int, Field(gt=0)]
    past_bills_note: Words
    # First month of the fiscal year: 7 makes July 2026 part of bill year 2027.
    fiscal_year_starts: Annotated[int, Field(ge=1, le=12)]
    categories: Annotated[tuple[Category, ...], Field(min_length=1)]
    bill_picture_note: Words
    bill_picture: Annotated[tuple[BillBox, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _both_shown(self) -> Self:
        shown = {box.shows for box in self.bill_picture}
        if "both" not in shown and not {"account", "customer"} <= shown:
            raise ValueError("bill_picture must show the account number and the customer ID")
        return self

    def category(self, number: int) -> Category | None:
        """Return the category numbered so, or None."""
        return next((one for one in self.categories if one.number == number), None)


class Payments(Part):
    """What part of a bill may be paid on line."""

    partial_allowed: bool
    minimum_cents: Annotated[int, Field(gt=0)]
    overpay_allowed: bool
    oldest_first: bool
    liened_allowed: bool
    posting_note: Words
    # Days on which the city's books are closed besides Saturdays, Sundays and the holidays.
    closed: tuple[date, ...] = ()
    # State whose public holidays count, as the `holidays` package names it: "CA".
    holidays_of: Annotated[str, AfterValidator(_state)]


class Delivery(Part):
    """What the ways of delivering a bill are called (exchange: MAIL, EMAIL, BOTH)."""

    mail: Words
    email: Words
    both: Words
    # What people consent to when they leave paper; change it and its version together.
    consent: Words
    consent_version: Line

    def word(self, code: str) -> str:
        """Return the word for MAIL, EMAIL or BOTH in the language being spoken."""
        return {"MAIL": self.mail, "EMAIL": self.email, "BOTH": self.both}[code].say()


class Module(Part):
    """A room of the portal. One that does not exist yet is not shown."""

    key: Literal["utility_billing", "real_estate", "personal_property", "business_license"]
    name: Words
    exists: bool
    needs_sign_in: bool


class Search(Part):
    """Utility Billing: what its search page says and what its results show."""

    intro: Words
    link_help: Words  # Account Link Setup: where the two numbers stand
    columns: Annotated[tuple[Column, ...], Field(min_length=1)]


class Usage(Part):
    """View Daily Usage and My Notifications."""

    # How far behind the readings are, in hours, and the sentence that says so.
    delay_hours: Annotated[int, Field(ge=0)]
    delay_note: Words
    cycle_note: Words
    alerts_at: time
    alert_disclaimer: Words
    charges_disclaimer: Words
    tips: tuple[Words, ...]


class Link(Part):
    """A useful link."""

    label: Words
    url: WebAddress


class Contact(Part):
    """How to reach the people behind the portal."""

    office: Words
    phone: Annotated[str, Field(pattern=r"^\(?\d{3}\)?[ -]\d{3}-\d{4}$")]
    email: EmailAddress
    hours: Words
    address: Annotated[tuple[Line, ...], Field(min_length=1)]
    website: WebAddress


class Notice(Part):
    """An announcement that the demo starts with; staff write the later ones."""

    title: Words
    body: Words


class City(Part):
    """One city: everything the portal needs to know that is not code."""

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,30}$")]
    name: Line
    full_name: Line  # City of Pleasanton, Town of Leesburg
    state: Annotated[str, AfterValidator(_state)]
    zone: ZoneInfo
    look: Look
    portal: Portal
    labels: Labels
    units: Units
    billing: Billing
    payments: Payments
    delivery: Delivery
    modules: Annotated[tuple[Module, ...], Field(min_length=1)]
    search: Search
    usage: Usage
    useful_links: tuple[Link, ...] = ()
    contact: Contact
    announcements: tuple[Notice, ...] = ()
    # Files that the billing system wants laid out otherwise than the exchange has them.
    outgoing: tuple[Outgoing, ...] = ()
    privacy: Words

    @property
    def shown_modules(self) -> tuple[Module, ...]:
        """Return the modules that exist, in the file's order."""
        return tuple(module for module in self.modules if module.exists)

    def _outgoing_names(self) -> list[str]:
        own: dict[str, str] = {layout.file: layout.name for layout in self.outgoing}
        return [own.get(file, f"{file}.csv").lower() for file in COLUMNS]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for name, values in (
            ("modules", [str(module.key) for module in self.modules]),
            ("billing.categories", [str(c.number) for c in self.billing.categories]),
            ("outgoing", [str(layout.file) for layout in self.outgoing]),
            # Two files of one name: the second would take the place of the first, and its money.
            ("outgoing", self._outgoing_names()),
        ):
            twice = {value for value in values if values.count(value) > 1}
            if twice:
                raise ValueError(f"{name} names {', '.join(sorted(twice))} twice")
        if "utility_billing" not in {module.key for module in self.modules}:
            raise ValueError("modules must name utility_billing")
        return self
