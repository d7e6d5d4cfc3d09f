"""Names of people and streets: invented, plausible for each town, the same for a seed."""

from dataclasses import dataclass
from random import Random

from faker import Faker


@dataclass(frozen=True)
class Streets:
    """Words that street names are made of, with the town's zip codes."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    zips: tuple[str, ...]


_PLEASANTON = """
VALLEY OAK|MISSION CREEK|ARROYO SECO|VINTNER|OLIVE HILL|BERNAL CREEK|LAS FLORES|DEL VALLE|KOLL OAK
STONERIDGE|FOOTHILL OAK|HARVEST|PASEO ROBLES|CAMINO ALTO|GOLDEN POPPY|LAGUNA SECA|SYCAMORE CREEK
RANCHO VERDE|ORCHARD VIEW|HEARST OAK|TASSAJARA|MANZANITA|CORTE SOL|VIA SERENO|RIDGE CREST|PUERTO
AMADOR OAK|BLACKBIRD|QUARRY LAKE|MOLLER|WILLOW BEND|SUNOL VIEW|ALMOND BLOSSOM|TRELLIS|CABERNET
""".strip()
_LEESBURG = """
CATOCTIN RIDGE|DRY MILL|BATTLEFIELD VIEW|TUSCARORA|EDWARDS GATE|EVERGREEN MEADOW|OLD WATERFORD
KING OAK|LOUDOUN OAK|MORVEN HILL|SYCAMORE HILL|PLAZA GREEN|FORT VIEW|BALCH SPRINGS|POTOMAC VIEW
TOWN BRANCH|STONE FENCE|FOXCROFT|MEADOWLARK|CORNWALL GREEN|WILDMAN|SHENANDOAH VIEW|RED FOX|HARPERS
COUNTRY MILL|IDA LEE VIEW|MILLSTONE|SUNNY RIDGE|CHESTNUT HALL|GREENWAY MANOR|FIELDSTONE|ROCK SPRING
""".strip()
_PLURALS = {1: "ST", 2: "ND", 3: "RD"}
_MINOT = tuple(f"{n}{'TH' if n > 3 else _PLURALS[n]}" for n in range(1, 37))

_TOWNS = {
    "pleasanton": Streets(
        tuple(name for line in _PLEASANTON.splitlines() for name in line.split("|")),
        ("DR", "CT", "LN", "WAY", "AVE", "PL"),
        ("94566", "94588"),
    ),
    "leesburg": Streets(
        tuple(name for line in _LEESBURG.splitlines() for name in line.split("|")),
        ("ST NE", "ST SW", "CT SE", "DR NW", "TER SE", "PL NE"),
        ("20175", "20176"),
    ),
    "minot": Streets(
        _MINOT,
        ("ST NE", "AVE NW", "ST SE", "AVE SW", "ST NW", "AVE SE"),
        ("58701", "58703"),
    ),
}
STREETS = _TOWNS["pleasanton"]


def streets_of(city_key: str) -> Streets:
    """Return the town's words; a city of one's own borrows Pleasanton's."""
    return _TOWNS.get(city_key, STREETS)


def address(streets: Streets, index: int) -> str:
    """Return the service address of place `index`: no two places share one."""
    count = len(streets.names) * len(streets.kinds)
    street = (index * 37) % count  # 37 is prime to both counts: neighbours live apart
    name = streets.names[street % len(streets.names)]
    kind = streets.kinds[street // len(streets.names)]
    house = 201 + (street * 89) % 3900 + 4 * (index // count)
    return f"{house} {name} {kind}"


class Names:
    """People's names drawn from a pool that Faker makes once a seed: drawing is then cheap."""

    def __init__(self, seed: int) -> None:
        fake = Faker("en_US")
        fake.seed_instance(seed)
        self._first = [fake.first_name() for _ in range(400)]
        self._last = [fake.last_name() for _ in range(700)]

    def draw(self, rng: Random) -> tuple[str, str]:
        """Return a first and a last name."""
        return rng.choice(self._first), rng.choice(self._last)
