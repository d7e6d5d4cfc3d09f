"""Sessions end when they should, and the table knows only a hash."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from portal.domain.identity import housekeeping, limits, mail_tokens, sessions, throttles
from portal.models.identity import MailToken, Throttle, User, UserSession

NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def user(db: Session, role: str = "resident") -> User:
    row = User(email=f"{role}@example.org", role=role, status="active")
    db.add(row)
    db.flush()
    return row


def test_the_secret_signs_in_and_is_nowhere_in_the_table(db: Session) -> None:
    who = user(db)
    secret = sessions.create(db, who, False, "192.0.2.7", "Browser", NOW)
    assert len(secret) == 43  # 256 bits in base64url
    row = db.exec(select(UserSession)).one()
    assert secret not in repr(row)
    actor = sessions.resolve(db, sessions.hash_of(secret), NOW)
    assert actor is not None
    assert (actor.user_id, actor.role, actor.ip) == (who.id, "resident", "192.0.2.7")
    assert actor.session_hash == row.id_hash
    assert sessions.resolve(db, secret, NOW) is None
    assert sessions.resolve(db, "", NOW) is None


@pytest.mark.parametrize(
    ("role", "remember", "idle", "total"),
    [
        ("resident", False, limits.RESIDENT_IDLE, limits.RESIDENT_TOTAL),
        ("resident", True, limits.REMEMBERED_TOTAL, limits.REMEMBERED_TOTAL),
        ("viewer", True, limits.STAFF_IDLE, limits.STAFF_TOTAL),
        ("administrator", False, limits.STAFF_IDLE, limits.STAFF_TOTAL),
    ],
)
def test_it_ends_idle_and_it_ends_in_all(
    db: Session, role: str, remember: bool, idle: timedelta, total: timedelta
) -> None:
    who = user(db, role)
    idling = sessions.hash_of(sessions.create(db, who, remember, "", "", NOW))
    assert sessions.resolve(db, idling, NOW + idle) is None

    busy = sessions.hash_of(sessions.create(db, who, remember, "", "", NOW))
    at = NOW
    while at + idle - MINUTE < NOW + total:
        at += idle - MINUTE
        assert sessions.resolve(db, busy, at) is not None
    assert sessions.resolve(db, busy, NOW + total - timedelta(seconds=1)) is not None
    assert sessions.resolve(db, busy, NOW + total) is None


def test_the_promised_lengths() -> None:
    assert sessions.spans("resident", False) == (timedelta(minutes=30), timedelta(hours=12))
    assert sessions.spans("resident", True) == (timedelta(days=30), timedelta(days=30))
    assert sessions.spans("viewer", True) == (timedelta(minutes=15), timedelta(hours=8))


def test_seen_is_written_once_a_minute(db: Session) -> None:
    secret_hash = sessions.hash_of(sessions.create(db, user(db), False, "", "", NOW))

    def seen() -> datetime:
        db.expire_all()
        return db.exec(select(UserSession.last_seen_at)).one()

    sessions.resolve(db, secret_hash, NOW + timedelta(seconds=59))
    assert seen() == NOW
    sessions.resolve(db, secret_hash, NOW + MINUTE)
    assert seen() == NOW + MINUTE


def test_revoked_and_closed_open_nothing(db: Session) -> None:
    who = user(db)
    one, two, three = (
        sessions.hash_of(sessions.create(db, who, True, "", "", NOW)) for _ in range(3)
    )
    sessions.revoke(db, one, NOW)
    assert sessions.resolve(db, one, NOW) is None
    assert sessions.resolve(db, two, NOW) is not None
    sessions.revoke_all(db, who.id, NOW)
    assert sessions.resolve(db, two, NOW) is None
    four = sessions.hash_of(sessions.create(db, who, True, "", "", NOW))
    who.status = "closed"
    db.flush()
    assert sessions.resolve(db, four, NOW) is None
    assert sessions.resolve(db, three, NOW) is None


def test_fresh_lasts_fifteen_minutes(db: Session) -> None:
    secret_hash = sessions.hash_of(sessions.create(db, user(db), True, "", "", NOW))
    actor = sessions.resolve(db, secret_hash, NOW)
    assert actor is not None
    assert sessions.is_fresh(actor, NOW + timedelta(minutes=14, seconds=59))
    assert not sessions.is_fresh(actor, NOW + timedelta(minutes=15))


@pytest.mark.parametrize("remembered", [True, False])
def test_what_would_keep_the_account_wants_a_recent_sign_in(db: Session, remembered: bool) -> None:
    secret_hash = sessions.hash_of(sessions.create(db, user(db), remembered, "", "", NOW))
    actor = sessions.resolve(db, secret_hash, NOW)
    assert actor is not None
    sessions.demand_recent(actor, NOW + timedelta(minutes=14))
    with pytest.raises(sessions.FreshSignInNeeded):
        sessions.demand_recent(actor, NOW + timedelta(minutes=15))


def test_what_ended_a_month_ago_is_deleted(db: Session) -> None:
    who = user(db)
    sessions.create(db, who, True, "", "", NOW)
    mail_tokens.issue(db, who, "reset", NOW)
    throttles.take(db, "m", 1, MINUTE, NOW)
    housekeeping.tidy(db, NOW + timedelta(days=30))
    assert len(db.exec(select(UserSession)).all()) == 1
    assert len(db.exec(select(MailToken)).all()) == 1
    assert db.exec(select(Throttle)).all() == []
    housekeeping.tidy(db, NOW + timedelta(days=61))
    assert db.exec(select(UserSession)).all() == []
    assert db.exec(select(MailToken)).all() == []
