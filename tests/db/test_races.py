"""Eight at once on PostgreSQL, with the guard and without: single-use tokens, counters, settling.

Payments race in `tests/db/payments`, and so do declined cards, whose counter asks the processor.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pyotp
import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, select

from portal.config import ROOT
from portal.domain.accounts import operations as links
from portal.domain.accounts import third_fact
from portal.domain.identity import (
    limits,
    mail_tokens,
    passkeys,
    second_step,
    sign_in,
    sign_up,
    totp,
)
from portal.domain.identity.actor import Actor
from portal.domain.identity.passkey_sign_in import Caller
from portal.domain.identity.sign_in import Outcome
from portal.domain.moveouts import operations as moveouts
from portal.domain.prelinks import operations as prelinks
from portal.domain.sharing import accepting
from portal.models.identity import AccountLink, PreparedLink, User
from portal.models.outbox import Mail
from tests import factories
from tests.authenticator import Key
from tests.careless import at_once, careless, careless_counting
from tests.db.test_passkeys import present, register
from tests.providers import issuer
from tests.tokens import KINDS, NOW, Kind, World

__all__ = ["issuer"]

CROWD = 8
RACED = {name: kind for name, kind in KINDS.items() if not kind.raced}


class Crowd(World):
    """A world with a session, and so a transaction, for each thread."""

    one_by_one = False

    def __init__(self, engine: Engine, ask: Callable[[str], Any]) -> None:
        self.engine, self.ask, self._own = engine, ask, threading.local()

    @property
    def db(self) -> Session:  # type: ignore[override]
        """Return the session of the thread that asks."""
        found: Session = self._own.session
        return found

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Open this thread's, and commit it."""
        with Session(self.engine, expire_on_commit=False) as db, db.begin():
            self._own.session = db
            yield


@pytest.fixture
def crowd(database: Engine, request: pytest.FixtureRequest) -> Crowd:
    return Crowd(database, request.getfixturevalue)


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "careless"])
@pytest.mark.parametrize("kind", RACED.values(), ids=RACED)
def test_of_eight_uses_at_once_one_counts(crowd: Crowd, kind: Kind, guarded: bool) -> None:
    with crowd.transaction():
        token = kind.make(crowd)
    with crowd.transaction():
        before = token.effects()

    def use() -> None:
        with crowd.transaction():
            token.use(token.secret)

    with nullcontext() if guarded else careless(crowd.engine, CROWD):
        faults = at_once(crowd.engine, CROWD, use)
    assert faults == []
    with crowd.transaction():
        effects = token.effects() - before
    assert effects == 1 if guarded or kind.twice_held else effects > 1


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "careless"])
def test_of_copies_of_a_passkey_with_one_count_one_signs_in(
    database: Engine, guarded: bool
) -> None:
    key = Key()
    with Session(database, expire_on_commit=False) as db, db.begin():
        register(db, factories.user(db), key)
        asked = [passkeys.options_to_sign(db, None, NOW) for _ in range(CROWD)]
    answers, said = [], list[Outcome]()
    for options in asked:
        key.count = 5
        answers.append(key.get(options))

    def use() -> None:
        with Session(database) as db, db.begin():
            said.append(present(db, answers.pop(), NOW).outcome)

    with nullcontext() if guarded else careless(database, CROWD):
        assert at_once(database, CROWD, use) == []
    assert said.count(Outcome.SIGNED_IN) == (1 if guarded else CROWD)


# --- counters

ANA = "ana@example.com"
Try = Callable[[Session, int], bool]


def _seeker(db: Session, n: int, **given: Any) -> Actor:
    return factories.actor(
        factories.user(db), authenticated_at=NOW, **{"ip": f"198.51.100.{n}"} | given
    )


def _asks(db: Session, who: Actor) -> bool:
    try:
        third_fact.ask_code(db, who, "1", "2", NOW)
    except third_fact.TooManyCodes:
        return False
    return True


def _wrong_pair(db: Session, who: Actor, n: int) -> bool:
    return links.link(db, who, f"7{n}", "1", NOW).outcome is links.LinkOutcome.REFUSED


def _of_one_person(act: Callable[[Session, Actor, int], bool]) -> Callable[[Session], Try]:
    def prepare(db: Session) -> Try:
        one = _seeker(db, 1)
        return lambda db, n: act(db, replace(one, ip=f"198.51.100.{n}"), n)

    return prepare


def _of_one_network(act: Callable[[Session, Actor, int], bool]) -> Callable[[Session], Try]:
    return lambda _: lambda db, n: act(db, _seeker(db, n, ip="203.0.113.7"), n)


def _second_steps(db: Session) -> Try:
    user = factories.user(db)
    seed = totp.begin(db, user)
    assert totp.confirm(db, user, pyotp.TOTP(seed).at(NOW), NOW)
    later = NOW + timedelta(days=1)

    def attempt(db: Session, n: int) -> bool:
        step = sign_in.proceed(
            db, db.get_one(User, user.id), remember=False, ip="", user_agent="", now=later
        ).secret
        said = second_step.by_code(db, step, "no code", Caller(), later)
        return said.outcome is not Outcome.LOCKED

    return attempt


