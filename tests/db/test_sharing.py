"""Inviting, accepting, changing and ending: who may, who is told, and what strangers learn."""

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from portal.cities import city
from portal.domain.accounts import operations, queries
from portal.domain.accounts.policy import opened, opened_accounts
from portal.domain.identity import limits
from portal.domain.identity.actor import ANONYMOUS, Actor
from portal.domain.identity.sessions import FreshSignInNeeded, hash_of
from portal.domain.sharing import accepting, endings, invitations, people
from portal.domain.sharing.accepting import BadInvitation
from portal.domain.sharing.rules import last_day_of, street_of
from portal.kit.clock import local_date, utc_now
from portal.kit.errors import DomainError, NotAllowed, NotFound
from portal.models.audit import AuditEvent
from portal.models.identity import AccountLink, User
from portal.models.outbox import Mail
from portal.models.sharing import Invitation
from tests import factories

NOW = utc_now()
DAY = timedelta(days=1)


def fresh(user: User, **given: Any) -> Actor:
    return factories.actor(user, **{"authenticated_at": NOW} | given)


def secret_in(mail: Mail) -> str:
    (found,) = re.findall(r"/invitation\?token=([\w-]+)", mail.text_body)
    return str(found)


def mails(db: Session, kind: str) -> list[Mail]:
    return list(db.exec(select(Mail).where(Mail.kind == kind).order_by(Mail.to_address)).all())


class Home:
    """A holder with an account, and a resident who is to be invited."""

    def __init__(self, db: Session) -> None:
        self.holder, self.account, self.customer = factories.household(
            db, service_address="517 Quince Way", account_no="00881234"
        )
        self.guest = factories.user(db, email="guest@example.org")

    def invite(self, db: Session, rights: str = "view", last_day: str = "") -> str:
        """Invite the guest and return the link's secret."""
        account = str(self.account.id)
        invitations.invite(
            db, fresh(self.holder), account, "guest@example.org", rights, last_day, NOW
        )
        open_ = {
            row.token_hash
            for row in db.exec(select(Invitation).where(Invitation.withdrawn_at == None))  # noqa: E711
        }
        (secret,) = [
            found
            for mail in mails(db, "share_invitation")
            if hash_of(found := secret_in(mail)) in open_ and mail.to_address == "guest@example.org"
        ]
        return secret

    def tie(self, db: Session) -> AccountLink:
        return db.exec(select(AccountLink).where(AccountLink.user_id == self.guest.id)).one()


@pytest.fixture
def home(db: Session) -> Home:
    return Home(db)


def test_an_invitation_names_town_and_street_and_no_numbers(db: Session, home: Home) -> None:
    home.holder.language = "es"
    secret = home.invite(db, "pay", (local_date(NOW, city().zone) + 5 * DAY).isoformat())
    (mail,) = mails(db, "share_invitation")
    assert mail.to_address == "guest@example.org"
    assert mail.subject == "Le invitan a ver una cuenta de servicios en Pleasanton"
    assert "Quince Way" in mail.text_body
    assert "ver y pagar las facturas" in mail.text_body
    for hidden in ("517", "1234", home.customer.cid, home.holder.email, home.customer.name1):
        assert hidden not in mail.text_body.replace(secret, ""), hidden
    (row,) = db.exec(select(Invitation)).all()
    assert secret not in repr(row)
    assert db.exec(select(AuditEvent).where(AuditEvent.act == "share.invite")).one()


@pytest.mark.parametrize("rights", ["view", "pay"])
def test_accepting_opens_the_account_and_tells_all_holders(
    db: Session, home: Home, rights: str
) -> None:
    other = factories.user(db)
    factories.link(db, other, home.account, home.customer)
    last = local_date(NOW, city().zone) + 30 * DAY
    secret = home.invite(db, rights, last.isoformat())
    offer = accepting.offer(db, fresh(home.guest), secret, NOW)
    assert (offer.street, offer.rights, offer.last_day, offer.needs_code) == (
        "Quince Way", rights, last, False,
    )  # fmt: skip
    account = accepting.accept(db, fresh(home.guest), secret, NOW)
    place = opened(db, fresh(home.guest), str(account))
    assert (place.holds, place.may_pay) == (False, rights == "pay")
    assert last_day_of(home.tie(db).ends_at, city().zone) == last
    told = {mail.to_address for mail in mails(db, "share_joined")}
    assert told == {home.holder.email, other.email}
    assert all("g***@example.org" in mail.text_body for mail in mails(db, "share_joined"))
    assert [mail.to_address for mail in mails(db, "share_accepted")] == ["guest@example.org"]
    with pytest.raises(BadInvitation, match="accepted already"):
        accepting.accept(db, fresh(home.guest), secret, NOW)


