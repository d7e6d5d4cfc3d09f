"""Bill Details: one bill with its charges, reads, payments, reasons and history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from portal.cities import city
from portal.domain.accounts.masking import Person, person, sees_confidential
from portal.domain.audit import operations as audit
from portal.domain.bills.balance import credit_column, owed_column, unbooked_column
from portal.domain.bills.paid import PaidOn, paid_on
from portal.domain.bills.policy import of_actor, seen_bills
from portal.domain.bills.reading import before, charges_of, reads_of
from portal.domain.bills.rules import (
    Change,
    Charge,
    ReadLine,
    Standing,
    billed_usage,
    compare,
    standing,
)
from portal.domain.identity.actor import Actor
from portal.kit.errors import NotFound
from portal.kit.ids import AccountId, BillId, parse_id
from portal.kit.text import N_
from portal.models.accounts import Account, Customer
from portal.models.bills import Bill, BillInstallment

HISTORY = timedelta(days=400)  # thirteen months of statements, with room for a late one
SPELLS = 13


@dataclass(frozen=True)
class Installment:
    """One due part of a bill, in cents."""

    number: int
    pay_by: date
    amount: int
    due: int


@dataclass(frozen=True)
class Spell:
    """One bill of the history: the usage billed (None: no read) and the charges in cents."""

    bill_id: BillId
    bill_no: str
    statement_date: date
    usage: Decimal | None
    unit: str
    charges: int
    days: int | None


@dataclass(frozen=True)
class BillDetails:
    """A bill for reading, on the screen and on paper; amounts in cents.

    `balance` is as imported; `owed` less what was paid here and is not booked (`unbooked`).
    """

    bill_id: BillId
    account_id: AccountId
    account_no: str
    service_address: str
    place: str
    person: Person
    bill_year: int
    category: int
    bill_no: str
    statement_date: date
    due_date: date
    period_from: date | None
    period_to: date | None
    standing: Standing
    billed: int
    adjusted: int
    abated: int
    paid: int
    refunded: int
    written_off: int
    penalty: int
    interest: int
    balance: int
    unbooked: int
    owed: int
    credit: int
    message: str
    image_name: str
    may_pay: bool
    charges: tuple[Charge, ...]
    reads: tuple[ReadLine, ...]
    installments: tuple[Installment, ...]
    change: Change | None
    previous_no: str
    history: tuple[Spell, ...]
    payments: PaidOn


def bill_details(
    session: Session, actor: Actor, bill_claim: object, today: date, *, download: bool = False
) -> BillDetails:
    """Return the bill a browser names, if the actor's links (or the staff's role) open it.

    At most 10 statements, however long the history. Who opens a bill leaves a line in the audit:
    staff each time, a resident once a day. Raises NotFound, the same for unknown and foreign.
    """
    seen = (seen_bills() if actor.is_staff else of_actor(actor)).where(
        col(Bill.id) == parse_id(bill_claim)
    )
    one = seen.subquery()
    found = session.execute(
        select(
            Bill,
            Account,
            Customer,
            one.c.viewer_id,
            one.c.may_pay,
            owed_column(),
            credit_column(),
            unbooked_column(),
        )
        .join(one, one.c.bill_id == col(Bill.id))
        .join(Account, col(Account.id) == col(Bill.account_id))
        .join(Customer, col(Customer.id) == col(Bill.customer_id))
        # Two links may open one bill: the payer's own comes first, then one that may pay.
        .order_by(
            (one.c.viewer_id == col(Bill.customer_id)).desc(),
            one.c.may_pay.desc(),
            one.c.viewer_id,
        )
        .limit(1)
    ).first()
    if found is None:
        raise NotFound(N_("We could not find that bill among the accounts linked to your sign-in."))
    bill, account, customer, viewer_id, may_pay, owed, credit, unbooked = found
    shown = sees_confidential(actor) if actor.is_staff else viewer_id == bill.customer_id
    payer = person(customer, masked=customer.confidential and not shown)
    # One who gets copies knows the place; of a viewer it is kept, as on every staff screen.
    hides_place = payer.masked and actor.is_staff
    address = " ".join(filter(None, (account.service_address, account.unit)))
    said = {"bill_no": bill.bill_no, "bill_date": bill.statement_date.isoformat()}
    if actor.is_staff:
        audit.record(
            session, actor, "bill.view", account_id=account.id, customer_id=customer.id, **said
        )
    else:
        audit.look(
            session, actor, "bill.download" if download else "bill.view",
            [(account.id, viewer_id)], about=bill.id, always=download, **said,
        )  # fmt: skip
    every = (seen_bills() if actor.is_staff else of_actor(actor)).where(
        col(Bill.account_id) == bill.account_id
    )
    series = before(session, bill, every.subquery(), bill.statement_date - HISTORY)
    previous = series[1] if len(series) > 1 and series[0].id == bill.id else None
    charges = charges_of(session, [bill.id, *([previous.id] if previous else [])])
    reads = reads_of(session, series or [bill])
    installments = session.scalars(
        select(BillInstallment)
        .where(col(BillInstallment.bill_id) == bill.id)
        .order_by(col(BillInstallment.installment))
    ).all()
    return BillDetails(
        bill_id=BillId(bill.id),
        account_id=AccountId(account.id),
        account_no=account.account_no,
        service_address=payer.name if hides_place else address,
        place="" if hides_place else f"{account.city}, {account.state} {account.zip}",
        person=payer,
        bill_year=bill.bill_year,
        category=bill.category,
        bill_no=bill.bill_no,
        statement_date=bill.statement_date,
        due_date=bill.due_date,
        period_from=bill.period_from,
        period_to=bill.period_to,
        standing=standing(bill.status, bill.due_date, owed, credit, today),
        billed=bill.billed_cents,
        adjusted=bill.adjusted_cents,
        abated=bill.abated_cents,
        paid=bill.paid_cents,
        refunded=bill.refunded_cents,
        written_off=bill.written_off_cents,
        penalty=bill.penalty_due_cents,
        interest=bill.interest_due_cents,
        balance=bill.balance_cents,
        unbooked=unbooked if bill.status in ("OPEN", "LIENED") else 0,
        owed=owed,
        credit=credit,
        message=bill.message,
        image_name=bill.image_name,
        may_pay=may_pay
        and not actor.is_staff
        and owed > 0
        and (bill.status != "LIENED" or city().payments.liened_allowed),
        charges=tuple(charges.get(bill.id, ())),
        reads=tuple(reads.get(bill.id, ())),
        installments=tuple(
            Installment(row.installment, row.pay_by, row.amount_cents, row.due_cents)
            for row in installments
        ),
        change=None
        if previous is None
        else compare(
            (charges.get(bill.id, ()), reads[bill.id]),
            (charges.get(previous.id, ()), reads[previous.id]),
        ),
        previous_no=previous.bill_no if previous else "",
        history=_history(series[:SPELLS], reads),
        payments=paid_on(session, actor, BillId(bill.id)),
    )


def _history(series: Sequence[Bill], reads: dict[UUID, list[ReadLine]]) -> tuple[Spell, ...]:
    """Return the series oldest first, with what each billed."""
    spells = []
    for bill in reversed(series):
        usage = billed_usage(reads[bill.id])
        spells.append(
            Spell(
                BillId(bill.id),
                bill.bill_no,
                bill.statement_date,
                usage[0] if usage else None,
                usage[1] if usage else "",
                bill.billed_cents,
                max((read.days for read in reads[bill.id] if read.billed), default=None),
            )
        )
    return tuple(spells)
