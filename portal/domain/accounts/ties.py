"""Which account two numbers name, and the tie itself: made, noted, and told to every holder."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, or_, select

from portal.cities import city
from portal.domain.accounts import mails, rules
from portal.domain.accounts.policy import HOLD, in_force
from portal.domain.audit import operations as audit
from portal.domain.identity.actor import Actor
from portal.kit.clock import local_date
from portal.models.accounts import Account, Customer, Tenure
from portal.models.identity import AccountLink, User


def spellings(bare: str) -> list[str]:
    """Return how a bare number may stand in `match_no`; nothing for no number."""
    number = bare.lstrip("0")
    return [number, number.lower()] if number else []


def find(
    session: Session, number: str, payer: str, now: datetime
) -> tuple[Account, Customer] | None:
    """Return the open account and its present customer that two bare numbers name."""
    accounts = session.exec(
        select(Account).where(col(Account.match_no).in_(spellings(number)))
    ).all()
    customers = session.exec(
        select(Customer).where(col(Customer.match_no).in_(spellings(payer)))
    ).all()
    account = rules.choose(number, [(a.account_no, a) for a in accounts])
    customer = rules.choose(payer, [(c.cid, c) for c in customers])
    # Asked whether or not both numbers are known: one query more would be one that can be timed.
    here = lives_there(session, account, customer, now)
    return (account, customer) if account and customer and here else None


def lives_there(
    session: Session, account: Account | None, customer: Customer | None, now: datetime
) -> bool:
    """True while the customer's time at the account lasts and neither is closed."""
    tenure = session.exec(
        select(Tenure.id)
        .where(
            Tenure.account_id == (account.id if account is not None else None),
            Tenure.customer_id == (customer.id if customer is not None else None),
            or_(
                col(Tenure.stop_date).is_(None),
                col(Tenure.stop_date) > local_date(now, city().zone),
            ),
        )
        .limit(1)
    ).first()
    if account is None or customer is None or tenure is None:
        return False
    return account.status != "INACTIVE" and customer.status != "I"


def tie(
    session: Session,
    actor: Actor,
    newcomer: User,
    account: Account,
    customer: Customer,
    now: datetime,
    *,
    prepared: bool = False,
) -> bool:
    """Link and tell everyone concerned; False where the newcomer holds the account already.

    `prepared`: the city said so in a file, and not the newcomer with the numbers of a bill.
    """
    made = session.execute(
        insert(AccountLink)
        .values(user_id=newcomer.id, account_id=account.id, customer_id=customer.id, created_at=now)
        .on_conflict_do_update(
            index_elements=["user_id", "account_id", "customer_id"],
            # A delegate who knows the numbers of a bill holds the account from now on.
            set_={
                "removed_at": None,
                "left_at": None,
                "created_at": now,
                "rights": HOLD,
                "granted_by": None,
                "ends_at": None,
            },
            where=or_(~in_force(), col(AccountLink.rights) != HOLD),
        )
        .returning(col(AccountLink.id))
    ).one_or_none()
    if made is None:
        return False
    audit.record(
        session,
        actor,
        "link.prepared" if prepared else "link.create",
        subject_user_id=newcomer.id,
        account_id=account.id,
        customer_id=customer.id,
    )
    (mails.carried_over if prepared else mails.linked)(session, newcomer, account)
    holders = session.exec(
        select(User)
        .join(AccountLink, col(AccountLink.user_id) == User.id)
        .where(
            AccountLink.account_id == account.id,
            AccountLink.customer_id == customer.id,
            in_force(),
            AccountLink.rights == HOLD,
            User.id != newcomer.id,
            User.status == "active",
        )
    ).all()
    for holder in holders:
        mails.holder_told(session, holder, newcomer, account, prepared=prepared)
    return True
