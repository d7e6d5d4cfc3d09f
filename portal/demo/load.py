"""Load the demo town through the ordinary importers, once; an interrupted load goes on."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from portal.cities import City
from portal.config import settings
from portal.demo import stories
from portal.demo.town.generate import HOURLY_PLACES, Generated, generate
from portal.domain.audit import operations as audit
from portal.domain.exchange.faults import Refused
from portal.domain.exchange.operations import Options, Progress, import_folder
from portal.domain.identity import passwords, staff, totp
from portal.domain.identity.actor import SYSTEM
from portal.domain.identity.sign_up import find
from portal.domain.identity.states import UserStatus, move
from portal.domain.usage.operations import import_file
from portal.kit import db
from portal.kit.clock import day_bounds, local_date
from portal.kit.ids import UserId
from portal.models.accounts import Account, Announcement, Customer
from portal.models.factors import TotpFactor
from portal.models.identity import AccountLink, User

Say = Callable[[str], None]
logger = logging.getLogger(__name__)
_TOLD_EVERY = 10_000  # accounts written


@dataclass(frozen=True)
class Loaded:
    """Whether the town was loaded now (or stood already), and how many accounts there are."""

    fresh: bool
    accounts: int


def load(
    city: City,
    *,
    accounts: int = 400,
    seed: int = 1,
    now: datetime,
    folder: Path | None = None,
    say: Say = logger.info,
    progress: Progress | None = None,
) -> Loaded:
    """Generate the town under `folder`, import it, and create the stories' residents and staff.

    `progress` is told of a large town's import, which takes minutes. The database is the one bound
    in kit.db. Does nothing where the town stands already: its staff are created last. Raises
    DomainError where an importer refuses.
    """
    with db.transaction() as session:
        if find(session, stories.STAFF[-1].email) is not None:
            return Loaded(False, len(session.exec(select(Account.id)).all()))
    base = folder or settings().data_dir / "demo" / f"town-{city.key}"
    say(f"Writing {city.full_name}'s files: {accounts} accounts, two years of bills ...")
    if accounts > HOURLY_PLACES:
        say(f"  Only the first {HOURLY_PLACES:,} accounts get hourly readings.")

    def tell(done: int) -> None:
        if done % _TOLD_EVERY == 0:
            say(f"  {done:,} of {accounts:,} accounts written")

    made = generate(base, city, accounts=accounts, seed=seed, now=now, progress=tell)
    say(f"  {made.rows:,} rows, {made.readings:,} hourly readings")
    _import_books(made, city, now, say, progress if accounts > HOURLY_PLACES else None)
    _import_usage(made.usage_files, city, now, say)
    secret = passwords.hash_of(stories.PASSWORD)  # slow: outside the transaction, once for all
    with db.transaction() as session:
        _announce(session, city, now)
        manager = stories.manager(city, made.accounts)
        for one in (*stories.residents(city), *filter(None, (manager,))):
            _sign_up(session, city, one, secret, now)
        for member in stories.STAFF:
            _enrol(session, member, secret, now)
    say("  residents and staff can sign in")
    return Loaded(True, made.accounts)


def _import_books(
    made: Generated, city: City, now: datetime, say: Say, progress: Progress | None
) -> None:
    say("Importing the exchange folder ...")
    options = Options(zone=city.zone, data_dir=settings().data_dir)
    try:
        with db.transaction() as session:
            outcome = import_folder(session, made.exchange, options, now=now, progress=progress)
    except Refused as error:
        raise RuntimeError(f"the demo's own folder was refused: {error}") from error
    say(f"  {outcome.rows:,} rows: {outcome.status}")


def _import_usage(files: Sequence[Path], city: City, now: datetime, say: Say) -> None:
    say("Importing the meter readings ...")
    readings = 0
    for path in files:
        with db.transaction() as session:
            report = import_file(session, path, wanted="cmep", zone=city.zone, now=now)
        readings += report.counts.get("readings", 0)
        say(f"  {path.name}: {report.status}, {readings:,} readings so far")


def _announce(session: Session, city: City, now: datetime) -> None:
    """Publish the announcements that the city's file starts with."""
    if session.exec(select(Announcement.id)).first():
        return
    for notice in city.announcements:
        session.add(
            Announcement(
                title_en=notice.title.en,
                body_en=f"<p>{notice.body.en}</p>",
                title_es=notice.title.es,
                body_es=f"<p>{notice.body.es}</p>",
                starts_at=now,
            )
        )


def _sign_up(
    session: Session, city: City, one: stories.Resident, secret: str, now: datetime
) -> None:
    """Sign a resident up, activate and link, without the mails that they would have had."""
    if find(session, one.email) is not None:
        return
    user = User(
        email=one.email,
        password_hash=secret,
        first_name=one.first_name,
        last_name=one.last_name,
        created_at=now,
        password_changed_at=now,
    )
    session.add(user)
    session.flush()
    move(session, SYSTEM, UserId(user.id), UserStatus.UNVERIFIED, UserStatus.ACTIVE, now)
    for pair in one.pairs:
        _tie(session, user, pair, now)
    for shared in one.shared:
        holder = find(session, shared.by)
        assert holder is not None
        ends = day_bounds(local_date(now + timedelta(days=shared.days), city.zone), city.zone)[1]
        _tie(
            session,
            user,
            shared.pair,
            now,
            rights=shared.rights,
            granted_by=holder.id,
            ends_at=ends if shared.days else None,
        )


def _tie(session: Session, user: User, pair: stories.Pair, now: datetime, **given: Any) -> None:
    account = session.exec(select(Account).where(col(Account.account_no) == pair.account_no)).one()
    customer = session.exec(select(Customer).where(col(Customer.cid) == pair.cid)).one()
    session.add(
        AccountLink(
            user_id=user.id,
            account_id=account.id,
            customer_id=customer.id,
            created_at=now,
            **given,
        )
    )
    audit.record(
        session,
        SYSTEM,
        "share.accept" if given else "link.create",
        subject_user_id=user.id,
        account_id=account.id,
        customer_id=customer.id,
    )


def _enrol(session: Session, member: stories.Member, secret: str, now: datetime) -> None:
    """Add a member of staff whose second factor the demo knows."""
    if find(session, member.email) is not None:
        return
    staff.add(session, member.email, member.role, now)
    user = find(session, member.email)
    assert user is not None
    user.password_hash, user.password_changed_at = secret, now
    session.add(
        TotpFactor(user_id=user.id, seed_encrypted=totp.seal(stories.STAFF_SEED), confirmed_at=now)
    )
    session.flush()
    move(session, SYSTEM, UserId(user.id), UserStatus.UNVERIFIED, UserStatus.ACTIVE, now)