COUNTERS: dict[str, tuple[int, Callable[[Session], Try]]] = {
    "wrong passwords of an address": (
        limits.WRONG_PASSWORDS,
        lambda _: lambda db, n: sign_in.admit(db, ANA, f"198.51.100.{n}", NOW).admitted,
    ),
    "addresses missed from a network": (
        limits.WRONG_PASSWORDS,
        lambda _: lambda db, n: sign_in.admit(db, f"a{n}@example.com", "203.0.113.7", NOW).admitted,
    ),
    "mails to an address": (
        limits.MAILS_A_DAY, lambda _: lambda db, n: sign_up.may_mail(db, ANA, NOW),
    ),
    "codes of an address": (
        limits.WRONG_CODES, lambda _: lambda db, n: mail_tokens.count_code(db, ANA, NOW),
    ),
    "wrong second steps": (limits.WRONG_SECOND_STEPS, _second_steps),
    "wrong pairs of a person": (limits.WRONG_PAIRS, _of_one_person(_wrong_pair)),
    "wrong pairs from a network": (limits.WRONG_PAIRS_AN_HOUR_IP, _of_one_network(_wrong_pair)),
    "linking codes for a person": (
        limits.LINK_CODES_A_DAY, _of_one_person(lambda db, who, n: _asks(db, who)),
    ),
    "linking codes for a network": (
        limits.LINK_CODES_AN_HOUR_IP, _of_one_network(lambda db, who, n: _asks(db, who)),
    ),
    "codes of an invitation": (
        limits.WRONG_CODES,
        _of_one_person(lambda db, who, n: accepting.count_code(db, who, NOW)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "careless"])
@pytest.mark.parametrize("counter", COUNTERS)
def test_a_counter_lets_exactly_its_limit_through(
    database: Engine, counter: str, guarded: bool
) -> None:
    limit, prepare = COUNTERS[counter]
    with Session(database, expire_on_commit=False) as db, db.begin():
        attempt = prepare(db)
    numbers, passed = count(1), []
    each = limit // CROWD + 1

    def tries() -> None:
        for _ in range(each):
            with Session(database) as db, db.begin():
                passed.append(attempt(db, next(numbers)))

    with nullcontext() if guarded else careless_counting():
        assert at_once(database, CROWD, tries) == []
    assert sum(passed) == (limit if guarded else each * CROWD)


def test_nothing_counts_but_those_three_statements() -> None:
    names = re.compile(r"\bThrottle\b|INTO throttle|UPDATE throttle")
    found = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "portal").rglob("*.py")
        if names.search(path.read_text())
    ]
    assert sorted(found) == ["portal/domain/identity/throttles.py", "portal/models/identity.py"]


# --- what settles by itself


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "careless"])
def test_a_link_that_was_brought_along_is_taken_once(database: Engine, guarded: bool) -> None:
    with Session(database) as db, db.begin():
        user = factories.user(db, email=ANA)
        account, payer = factories.account(db), factories.customer(db)
        factories.tenure(db, account, payer)
        db.add(PreparedLink(email=ANA, account_id=account.id, customer_id=payer.id))
        assert user.status == "active"
    taken: list[bool] = []

    def take() -> None:
        with Session(database) as db, db.begin():
            row = db.exec(select(PreparedLink)).one()
            taken.append(prelinks._take(db, row, NOW))

    with nullcontext() if guarded else careless(database, CROWD):
        assert at_once(database, CROWD, take) == []
    assert sum(taken) == (1 if guarded else CROWD)


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "careless"])
def test_a_move_out_ends_and_is_told_once(
    database: Engine, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    with Session(database) as db, db.begin():
        factories.household(db)
        db.connection().exec_driver_sql("UPDATE tenure SET stop_date = '2027-01-20'")
    if not guarded:
        # Look first, with the same conditions, and write what was found.
        looks = "WITH found AS MATERIALIZED (SELECT l.id, t.stop FROM account_link l, "
        ends = str(moveouts._END)
        times = ends[ends.index("FROM (") + 5 : ends.index(") t") + 3]
        conditions = ends[ends.index("WHERE t.account_id") : ends.index("RETURNING")]
        writes = ends[: ends.index("FROM (")].replace("UPDATE", ") UPDATE", 1)
        returns = ends[ends.index("RETURNING") :].replace("t.stop", "found.stop")
        together = f"{looks}{times} {conditions}{writes} FROM found WHERE found.id = l.id {returns}"
        monkeypatch.setattr(moveouts, "_END", text(together))
    ended: list[int] = []

    def settle() -> None:
        with Session(database) as db, db.begin():
            ended.append(moveouts.settle(db, ZoneInfo("America/Los_Angeles"), NOW).ended)

    # Who holds the row lets everybody look before the first writes.
    with Session(database) as holding, holding.begin():
        holding.exec(select(AccountLink).with_for_update()).one()
        settling = threading.Thread(target=lambda: faults.extend(at_once(database, CROWD, settle)))
        faults: list[BaseException] = []
        settling.start()
        _until_waiting(database, CROWD)
    settling.join(60)
    assert faults == []
    assert sum(ended) == (1 if guarded else CROWD)
    with Session(database) as db:
        assert len(db.exec(select(Mail)).all()) == sum(ended)


def _until_waiting(database: Engine, crowd: int) -> None:
    """Return when so many connections wait for a lock of somebody else's."""
    asked = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        " AND datname = current_database()"
    )
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up:
        with database.connect() as connection:
            if connection.execute(asked).scalar_one() >= crowd:
                return
        time.sleep(0.01)
    raise AssertionError("they do not wait")
