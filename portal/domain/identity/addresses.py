"""What an e-mail address and an IP address are to us: one parsed form each, and a key for counters.

Counters know neither: their keys hold a hash, so that the table tells nobody who tried what.
"""

import hashlib
import ipaddress

from email_validator import EmailNotValidError, validate_email

from portal.domain.identity import limits


def parse_email(typed: object) -> str | None:
    """Return the one address a person typed, trimmed, its domain in lower case; None if it is none.

    No display name, no list, no line break, ASCII before the @, a dot in the domain.
    """
    if not isinstance(typed, str) or len(typed) > limits.EMAIL_MAX + 10:
        return None
    try:
        found = validate_email(
            typed.strip(),
            check_deliverability=False,
            globally_deliverable=False,
            allow_smtputf8=False,
            test_environment=True,
            strict=True,
        )
    except EmailNotValidError:
        return None
    # As mail servers write it: a domain of other letters in its ASCII form, and so one form of it.
    address = found.ascii_email
    if address is None or "." not in found.domain or len(address) > limits.EMAIL_MAX:
        return None
    return address


def email_key(email: str) -> str:
    """Return what counters call an address, known or unknown, in any case of letters."""
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()[:32]


def ip_key(ip: str) -> str:
    """Return what counters call a caller's network: an IPv4 address, or the /64 of an IPv6 one.

    One subscriber has a whole /64; counting single addresses would give them 2**64 tries.
    """
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    return str(address)


def masked(email: str) -> str:
    """Return an address as logs and other people may see it: m***@example.org."""
    name, _, domain = email.partition("@")
    return f"{name[:1]}***@{domain}"
