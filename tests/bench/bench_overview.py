"""A landlord's 500 accounts: the overview, against a bare SELECT of the same rows."""

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from sqlmodel import Session, col, select

from portal.domain.bills.overview import overview
from portal.models.accounts import Account
from portal.models.bills import Bill
from portal.models.identity import AccountLink
from tests import databases, factories

_ACCOUNTS, _BILLS, _TIMES = 500, 2, 15
_TODAY = date(2027, 1, 26)


def run() -> Iterator[dict[str, object]]:
    """Yield the median of the overview, and how often a bare SELECT of the same rows fits in it."""
    with databases.fresh() as engine, Session(engine) as session:
        user = factories.user(session)
        for _ in range(_ACCOUNTS):
            place, payer = factories.account(session), factories.customer(session)
            factories.tenure(session, place, payer)
            factories.link(session, user, place, payer)
            for back in range(_BILLS):
                due = _TODAY + timedelta(days=20 - 60 * back)
                paid = 0 if back == 0 else 9000
                factories.bill(session, place, payer, 9000, paid_cents=paid, due_date=due)
        session.commit()
        session.connection().exec_driver_sql("ANALYZE")
        actor = factories.actor(user)
        bare = (
            select(Account.account_no, Bill.due_date, Bill.balance_cents)
            .join(AccountLink, col(AccountLink.account_id) == Account.id)
            .join(Bill, col(Bill.account_id) == Account.id)
            .where(AccountLink.user_id == user.id, Bill.status == "OPEN")
        )
        whole = _median(lambda: overview(session, actor, _TODAY))
        plain = _median(lambda: session.exec(bare).all())
    yield {
        "case": f"{_ACCOUNTS} accounts, {_ACCOUNTS * _BILLS} bills",
        "overview_ms": round(whole * 1000, 1),
        "bare_select_ms": round(plain * 1000, 1),
        "ratio": round(whole / plain, 1),
    }


def _median(work: Callable[[], object]) -> float:
    spent = []
    for _ in range(_TIMES):
        started = time.perf_counter()
        work()
        spent.append(time.perf_counter() - started)
    return statistics.median(spent)
