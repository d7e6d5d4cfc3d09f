"""Places, who lives there and when, which meters hang there: one after the other, by index."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from portal.cities import City
from portal.demo.town.calendar import rhythm_of
from portal.demo.town.streets import Names, address, streets_of
from portal.demo.town.water import Habit

MAKERS = ("BADGER", "SENSUS", "NEPTUNE")


@dataclass
class Person:
    """A payer, or someone who gets copies."""

    cid: str
    first: str
    last: str
    mail: str = ""
    confidential: bool = False
    business: str = ""
    mailing: tuple[str, str, str, str, str] | None = None  # two lines, city, state, zip

    @property
    def name1(self) -> str:
        """Return the name as a billing system prints it."""
        return self.business or f"{self.last}, {self.first}".upper()


@dataclass
class Stay:
    """A person's time at a place, half-open, and how they pay."""

    person: Person
    start: date
    stop: date | None = None
    relation: str = "OWNER"
    payer: bool = True
    delivery: str = "MAIL"
    pays: str = "prompt"  # prompt, late, eft, behind, over, lien, guide


@dataclass
class Device:
    """A meter at the place for a time; `start` is its register when connected, in gallons."""

    maker: str
    serial: str
    remote: str
    connected: date
    start: int
    removed: date | None = None
    dials: int = 6


@dataclass
class Place:
    """Everything that the files say about one account."""

    index: int
    account_no: str
    kind: str
    address: str
    zip: str
    district: str
    cycle: int
    size: str
    inside: bool
    habit: Habit
    stays: list[Stay]
    devices: list[Device]
    story: str = ""
    estimated: tuple[int, ...] = ()  # which reads, counted from the newest, were estimates
    missing: tuple[date, date] | None = None  # days whose hourly readings never came
    options: tuple[str, ...] = ()
    parcel: str = ""
    since: date = date(2000, 1, 1)
    extra: dict[str, str] = field(default_factory=dict)


def account_number(city_key: str, index: int) -> str:
    """Return the account number of place `index`; the guides' own accounts are place 0."""
    if city_key == "leesburg":
        return "300000306" if index == 0 else f"{100 * (1 + index % 6)}{316_700 + index:06d}"
    if city_key == "minot":
        return f"{10_400 + index:08d}"
    return "28624" if index == 0 else str(30_000 + index)


def customer_number(city_key: str, index: int, nth: int = 0) -> str:
    """Return the customer ID of the nth person (0 to 2) of place `index`."""
    if city_key == "pleasanton" and index == 0 and nth == 0:
        return "405583"
    base = {"leesburg": 146_000, "minot": 51_000}.get(city_key, 410_000)
    return str(base + index * 3 + nth)


def ordinary(city: City, names: Names, rng: Random, index: int, today: date) -> Place:
    """Return an ordinary place: a home mostly, sometimes a shop or an irrigation meter."""
    streets = streets_of(city.key)
    draw = rng.random()
    kind = "residential" if draw < 0.92 else "commercial" if draw < 0.97 else "irrigation"
    size = "5/8" if kind == "residential" and rng.random() < 0.8 else rng.choice(("3/4", "1"))
    if kind == "commercial":
        size = rng.choice(("1", "1-1/2", "2"))
    person = _person(city, names, rng, index, 0)
    if kind == "commercial":
        person.business = f"{person.last} {rng.choice(_TRADES)}".upper()
    since = date(rng.randrange(1994, 2022), rng.randrange(1, 13), rng.randrange(1, 28))
    place_address = address(streets, index) + (" - IRR" if kind == "irrigation" else "")
    stays = [Stay(person, since, pays=_pays(rng), delivery=_delivery(rng))]
    if kind == "residential" and rng.random() < 0.15:
        moved = today - timedelta(days=rng.randrange(90, 700))
        leaver = _person(city, names, rng, index, 1)
        relation = rng.choice(("TENANT", "OWNER"))
        stays = [
            Stay(leaver, since, moved, relation),
            Stay(person, moved, None, relation, pays=_pays(rng), delivery=_delivery(rng)),
        ]
    district = str(100 * (1 + index % 6)) if city.key == "leesburg" else f"{1 + index % 8:02d}"
    cart = rng.choice(("cart-35", "cart-65", "cart-65", "cart-95"))
    return Place(
        index=index,
        account_no=account_number(city.key, index),
        kind=kind,
        address=place_address,
        zip=streets.zips[index % len(streets.zips)],
        district=district,
        cycle=rng.randrange(rhythm_of(city).groups),
        size=size,
        inside=rng.random() < 0.94,
        habit=habit(city, rng, kind, today),
        stays=stays,
        devices=[device(rng, index, date(2019, 5, 1) + timedelta(days=rng.randrange(900)))],
        estimated=(rng.randrange(12),) if rng.random() < 0.06 else (),
        options=(cart, "recycling") if kind == "residential" else (),
        parcel=parcel_number(city.key, index),
        since=since,
    )


def device(rng: Random, index: int, connected: date, nth: int = 0) -> Device:
    """Return a meter; its register had run before only if it was not new."""
    serial = str(60_000_000 + index * 10 + nth)
    start = rng.randrange(40_000, 900_000) if nth == 0 else 0
    return Device(rng.choice(MAKERS), serial, str(13_000_000 + index * 10 + nth), connected, start)


def habit(city: City, rng: Random, kind: str, today: date) -> Habit:
    """Return how such a place uses water."""
    if kind == "commercial":
        return Habit(kind, rng.randrange(250, 2400), 0, 1)
    if kind == "irrigation":
        return Habit(kind, 6, rng.randrange(900, 2600), 2)
    people = rng.choice((1, 2, 2, 2, 3, 3, 4, 4, 5))
    waters = rng.random() < 0.7
    dry = {"pleasanton": 700, "minot": 300}.get(city.key, 380)
    left = today - timedelta(days=rng.randrange(20, 380))
    away = (left, left + timedelta(days=rng.randrange(4, 15))) if rng.random() < 0.5 else None
    return Habit(
        kind,
        18 + people * rng.randrange(34, 58),
        rng.randrange(80, dry) if waters else 0,
        rng.choice((2, 3, 3, 4)),
        away,
    )


_TRADES = ("Bakery", "Dental", "Auto Care", "Florist", "Hardware", "Cafe", "Salon", "Market")


def _person(city: City, names: Names, rng: Random, index: int, nth: int) -> Person:
    first, last = names.draw(rng)
    mail = ""
    if rng.random() < 0.6:
        mail = f"{first}.{last}{index % 97}@example.com".lower().replace(" ", "").replace("'", "")
    return Person(
        customer_number(city.key, index, nth), first, last, mail, confidential=rng.random() < 0.004
    )


def _pays(rng: Random) -> str:
    draw = rng.random()
    return "eft" if draw < 0.3 else "late" if draw < 0.42 else "behind" if draw < 0.45 else "prompt"


def _delivery(rng: Random) -> str:
    draw = rng.random()
    return "MAIL" if draw < 0.6 else "EMAIL" if draw < 0.9 else "BOTH"


def parcel_number(city_key: str, index: int) -> str:
    """Return the number of the parcel that place `index` stands on, as the city's maps write it."""
    if city_key == "leesburg":
        return f"231-{10 + index % 80}-{1000 + index // 80:04d}"
    if city_key == "minot":
        section, block = f"MI{10 + index % 30}", f"{100 + index // 30 % 900}"
        return f"{section}.{block}.{10 * (1 + index // 27_000):03d}.{index % 9:03d}0"
    return f"946-{1000 + index // 90:04d}-{1 + index % 90:03d}"
