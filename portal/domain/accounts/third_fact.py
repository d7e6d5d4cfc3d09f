"""The third fact: the last bill's amount, or a code mailed to the address the city has on file.

It is asked for when somebody guesses. Asking for a code answers in the same words whether or not
the numbers belong together and whether or not there is an address, and never names the address.
"""

import secrets
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, case, col, func, select, update

from portal.domain.accounts import mails, rules, ties
from portal.domain.audit import operations as audit
from portal.domain.identity import limits, throttles
from portal.domain.identity.actor import Actor
from portal.domain.identity.addresses import email_key, ip_key, parse_email
from portal.domain.identity.sessions import demand_fresh
from portal.kit.errors import DomainError, NotAllowed
from portal.kit.money import read_typed_cents
from portal.kit.text import N_
from portal.models.accounts import Account, Customer
from portal.models.bills import Bill
from portal.models.identity import LinkCode, User
from portal.secret import seal

Pair = tuple[Account, Customer]


class TooManyCodes(DomainError):
    """This person, or this network, asked for codes too often; it says nothing of the numbers."""

    code = "too_many_codes"


def ask_code(session: Session, actor: Actor, account_no: str, cid: str, now: datetime) -> None:
    """Mail a code to the address on file, where the numbers belong together and there is one.

    Raises NotAllowed for who is no resident, FreshSignInNeeded for an old remembered session,
    TooManyCodes for who asked too often.
    """
    if not actor.is_resident:
        raise NotAllowed(N_("Sign in to link an account."))
    demand_fresh(actor, now)
    asked = throttles.tally(session, f"link:codes:{actor.user_id}", limits.LINK_CODES_DAY, now)
    asked_ip = throttles.tally(
        session, f"link:codes-ip:{ip_key(actor.ip)}", limits.WRONG_PAIRS_HOUR, now
    )
    if asked > limits.LINK_CODES_A_DAY or asked_ip > limits.LINK_CODES_AN_HOUR_IP:
        raise TooManyCodes(
            N_("You asked for a code several times. Use the amount of your last bill, or call us.")
        )
    typed = rules.typed_pair(account_no, cid)
    found = ties.find(session, rules.typed_number(typed[0]), rules.typed_number(typed[1]), now)
    audit.record(session, actor, "link.code_asked", subject_user_id=actor.user_id)
    on_file = parse_email(found[1].email) if found is not None else None
    if found is None or on_file is None or not _may_mail(session, on_file, now):
        return
    code = f"{secrets.randbelow(10**limits.CODE_DIGITS):0{limits.CODE_DIGITS}d}"
    fresh = {
        "code_hash": _sealed(actor, found, code),
        "created_at": now,
        "expires_at": now + limits.LINK_CODE_LIFE,
        "tries": 0,
        "used_at": None,
    }
    session.execute(
        insert(LinkCode)
        .values(user_id=actor.user_id, account_id=found[0].id, customer_id=found[1].id, **fresh)
        .on_conflict_do_update(index_elements=["user_id", "account_id", "customer_id"], set_=fresh)
    )
    mails.link_code(session, on_file, session.get_one(User, actor.user_id), found[0], code)


def _may_mail(session: Session, email: str, now: datetime) -> bool:
    # Counted apart from the mails of signing in: who guesses must not use up the owner's share.
    bucket = f"link:mails:{email_key(email)}"
    return throttles.take(session, bucket, limits.MAILS_A_DAY, limits.LOCK_LONGEST, now)


def _sealed(actor: Actor, pair: Pair, code: str) -> str:
    # A million codes are tried in a second by who steals the table: so it is an HMAC, not a hash.
    return seal("link-code", f"{actor.user_id}:{pair[0].id}:{pair[1].id}:{code}").hex()


def holds(
    session: Session, actor: Actor, pair: Pair, amount: str, code: str, now: datetime
) -> bool:
    """True when the amount is the last bill's, or the code is the newest one mailed; it is used."""
    return _is_last_bill(session, pair, amount) or _use_code(session, actor, pair, code, now)


def _use_code(session: Session, actor: Actor, pair: Pair, code: str, now: datetime) -> bool:
    typed = "".join(code.split())
    if not typed:
        return False
    # One statement counts the try and decides: of any number of simultaneous right ones a single
    # one succeeds, and of wrong ones no more than the limit are looked at.
    right = col(LinkCode.code_hash) == _sealed(actor, pair, typed)
    used = session.exec(
        update(LinkCode)
        .where(
            col(LinkCode.user_id) == actor.user_id,
            col(LinkCode.account_id) == pair[0].id,
            col(LinkCode.customer_id) == pair[1].id,
            col(LinkCode.used_at).is_(None),
            col(LinkCode.expires_at) > now,
            col(LinkCode.tries) < limits.LINK_CODE_TRIES,
        )
        .values(tries=LinkCode.tries + 1, used_at=case((right, now)))
        .returning(col(LinkCode.used_at))
        .execution_options(synchronize_session=False)
    )
    return used.scalar_one_or_none() is not None


def _is_last_bill(session: Session, pair: tuple[Account, Customer], amount: str) -> bool:
    account, customer = pair
    theirs = (
        Bill.account_id == account.id,
        Bill.customer_id == customer.id,
        Bill.status != "VOID",
    )
    newest = select(func.max(Bill.statement_date)).where(*theirs).scalar_subquery()
    # Bills of two categories may have come on one day: the resident holds one of them.
    last = session.exec(
        select(Bill.billed_cents).where(*theirs, col(Bill.statement_date) == newest)
    ).all()
    return read_typed_cents(amount) in last
