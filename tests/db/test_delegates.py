"""What a delegate's link opens: less than a holder's, and only until it ends."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from portal.domain.accounts import operations, queries
from portal.domain.accounts.policy import held, opened, opened_accounts
from portal.domain.bills.payable import payable
from portal.domain.bills.queries import manage_bills
from portal.domain.identity.actor import Actor
from portal.kit.clock import utc_now
from portal.kit.errors import NotAllowed, NotFound
from portal.models.accounts import Account, Customer
from portal.models.identity import AccountLink, User
from tests import factories

NOW = datetime(2027, 1, 26, 18, 0, tzinfo=UTC)
TODAY = NOW.date()


def shared(
    db: Session, rights: str, **given: object
) -> tuple[User, Actor, Account, Customer, AccountLink]:
    holder, account, customer = factories.household(db)
    delegate = factories.user(db)
    tie = factories.link(
        db, delegate, account, customer, rights=rights, granted_by=holder.id, **given
    )
    return holder, factories.actor(delegate), account, customer, tie


@pytest.mark.parametrize(("rights", "pays"), [("view", False), ("pay", True)])
def test_a_delegate_sees_the_bills_and_pays_only_with_that_right(
    db: Session, rights: str, pays: bool
) -> None:
    _, actor, account, customer, _ = shared(db, rights)
    bill = factories.bill(db, account, customer)
    assert opened(db, actor, str(account.id)).may_pay is pays
    assert [one.may_pay for one in payable(db, actor, [str(bill.id)]).values()] == [pays]
    found = manage_bills(db, actor, str(account.id), TODAY)
    assert [row.payable for row in found.outstanding] == [pays]
    assert found.to_look_at is not pays


def test_a_delegates_access_ends_on_time(db: Session) -> None:
    _, ended, account, customer, _ = shared(db, "pay", ends_at=utc_now() - timedelta(seconds=1))
    _, lasting, other, _, _ = shared(db, "pay", ends_at=utc_now() + timedelta(days=1))
    bill = factories.bill(db, account, customer)
    assert opened_accounts(db, ended) == []
    assert payable(db, ended, [str(bill.id)]) == {}
    assert opened(db, lasting, str(other.id)).account_id == other.id


def test_only_a_holder_may_do_what_is_the_holders(db: Session) -> None:
    holder, delegate, account, _, _ = shared(db, "pay")
    assert held(db, factories.actor(holder), str(account.id)).holds
    with pytest.raises(NotAllowed):
        held(db, delegate, str(account.id))
    with pytest.raises(NotFound):
        held(db, factories.actor(factories.user(db)), str(account.id))


def test_a_holder_sees_and_ends_delegates_who_see_nobody(db: Session) -> None:
    holder, delegate, _, _, tie = shared(db, "view")
    (mine,) = queries.linked(db, factories.actor(holder))
    assert [(h.rights, h.removable) for h in mine.others] == [("view", True)]
    (theirs,) = queries.linked(db, delegate)
    assert (theirs.rights, theirs.others) == ("view", ())
    with pytest.raises(NotFound):
        operations.remove(db, delegate, str(mine.link_id), NOW)
    operations.remove(db, factories.actor(holder), str(tie.id), NOW)
    assert opened_accounts(db, delegate) == []


def test_a_delegate_with_the_bills_numbers_becomes_a_holder(db: Session) -> None:
    _, delegate, account, customer, tie = shared(db, "view", ends_at=utc_now() + timedelta(days=1))
    operations.link(db, delegate, account.account_no, customer.cid, NOW)
    db.expire(tie)
    assert (tie.rights, tie.granted_by, tie.ends_at) == ("hold", None, None)
