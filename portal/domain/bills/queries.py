"""Manage Bills, Account Summary and View Consumption: reads that start from the actor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlmodel import Session, col

from portal.cities import city
from portal.domain.accounts.masking import Person, person
from portal.domain.accounts.policy import OpenAccount, opened
from portal.domain.audit import operations as audit
from portal.domain.bills.balance import AmountDue, amount_due
from portal.domain.bills.paid import PaidOn, paid_on_bills
from portal.domain.bills.reading import BillLook, charges_of, looks, read_line, reads_of
from portal.domain.bills.rules import Change, ReadLine, billed_usage, compare
from portal.domain.identity.actor import Actor
from portal.kit.ids import AccountId, BillId
from portal.models.accounts import Read, Service
from portal.models.bills import Bill


@dataclass(frozen=True)
class BillList:
    """Manage Bills: all `outstanding` bills, the newest `past` ones, and the total over all.

    `to_look_at`: shared with the actor by a link that lets them pay none of it.
    """

    account_id: AccountId
    account_no: str
    service_address: str
    due: AmountDue
    outstanding: tuple[BillLook, ...]
    past: tuple[BillLook, ...]
    past_left_out: int
    may_pay: bool
    to_look_at: bool


def manage_bills(session: Session, actor: Actor, account_claim: object, today: date) -> BillList:
    """Return an account's bills; three statements. Raises NotFound, unknown and foreign alike.

    The total is summed over every bill, not over those shown. Past Bills are cut to the city's
    number of billing periods; what still owes is never cut.
    """
    gate = opened(session, actor, account_claim)
    audit.look(session, actor, "account.view", [gate.pair])
    every = _looks(session, gate, today)
    outstanding = [bill for bill in every if bill.balance]
    past = [bill for bill in every if not bill.balance]
    shown = past[: city().billing.past_bills]
    return BillList(
        gate.account_id,
        gate.account.account_no,
        service_address(gate),
        _due(every, today),
        tuple(outstanding),
        tuple(shown),
        len(past) - len(shown),
        any(bill.payable for bill in outstanding),
        not gate.may_pay,
    )


@dataclass(frozen=True)
class ServiceRow:
    """A service of the customer's stays; `consumption` when billed reads can be shown."""

    code: str
    description: str
    start: date
    stop: date | None
    status: str
    consumption: bool


@dataclass(frozen=True)
class AccountSummary:
    """Account Summary. `payments` are newest first; `latest` the newest bill, if any.

    `change` compares the newest bill with the one before it. `usage` is what the last bills
    charged for, oldest first (None: no read). `delivery` is MAIL, EMAIL or BOTH.
    `moved_out` is the day the last stay ended, None for one who lives there. `to_look_at`: shared
    with the actor by a link that lets them pay none of it; `holds`: not shared at all.
    """

    account_id: AccountId
    account_no: str
    service_address: str
    person: Person
    delivery: str
    moved_out: date | None
    payable: tuple[BillId, ...]
    due: AmountDue
    latest: BillLook | None
    change: Change | None
    reads: tuple[ReadLine, ...]
    usage: tuple[tuple[date, Decimal | None], ...]
    payments: tuple[tuple[BillLook, PaidOn], ...]
    services: tuple[ServiceRow, ...]
    to_look_at: bool
    holds: bool


def account_summary(
    session: Session, actor: Actor, account_claim: object, today: date
) -> AccountSummary:
    """Return an account's summary in 9 statements. Raises NotFound, unknown and foreign alike."""
    gate = opened(session, actor, account_claim)
    audit.look(session, actor, "account.view", [gate.pair])
    every = _looks(session, gate, today)
    change, reads, usage = _last_bills(session, every)
    ids = [bill.bill_id for bill in every[: city().billing.past_bills + 1]]
    paid = paid_on_bills(session, actor, ids)
    with_payments = [
        (bill, paid[bill.bill_id]) for bill in every if paid.get(bill.bill_id, PaidOn()).last
    ]
    with_payments.sort(key=lambda pair: pair[1].last or date.min, reverse=True)
    return AccountSummary(
        account_id=gate.account_id,
        account_no=gate.account.account_no,
        service_address=service_address(gate),
        person=person(gate.customer, masked=False),
        delivery=gate.stays[-1].delivery,
        moved_out=gate.left_on(today),
        payable=tuple(bill.bill_id for bill in every if bill.payable),
        due=_due(every, today),
        latest=every[0] if every else None,
        change=change,
        reads=reads,
        usage=usage,
        payments=tuple(with_payments),
        services=_services(session, gate),
        to_look_at=not gate.may_pay,
        holds=gate.holds,
    )


def service_address(gate: OpenAccount) -> str:
    """Return the place's address with its unit."""
    return " ".join(filter(None, (gate.account.service_address, gate.account.unit)))


