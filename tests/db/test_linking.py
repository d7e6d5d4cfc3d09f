"""Linking: tolerant of typing, deaf to guessing, and every holder hears of it."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from portal.domain.accounts import operations, queries
from portal.domain.accounts.operations import LinkAnswer, LinkOutcome
from portal.domain.accounts.policy import opened, opened_accounts
from portal.domain.identity import limits, sessions, throttles
from portal.domain.identity.actor import ANONYMOUS, Actor
from portal.kit.errors import DomainError, NotAllowed, NotFound
from portal.models.accounts import Account, Customer
from portal.models.audit import AuditEvent
from portal.models.identity import AccountLink, SavedSearch
from portal.models.outbox import Mail
from tests import factories

NOW = datetime(2027, 1, 26, 18, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FOUND, REFUSED = LinkOutcome.FOUND, LinkOutcome.REFUSED


def place(db: Session, number: str = "28624", cid: str = "405583", **of_account: object) -> Account:
    account = factories.account(db, account_no=number, **of_account)
    factories.tenure(db, account, factories.customer(db, cid=cid))
    return account


def resident(db: Session, ip: str = "192.0.2.1") -> Actor:
    return factories.actor(factories.user(db), ip=ip)


def words(answer: LinkAnswer) -> tuple[str, str]:
    assert answer.refusal is not None
    return answer.refusal.code, str(answer.refusal)


def test_the_right_pair_opens_the_account(db: Session) -> None:
    account, actor = place(db), resident(db)
    assert opened_accounts(db, actor) == []
    answer = operations.link(db, actor, " 028-624", "405 583", NOW)
    assert answer == LinkAnswer(FOUND, account.id)
    assert opened(db, actor, str(account.id)).account.account_no == "28624"
    (mail,) = db.exec(select(Mail)).all()
    assert (mail.kind, mail.account_id) == ("link_created", account.id)
    assert "28624" not in mail.text_body
    assert "8624" in mail.text_body
    (event,) = db.exec(select(AuditEvent)).all()
    assert (event.act, event.account_id) == ("link.create", account.id)


def test_a_landlord_links_three_in_a_row(db: Session) -> None:
    actor = resident(db)
    for i in range(3):
        place(db, f"10010{i}", f"50{i}")
        assert operations.link(db, actor, f"10010{i}", f"50{i}", NOW).outcome is FOUND
    assert [one.account_no for one in queries.linked(db, actor)] == ["100100", "100101", "100102"]


def test_wrong_unknown_closed_left_and_linked_read_the_same(db: Session) -> None:
    actor = resident(db)
    place(db)
    place(db, "28625", "405584")
    place(db, "3000", "700", status="INACTIVE")
    left = factories.account(db, account_no="4000")
    leaver = factories.customer(db, cid="800")
    factories.tenure(db, left, leaver, stop_date=date(2027, 1, 26))
    operations.link(db, actor, "28624", "405583", NOW)
    pairs = [
        ("28624", "405584"), ("99999", "405583"), ("99999", "99999"), ("3000", "700"),
        ("4000", "800"), ("28624", "405583"), ("28;624", "405583"),
    ]  # fmt: skip
    answers = [operations.link(db, resident(db, f"192.0.2.{i}"), *p, NOW)
               for i, p in enumerate(pairs[:5])]  # fmt: skip
    answers += [operations.link(db, actor, *p, NOW) for p in pairs[5:]]
    assert {words(answer) for answer in answers} == {words(answers[0])}
    assert {answer.outcome for answer in answers} == {REFUSED}
    assert "could not link" in words(answers[0])[1]


def test_the_last_day_of_a_stay_is_before_its_stop(db: Session) -> None:
    left, leaver = factories.account(db, account_no="4000"), factories.customer(db, cid="800")
    factories.tenure(db, left, leaver, stop_date=date(2027, 1, 27))
    assert operations.link(db, resident(db), "4000", "800", NOW).outcome is FOUND


def test_empty_fields_and_strangers(db: Session) -> None:
    actor = resident(db)
    for pair, field in ((("", "1"), "account_no"), (("1", " "), "cid")):
        with pytest.raises(DomainError) as refused:
            operations.link(db, actor, *pair, NOW)
        assert refused.value.field == field
    with pytest.raises(NotAllowed):
        operations.link(db, ANONYMOUS, "1", "1", NOW)
    with pytest.raises(NotAllowed):
        operations.link(db, factories.actor(factories.user(db, role="viewer")), "1", "1", NOW)


def test_a_remembered_session_signs_in_again_before_it_links(db: Session) -> None:
    place(db)
    user = factories.user(db)
    old = factories.actor(user, remembered=True, authenticated_at=NOW - 15 * MINUTE)
    with pytest.raises(sessions.FreshSignInNeeded):
        operations.link(db, old, "28624", "405583", NOW)
    fresh = factories.actor(user, remembered=True, authenticated_at=NOW - 14 * MINUTE)
    assert operations.link(db, fresh, "28624", "405583", NOW).outcome is FOUND
    # Looking at what is linked already needs no password again.
    assert operations.search(db, old, "28624", "405583", True, NOW).outcome is FOUND


def test_the_sixth_wrong_pair_waits(db: Session) -> None:
    place(db)
    actor = resident(db)
    wrong = [operations.link(db, actor, f"77{i}", "1", NOW) for i in range(6)]
    assert [a.outcome for a in wrong] == [REFUSED] * 5 + [LinkOutcome.LOCKED]
    assert words(wrong[5]) == (
        "locked", "These numbers did not match too many times. Try again in 15 minutes."
    )  # fmt: skip
    right = operations.link(db, actor, "28624", "405583", NOW + 14 * MINUTE)
    assert right.outcome is LinkOutcome.LOCKED
    again = operations.link(db, actor, "28624", "405583", NOW + 15 * MINUTE)
    assert again.outcome is FOUND


def test_the_wait_doubles_up_to_a_day(db: Session) -> None:
    user, at, waits = factories.user(db), NOW, []
    rule = operations.PER_USER
    assert (rule.first, rule.longest) == (15 * MINUTE, DAY)
    for i in range(9):
        for _ in range(limits.WRONG_PAIRS):
            counted = throttles.attempt(db, f"link:user:{user.id}", rule, at)
        assert counted.locked_until is not None
        assert counted.sets_lock, i
        waits.append(counted.locked_until - at)
        at = counted.locked_until
    doubled = [15 * MINUTE * 2**i for i in range(7)]
    assert waits == [*doubled, DAY, DAY]


def test_twenty_wrong_pairs_a_day(db: Session) -> None:
    user = factories.user(db)
    outcomes = []
    for i in range(24):
        # A network of its own each time, and after each lock.
        actor = factories.actor(user, ip=f"198.51.100.{i}")
        at = NOW + i * timedelta(minutes=16)
        outcomes.append(operations.link(db, actor, f"88{i}", "1", at).outcome)
    assert outcomes == [REFUSED] * 20 + [LinkOutcome.LOCKED] * 4


def test_ten_wrong_pairs_an_hour_from_one_network(db: Session) -> None:
    outcomes = [
        operations.link(db, resident(db, f"2001:db8:1:2::{i}"), f"88{i}", "1", NOW).outcome
        for i in range(11)
    ]
    assert outcomes == [REFUSED] * 10 + [LinkOutcome.LOCKED]
    later = operations.link(db, resident(db, "2001:db8:1:2::99"), "88", "1", NOW + HOUR)
    assert later.outcome is REFUSED


@pytest.mark.parametrize("number", ["28624", "99999"])
def test_five_wrong_on_one_number_ask_for_a_third_fact(db: Session, number: str) -> None:
    account = place(db)
    customer = db.exec(select(Customer)).one()
    factories.bill(db, account, customer, 9000, statement_date=date(2026, 11, 1))
    factories.bill(db, account, customer, 12711, paid_cents=12711)
    for i in range(5):
        operations.link(db, resident(db, f"192.0.2.{i}"), f"0{number}", str(i + 1), NOW)
    actor = resident(db, "198.51.100.1")
    # Known or unknown, right or wrong: the same demand.
    assert operations.link(db, actor, number, "405583", NOW).outcome is LinkOutcome.THIRD_FACT
    assert operations.link(db, actor, number, "1", NOW).outcome is LinkOutcome.THIRD_FACT
    wrong = operations.link(db, actor, number, "405583", NOW, amount="$90.00")
    assert wrong.outcome is REFUSED
    right = operations.link(db, actor, number, "405583", NOW, amount="$127.11")
    assert right.outcome is (FOUND if number == "28624" else REFUSED)
    # Never a lock: the next day the two numbers are enough again.
    other = resident(db, "198.51.100.2")
    after = operations.link(db, other, number, "405583", NOW + DAY + MINUTE)
    assert after.outcome is (FOUND if number == "28624" else REFUSED)


@pytest.mark.parametrize(
    ("amount", "outcome"),
    [("64.20", FOUND), ("127.11", FOUND), ("90.00", REFUSED), ("", LinkOutcome.THIRD_FACT)],
)
def test_of_two_last_bills_of_one_day_either_is_the_third_fact(
    db: Session, amount: str, outcome: LinkOutcome
) -> None:
    account = place(db)
    customer = db.exec(select(Customer)).one()
    factories.bill(db, account, customer, 9000, statement_date=date(2026, 11, 1))
    factories.bill(db, account, customer, 12711)
    factories.bill(db, account, customer, 6420, category=30)
    for i in range(limits.WRONG_PAIRS_ON_ACCOUNT):
        operations.link(db, resident(db, f"192.0.2.{i}"), "28624", str(i + 1), NOW)
    actor = resident(db, "198.51.100.1")
    assert operations.link(db, actor, "28624", "405583", NOW, amount=amount).outcome is outcome


def test_two_hundred_wrong_in_town_ask_everyone_for_a_third_fact(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert limits.WRONG_PAIRS_AN_HOUR_TOWN == 200
    monkeypatch.setattr(limits, "WRONG_PAIRS_AN_HOUR_TOWN", 3)
    place(db)
    for i in range(3):
        assert operations.link(db, resident(db, f"192.0.2.{i}"), f"6{i}", "1", NOW).outcome
    actor = resident(db, "198.51.100.1")
    assert operations.link(db, actor, "28624", "405583", NOW).outcome is LinkOutcome.THIRD_FACT
    later = operations.link(db, actor, "28624", "405583", NOW + HOUR)
    assert later.outcome is FOUND


def test_right_pairs_use_nothing_up(db: Session) -> None:
    actor = resident(db)
    for i in range(25):
        place(db, f"1{i:04}", f"9{i:04}")
        assert operations.link(db, actor, f"1{i:04}", f"9{i:04}", NOW).outcome is FOUND


def test_holders_hear_of_a_newcomer_and_can_remove_it(db: Session) -> None:
    account, first, second = place(db), resident(db), resident(db)
    operations.link(db, first, "28624", "405583", NOW)
    operations.link(db, second, "28624", "405583", NOW + HOUR)
    told = db.exec(select(Mail).where(Mail.kind == "link_created_by_other")).one()
    assert told.user_id == first.user_id
    (mine,) = queries.linked(db, first)
    (other,) = mine.others
    assert (other.removable, other.since) == (True, date(2027, 1, 26))
    assert other.email.startswith("r***@")
    (theirs,) = queries.linked(db, second)
    assert [holder.removable for holder in theirs.others] == [False]
    with pytest.raises(NotFound):  # the newcomer may not throw out the first
        operations.remove(db, second, str(mine.link_id), NOW + HOUR)
    with pytest.raises(sessions.FreshSignInNeeded):  # nor somebody at a browser left open
        operations.remove(db, first, str(other.link_id), NOW + HOUR)
    now_signed_in = replace(first, authenticated_at=NOW + HOUR)
    operations.remove(db, now_signed_in, str(other.link_id), NOW + HOUR)
    assert opened_accounts(db, second) == []
    assert db.exec(select(Mail).where(Mail.kind == "link_removed")).one().user_id == second.user_id
    assert opened(db, first, str(account.id)).account_id == account.id


def test_ones_own_link_goes_and_comes_back(db: Session) -> None:
    place(db)
    actor, stranger = resident(db), resident(db)
    operations.search(db, actor, "28624", "405583", True, NOW)
    (mine,) = queries.linked(db, actor)
    for who, claim in ((stranger, str(mine.link_id)), (actor, "nonsense"), (ANONYMOUS, None)):
        with pytest.raises(NotFound):
            operations.remove(db, who, claim, NOW)
    operations.remove(db, actor, str(mine.link_id), NOW)
    assert queries.linked(db, actor) == []
    assert queries.saved_numbers(db, actor) is None
    with pytest.raises(NotFound):
        operations.remove(db, actor, str(mine.link_id), NOW)
    assert operations.link(db, actor, "28624", "405583", NOW).outcome is FOUND
    assert len(db.exec(select(AccountLink)).all()) == 1


def test_the_search_finds_links_and_remembers(db: Session) -> None:
    account, actor = place(db), resident(db)
    answer = operations.search(db, actor, "028624", "405583", True, NOW)
    assert answer == LinkAnswer(FOUND, account.id)
    assert queries.saved_numbers(db, actor) == queries.SavedNumbers("28624", "405583")
    # The next visit searches with the same numbers: found again, no second link, no mail.
    assert operations.search(db, actor, "28624", "405583", True, NOW) == answer
    assert len(db.exec(select(Mail)).all()) == 1
    operations.search(db, actor, "28624", "405583", False, NOW)
    assert db.exec(select(SavedSearch)).all() == []
    assert operations.search(db, actor, "28624", "1", True, NOW).outcome is REFUSED
    assert db.exec(select(SavedSearch)).all() == []


def test_an_account_with_two_customers_is_found_by_its_pair(db: Session) -> None:
    account, actor = place(db), resident(db)
    factories.tenure(db, account, factories.customer(db, cid="405590"), relation="COPY")
    for cid in ("405583", "405590", "405583"):
        assert operations.search(db, actor, "28624", cid, False, NOW).outcome is FOUND
    assert [one.cid for one in queries.linked(db, actor)] == ["405583", "405590"]


def test_of_27_wrong_pairs_at_once_five_are_looked_at(database: Engine) -> None:
    with Session(database) as db, db.begin():
        seeker = factories.actor(factories.user(db))
    start, outcomes = threading.Barrier(27), []

    def guess(i: int) -> None:
        with Session(database) as db, db.begin():
            db.connection()
            actor = replace(seeker, ip=f"198.51.100.{i}")
            start.wait(30)
            outcomes.append(operations.link(db, actor, f"7{i}", "1", NOW).outcome)

    crowd = [threading.Thread(target=guess, args=(i,)) for i in range(27)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join(60)
    assert sorted(outcomes) == [LinkOutcome.LOCKED] * 22 + [REFUSED] * 5


def test_of_two_simultaneous_links_one_is_made(database: Engine) -> None:
    with Session(database) as db, db.begin():
        actor = factories.actor(factories.user(db))
        place(db)
    start, outcomes = threading.Barrier(2), []

    def link() -> None:
        with Session(database) as db, db.begin():
            db.connection()
            start.wait(30)
            outcomes.append(operations.search(db, actor, "28624", "405583", True, NOW).outcome)

    crowd = [threading.Thread(target=link) for _ in range(2)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join(60)
    with Session(database) as db:
        assert len(db.exec(select(AccountLink)).all()) == 1
        assert len(db.exec(select(Mail)).all()) == 1
        assert (
            len(db.exec(select(AuditEvent).where(col(AuditEvent.act) == "link.create")).all()) == 1
        )
    assert outcomes == [FOUND, FOUND]


def test_the_promised_numbers_of_linking() -> None:
    assert (limits.WRONG_PAIRS, limits.WRONG_PAIRS_WINDOW) == (5, 15 * MINUTE)
    assert (limits.PAIRS_A_DAY, limits.WRONG_PAIRS_AN_HOUR_IP) == (20, 10)
    assert limits.WRONG_PAIRS_ON_ACCOUNT == 5
    assert timedelta(milliseconds=250) == limits.LINK_ANSWER_AFTER
