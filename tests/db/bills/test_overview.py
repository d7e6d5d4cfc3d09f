"""The overview of a landlord: the same figures as each account's own page, in one query."""

from datetime import date, timedelta

import pytest
from sqlmodel import Session

from portal.domain.bills import overview
from portal.domain.bills.queries import manage_bills
from portal.domain.cart import operations as cart
from portal.domain.cart import shopping
from portal.domain.cart.rules import MOST_BILLS
from portal.domain.identity.actor import ANONYMOUS, Actor
from portal.kit.errors import DomainError, NotAllowed
from portal.models.identity import User
from tests import factories
from tests.db.bills.test_balance import pay

TODAY = date(2027, 1, 26)


def landlord(db: Session, n: int = 3) -> tuple[User, Actor]:
    user = factories.user(db)
    for i in range(n):
        place = factories.account(db, service_address=f"{i + 1} {'Oak' if i % 2 else 'Elm'} St",
                                  district=f"0{i % 2}")  # fmt: skip
        payer = factories.customer(db)
        factories.tenure(db, place, payer)
        factories.link(db, user, place, payer)
        factories.bill(db, place, payer, 1000 * (i + 1), due_date=TODAY + timedelta(days=i - 1))
    return user, factories.actor(user)


def test_every_figure_is_the_one_of_the_accounts_own_page(db: Session) -> None:
    user, actor = landlord(db, 4)
    odd = factories.account(db)
    payer = factories.customer(db)
    factories.tenure(db, odd, payer, stop_date=TODAY - timedelta(days=9))
    factories.link(db, user, odd, payer)
    paid = factories.bill(db, odd, payer, 700)
    pay(db, user, paid, 300)
    factories.bill(db, odd, payer, 500, status="LIENED")
    factories.bill(db, odd, payer, -200, status="CREDIT")
    factories.bill(db, odd, payer, 900, paid_cents=900)
    places = overview.overview(db, actor, TODAY)
    assert len(places) == 5
    for one in places:
        due = manage_bills(db, actor, str(one.account_id), TODAY).due
        assert (one.due, one.past_due, one.due_date) == (due.due_now, due.past_due, due.due_date)
    (moved,) = [one for one in places if one.account_id == odd.id]
    assert (moved.due, moved.stop) == (400 + 500 - 200, TODAY - timedelta(days=9))


def test_strangers_and_ended_links_see_nothing(db: Session) -> None:
    _, actor = landlord(db)
    other = factories.actor(factories.user(db))
    assert overview.overview(db, ANONYMOUS, TODAY) == []
    assert overview.overview(db, other, TODAY) == []
    assert overview.due_bills(db, other, overview.overview(db, actor, TODAY)) == []


def test_the_search_looks_at_number_name_and_address(db: Session) -> None:
    _, actor = landlord(db)
    places = overview.overview(db, actor, TODAY)
    (elm, _, _) = places
    assert overview.search(places, "") == places
    assert [p.street for p in overview.search(places, "elm st")] == ["Elm St", "Elm St"]
    assert overview.search(places, elm.account_no.lstrip("0")) == [elm]
    assert overview.search(places, f" {elm.cid[:3]}-{elm.cid[3:]} ") == [elm]
    assert overview.search(places, "nobody") == []


def test_groups_and_order(db: Session) -> None:
    _, actor = landlord(db)
    places = overview.overview(db, actor, TODAY)
    assert [p.due for p in overview.arrange(places, "due", "")] == [3000, 2000, 1000]
    by_street = overview.arrange(places, "due", "street")
    assert [(p.street, p.due) for p in by_street] == [
        ("Elm St", 3000), ("Elm St", 1000), ("Oak St", 2000),
    ]  # fmt: skip
    assert [overview.group_of(p, "district") for p in overview.arrange(places, "", "district")] == [
        "00", "00", "01",
    ]  # fmt: skip


def test_all_that_is_due_goes_into_the_cart_the_oldest_first(db: Session) -> None:
    _, actor = landlord(db)
    added = shopping.add_all_due(db, actor, "elm", TODAY)
    assert (added.items, added.added, added.left_out) == (2, 2, 0)
    assert shopping.add_all_due(db, actor, "", TODAY).added == 1
    assert shopping.add_all_due(db, actor, "", TODAY).added == 0
    view, _ = cart.refresh(db, actor)
    assert view is not None
    assert view.total_cents == 6000
    with pytest.raises(DomainError, match="Nothing is due"):
        shopping.add_all_due(db, actor, "nobody", TODAY)
    with pytest.raises(NotAllowed):
        shopping.add_all_due(db, ANONYMOUS, "", TODAY)


def test_a_cart_takes_what_it_holds_and_says_what_is_left(db: Session) -> None:
    _, actor = landlord(db, MOST_BILLS + 3)
    added = shopping.add_all_due(db, actor, "", TODAY)
    assert (added.items, added.left_out) == (MOST_BILLS, 3)
    view, _ = cart.refresh(db, actor)
    assert view is not None
    assert max(line.due_date for line in view.lines) == TODAY + timedelta(days=MOST_BILLS - 2)
    assert shopping.add_all_due(db, actor, "", TODAY).left_out == 3


def test_what_is_shared_to_view_is_shown_and_not_put_into_the_cart(db: Session) -> None:
    holder, account, payer = factories.household(db)
    factories.bill(db, account, payer, 800)
    guest = factories.user(db)
    tie = factories.link(db, guest, account, payer, rights="view", granted_by=holder.id)
    actor = factories.actor(guest)
    (place,) = overview.overview(db, actor, TODAY)
    assert (place.due, place.holds) == (800, False)
    with pytest.raises(DomainError, match="Nothing is due"):
        shopping.add_all_due(db, actor, "", TODAY)
    tie.rights = "pay"
    db.flush()
    assert shopping.add_all_due(db, actor, "", TODAY).items == 1
    # A right that ended takes the bill out of the cart, and says so.
    tie.rights = "view"
    db.flush()
    view, told = cart.refresh(db, actor)
    assert view is not None
    assert view.lines == ()
    assert [str(one) for one in told] == ["A bill can no longer be paid here and left your cart."]