def _looks(session: Session, gate: OpenAccount, today: date) -> list[BillLook]:
    return looks(session, gate, today, liened_payable=city().payments.liened_allowed)


def _due(every: Sequence[BillLook], today: date) -> AmountDue:
    return amount_due(
        [
            (
                "LIENED" if bill.standing == "liened" else "OPEN",
                bill.due_date,
                bill.owed,
                bill.credit,
            )
            for bill in every
        ],
        today,
    )


# As many bills as a narrow screen has room for bars: a year and two months by twos.
_BARS = 7


def _last_bills(
    session: Session, every: Sequence[BillLook]
) -> tuple[Change | None, tuple[ReadLine, ...], tuple[tuple[date, Decimal | None], ...]]:
    """Compare the newest bill with the one before it, and sum up the last ones' use.

    Three statements. Bills of another payer or category stay out.
    """
    if not every:
        return None, (), ()
    rows = {
        bill.id: bill
        for bill in session.scalars(
            select(Bill).where(col(Bill.id).in_([bill.bill_id for bill in every[:_BARS]]))
        )
    }
    last = [rows[bill.bill_id] for bill in every[:_BARS]]
    reads = reads_of(session, last)
    newest, *older = last
    like = [newest, *[b for b in older if _kind(b) == _kind(newest)]]
    usage = tuple(
        (bill.statement_date, used[0] if (used := billed_usage(reads[bill.id])) else None)
        for bill in reversed(like)
    )
    mine = tuple(reads[newest.id])
    if not older or _kind(older[0]) != _kind(newest):
        return None, mine, usage
    charges = charges_of(session, [newest.id, older[0].id])
    change = compare(
        (charges.get(newest.id, ()), mine),
        (charges.get(older[0].id, ()), reads[older[0].id]),
    )
    return change, mine, usage


def _kind(bill: Bill) -> tuple[object, object]:
    return bill.customer_id, bill.category


def _services(session: Session, gate: OpenAccount) -> tuple[ServiceRow, ...]:
    """Return the services of the customer there; a copy sees those of the place."""
    read = (
        select(col(Read.id))
        .where(
            col(Read.account_id) == col(Service.account_id),
            col(Read.service_code) == col(Service.service_code),
        )
        .exists()
    )
    copy = any(stay.relation == "COPY" for stay in gate.stays)
    mine = col(Service.customer_id) == gate.customer_id
    rows = session.execute(
        select(Service, read)
        .where(col(Service.account_id) == gate.account_id, *([] if copy else [mine]))
        .order_by(col(Service.service_code), col(Service.service_seq), col(Service.id))
    )
    return tuple(
        ServiceRow(
            row.service_code,
            row.description,
            row.start_date,
            row.stop_date,
            row.status,
            row.kind == "METERED" and has_reads,
        )
        for row, has_reads in rows
        if not copy or any(_meet(row, stay.start, stay.stop) for stay in gate.stays)
    )


def _meet(service: Service, start: date, stop: date | None) -> bool:
    return (stop is None or service.start_date < stop) and (
        service.stop_date is None or start < service.stop_date
    )


@dataclass(frozen=True)
class Consumption:
    """View Consumption: billed reads of one service, newest first."""

    account_id: AccountId
    account_no: str
    service_address: str
    cid: str
    code: str
    description: str
    reads: tuple[ReadLine, ...]
    others: tuple[tuple[str, str], ...]


def consumption(
    session: Session, actor: Actor, account_claim: object, service_claim: object
) -> Consumption:
    """Return the billed usage of one metered service of an account; four statements.

    `service_claim` that is none of the account's metered services means the first of them. A read
    belongs to the stay that its date falls in, a final read to the one who leaves.
    Raises NotFound, unknown and foreign alike.
    """
    gate = opened(session, actor, account_claim)
    audit.look(session, actor, "usage.view", [gate.pair])
    metered = {row.code: row.description for row in _services(session, gate) if row.consumption}
    code = (
        service_claim
        if isinstance(service_claim, str) and service_claim in metered
        else next(iter(metered), "")
    )
    rows = session.scalars(
        select(Read)
        .where(col(Read.account_id) == gate.account_id, col(Read.service_code) == code)
        .order_by(col(Read.read_date).desc(), col(Read.transaction), col(Read.serial_no))
    )
    return Consumption(
        gate.account_id,
        gate.account.account_no,
        service_address(gate),
        gate.customer.cid,
        code,
        metered.get(code, ""),
        tuple(read_line(row) for row in rows if belongs(gate, row.read_date, row.transaction)),
        tuple((other, words) for other, words in metered.items() if other != code),
    )


def belongs(gate: OpenAccount, read_date: date, transaction: str) -> bool:
    """True when a read is the customer's: by its date, the final one to the leaver."""
    if transaction == "FINAL":
        return any(
            stay.start < read_date and (stay.stop is None or read_date <= stay.stop)
            for stay in gate.stays
        )
    return gate.covers(read_date)
