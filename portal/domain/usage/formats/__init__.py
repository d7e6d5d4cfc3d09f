"""The file formats that meter-reading networks deliver in."""

from portal.domain.usage.feed import Format
from portal.domain.usage.formats import beacon, cmep
from portal.kit.errors import DomainError
from portal.kit.text import N_

# To add one, write a module with a `sniff` and a `read` and name it here.
FORMATS = {
    known.name: known
    for known in (
        Format("cmep", cmep.sniff, cmep.read),
        Format("beacon", beacon.sniff, beacon.read),
    )
}


class UnknownFormat(DomainError):
    """No reader takes this file."""

    code = "unknown_format"


def choose(wanted: str, first_line: str) -> Format:
    """Return the format named `wanted`, or the one whose files start so when it is "auto".

    Raises UnknownFormat.
    """
    if wanted in FORMATS:
        return FORMATS[wanted]
    if wanted == "auto":
        for candidate in FORMATS.values():
            if candidate.sniff(first_line):
                return candidate
        raise UnknownFormat(
            N_("The file is in none of the known formats (%(known)s)."), known=", ".join(FORMATS)
        )
    raise UnknownFormat(
        N_("There is no format %(wanted)s; known are %(known)s and auto."),
        wanted=wanted,
        known=", ".join(FORMATS),
    )
