"""The town's stories: the first places are bent so that every screen has something to tell."""

from datetime import date, timedelta
from random import Random

from portal.cities import City
from portal.demo.town.places import (
    Device,
    Person,
    Place,
    Stay,
    customer_number,
    device,
    ordinary,
)
from portal.demo.town.streets import Names
from portal.demo.town.water import Habit

# By index: account numbers are then known without reading the files.
TALES = (
    "guide",
    "running_toilet",
    "irrigation_summer",
    "meter_change",
    "estimated_read",
    "past_due",
    "credit",
    "landlord",
    "landlord",
    "landlord",
    "moved_in",
    "lien",
    "confidential",
    "copy",
    "missing_readings",
    "sign_up",
    "sign_up",
    "sign_up",
    "shop",
    "paperless",
)
# Residents of the stories, known by name in the demo: (first, last, mail).
PEOPLE = {
    "guide": ("Maria", "Delgado", "maria@example.org"),
    "running_toilet": ("Walter", "Nash", "walter@example.org"),
    "irrigation_summer": ("Irene", "Castillo", "irene@example.org"),
    "meter_change": ("Miguel", "Santos", "miguel@example.org"),
    "estimated_read": ("Esther", "Boyd", "esther@example.org"),
    "past_due": ("Paul", "Rowe", "paul@example.org"),
    "credit": ("Carla", "Jensen", "carla@example.org"),
    "landlord": ("Linda", "Okafor", "linda@example.org"),
    "moved_in": ("Tom", "Becker", "tom@example.org"),
    "lien": ("Leo", "Hart", "leo@example.org"),
    "copy": ("Connie", "Park", "connie@example.org"),
    "missing_readings": ("Grace", "Hill", "grace@example.org"),
    "shop": ("Bruno", "Keller", "bruno@example.org"),
    "paperless": ("Pia", "Larsen", "pia@example.org"),
}


def place(city: City, names: Names, seed: int, index: int, today: date) -> Place:
    """Return place `index` of the town: a story's, or an ordinary one."""
    rng = Random(f"{city.key}:{seed}:{index}")
    made = ordinary(city, names, rng, index, today)
    if index < len(TALES):
        _tell(city, rng, made, TALES[index], today)
    return made


def _tell(city: City, rng: Random, made: Place, story: str, today: date) -> None:
    """Bend an ordinary place into its story."""
    made.story = story
    made.kind, made.size, made.inside, made.estimated = "residential", "5/8", True, ()
    made.address = made.address.replace(" - IRR", "")
    made.options = ("cart-65", "recycling")
    made.habit = Habit("residential", 165, 160, 3)
    stay = made.stays[-1]
    stay.start, stay.relation, stay.pays, stay.delivery = made.since, "OWNER", "open", "MAIL"
    made.stays = [stay]
    stay.person.business, stay.person.confidential = "", False
    if story in PEOPLE:
        stay.person.first, stay.person.last, stay.person.mail = PEOPLE[story]
    if story == "guide":
        _guide(city, made, today)
    elif story == "running_toilet":
        leak = today - timedelta(days=9)
        made.habit = Habit("residential", 150, 0, 1, leak_from=leak, leak_per_hour=11)
    elif story == "irrigation_summer":
        made.habit = Habit("residential", 210, 1500, 2)
        made.size = "3/4"
    elif story == "meter_change":
        _change_meter(rng, made, today)
    elif story == "estimated_read":
        made.estimated = (0,)
    elif story == "past_due":
        stay.pays = "behind"
    elif story == "credit":
        stay.pays = "over"
    elif story == "landlord":
        first = TALES.index("landlord")
        stay.person.cid = customer_number(city.key, first)
        stay.person.mailing = ("PO BOX 118", "", city.name.upper(), city.state, made.zip)
        made.extra["customer_written"] = "Y" if made.index > first else ""
    elif story == "moved_in":
        moved = date(today.year - (today.month < 6), 4, 12)
        leaver = Person(customer_number(city.key, made.index, 1), "Harold", "Voss")
        made.stays = [Stay(leaver, made.since, moved, "TENANT")]
        made.stays.append(Stay(stay.person, moved, None, "TENANT", pays="open"))
        made.habit = Habit("residential", 120, 90, 3)
    elif story == "lien":
        stay.pays = "lien"
    elif story == "confidential":
        stay.person.confidential = True
    elif story == "copy":
        reader = Person(customer_number(city.key, made.index, 2), "Nora", "Whitfield")
        reader.mail = "nora@example.org"
        made.stays.append(Stay(reader, date(today.year - 1, 1, 1), None, "COPY", payer=False))
        stay.relation = "TENANT"
    elif story == "missing_readings":
        gone = today - timedelta(days=34)
        made.missing = (gone, gone + timedelta(days=4))
    elif story == "shop":
        made.kind, made.size, made.options = "commercial", "1-1/2", ()
        made.habit = Habit("commercial", 1350, 0, 1)
        stay.person.business = "KELLER BAKERY LLC"
    elif story == "paperless":
        stay.delivery = "EMAIL"


def _change_meter(rng: Random, made: Place, today: date) -> None:
    """Hang a new meter 100 days ago: its first bill reads from 0."""
    old = made.devices[0]
    old.removed = today - timedelta(days=100)
    made.devices.append(device(rng, made.index, old.removed, 1))


def _guide(city: City, made: Place, today: date) -> None:
    """Make place 0 the account that the city's own guide shows."""
    stay = made.stays[0]
    stay.pays = "guide"
    if city.key == "pleasanton":
        made.kind, made.habit = "irrigation", Habit("irrigation", 0, 0, 1)
        made.address, made.zip, made.options = "0 ALAMEDA DR - IRR", "94566", ()
        stay.person.business = "CITY OF PLEASANTON"
        stay.person.mailing = ("123 MAIN STREET", "", "PLEASANTON", "CA", "94566-7320")
        stay.start = made.since = date(1995, 11, 13)
        changed = today - timedelta(days=78)
        made.devices = [
            Device("SENSUS", "1470066", "1470066", date(2004, 3, 2), 1_020_000, changed),
            Device("SENSUS", "68596455", "68596455", changed, 0),
        ]
    elif city.key == "leesburg":
        made.district = "300"
        made.habit = Habit("residential", 330, 120, 3)
        stay.start = made.since = date(2012, 6, 1)
    elif city.key == "minot":
        made.address, made.zip = "1810 6TH ST NE", "58703"
        made.options = ("cart-35", "recycling")
        made.habit = Habit("residential", 62, 0, 1)
        stay.start = made.since = date(2015, 11, 25)
        stay.person.mailing = ("305 AIRPORT RD STE 221", "", "MINOT", "ND", "58703-2085")
