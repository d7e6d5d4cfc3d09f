"""Linking: two numbers from a bill tie an account to a sign-in.

Each attempt is counted before it is looked at, and uncounted when it turns out right. A refusal
is a value and not an exception, because an exception would roll the counting back. Wrong pair,
unknown number, closed and already linked answer with the same words; the caller pads the time.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import literal
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, delete, or_, select, update

from portal.domain.accounts import mails, rules, third_fact, ties
from portal.domain.accounts.policy import HOLD, in_force
from portal.domain.audit import operations as audit
from portal.domain.identity import limits, throttles
from portal.domain.identity.actor import Actor
from portal.domain.identity.addresses import ip_key
from portal.domain.identity.sessions import demand_fresh, demand_recent
from portal.domain.identity.sign_in import minutes_left
from portal.domain.sharing import endings
from portal.kit.errors import DomainError, NotAllowed, NotFound, Problems
from portal.kit.ids import AccountId, parse_id
from portal.kit.text import N_
from portal.models.accounts import Account, Customer
from portal.models.identity import AccountLink, SavedSearch, User

PER_USER = throttles.LockRule(limits.WRONG_PAIRS, limits.WRONG_PAIRS_WINDOW)
_TOWN = "link:town"
_HOUR = limits.WRONG_PAIRS_HOUR
_DAY = limits.WRONG_PAIRS_DAY


class LinkOutcome(StrEnum):
    """What became of two numbers."""

    FOUND = "found"  # linked now, or (search alone) linked before
    REFUSED = "refused"
    THIRD_FACT = "third_fact"
    LOCKED = "locked"


@dataclass(frozen=True)
class LinkAnswer:
    """The answer to two numbers: the account, or the refusal to show."""

    outcome: LinkOutcome
    account_id: AccountId | None = None
    refusal: DomainError | None = None


def _refused() -> LinkAnswer:
    return LinkAnswer(
        LinkOutcome.REFUSED,
        refusal=DomainError(
            N_(
                "We could not link an account with these numbers. Check both of them on your bill."
                " An account that is closed, or that you have linked already, cannot be linked."
            ),
            field="account_no",
            code="no_match",
        ),
    )


def _third_fact() -> LinkAnswer:
    return LinkAnswer(
        LinkOutcome.THIRD_FACT,
        refusal=DomainError(
            N_(
                "Enter the amount of your last bill as well, so that we know it is yours, or have"
                " a code emailed."
            ),
            field="amount",
            code="third_fact",
        ),
    )


def _locked(minutes: int) -> LinkAnswer:
    sentence = (
        N_("These numbers did not match too many times. Try again in %(minutes)s minutes.")
        if minutes <= 120
        else N_("These numbers did not match too many times. Try again in %(hours)s hours.")
    )
    return LinkAnswer(
        LinkOutcome.LOCKED,
        refusal=DomainError(sentence, code="locked", minutes=minutes, hours=-(-minutes // 60)),
    )


def link(
    session: Session,
    actor: Actor,
    account_no: str,
    cid: str,
    now: datetime,
    *,
    amount: str = "",
    code: str = "",
) -> LinkAnswer:
    """Link the account and customer that two typed numbers name to the actor's sign-in.

    `amount` (the last bill's) or `code` (mailed) is the third fact where it was asked for. Raises
    NotAllowed for who is no resident, FreshSignInNeeded for an old remembered session, DomainError
    for an empty field.
    """
    if not actor.is_resident:
        raise NotAllowed(N_("Sign in to link an account."))
    demand_fresh(actor, now)
    number, payer = _read(account_no, cid)
    per_user, per_day = f"link:user:{actor.user_id}", f"link:day:{actor.user_id}"
    per_ip, per_account = f"link:ip:{ip_key(actor.ip)}", f"link:account:{number.lstrip('0')[:40]}"

    # Always in this order, so that two attempts never wait for each other in a circle.
    attempt = throttles.attempt(session, per_user, PER_USER, now)
    if attempt.refused and attempt.locked_until is not None:
        return _locked(minutes_left(attempt.locked_until, now))
    over_day = throttles.tally(session, per_day, _DAY, now) > limits.PAIRS_A_DAY
    over_ip = throttles.tally(session, per_ip, _HOUR, now) > limits.WRONG_PAIRS_AN_HOUR_IP
    if over_day or over_ip:
        return _locked(24 * 60 if over_day else 60)
    # By the number as typed, known or not: that a third fact is asked for tells nothing.
    on_account = throttles.tally(session, per_account, limits.WRONG_PAIRS_ON_ACCOUNT_WINDOW, now)
    in_town = throttles.tally(session, _TOWN, _HOUR, now)
    wants_third = (
        on_account > limits.WRONG_PAIRS_ON_ACCOUNT or in_town > limits.WRONG_PAIRS_AN_HOUR_TOWN
    )

    def uncount() -> None:
        throttles.give_back(session, per_user, PER_USER)
        throttles.untally(session, per_day, per_ip, per_account, _TOWN)

    if wants_third and not (amount.strip() or code.strip()):
        uncount()
        return _third_fact()
    found = ties.find(session, number, payer, now)
    if found is None or (
        wants_third and not third_fact.holds(session, actor, found, amount, code, now)
    ):
        audit.record(session, actor, "link.refused", subject_user_id=actor.user_id)
        return _refused()
    uncount()
    account, customer = found
    newcomer = session.get_one(User, actor.user_id)
    if not ties.tie(session, actor, newcomer, account, customer, now):
        return _refused()
    return LinkAnswer(LinkOutcome.FOUND, AccountId(account.id))


def search(
    session: Session,
    actor: Actor,
    account_no: str,
    cid: str,
    remember: bool,
    now: datetime,
    *,
    amount: str = "",
    code: str = "",
) -> LinkAnswer:
    """Find an account by its two numbers, linking it if it is not linked yet.

    The guides' search is the way to the bills, and what opens an account is a link: so a right
    pair makes one (docs/decisions). `remember` keeps the numbers for the next visit's form.
    """
    number, payer = _read(account_no, cid)
    own = _own(session, actor, number, payer)
    answer = LinkAnswer(LinkOutcome.REFUSED)
    if own is None:
        answer = link(session, actor, account_no, cid, now, amount=amount, code=code)
        if answer.outcome is LinkOutcome.REFUSED:
            # Another tab may have linked it in this very moment.
            own = _own(session, actor, number, payer)
    if own is not None:
        answer = LinkAnswer(LinkOutcome.FOUND, AccountId(own.id))
    if answer.outcome is LinkOutcome.FOUND and answer.account_id is not None:
        _remember(session, actor, answer.account_id, remember)
    return answer


def remove(session: Session, actor: Actor, link_claim: object, now: datetime) -> None:
    """End a link: one's own, or a later one of somebody else to an account that one has.

    Raises NotFound, the same for unknown and foreign, and FreshSignInNeeded: another's access ends
    as it is given, by who signed in just now.
    """
    missing = NotFound(N_("We could not find that link. It may have been removed already."))
    link_id = parse_id(link_claim)
    tie = session.get(AccountLink, link_id) if link_id is not None else None
    if tie is None or tie.removed_at is not None or not actor.is_resident:
        raise missing
    own = tie.user_id == actor.user_id
    if not own and not _may_end(session, actor, tie):
        raise missing
    (demand_fresh if own else demand_recent)(actor, now)
    ended = session.exec(
        update(AccountLink)
        .where(col(AccountLink.id) == tie.id, col(AccountLink.removed_at).is_(None))
        .values(removed_at=now)
        .execution_options(synchronize_session=False)
    )
    if ended.rowcount != 1:
        raise missing
    audit.record(
        session,
        actor,
        "link.remove",
        subject_user_id=tie.user_id,
        account_id=tie.account_id,
        customer_id=tie.customer_id,
    )
    if tie.rights == HOLD:
        endings.end_grants(session, actor, tie.user_id, tie.account_id, tie.customer_id, now)
    account, person = session.get(Account, tie.account_id), session.get(User, tie.user_id)
    if account is None or person is None:
        return
    if own:
        _forget_saved(session, actor, account)
    else:
        mails.removed_by_holder(session, person, account)


def _read(account_no: str, cid: str) -> tuple[str, str]:
    """Return the bare numbers, "" for what can be none. Raises Problems for empty fields."""
    account_no, cid = rules.typed_pair(account_no, cid)
    problems = []
    if not account_no.strip():
        problems.append(DomainError(N_("Enter your account number."), field="account_no"))
    if not cid.strip():
        problems.append(DomainError(N_("Enter your customer ID."), field="cid"))
    if problems:
        raise Problems(problems)
    return rules.typed_number(account_no), rules.typed_number(cid)


def _own(session: Session, actor: Actor, number: str, payer: str) -> Account | None:
    if not actor.is_resident:
        return None
    rows = session.exec(
        select(Account, Customer)
        .join(AccountLink, col(AccountLink.account_id) == Account.id)
        .join(Customer, col(Customer.id) == AccountLink.customer_id)
        .where(
            AccountLink.user_id == actor.user_id,
            in_force(),
            col(Account.match_no).in_(ties.spellings(number)),
            col(Customer.match_no).in_(ties.spellings(payer)),
        )
    ).all()
    account = rules.choose(number, list({a.id: (a.account_no, a) for a, _ in rows}.values()))
    customer = rules.choose(payer, list({c.id: (c.cid, c) for _, c in rows}.values()))
    if account is None or customer is None:
        return None
    return account if (account, customer) in [(a, c) for a, c in rows] else None


def _remember(session: Session, actor: Actor, account_id: AccountId, remember: bool) -> None:
    if not remember:
        session.exec(delete(SavedSearch).where(col(SavedSearch.user_id) == actor.user_id))
        return
    account, cid = session.exec(
        select(Account.account_no, Customer.cid)
        .join(AccountLink, col(AccountLink.account_id) == Account.id)
        .join(Customer, col(Customer.id) == AccountLink.customer_id)
        .where(
            AccountLink.user_id == actor.user_id,
            Account.id == account_id,
            in_force(),
        )
        .order_by(col(AccountLink.created_at).desc(), col(AccountLink.id))
        .limit(1)
    ).one()
    kept = {"account_no": account, "cid": cid}
    session.execute(
        insert(SavedSearch)
        .values(user_id=actor.user_id, **kept)
        .on_conflict_do_update(index_elements=["user_id"], set_=kept)
    )


def _forget_saved(session: Session, actor: Actor, account: Account) -> None:
    session.exec(
        delete(SavedSearch).where(
            col(SavedSearch.user_id) == actor.user_id,
            col(SavedSearch.account_no) == account.account_no,
        )
    )


def _may_end(session: Session, actor: Actor, other: AccountLink) -> bool:
    # A holder ends any delegate; who came later may not throw out a holder who was there first.
    return (
        session.exec(
            select(AccountLink.id).where(
                AccountLink.user_id == actor.user_id,
                AccountLink.account_id == other.account_id,
                AccountLink.customer_id == other.customer_id,
                AccountLink.rights == HOLD,
                in_force(),
                or_(
                    literal(other.rights != HOLD),
                    col(AccountLink.created_at) < other.created_at,
                ),
            )
        ).first()
        is not None
    )
