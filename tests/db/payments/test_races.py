"""Two residents, one bill, many tries at once: one charge. Without the guard: not one."""

import threading
from collections.abc import Callable
from datetime import datetime
from unittest import mock

from sqlalchemy import Engine, text

from portal.domain.cart import operations
from portal.domain.identity.actor import Actor
from portal.domain.payments import attempts
from portal.kit.errors import DomainError
from portal.kit.ids import CartId
from tests.db.payments.shop import Shop

ATTEMPTS = 200
THREADS = 8


def _storm(shop: Shop, tries: list[tuple[Actor, CartId]]) -> int:
    """Pay each of `tries` from several threads at once; return how many went through."""
    waiting, paid, lock = list(tries), [], threading.Lock()
    start = threading.Barrier(THREADS)
    # Tokens first: the storm is about the desk, not about the card fields.
    tokens = [shop.token() for _ in tries]

    def work() -> None:
        start.wait()
        while True:
            with lock:
                if not waiting:
                    return
                actor, cart = waiting.pop()
                token = tokens.pop()
            try:
                from tests.db.payments.shop import BILLING

                outcome = shop.desk.pay(
                    actor,
                    str(cart),
                    token=token,
                    billing=BILLING,
                    shown_cents=5000,
                    return_url="http://localhost:3000/pay",
                )
            except DomainError:
                continue
            except Exception:
                continue
            with lock:
                paid.append(outcome)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(paid)


def _both_in_checkout(shop: Shop) -> list[tuple[Actor, CartId]]:
    """Let two residents stand in checkout over one bill, each believing to hold all of it."""
    ana, bills = shop.household(5000)
    ben = shop.neighbour(bills[0])
    carts = []
    with mock.patch("portal.domain.cart.holds.held_by_others", return_value={}):
        carts = [(actor, shop.checkout(actor, bills)) for actor in (ana, ben)]
    return carts * (ATTEMPTS // 2)


def test_two_hundred_attempts_on_one_bill_make_one_charge(database: Engine, now: datetime) -> None:
    shop = Shop(database, now)
    tries = _both_in_checkout(shop)
    # The carts' holds lie over each other; the claim alone decides, under the bill's lock.
    with mock.patch.object(attempts.holds, "held_by_others", _confirming_only(shop)):
        _storm(shop, tries)
    assert shop.charged() == 5000
    assert len(shop.standin.charges) == 1
    assert (
        shop.scalar(
            "SELECT sum(amount_cents)::bigint FROM ledger_entry WHERE ledger_account = 'receivable'"
        )
        == -5000
    )


def _confirming_only(shop: Shop) -> Callable[..., dict]:  # type: ignore[type-arg]
    real = attempts.holds.held_by_others

    def held(session, bill_ids, cart_id, now):  # type: ignore[no-untyped-def]
        session.flush()
        open_ = real(session, bill_ids, cart_id, now)
        confirming = session.execute(
            text("SELECT count(*) FROM cart WHERE status = 'confirming' AND id <> :c"),
            {"c": cart_id},
        ).scalar()
        return open_ if confirming else {}

    return held


def test_without_locks_the_same_storm_charges_more_than_once(
    database: Engine, now: datetime
) -> None:
    shop = Shop(database, now)
    tries = _both_in_checkout(shop)
    with (
        mock.patch.object(attempts.holds, "held_by_others", return_value={}),
        mock.patch.object(attempts, "lock_bills", return_value=None),
        mock.patch.object(attempts, "owed_cents", lambda _s, ids: dict.fromkeys(ids, 5000)),
    ):
        _storm(shop, tries)
    assert shop.charged() > 5000


def test_two_who_continue_at_once_do_not_both_hold_the_bill(
    database: Engine, now: datetime
) -> None:
    shop = Shop(database, now)
    ana, bills = shop.household(5000)
    ben = shop.neighbour(bills[0])
    for actor in (ana, ben):
        with shop.begin() as session:
            operations.add(session, actor, [str(bills[0])])
    start, held = threading.Barrier(2), []

    def go(actor: Actor) -> None:
        start.wait()
        try:
            with shop.begin() as session:
                held.append(operations.begin_checkout(session, actor, {}, clock=shop.clock))
        except DomainError:
            pass

    threads = [threading.Thread(target=go, args=(actor,)) for actor in (ana, ben)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(held) == 1
