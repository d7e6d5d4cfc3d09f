"""SQLModel tables, one module an aggregate; no behaviour beyond derivation.

Importing this package fills `SQLModel.metadata` with every table.
"""

from portal.models import (
    accounts,
    audit,
    bills,
    exchange,
    factors,
    identity,
    outbox,
    payments,
    property,
    settings,
    sharing,
    social,
    usage,
)

__all__ = [
    "accounts",
    "audit",
    "bills",
    "exchange",
    "factors",
    "identity",
    "outbox",
    "payments",
    "property",
    "settings",
    "sharing",
    "social",
    "usage",
]
