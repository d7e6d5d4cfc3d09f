"""What a kind of token promises, and the register of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sqlmodel import Session, col, func, select

from portal.domain.identity.actor import Actor
from portal.domain.identity.passkey_sign_in import Caller
from portal.domain.identity.sign_in import Outcome
from portal.kit.errors import DomainError
from portal.kit.text import say
from portal.models.audit import AuditEvent
from portal.models.outbox import Mail

NOW = datetime(2027, 1, 26, 18, 0, tzinfo=UTC)
HERE = Caller("192.0.2.1", "Browser")
VISITOR = Actor(ip=HERE.ip)


class Use(Protocol):
    """Using a token: "" where it worked, else the words of the refusal."""

    def __call__(self, secret: str, at: datetime = NOW, *, other: bool = False) -> str: ...


@dataclass(frozen=True)
class Token:
    """One token in its world. `effects` counts what using it has changed: 0 where nothing is."""

    secret: str
    use: Use
    effects: Callable[[], int] = lambda: 0


@dataclass
class World:
    """Where a token lives: a transaction that is undone, and for some more than that."""

    db: Session
    ask: Callable[[str], Any]  # a fixture by its name
    one_by_one: bool = True  # a use begins when the one before has ended

    def acts(self, act: str) -> int:
        """Return how often an act was recorded."""
        return self.db.exec(select(func.count()).where(AuditEvent.act == act)).one()

    def mailed(self, kind: str) -> list[str]:
        """Return the bodies of the mails of a kind, the oldest first."""
        rows = select(Mail.text_body).where(Mail.kind == kind)
        return list(self.db.exec(rows.order_by(col(Mail.created_at))).all())


@dataclass(frozen=True)
class Kind:
    """A kind of token and what it promises.

    `covers`: its columns, "purpose:..." of mailed links and challenges, "seal:..." of HMACs.
    `life`: how long it holds; None where it does not end by itself, for the reason in `lasts`.
    `again`: "" where a second use is refused, else why it is answered (and changes nothing).
    `other`: who somebody else is; "" where whoever has the token is its owner, by design.
    `one_sentence`: every refusal says the same, because it could be guessed. A link of 256 random
    bits cannot: whoever has it may be told why it is over, and an altered one is merely unknown.
    `spoilt`: a wrong use ends it for its owner as well, as providers do with their codes.
    `raced`: why it is not used by many at once in `tests/db/test_races.py`; "" where it is.
    `twice_held`: what stops a second use even where the first guard is gone.
    """

    name: str
    covers: tuple[str, ...]
    make: Callable[[World], Token]
    life: timedelta | None = None
    lasts: str = ""
    again: str = ""
    other: str = ""
    one_sentence: bool = False
    spoilt: bool = False
    raced: str = ""
    twice_held: str = ""


KINDS: dict[str, Kind] = {}


def kind(*covers: str, **promises: Any) -> Callable[[Callable[[World], Token]], Any]:
    """Register the function that makes a token under its name."""

    def register(make: Callable[[World], Token]) -> Callable[[World], Token]:
        name = make.__name__
        KINDS[name] = Kind(name, covers, make, **promises)
        return make

    return register


def refused(db: Session, act: Callable[[], object]) -> str:
    """Do it as the portal does: an exception rolls back. Return "" or the refusal's words."""
    db.expire_all()
    try:
        with db.begin_nested():
            act()
    except DomainError as error:
        return say(error)
    return ""


def outcome_of(db: Session, act: Callable[[], Any]) -> str:
    said: list[Any] = []
    words = refused(db, lambda: said.append(act()))
    return words or ("" if said[0] in (True, Outcome.SIGNED_IN) else f"refused: {said[0]}")
