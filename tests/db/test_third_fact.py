"""The third fact: the last bill's amount or a mailed code, and nothing that tells who is known."""

import re
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlmodel import Session, select

from portal.domain.accounts import operations, third_fact
from portal.domain.accounts.operations import LinkOutcome
from portal.domain.identity import limits, sessions, throttles
from portal.domain.identity.actor import ANONYMOUS, Actor
from portal.kit.errors import NotAllowed
from portal.models.audit import AuditEvent
from portal.models.identity import AccountLink, LinkCode
from portal.models.outbox import Mail
from tests import factories

NOW = datetime(2027, 1, 26, 18, 0, tzinfo=UTC)
PAIR = ("28624", "405583")
ON_FILE = "on.file@example.org"
FOUND, REFUSED, THIRD = LinkOutcome.FOUND, LinkOutcome.REFUSED, LinkOutcome.THIRD_FACT


def place(db: Session, number: str = PAIR[0], cid: str = PAIR[1], email: str = ON_FILE) -> None:
    account = factories.account(db, account_no=number)
    factories.tenure(db, account, factories.customer(db, cid=cid, email=email))


def resident(db: Session, ip: str = "192.0.2.1") -> Actor:
    return factories.actor(factories.user(db), ip=ip)


def guessed(db: Session, number: str = PAIR[0]) -> None:
    """Let others try wrong pairs until the number asks for a third fact."""
    for i in range(limits.WRONG_PAIRS_ON_ACCOUNT):
        operations.link(db, resident(db, f"198.51.100.{i}"), number, str(i + 1), NOW)


def codes(db: Session) -> list[str]:
    """Return the codes mailed, oldest first."""
    mails = db.exec(select(Mail).where(Mail.kind == "link_code").order_by(Mail.created_at)).all()  # type: ignore[arg-type]
    return [found.group() for m in mails if (found := re.search(r"\b\d{6}\b", m.text_body))]


def try_code(db: Session, actor: Actor, code: str, at: datetime = NOW) -> LinkOutcome:
    return operations.link(db, actor, *PAIR, at, code=code).outcome


def test_a_mailed_code_is_the_third_fact_once_and_for_thirty_minutes(db: Session) -> None:
    place(db)
    guessed(db)
    actor = resident(db)
    assert operations.link(db, actor, *PAIR, NOW).outcome is THIRD
    third_fact.ask_code(db, actor, "28624 - 405583", "", NOW)
    (mail,) = db.exec(select(Mail)).all()
    assert (mail.to_address, mail.kind) == (ON_FILE, "link_code")
    assert PAIR[0] not in mail.text_body  # its last four alone
    (code,) = codes(db)
    assert code not in db.exec(select(LinkCode)).one().code_hash
    late = NOW + limits.LINK_CODE_LIFE
    assert try_code(db, actor, code, late) is REFUSED
    assert try_code(db, actor, f" {code[:3]} {code[3:]} ", late - timedelta(seconds=1)) is FOUND
    # Used: it opens nothing a second time.
    tie = db.exec(select(AccountLink)).one()
    tie.removed_at = NOW
    db.flush()
    assert try_code(db, actor, code) is REFUSED


def test_the_newest_code_of_the_one_who_asked_is_the_only_one(db: Session) -> None:
    place(db)
    guessed(db)
    actor, other = resident(db), resident(db, "192.0.2.9")
    third_fact.ask_code(db, actor, *PAIR, NOW)
    (old,) = codes(db)
    third_fact.ask_code(db, actor, *PAIR, NOW)
    both = codes(db)  # of one instant: their order says nothing
    both.remove(old)
    (new,) = both
    if old != new:
        assert try_code(db, actor, old) is REFUSED
    assert try_code(db, other, new) is REFUSED
    assert try_code(db, actor, new) is FOUND


def test_wrong_codes_are_wrong_pairs(db: Session) -> None:
    place(db)
    guessed(db)
    actor = resident(db)
    third_fact.ask_code(db, actor, *PAIR, NOW)
    (code,) = codes(db)
    wrong = f"{(int(code) + 1) % 10**limits.CODE_DIGITS:06d}"
    tries = [try_code(db, actor, wrong) for _ in range(limits.WRONG_PAIRS + 1)]
    assert tries == [REFUSED] * limits.WRONG_PAIRS + [LinkOutcome.LOCKED]
    assert try_code(db, actor, code) is LinkOutcome.LOCKED


def test_a_code_is_over_after_five_wrong_tries_however_long_they_take(db: Session) -> None:
    place(db)
    guessed(db)
    actor = resident(db)
    third_fact.ask_code(db, actor, *PAIR, NOW)
    (code,) = codes(db)
    wrong = f"{(int(code) + 1) % 10**limits.CODE_DIGITS:06d}"
    # Four, then a quarter of an hour of rest: the lock on pairs forgets, the code does not.
    for _ in range(limits.LINK_CODE_TRIES - 1):
        assert try_code(db, actor, wrong) is REFUSED
    later = NOW + limits.WRONG_PAIRS_WINDOW
    assert try_code(db, actor, wrong, later) is REFUSED
    assert try_code(db, actor, code, later) is REFUSED
    # A new one starts anew.
    third_fact.ask_code(db, actor, *PAIR, later)
    assert try_code(db, actor, codes(db)[-1], later) is FOUND


def test_an_amount_is_no_try_of_the_code(db: Session) -> None:
    place(db)
    guessed(db)
    actor = resident(db)
    third_fact.ask_code(db, actor, *PAIR, NOW)
    assert operations.link(db, actor, *PAIR, NOW, amount="1.23").outcome is REFUSED
    assert db.exec(select(LinkCode.tries)).one() == 0