def test_only_a_holder_with_a_recent_sign_in_invites(db: Session, home: Home) -> None:
    def invite(who: Actor, account: object = home.account.id) -> None:
        invitations.invite(db, who, str(account), "a@example.org", "view", "", NOW)

    delegate = factories.user(db)
    factories.link(
        db, delegate, home.account, home.customer, rights="pay", granted_by=home.holder.id
    )
    with pytest.raises(NotAllowed):
        invite(fresh(delegate))
    for stranger in (fresh(home.guest), ANONYMOUS):
        with pytest.raises(NotFound):
            invite(stranger)
    with pytest.raises(FreshSignInNeeded):
        invite(fresh(home.holder, authenticated_at=NOW - limits.FRESH))
    assert db.exec(select(Invitation)).all() == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"rights": "hold"}, "rights"),
        ({"rights": ""}, "rights"),
        ({"last_day": "2020-01-01"}, "last_day"),
        ({"last_day": "soon"}, "last_day"),
        ({"last_day": "9999-12-31"}, "last_day"),
    ],
)
def test_what_was_typed_wrong_is_said_at_its_field(
    db: Session, home: Home, given: dict[str, str], field: str
) -> None:
    form = {"email": "a@example.org", "rights": "view", "last_day": ""} | given
    with pytest.raises(DomainError) as refused:
        invitations.invite(db, fresh(home.holder), str(home.account.id), *form.values(), NOW)
    assert refused.value.field == field


def test_ones_own_address_is_not_invited(db: Session, home: Home) -> None:
    with pytest.raises(DomainError, match="your own address"):
        invitations.invite(
            db, fresh(home.holder), str(home.account.id), home.holder.email.upper(), "view", "", NOW
        )


def test_invitations_of_a_day_are_counted(db: Session, home: Home) -> None:
    for n in range(limits.INVITATIONS_A_DAY):
        invitations.invite(
            db, fresh(home.holder), str(home.account.id), f"a{n}@example.org", "view", "", NOW
        )
    with pytest.raises(DomainError, match="enough invitations"):
        home.invite(db)


def test_a_newer_invitation_to_the_same_address_replaces_the_older(db: Session, home: Home) -> None:
    first, second = home.invite(db), home.invite(db, "pay")
    with pytest.raises(BadInvitation):
        accepting.accept(db, fresh(home.guest), first, NOW)
    accepting.accept(db, fresh(home.guest), second, NOW)
    assert home.tie(db).rights == "pay"


def test_what_no_longer_holds_says_so(db: Session, home: Home) -> None:
    secret, guest = home.invite(db), fresh(home.guest)
    for wrong in ("", "nonsense", secret[:-1]):
        with pytest.raises(BadInvitation, match="not complete"):
            accepting.accept(db, guest, wrong, NOW)
    with pytest.raises(NotAllowed):
        accepting.accept(db, ANONYMOUS, secret, NOW)
    with pytest.raises(BadInvitation, match="no longer holds"):
        accepting.accept(db, guest, secret, NOW + limits.INVITATION_LIFE)
    (row,) = db.exec(select(Invitation)).all()
    with pytest.raises(NotFound):
        invitations.withdraw(db, guest, str(row.id), NOW)
    with pytest.raises(FreshSignInNeeded):
        invitations.withdraw(db, fresh(home.holder), str(row.id), NOW + limits.FRESH)
    invitations.withdraw(db, fresh(home.holder), str(row.id), NOW)
    with pytest.raises(NotFound):
        invitations.withdraw(db, fresh(home.holder), str(row.id), NOW)
    with pytest.raises(BadInvitation, match="no longer holds"):
        accepting.accept(db, guest, secret, NOW)
    assert opened_accounts(db, guest) == []


