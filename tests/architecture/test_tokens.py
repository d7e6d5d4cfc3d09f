"""No code or token is given out that `tests/tokens` does not try: by column, purpose and seal."""

import ast
import re

from sqlalchemy import CheckConstraint, Table
from sqlmodel import SQLModel

import portal.models  # noqa: F401 - fills the metadata
from portal.config import ROOT
from portal.domain.identity import mail_tokens
from portal.models.factors import PasskeyChallenge
from portal.models.identity import MailToken
from tests.tokens import KINDS

_LOOKS_LIKE_ONE = re.compile(
    r"(^|_)(hash|code|token|secret|nonce|challenge|verifier|seed|otp|pin|signature|key)(_|$)"
)

# What only looks like one, and what it is.
NO_TOKENS = {
    "account.cycle_code": "the billing system's word",
    "bill.property_code": "the billing system's word",
    "bill_line.charge_code": "the billing system's word",
    "bill_line.service_code": "the billing system's word",
    "licence.class_code": "the billing system's word",
    "meter.service_code": "the billing system's word",
    "read.read_code": "the billing system's word",
    "read.service_code": "the billing system's word",
    "service.cycle_code": "the billing system's word",
    "service.rate_code": "the billing system's word",
    "service.service_code": "the billing system's word",
    "vehicle.property_code": "the billing system's word",
    "import_run.content_hash": "a folder that came before is known by it",
    "email_change.session_hash": "which session asked, to let it live on",
    "known_browser.device_hash": "lets nobody in: it decides whether a sign-in is news",
    "passkey.public_key": "public; what it signs is the challenge",
    "payment.failure_code": "the processor's word",
    "user_account.password_hash": "a password, counted and locked (test_identity)",
}
NO_TOKEN_SEALS = {
    "session-handle": "names a row of one's own list of sessions",
    "state": "the socket's key, of session and tab (test_attacks)",
    "state in redis": "encrypts what States leave there (test_redis)",
    "searched words": "encrypts what somebody searched for, in an address (test_secret)",
}


def covered(prefix: str = "") -> set[str]:
    return {
        name.removeprefix(prefix)
        for kind in KINDS.values()
        for name in kind.covers
        if name.startswith(prefix)
    }


def test_every_column_that_looks_like_a_token_is_tried_or_is_none() -> None:
    found = {
        f"{table.name}.{column.name}"
        for table in SQLModel.metadata.sorted_tables
        for column in table.columns
        if _LOOKS_LIKE_ONE.search(column.name) and not column.name.endswith("_at")
    }
    columns = {name for name in covered() if "." in name}
    assert found - columns - set(NO_TOKENS) == set()
    # Nothing stale, and nothing that is both.
    assert set(NO_TOKENS) - found == set()
    assert columns - found == set()
    assert columns & set(NO_TOKENS) == set()


def _allowed(model: type[SQLModel]) -> set[str]:
    table: Table = model.__table__  # type: ignore[attr-defined]
    (check,) = (c for c in table.constraints if isinstance(c, CheckConstraint))
    return set(re.findall(r"'(\w+)'", str(check.sqltext)))


def test_every_purpose_of_a_mailed_link_and_of_a_challenge_is_tried() -> None:
    assert set(mail_tokens.LIFE) == _allowed(MailToken) == covered("purpose:")
    assert _allowed(PasskeyChallenge) == covered("challenge:")


def test_every_seal_under_the_portals_key_is_tried_or_is_none() -> None:
    found = set()
    for path in (ROOT / "portal").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args:
                called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
                called = node.func.id if isinstance(node.func, ast.Name) else called
                purpose = node.args[0]
                if called in ("seal", "box") and isinstance(purpose, ast.Constant):
                    found.add(purpose.value)
    assert found - covered("seal:") - set(NO_TOKEN_SEALS) == set()
    assert covered("seal:") | set(NO_TOKEN_SEALS) == found
