"""Announcements on the home page: written by administrators, cleaned of everything but text."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import nh3
from sqlalchemy import or_, select
from sqlmodel import Session, col

from portal.domain.audit import operations as audit
from portal.domain.identity.actor import Actor
from portal.domain.staff.policy import require_administrator, require_staff
from portal.kit.errors import DomainError, NotFound, Problems, read_all
from portal.kit.ids import parse_id
from portal.kit.text import N_, language
from portal.models.accounts import Announcement

_TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "a"}
_LONGEST = {"title_en": 120, "title_es": 120, "body_en": 4000, "body_es": 4000}


@dataclass(frozen=True)
class Draft:
    """What an administrator typed; times are the city's, `YYYY-MM-DDTHH:MM`, empty: open."""

    title_en: str
    body_en: str
    title_es: str
    body_es: str
    starts: str
    ends: str


@dataclass(frozen=True)
class Notice:
    """An announcement as a reader of one language sees it: `body` is clean HTML."""

    announcement_id: UUID
    title: str
    body: str


def clean(body: str) -> str:
    """Return the HTML with paragraphs, lists, emphasis and links only; plain text gets paragraphs.

    Links lead to http(s), mail or telephone; scripts, styles, images and events are gone.
    """
    if "<" not in body:
        body = "".join(f"<p>{part.strip()}</p>" for part in body.split("\n\n") if part.strip())
    return nh3.clean(
        body,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener",
    )


def current(session: Session, now: datetime) -> tuple[Notice, ...]:
    """Return what the home page shows now, newest first, in the language being spoken.

    English stands in where there is no Spanish.
    """
    rows = session.scalars(
        select(Announcement)
        .where(
            col(Announcement.starts_at) <= now,
            or_(col(Announcement.ends_at).is_(None), col(Announcement.ends_at) > now),
        )
        .order_by(
            col(Announcement.starts_at).desc(), col(Announcement.created_at), col(Announcement.id)
        )
        .limit(10)
    ).all()
    spanish = language() == "es"
    return tuple(
        Notice(
            row.id,
            (spanish and row.title_es) or row.title_en,
            clean((spanish and row.body_es) or row.body_en),
        )
        for row in rows
    )


def everything(session: Session, actor: Actor) -> tuple[Announcement, ...]:
    """Return the newest hundred announcements for staff."""
    require_staff(actor)
    rows = session.scalars(
        select(Announcement)
        .order_by(col(Announcement.starts_at).desc(), col(Announcement.id))
        .limit(100)
    )
    return tuple(rows.all())


def one(session: Session, actor: Actor, claim: object) -> Announcement:
    """Return one announcement. Raises NotFound."""
    require_staff(actor)
    announcement_id = parse_id(claim)
    found = session.get(Announcement, announcement_id) if announcement_id is not None else None
    if found is None:
        raise NotFound(N_("That announcement was not found."))
    return found


def save(
    session: Session, actor: Actor, claim: str, draft: Draft, zone: ZoneInfo, now: datetime
) -> UUID:
    """Write an announcement, a new one where `claim` is empty. Raises DomainError at the field."""
    require_administrator(actor)
    _, start, ends = read_all(
        lambda: _check(draft),
        lambda: _instant(draft.starts, "starts", zone),
        lambda: _instant(draft.ends, "ends", zone),
    )
    starts = start or now
    if ends is not None and ends <= starts:
        raise DomainError(N_("The end must be after the start."), field="ends")
    row = one(session, actor, claim) if claim else Announcement(starts_at=starts)
    row.title_en, row.body_en = draft.title_en.strip(), clean(draft.body_en)
    row.title_es, row.body_es = draft.title_es.strip(), clean(draft.body_es)
    row.starts_at, row.ends_at = starts, ends
    session.add(row)
    session.flush()
    audit.record(session, actor, "staff.announcement_save", announcement=str(row.id))
    return row.id


def end(session: Session, actor: Actor, claim: object, now: datetime) -> None:
    """End an announcement now. Raises NotFound where it is gone or over."""
    require_administrator(actor)
    row = one(session, actor, claim)
    if row.ends_at is not None and row.ends_at <= now:
        raise NotFound(N_("That announcement has ended already."))
    row.ends_at = max(now, row.starts_at)
    session.add(row)
    audit.record(session, actor, "staff.announcement_end", announcement=str(row.id))


def _check(draft: Draft) -> None:
    problems = []
    if not draft.title_en.strip():
        problems.append(DomainError(N_("Enter a title."), field="title_en"))
    if not draft.body_en.strip():
        problems.append(DomainError(N_("Enter the text of the announcement."), field="body_en"))
    for name, most in _LONGEST.items():
        if len(getattr(draft, name)) > most:
            problems.append(DomainError(N_("Use at most %(n)s letters."), field=name, n=most))
    if bool(draft.title_es.strip()) != bool(draft.body_es.strip()):
        empty = "body_es" if draft.title_es.strip() else "title_es"
        both = N_("Enter both the Spanish title and text, or neither.")
        problems.append(DomainError(both, field=empty))
    if problems:
        raise Problems(problems)


def _instant(typed: str, field: str, zone: ZoneInfo) -> datetime | None:
    if not typed.strip():
        return None
    try:
        return datetime.fromisoformat(typed.strip()).replace(tzinfo=zone)
    except ValueError:
        raise DomainError(N_("Enter a date and a time."), field=field) from None
