"""The home page's reads: what the city announces, who is here and what their accounts owe."""

from dataclasses import dataclass
from datetime import date, datetime

import nh3
from sqlmodel import Session, col, or_, select

from portal.domain.accounts.policy import OpenAccount, opened_accounts
from portal.domain.accounts.queries import address_of
from portal.domain.bills.balance import AmountDue, amounts_due_now
from portal.domain.identity.actor import Actor
from portal.kit.ids import AccountId
from portal.models.accounts import Announcement
from portal.models.identity import User

MOST_ACCOUNTS = 10
_TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "a"}


@dataclass(frozen=True)
class Said:
    """An announcement in one language; `body` is HTML of a few plain tags."""

    title: str
    body: str


@dataclass(frozen=True)
class OwnAccount:
    """A linked account and what it owes now, in cents; `due` is None where nothing is owed."""

    account_id: AccountId
    account_no: str
    address: str
    due_cents: int
    due: date | None


@dataclass(frozen=True)
class Profile:
    """A signed-in resident. Without a linked account the billing system knows no profile."""

    name: str
    email: str
    accounts: tuple[OwnAccount, ...]
    more_accounts: int


def announcements(session: Session, now: datetime, language: str) -> list[Said]:
    """Return what is announced at `now`, newest first, in `language` where it was written."""
    rows = session.exec(
        select(Announcement)
        .where(
            Announcement.starts_at <= now,
            or_(col(Announcement.ends_at).is_(None), col(Announcement.ends_at) > now),
        )
        .order_by(
            col(Announcement.starts_at).desc(),
            col(Announcement.created_at).desc(),
            col(Announcement.id),
        )
        .limit(5)
    ).all()
    spanish = language == "es"
    return [
        Said(
            (row.title_es if spanish else "") or row.title_en,
            # Cleaned when written and again when read: what is sent is drawn as it stands.
            nh3.clean((row.body_es if spanish else "") or row.body_en, tags=_TAGS),
        )
        for row in rows
    ]


def profile(session: Session, actor: Actor, today: date) -> Profile | None:
    """Return the actor's profile, or None for who is not a signed-in resident."""
    user = session.get(User, actor.user_id) if actor.is_resident else None
    if user is None:
        return None
    opened = opened_accounts(session, actor)
    shown = opened[:MOST_ACCOUNTS]
    return Profile(
        name=f"{user.first_name} {user.last_name}".strip(),
        email=user.email,
        accounts=tuple(map(_own, shown, amounts_due_now(session, shown, today))),
        more_accounts=len(opened) - len(shown),
    )


def _own(one: OpenAccount, due: AmountDue) -> OwnAccount:
    return OwnAccount(
        account_id=one.account_id,
        account_no=one.account.account_no,
        address=address_of(one.account),
        due_cents=due.due_now,
        due=due.due_date if due.due_now else None,
    )
