"""Who lives in the demo town: sample residents who can sign in, pairs to sign up with, staff."""

from dataclasses import dataclass
from datetime import datetime

import pyotp

from portal.cities import City
from portal.demo.town.places import account_number, customer_number
from portal.demo.town.tales import PEOPLE, TALES

# Long enough for the rules, the same for everyone, and of no use outside a demo.
PASSWORD = "copper-kettle-on-a-quiet-porch"
STAFF_SEED = "NBSWY3DPEBZW6ZTUON2W42LJMF2GK3TU"


@dataclass(frozen=True)
class Pair:
    """An account number and a customer ID that belong together."""

    account_no: str
    cid: str


@dataclass(frozen=True)
class Resident:
    """A resident who has signed up, activated and linked."""

    email: str
    password: str
    first_name: str
    last_name: str
    story: str
    pairs: tuple[Pair, ...]
    # Accounts that another resident shares with this one; until so many days from now.
    shared: tuple["Shared", ...] = ()


@dataclass(frozen=True)
class Shared:
    """What a resident has shared: by whom, which account, to do what, for how long."""

    by: str
    pair: Pair
    rights: str
    days: int


@dataclass(frozen=True)
class Member:
    """A member of staff with a second factor whose seed the demo knows."""

    email: str
    password: str
    role: str


STAFF = (
    Member("admin@example.org", PASSWORD, "administrator"),
    Member("viewer@example.org", PASSWORD, "viewer"),
)
_MANAGED_AT_LEAST = 10
_TOLD = {
    "guide": "the account of the city's own guide, and a running toilet next door",
    "irrigation_summer": "an irrigation summer",
    "meter_change": "a meter changed 100 days ago",
    "estimated_read": "an estimated read",
    "past_due": "a bill past due, with its penalty",
    "credit": "a credit",
    "landlord": "a landlord with three accounts",
    "moved_in": "a tenant who moved in last spring",
    "lien": "a liened bill",
    "copy": "someone else gets copies of her bills",
    "missing_readings": "four days without readings",
    "shop": "a bakery",
    "paperless": "bills by e-mail",
}


def pairs_of(city: City, story: str) -> tuple[Pair, ...]:
    """Return the story's accounts with the numbers printed on their bills."""
    places = [index for index, name in enumerate(TALES) if name == story]
    payer = places[0] if story == "landlord" else None
    return tuple(
        Pair(
            account_number(city.key, index),
            customer_number(city.key, index if payer is None else payer),
        )
        for index in places
    )


def residents(city: City) -> tuple[Resident, ...]:
    """Return the residents whom the demo signs up; the first is the guide's."""
    found = []
    for story, told in _TOLD.items():
        first, last, mail = PEOPLE[story]
        pairs = pairs_of(city, story)
        if story == "guide":
            pairs += pairs_of(city, "running_toilet")
        found.append(Resident(mail, PASSWORD, first, last, told, pairs))
    found.append(_delegate(city))
    return tuple(found)


def _delegate(city: City) -> Resident:
    """Return a daughter who sees one account and pays another."""
    (shop,), (late,) = pairs_of(city, "shop"), pairs_of(city, "past_due")
    shared = (
        Shared(PEOPLE["shop"][2], shop, "view", 60),
        Shared(PEOPLE["past_due"][2], late, "pay", 0),
    )
    told = "two accounts are shared with her: one to view, one to pay"
    return Resident("dana@example.org", PASSWORD, "Dana", "Rowe", told, (), shared)


def manager(city: City, accounts: int) -> Resident | None:
    """Return a property manager with up to 40 accounts, in a town that has room for them."""
    places = range(len(TALES), min(accounts, len(TALES) + 40))
    pairs = tuple(
        Pair(account_number(city.key, index), customer_number(city.key, index)) for index in places
    )
    if len(pairs) < _MANAGED_AT_LEAST:
        return None
    told = f"a property manager with {len(pairs)} accounts"
    return Resident("pat@example.org", PASSWORD, "Pat", "Quintero", told, pairs)


def unlinked(city: City) -> tuple[Pair, ...]:
    """Return pairs that nobody has linked, for trying sign-up; each has a bill to pay."""
    return pairs_of(city, "sign_up")


def staff_code(now: datetime) -> str:
    """Return the six digits that the demo's authenticator app shows at `now`."""
    return pyotp.TOTP(STAFF_SEED).at(now)


def introduction(city: City, accounts: int, address: str, now: datetime) -> list[str]:
    """Return the lines that `portal demo` prints: where to go and as whom."""
    first, *others = (*residents(city), *filter(None, (manager(city, accounts),)))
    return [
        f"{city.full_name}: {address}",
        f"  mail that the portal sends: {address}/demo/mail",
        "",
        f"Residents (password for all: {PASSWORD})",
        f"  {first.email:24} {first.story}",
        *(f"  {one.email:24} {one.story}" for one in others),
        "",
        "Sign up yourself and link one of these (Account Number, Customer ID)",
        *(f"  {pair.account_no}  {pair.cid}" for pair in unlinked(city)),
        "",
        f"Staff: {address}/admin/sign-in (same password)",
        *(f"  {one.email:24} {one.role}" for one in STAFF),
        f"  authenticator key {STAFF_SEED}; the code now is {staff_code(now)}",
        f"  and later: {address}/demo/mail shows it",
        "",
        "Try: pay with card 4242 4242 4242 4242, any later date, any CVC",
        "  (4000 0000 0000 0002 is declined)",
    ]
