"""How a linked account is shown in lists: search results, Accounts, Account Link Setup."""

from dataclasses import dataclass

from portal.domain.accounts.queries import LinkedAccount
from portal.kit.text import _, short_day


@dataclass(frozen=True)
class LinkedRow:
    """One linked account."""

    link_id: str = ""
    account: str = ""
    account_no: str = ""
    cid: str = ""
    name: str = ""
    address: str = ""
    parcel_id: str = ""
    email: str = ""
    # "Until 1/26/2027", for a place that was left or will be.
    until: str = ""


def row(one: LinkedAccount) -> LinkedRow:
    """Return a linked account as text."""
    return LinkedRow(
        link_id=str(one.link_id),
        account=str(one.account_id),
        account_no=one.account_no,
        cid=one.cid,
        name=one.customer_name,
        address=one.service_address,
        parcel_id=one.parcel_id,
        email=one.email,
        until=_("Until %(day)s", day=short_day(one.stop)) if one.stop else "",
    )