@pytest.mark.parametrize(
    ("pair", "email"),
    [
        (PAIR, ""),
        (PAIR, "none on file"),
        (PAIR, f"a@example.org,{ON_FILE}"),
        ((PAIR[0], "1"), ON_FILE),
        (("99999", PAIR[1]), ON_FILE),
        (("99;999", PAIR[1]), ON_FILE),
        (("", ""), ON_FILE),
    ],
)
def test_without_a_pair_or_an_address_nothing_leaves_and_nothing_differs(
    db: Session, pair: tuple[str, str], email: str
) -> None:
    place(db, email=email)
    third_fact.ask_code(db, resident(db), *pair, NOW)
    assert db.exec(select(Mail)).all() == []
    assert db.exec(select(AuditEvent.act)).all() == ["link.code_asked"]


def test_five_codes_a_day_to_one_address_whoever_asks(db: Session) -> None:
    place(db)
    for i in range(limits.MAILS_A_DAY + 2):
        third_fact.ask_code(db, resident(db, f"203.0.113.{i}"), *PAIR, NOW)
    assert len(codes(db)) == limits.MAILS_A_DAY == 5
    third_fact.ask_code(db, resident(db, "203.0.113.99"), *PAIR, NOW + timedelta(days=1))
    assert len(codes(db)) == 6
    # Counted apart: whoever guesses uses up no mail of the owner's sign-in.
    assert throttles.counted(db, f"mails:{ON_FILE}", timedelta(days=1), NOW) == 0


def test_one_person_and_one_network_ask_a_few_times(db: Session) -> None:
    actor = resident(db)
    for _ in range(limits.LINK_CODES_A_DAY):
        third_fact.ask_code(db, actor, *PAIR, NOW)
    with pytest.raises(third_fact.TooManyCodes):
        third_fact.ask_code(db, replace(actor, ip="203.0.113.1"), *PAIR, NOW)
    for _ in range(limits.LINK_CODES_AN_HOUR_IP - limits.LINK_CODES_A_DAY):
        third_fact.ask_code(db, resident(db), *PAIR, NOW)
    with pytest.raises(third_fact.TooManyCodes):
        third_fact.ask_code(db, resident(db), *PAIR, NOW)


def test_strangers_staff_and_old_remembered_sessions_ask_for_none(db: Session) -> None:
    clerk = factories.actor(factories.user(db, role="viewer"))
    old = factories.actor(factories.user(db), remembered=True, authenticated_at=NOW - limits.FRESH)
    for who, refusal in ((ANONYMOUS, NotAllowed), (clerk, NotAllowed),
                         (old, sessions.FreshSignInNeeded)):  # fmt: skip
        with pytest.raises(refusal):
            third_fact.ask_code(db, who, *PAIR, NOW)


@pytest.mark.parametrize("guarded", [True, False])
def test_of_two_simultaneous_uses_of_a_code_one_is_right(
    database: Engine, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    with Session(database) as db, db.begin():
        place(db)
        actor = resident(db)
        third_fact.ask_code(db, actor, *PAIR, NOW)
        (code,) = codes(db)
    if not guarded:
        _without_guard(monkeypatch)
    start, right = threading.Barrier(2), []

    def use() -> None:
        with Session(database) as db, db.begin():
            pair = operations.ties.find(db, *PAIR, NOW)
            assert pair is not None
            start.wait(30)
            right.append(third_fact.holds(db, actor, pair, "", code, NOW))
            if not guarded:
                start.wait(30)

    crowd = [threading.Thread(target=use) for _ in range(2)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join(60)
    assert sorted(right) == ([False, True] if guarded else [True, True])


def _without_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look first and write afterwards, as a careless hand would."""

    def look(db: Session, actor: Actor, pair: Any, code: str, now: datetime) -> bool:
        row = db.exec(
            select(LinkCode).where(
                LinkCode.code_hash == third_fact._sealed(actor, pair, code),
            )
        ).one()
        return row.used_at is None and row.expires_at > now

    monkeypatch.setattr(third_fact, "_use_code", look)


def statements(db: Session, actor: Actor, pair: tuple[str, str]) -> list[str]:
    """Return the statements that one refused attempt makes, without their values."""
    seen: list[str] = []

    def note(_c: Any, _u: Any, statement: str, *_rest: Any) -> None:
        seen.append(re.sub(r"\(%\(\w+\)s(, %\(\w+\)s)*\)|\(NULL\)|'[^']*'", "(..)", statement))

    engine = db.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert operations.link(db, actor, *pair, NOW).outcome is REFUSED
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return [s.split(" ")[0] for s in seen]


def test_refusals_ask_the_database_the_same(db: Session) -> None:
    place(db)
    place(db, "3000", "700")
    asked = [
        statements(db, resident(db, f"203.0.113.{i}"), pair)
        for i, pair in enumerate(
            [(PAIR[0], "700"), ("99999", PAIR[1]), ("99998", "99999"), ("99;999", "1")]
        )
    ]
    assert asked[1:] == asked[:1] * 3


def test_the_promised_numbers_of_the_third_fact() -> None:
    assert limits.CODE_DIGITS == 6
    assert timedelta(minutes=30) == limits.LINK_CODE_LIFE
    assert limits.LINK_CODE_TRIES == limits.WRONG_CODES == 5
    assert (limits.LINK_CODES_A_DAY, limits.LINK_CODES_AN_HOUR_IP) == (5, 10)
    assert timedelta(days=1) == limits.LINK_CODES_DAY == limits.WRONG_PAIRS_DAY