def test_another_address_needs_the_code_that_was_mailed(db: Session, home: Home) -> None:
    secret, stranger = home.invite(db), factories.user(db)
    who = fresh(stranger)
    assert accepting.offer(db, who, secret, NOW).needs_code
    with pytest.raises(DomainError) as refused:
        accepting.accept(db, who, secret, NOW)
    assert refused.value.field == "code"
    accepting.send_code(db, who, secret, NOW, "en")
    (mail,) = mails(db, "share_code")
    assert mail.to_address == "guest@example.org"
    (digits,) = re.findall(r"\b\d{6}\b", mail.text_body)
    for code, at in ((f"{(int(digits) + 1) % 10**6:06d}", NOW), (digits, NOW + timedelta(hours=1))):
        with pytest.raises(DomainError):
            accepting.accept(db, who, secret, at, code=code)
    with pytest.raises(DomainError):  # it was mailed for one sign-in, and for no other
        accepting.accept(db, fresh(factories.user(db)), secret, NOW, code=digits)
    accepting.accept(db, who, secret, NOW, code=f" {digits[:3]} {digits[3:]}")
    assert opened(db, who, str(home.account.id)).rights == "view"


def test_codes_are_counted_and_mails_too(db: Session, home: Home) -> None:
    secret, who = home.invite(db), fresh(factories.user(db))
    tries = [accepting.count_code(db, who, NOW) for _ in range(limits.WRONG_CODES + 1)]
    assert tries == [True] * limits.WRONG_CODES + [False]
    for _ in range(limits.MAILS_A_DAY):
        accepting.send_code(db, who, secret, NOW, "en")
    with pytest.raises(DomainError, match="Enough codes"):
        accepting.send_code(db, who, secret, NOW, "en")


def test_a_holder_loses_nothing_by_accepting_less(db: Session, home: Home) -> None:
    secret = home.invite(db)
    factories.link(db, home.guest, home.account, home.customer)
    with pytest.raises(BadInvitation, match="hold this account already"):
        accepting.accept(db, fresh(home.guest), secret, NOW)
    assert home.tie(db).rights == "hold"


def shared(db: Session, home: Home, rights: str = "view", **given: Any) -> AccountLink:
    return factories.link(
        db, home.guest, home.account, home.customer, rights=rights, granted_by=home.holder.id,
        **{"created_at": NOW - 30 * DAY} | given,
    )  # fmt: skip


def test_the_page_shows_others_masked_and_who_may_be_removed(db: Session, home: Home) -> None:
    shared(db, home, ends_at=NOW + 3 * DAY)
    home.invite(db)
    invitations.invite(
        db, fresh(home.holder), str(home.account.id), "new@example.org", "pay", "", NOW
    )
    second = factories.user(db)
    factories.link(db, second, home.account, home.customer, created_at=NOW + DAY)
    mine = people.people(db, fresh(home.holder), str(home.account.id), NOW)
    assert [(p.email, p.rights, p.removable) for p in mine.people] == [
        (home.holder.email, "hold", False),
        (f"{second.email[0]}***@example.com", "hold", True),
        ("g***@example.org", "view", True),
    ]
    assert [one.email for one in mine.invited] == ["guest@example.org", "new@example.org"]
    theirs = people.people(db, fresh(second), str(home.account.id), NOW)
    assert [one.email for one in theirs.invited] == ["g***@example.org", "n***@example.org"]
    assert [p.removable for p in theirs.people] == [False, False, True]
    with pytest.raises(NotAllowed):
        people.people(db, fresh(home.guest), str(home.account.id), NOW)
    with pytest.raises(NotFound):
        people.people(db, fresh(factories.user(db)), str(home.account.id), NOW)


def test_a_change_of_rights_and_end_is_told_to_the_delegate(db: Session, home: Home) -> None:
    tie = shared(db, home, ends_at=NOW + 3 * DAY, soon_told_at=NOW)
    last = local_date(NOW, city().zone) + 60 * DAY
    for who in (fresh(home.guest), fresh(factories.user(db)), ANONYMOUS):
        with pytest.raises(NotFound):
            people.change(db, who, str(tie.id), "pay", "", NOW)
    with pytest.raises(FreshSignInNeeded):
        people.change(
            db, fresh(home.holder, authenticated_at=NOW - limits.FRESH), str(tie.id), "pay", "", NOW
        )
    people.change(db, fresh(home.holder), str(tie.id), "pay", last.isoformat(), NOW)
    assert (tie.rights, last_day_of(tie.ends_at, city().zone)) == ("pay", last)
    assert tie.soon_told_at is None
    assert [mail.to_address for mail in mails(db, "share_changed")] == ["guest@example.org"]
    people.change(db, fresh(home.holder), str(tie.id), "pay", last.isoformat(), NOW)
    assert len(mails(db, "share_changed")) == 1  # nothing changed, nothing is told


