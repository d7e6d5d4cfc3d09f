"""A small town for the matrices: a household with something of every kind, and all round it.

Who may do what is said here once, for handlers and plain routes alike.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, text, update
from sqlmodel import Session, SQLModel, col

from portal.domain.identity import sessions
from portal.domain.identity.permission import Permission
from portal.kit import db as kit_db
from portal.kit.clock import utc_now
from portal.kit.db import transaction
from portal.models.accounts import Account, Announcement, Customer, Meter
from portal.models.exchange import ContactRequest, ImportRun
from portal.models.identity import User, UserSession
from portal.models.outbox import Mail
from portal.models.payments import Cart, CartItem, Payment, PaymentItem, StaffTask
from portal.models.sharing import Invitation
from portal.models.usage import MeterDay, UsageNotification
from tests import databases, factories

# Strangers first: what the last of them may change would be missing for the others.
ROLES = (
    "anonymous",  # nobody is signed in
    "revoked",  # the holder's session, signed out elsewhere
    "unproven",  # an administrator without the second factor
    "other",  # a resident with an account of their own
    "ended",  # was shared the account; the last day is over
    "moved",  # lived there before, for another customer; their link stands
    "view",  # is shared the account to view
    "pay",  # is shared the account to view and pay
    "viewer",  # staff who look
    "remembered",  # the holder, "Remember me", signed in an hour ago
    "resident",  # the holder
    "administrator",
)
NOBODY = {"anonymous", "revoked", "unproven"}
STRANGERS = NOBODY | {"other", "ended"}
RESIDENTS = {"other", "ended", "moved", "view", "pay", "remembered", "resident"}
STAFF = {"viewer", "administrator"}
MAY = {
    Permission.PUBLIC: set(ROLES),
    Permission.RESIDENT: RESIDENTS,
    Permission.STAFF: STAFF,
    Permission.ADMINISTRATOR: {"administrator"},
}
# Who may write what hangs on the household: everybody else writes what is their own, if anything.
MAY_WRITE = {"remembered", "resident", "administrator"}

# Words of the household, which stand on its screens and nowhere else. Staff see them.
PLACE = ("77 Zephyr Ct", "00977001")
HOUSEHOLD = (
    "zz-owner@example.org", "ZORRILLA", "ZZBILL", "977001-1", "zz-note", "zz-invited@example.org",
    "zz-guest@example.org",
    "73,331",  # a day's gallons
)  # fmt: skip
# A delegate sees the account, and neither who else has it nor what they did.
HOLDERS_OWN = (
    "zz-owner@example.org", "zz-invited@example.org", "zz-guest@example.org", "zz-note", "977001-1",
)  # fmt: skip
# A confidential customer's payer: an administrator's to see, not a viewer's.
HIDDEN = ("yy-hidden@example.org", "YNGLING", "88 Yarrow Ln")


def kept_from(role: str) -> tuple[str, ...]:
    """Return the words that `role` may be sent by nothing it does."""
    if role in STRANGERS:
        return (*PLACE, *HOUSEHOLD, *HIDDEN)
    if role == "moved":
        return (*HOUSEHOLD, *HIDDEN)  # the place was theirs, and is on their own bills
    if role in ("view", "pay"):
        return (*HOLDERS_OWN, *HIDDEN)
    return () if role == "administrator" else HIDDEN


def known(role: str) -> set[str]:
    """Return which of the household's ids a resident who does not hold it has as well."""
    shared, place = {"account", "bill"}, {"account"}
    return {"view": shared, "pay": shared, "moved": place}.get(role, set())


