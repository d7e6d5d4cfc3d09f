"""What a requested address may hold, and how a request is called."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from portal.kit.errors import DomainError, Problems
from portal.kit.text import N_

_USPS = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ"
    " NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY PR VI GU AS MP AA AE AP"
)
STATES = frozenset(_USPS.split())
_ZIP = re.compile(r"([0-9]{5})(?:-?([0-9]{4}))?", re.ASCII)
_LONGEST = {"addr1": 60, "addr2": 60, "city": 40}
NOTE_LONGEST = 500
# No letters that are read as others over the telephone.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Address:
    """A mailing address in the exchange's columns."""

    addr1: str
    addr2: str
    city: str
    state: str
    zip: str

    def lines(self) -> tuple[str, ...]:
        """Return it as on an envelope."""
        last = f"{self.city}, {self.state} {self.zip}"
        return tuple(line for line in (self.addr1, self.addr2, last) if line)


def one_line(text: str) -> str:
    """Return text without line breaks, control characters and repeated spaces."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def read_address(typed: Mapping[str, str]) -> Address:
    """Read the fields a person typed: addr1, addr2, city, state, zip.

    Raises Problems with every field that needs mending.
    """
    cells = {name: one_line(typed.get(name, "")) for name in ("addr1", "addr2", "city")}
    state = one_line(typed.get("state", "")).upper()
    zip_code = _ZIP.fullmatch(one_line(typed.get("zip", "")))
    faults: list[DomainError] = []
    if not cells["addr1"]:
        faults.append(DomainError(N_("Enter the street address or PO box."), field="addr1"))
    for name, longest in _LONGEST.items():
        if len(cells[name]) > longest:
            faults.append(DomainError(N_("Use at most %(n)s characters."), field=name, n=longest))
    if not cells["city"]:
        faults.append(DomainError(N_("Enter the city."), field="city"))
    if state not in STATES:
        faults.append(DomainError(N_("Enter the state as two letters, like CA."), field="state"))
    if zip_code is None:
        faults.append(
            DomainError(
                N_("Enter the ZIP code: five digits, or nine like 94566-1234."), field="zip"
            )
        )
        raise Problems(faults)
    if faults:
        raise Problems(faults)
    five, four = zip_code.groups()
    return Address(
        cells["addr1"], cells["addr2"], cells["city"], state, f"{five}-{four}" if four else five
    )


def new_reference(kind: str = "AC") -> str:
    """Return a fresh request number to say on the phone: AC-7KQ2-M9XR."""
    word = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"{kind}-{word[:4]}-{word[4:]}"