def test_a_removed_holders_grants_and_offers_end_with_them(db: Session, home: Home) -> None:
    shared(db, home, "pay")
    secret = home.invite(db)
    first = factories.user(db)
    factories.link(db, first, home.account, home.customer, created_at=NOW - 400 * DAY)
    other = factories.user(db)
    kept = factories.link(
        db, other, home.account, home.customer, rights="view", granted_by=first.id
    )
    (gone,) = [
        h for h in people.people(db, fresh(first), str(home.account.id), NOW).people
        if h.rights == "hold" and not h.is_you
    ]  # fmt: skip
    operations.remove(db, fresh(first), str(gone.link_id), NOW)
    assert opened_accounts(db, fresh(home.guest)) == []
    assert [mail.to_address for mail in mails(db, "share_ended")] == ["guest@example.org"]
    with pytest.raises(BadInvitation):
        accepting.accept(db, fresh(home.guest), secret, NOW)
    db.refresh(kept)
    assert kept.removed_at is None


def test_a_delegate_who_leaves_ends_nobody_else(db: Session, home: Home) -> None:
    shared(db, home)
    (mine,) = queries.linked(db, fresh(home.guest))
    operations.remove(db, fresh(home.guest), str(mine.link_id), NOW)
    assert mails(db, "share_ended") == []
    assert opened(db, fresh(home.holder), str(home.account.id)).holds


def test_the_end_is_told_a_week_before_and_when_it_comes_once_each(db: Session, home: Home) -> None:
    tie = shared(db, home, ends_at=NOW + 8 * DAY)
    assert endings.tell_soon(db, NOW) == 0
    assert (endings.tell_soon(db, NOW + 1 * DAY), endings.tell_soon(db, NOW + 2 * DAY)) == (1, 0)
    both = sorted(["guest@example.org", home.holder.email])
    assert [mail.to_address for mail in mails(db, "share_ends_soon")] == both
    assert endings.end_due(db, NOW + 8 * DAY - timedelta(seconds=1)) == 0
    assert (endings.end_due(db, NOW + 8 * DAY), endings.end_due(db, NOW + 9 * DAY)) == (1, 0)
    assert [mail.to_address for mail in mails(db, "share_ended")] == both
    db.refresh(tie)
    assert tie.removed_at is not None


def test_what_was_given_for_less_than_a_week_is_not_told_to_end_soon(
    db: Session, home: Home
) -> None:
    shared(db, home, created_at=NOW, ends_at=NOW + 5 * DAY)
    assert endings.tell_soon(db, NOW) == 0


@pytest.mark.parametrize(
    ("address", "street"),
    [("517 Quince Way", "Quince Way"), ("1810 6TH ST NE", "6TH ST NE"), ("12-B Main St", "Main St"),
     ("Quince Way", "Quince Way"), ("517", "517")],
)  # fmt: skip
def test_a_street_has_no_house_number(address: str, street: str) -> None:
    assert street_of(address) == street


def test_of_two_who_accept_at_once_one_gets_it(database: Engine) -> None:
    with Session(database, expire_on_commit=False) as db, db.begin():
        home = Home(db)
        secret = home.invite(db)
        who = fresh(home.guest)
    start, outcomes = threading.Barrier(2), []

    def take() -> None:
        with Session(database) as db, db.begin():
            db.connection()
            start.wait()
            try:
                accepting.accept(db, who, secret, NOW)
                outcomes.append("taken")
            except BadInvitation:
                outcomes.append("refused")

    threads = [threading.Thread(target=take) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused", "taken"]
    with Session(database) as db:
        assert len(mails(db, "share_joined")) == 1


def test_old_invitations_are_forgotten(db: Session, home: Home) -> None:
    home.invite(db)
    over = NOW + limits.INVITATION_LIFE + limits.INVITATION_KEPT
    invitations.forget_old(db, over)
    assert len(db.exec(select(Invitation)).all()) == 1
    invitations.forget_old(db, over + timedelta(seconds=1))
    assert db.exec(select(Invitation)).all() == []