@dataclass(frozen=True)
class Town:
    """Everybody with their session's secret, and the ids of what is the household's."""

    people: dict[str, User]
    secrets: dict[str, str]
    claims: dict[str, str]
    engine: Engine

    def session_hash(self, role: str) -> str:
        """Return what the role's session is known by, "" for nobody's."""
        return sessions.hash_of(self.secrets[role]) if self.secrets[role] else ""

    def rows(self, role: str = "") -> dict[str, tuple[int, str]]:
        """Return, for every table, how many rows it holds and what they hash to.

        Left out is what any look leaves behind, and what is `role`'s alone.
        """
        mine = str(self.people[role].id) if role in self.people else None
        text_of = "string_agg(t::text, '|' ORDER BY t::text)"
        each = " UNION ALL ".join(
            f"SELECT '{name}', count(*), coalesce(md5({text_of}), '') FROM {name} AS t"
            + (f" WHERE NOT coalesce({_own(name)}, false)" if mine else "")
            for name in SQLModel.metadata.tables
            if name.rpartition(".")[2] not in NOTES
        )
        with self.engine.connect() as connection:
            found = connection.execute(text(each), {"me": mine} if mine else {})
            return {name: (n, mark) for name, n, mark in found}


# What a look leaves behind: the note that somebody looked, counters, when the session was seen.
NOTES = {"audit_event", "throttle"}


def _own(table: str) -> str:
    """Return the SQL that is true of a row that is the actor's own, of the table's alias t."""
    columns = SQLModel.metadata.tables[table].columns
    if table == "user_account":
        return "t.id = :me"
    if table == "cart_item":
        return "EXISTS (SELECT FROM cart WHERE cart.id = t.cart_id AND cart.user_id = :me)"
    return "t.user_id = :me" if "user_id" in columns else "false"


@contextmanager
def town() -> Iterator[Town]:
    """Build the town in a database of its own, bound while it is used."""
    before = list(kit_db._current)
    with databases.fresh() as engine:
        kit_db.bind(engine)
        try:
            with transaction() as session:
                people, claims = _people(session)
                secrets = {role: _sign_in(session, role, user) for role, user in people.items()}
            yield Town(people, secrets | {"anonymous": ""}, claims, engine)
        finally:
            kit_db._current[:] = before


def _sign_in(session: Session, role: str, user: User) -> str:
    now = utc_now()
    secret = sessions.create(
        session, user, role == "remembered", "192.0.2.1", "test", now,
        second_factor=role in ("viewer", "administrator"),
    )  # fmt: skip
    given: dict[str, Any] = {}
    if role == "remembered":
        given = {"authenticated_at": now - timedelta(hours=1)}
    elif role == "revoked":
        given = {"revoked_at": now}
    # Seen just now and not again while the test runs: then a look writes nothing there.
    given["last_seen_at"] = now + timedelta(hours=1)
    session.exec(
        update(UserSession)
        .where(col(UserSession.id_hash) == sessions.hash_of(secret))
        .values(**given)
    )
    return secret


def _people(session: Session) -> tuple[dict[str, User], dict[str, str]]:
    owner, place, customer, claims = _household(
        session, "zz-owner@example.org", "ZORRILLA, ZOE", "77 Zephyr Ct", "977001", "ZZBILL"
    )
    _household(
        session, "yy-hidden@example.org", "YNGLING, YANA", "88 Yarrow Ln", "988001", "YYBILL",
        confidential=True,
    )  # fmt: skip
    other, *_ = _household(
        session, "xx-other@example.org", "XAVIER, XIMENA", "66 Xenon Way", "966001", "XXBILL"
    )
    people = {"resident": owner, "remembered": owner, "revoked": owner, "other": other}
    for role, rights in (("view", "view"), ("pay", "pay"), ("ended", "pay")):
        people[role] = factories.user(session, email=f"{role}@example.com")
        over = utc_now() - timedelta(hours=1) if role == "ended" else None
        factories.link(
            session, people[role], place, customer,
            rights=rights, granted_by=owner.id, ends_at=over,
        )  # fmt: skip
    # A share that is none of the roles': what is done to it takes nothing from them.
    guest = factories.user(session, email="zz-guest@example.org")
    share = factories.link(
        session, guest, place, customer, rights="view", granted_by=owner.id, ends_at=None
    )
    claims["share"] = str(share.id)
    people["moved"] = _former(session, place)
    for role in ("viewer", "administrator"):
        people[role] = factories.user(session, role=role)
    return people | {"unproven": people["administrator"]}, claims


def _former(session: Session, place: Account) -> User:
    """Add who lived at `place` until five years ago, with a bill and a link of that time."""
    left = date(2021, 6, 1)
    payer = factories.customer(session, name1="MORALES, MIA")
    factories.tenure(session, place, payer, stop_date=left)
    factories.bill(
        session, place, payer, bill_no="MMBILL", statement_date=date(2021, 5, 12),
        period_from=date(2021, 4, 8), period_to=date(2021, 5, 8), due_date=date(2021, 6, 8),
    )  # fmt: skip
    user = factories.user(session, email="moved@example.com")
    factories.link(session, user, place, payer)
    return user


def _household(
    session: Session, email: str, name: str, street: str, number: str, bill_no: str, **payer: Any
) -> tuple[User, Account, Customer, dict[str, str]]:
    now = utc_now()
    place = factories.account(session, account_no=f"00{number}", service_address=street)
    customer = factories.customer(session, name1=name, addr1=street, **payer)
    factories.tenure(session, place, customer, start_date=date(2021, 6, 1))
    factories.service(session, place, customer)
    _use(session, factories.meter(session, place, remote_id=f"9{number}"), now.date())
    user = factories.user(session, email=email, last_name=name.split(",")[0])
    link = factories.link(session, user, place, customer)
    bill = factories.bill(session, place, customer, bill_no=bill_no)
    cart = Cart(user_id=user.id, status="open")
    session.add(cart)
    session.flush()
    session.add(CartItem(cart_id=cart.id, bill_id=bill.id, amount_cents=500))
    payment = Payment(
        cart_id=cart.id, user_id=user.id, amount_cents=500, idempotency_key=str(uuid4()),
        status="succeeded", expires_at=now, effective_date=date(2027, 1, 26),
        business_date=date(2027, 1, 27), payer_name=name, receipt_email=email,
    )  # fmt: skip
    session.add(payment)
    session.flush()
    session.add(
        PaymentItem(
            payment_id=payment.id, seq=1, bill_id=bill.id, amount_cents=500,
            portal_payment_id=f"{number}-1",
        )
    )  # fmt: skip
    rows = {
        "task": StaffTask(kind="excess", reference=f"x:{number}", detail="too much"),
        "mail": Mail(
            kind="x", to_address=email, user_id=user.id, subject="zz-note", text_body="zz-note",
            html_body="zz-note", status="failed",
        ),
        "announcement": Announcement(title_en="T", body_en="<p>B</p>", starts_at=now),
        "request": ContactRequest(
            reference=f"R-{number}", account_id=place.id, customer_id=customer.id,
            user_id=user.id, fields={"addr1": ["1 A ST", street]}, requested_at=now,
        ),
        "run": ImportRun(
            kind="exchange", source_name=f"n{number}", status="refused", started_at=now,
            finished_at=now,
        ),
        "invitation": Invitation(
            token_hash=sessions.hash_of(f"invitation-{number}"), email="zz-invited@example.org",
            account_id=place.id, customer_id=customer.id, invited_by=user.id, rights="view",
            created_at=now, expires_at=now + timedelta(days=7),
        ),
        "notification": UsageNotification(
            user_id=user.id, account_id=place.id, customer_id=customer.id, threshold_gallons=500,
            emails=["zz-invited@example.org"], updated_at=now,
        ),
    }  # fmt: skip
    session.add_all(rows.values())
    session.flush()
    known = {
        "account": place, "customer": customer, "user": user, "link": link, "bill": bill,
        "cart": cart, "payment": payment, **rows,
    }  # fmt: skip
    return user, place, customer, {kind: str(row.id) for kind, row in known.items()}


def _use(session: Session, meter: Meter, today: date) -> None:
    for day in (today - timedelta(days=3), today - timedelta(days=4)):
        session.add(
            MeterDay(
                feed_id=meter.remote_id, usage_date=day, hours=[None] * 23 + [73_331_000],
                quality="-" * 23 + "R", total=73_331_000, minimum=73_331_000, maximum=73_331_000,
                count=1, stamps=[], origin="." * 24,
            )
        )  # fmt: skip
