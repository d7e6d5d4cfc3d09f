"""Who hears of alerts: asked once, agreeing by itself, stopping by itself, within limits."""

import hashlib
import re
import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from portal.demo.mailbox.catcher import Catcher
from portal.domain.alerts import addresses, operations, queries, rules
from portal.domain.identity import limits
from portal.domain.identity.actor import ANONYMOUS
from portal.gateways.mail import SmtpMail
from portal.jobs.outbox import deliver
from portal.kit.db import transaction
from portal.kit.text import speaking
from portal.models.audit import AuditEvent
from portal.models.identity import User
from portal.models.outbox import Mail
from portal.models.usage import AlertAddress
from tests import factories
from tests.db.test_alerts import NOW, PACIFIC, TODAY, alerts, move_out, own, run
from tests.db.test_alerts import save as save_at
from tests.db.usage.test_queries import House, put

BEN = "ben@example.com"
EVE = "eve@example.com"
TOO_MANY = "No more messages can be sent to this address today. Try again tomorrow."


@pytest.fixture
def house(db: Session) -> House:
    return House(db)


def save(house: House, **given: object) -> list[str]:
    """Save three days ago, so that a link sent then still holds."""
    fields: dict[str, object] = {"now": NOW - timedelta(days=3)}
    return save_at(house, **fields | given)


def questions(db: Session, to: str = BEN) -> list[Mail]:
    """Return the confirmation mails to an address."""
    found = select(Mail).where(Mail.kind == "alert_confirm", Mail.to_address == to)
    return list(db.exec(found).all())


def secret_in(mail: Mail, path: str = "/alerts/confirm") -> str:
    """Return what the link to `path` in a mail carries."""
    found = re.search(rf"http://localhost:3000(?:/es)?{path}\?token=([\w-]+)", mail.text_body)
    assert found is not None
    return found[1]


def standing(house: House, now: datetime = NOW) -> dict[str, str]:
    """Return what each saved address has said, as the screen has it."""
    seen = queries.notification(house.db, house.actor, str(house.account.id), zone=PACIFIC, now=now)
    return {one.email: str(one.status) for one in seen.addresses}


def ask_again(house: House, email: str = BEN) -> None:
    operations.ask_again(house.db, house.actor, str(house.account.id), email, zone=PACIFIC, now=NOW)


def confirmed(house: House) -> None:
    """Save Email 2 and let it agree."""
    save(house, emails=[own(house), BEN])
    (question,) = questions(house.db)
    addresses.confirm(house.db, ANONYMOUS, secret_in(question), NOW)
    house.db.flush()


def test_a_stranger_is_asked_once_and_told_nothing_until_they_agree(
    db: Session, house: House
) -> None:
    assert save(house, emails=[own(house), BEN]) == [BEN]
    assert save(house, emails=[own(house), BEN]) == []  # saving again asks nobody again
    put(db, house.feed, date(2026, 11, 18), [20] * 24)
    run(db)
    assert [mail.to_address for mail in alerts(db)] == [own(house)]
    (question,) = questions(db)
    addresses.confirm(db, ANONYMOUS, secret_in(question), NOW)
    put(db, house.feed, date(2026, 11, 19), [20] * 24)
    assert run(db) == [[date(2026, 11, 19)]]
    assert [mail.to_address for mail in alerts(db)] == [BEN, own(house), own(house)]
    assert standing(house) == {own(house): "confirmed", BEN: "confirmed"}


def test_the_question_names_the_city_and_who_asks_masked_and_no_more(
    db: Session, house: House
) -> None:
    put(db, house.feed, date(2026, 11, 18), [20] * 24)
    save(house, emails=[BEN])
    (mail,) = questions(db)
    name = own(house)
    said = mail.subject + mail.text_body + mail.html_body
    assert "City of Pleasanton" in said
    assert f"{name[0]}***@example.com" in said
    number = house.account.account_no
    for hidden in (name, number, number[-4:], house.account.service_address, "480", "400"):
        assert hidden not in re.sub(r"token=[\w-]+|#\w{6}\b|font-\w+:\d+", "", said)
    assert mail.account_id is None


def test_the_secret_is_stored_as_its_hash_and_holds_seven_days(db: Session, house: House) -> None:
    save(house, emails=[BEN], now=NOW)
    secret = secret_in(questions(db)[0])
    row = db.exec(select(AlertAddress)).one()
    assert row.token_hash == hashlib.sha256(secret.encode()).hexdigest()
    assert len(secret) == 43  # 256 bits
    assert standing(house, NOW + rules.CONFIRM_WITHIN - timedelta(seconds=1))[BEN] == "waiting"
    assert standing(house, NOW + rules.CONFIRM_WITHIN)[BEN] == "expired"
    with pytest.raises(addresses.BadAlertLink, match="too old"):
        addresses.confirm(db, ANONYMOUS, secret, NOW + rules.CONFIRM_WITHIN)
    assert timedelta(days=7) == rules.CONFIRM_WITHIN


def test_sending_again_ends_the_link_before(db: Session, house: House) -> None:
    save(house, emails=[BEN], now=NOW)
    (first,) = questions(db)
    ask_again(house)
    (second,) = [mail for mail in questions(db) if mail.id != first.id]
    with pytest.raises(addresses.BadAlertLink, match="no longer works"):
        addresses.confirm(db, ANONYMOUS, secret_in(first), NOW)
    addresses.confirm(db, ANONYMOUS, secret_in(second), NOW)
    addresses.confirm(db, ANONYMOUS, secret_in(second), NOW)  # a second press is no mistake
    acts = db.exec(select(AuditEvent.act).where(AuditEvent.act == "alert_address.confirm")).all()
    assert len(acts) == 1
    with pytest.raises(addresses.NotAskedNow):
        ask_again(house)


def test_an_address_gets_five_mails_a_day_whoever_asks(db: Session, house: House) -> None:
    other = House(db)
    save(other, emails=[BEN], now=NOW)
    save(house, emails=[BEN], now=NOW)
    for _ in range(limits.MAILS_A_DAY - 2):
        ask_again(house)
    with pytest.raises(addresses.NotAskedNow) as refused:
        ask_again(house)
    assert refused.value.sentence == TOO_MANY
    assert len(questions(db)) == limits.MAILS_A_DAY == 5
    third = House(db)
    assert save(third, emails=[BEN], now=NOW) == []  # saved, and said to be not asked yet
    assert standing(third)[BEN] == "unasked"


def test_a_resident_causes_ten_a_day(db: Session, house: House) -> None:
    for n in range(rules.CONFIRMATIONS_A_DAY // 2):
        save(house, emails=[f"a{n}@example.com", f"b{n}@example.com"], now=NOW)
    assert save(house, emails=[BEN], now=NOW) == []
    with pytest.raises(addresses.NotAskedNow):
        ask_again(house)
    assert questions(db) == []
    assert save(house, emails=[EVE], now=NOW + timedelta(days=1)) == [EVE]
    assert rules.CONFIRMATIONS_A_DAY == 10


def test_nobody_is_asked_for_alerts_that_are_suspended(db: Session, house: House) -> None:
    assert save(house, emails=[BEN], suspended=True) == []
    assert standing(house) == {BEN: "unasked"}
    assert save(house, emails=[BEN]) == [BEN]


def test_changing_the_address_drops_its_confirmation(db: Session, house: House) -> None:
    confirmed(house)
    save(house, emails=[own(house), EVE])
    assert standing(house)[EVE] == "waiting"
    assert save(house, emails=[own(house), BEN]) == [BEN]
    assert standing(house)[BEN] == "waiting"


def test_one_confirmation_holds_for_the_residents_other_account(db: Session, house: House) -> None:
    confirmed(house)
    second = _second_account(house)
    asked = operations.save(
        db, house.actor, str(second), threshold="300", emails=["Ben@Example.com"],
        suspended=False, zone=PACIFIC, now=NOW,
    )  # fmt: skip
    assert asked == []
    save(house, emails=[own(house)])  # the second account still names it
    seen = queries.notification(db, house.actor, str(second), zone=PACIFIC, now=NOW)
    assert [one.status for one in seen.addresses] == ["confirmed"]


def test_one_confirmation_does_not_hold_for_another_resident(db: Session, house: House) -> None:
    confirmed(house)
    other = House(db)
    assert save(other, emails=[BEN]) == [BEN]
    assert standing(other) == {BEN: "waiting"}


def _second_account(house: House) -> object:
    account = factories.account(house.db)
    factories.tenure(house.db, account, house.customer)
    user = house.db.get_one(User, house.actor.user_id)
    factories.link(house.db, user, account, house.customer)
    return account.id


def test_stopping_holds_until_the_owner_starts_again(db: Session, house: House) -> None:
    confirmed(house)
    put(db, house.feed, date(2026, 11, 18), [20] * 24)
    run(db)
    told = next(mail for mail in alerts(db) if mail.to_address == BEN)
    secret = secret_in(told, "/alerts/stop")
    addresses.stop(db, ANONYMOUS, secret, NOW)
    addresses.stop(db, ANONYMOUS, secret, NOW)
    put(db, house.feed, date(2026, 11, 19), [20] * 24)
    run(db)
    assert [mail.to_address for mail in alerts(db)].count(BEN) == 1
    # Taking the address away and naming it again asks nobody who said no.
    save(house, emails=[own(house)])
    assert save(house, emails=[own(house), BEN]) == []
    assert standing(house)[BEN] == "stopped"
    with pytest.raises(addresses.NotAskedNow):
        ask_again(house)
    with pytest.raises(addresses.BadAlertLink):
        addresses.confirm(db, ANONYMOUS, secret_in(questions(db)[0]), NOW)
    addresses.start(db, ANONYMOUS, secret, NOW)
    assert standing(house)[BEN] == "confirmed"


def test_the_question_can_be_answered_with_never(db: Session, house: House) -> None:
    save(house, emails=[BEN])
    addresses.stop(db, ANONYMOUS, secret_in(questions(db)[0], "/alerts/stop"), NOW)
    assert standing(house)[BEN] == "stopped"
    with pytest.raises(addresses.NotAskedNow):
        ask_again(house)


def test_the_own_address_stops_from_the_mail_and_starts_on_the_screen(
    db: Session, house: House
) -> None:
    save(house)
    put(db, house.feed, date(2026, 11, 18), [20] * 24)
    run(db)
    addresses.stop(db, ANONYMOUS, secret_in(alerts(db)[0], "/alerts/stop"), NOW)
    assert standing(house) == {own(house): "stopped"}
    put(db, house.feed, date(2026, 11, 19), [20] * 24)
    assert run(db) == [[]]
    operations.start_own(db, house.actor, str(house.account.id))
    assert standing(house) == {own(house): "confirmed"}
    assert run(db) == [[date(2026, 11, 19)]]


def test_only_a_verified_sign_in_address_is_the_residents_own(db: Session, house: House) -> None:
    save(house)
    db.get_one(User, house.actor.user_id).email = "moved@example.com"
    assert set(standing(house).values()) == {"unasked"}
    put(db, house.feed, date(2026, 11, 18), [20] * 24)
    assert run(db) == [[]]


@pytest.mark.parametrize("secret", ["", "x", "0" * 64, "é" * 64, "a" * 32 + "b" * 32])
def test_made_up_links_open_nothing(db: Session, house: House, secret: str) -> None:
    save(house, emails=[BEN])
    for act in (addresses.stop, addresses.start, addresses.confirm):
        with pytest.raises(addresses.BadAlertLink):
            act(db, ANONYMOUS, secret, NOW)
    row = db.exec(select(AlertAddress)).one()
    with pytest.raises(addresses.BadAlertLink):
        addresses.stop(db, ANONYMOUS, row.id.hex + "0" * 32, NOW)


def test_the_subscriber_is_written_to_in_the_language_they_confirmed_in(
    db: Session, house: House
) -> None:
    with speaking("es"):
        save(house, emails=[BEN, EVE])
    assert questions(db)[0].subject == "¿Desea recibir alertas de consumo alto de agua?"
    with speaking("en"):
        addresses.confirm(db, ANONYMOUS, secret_in(questions(db)[0]), NOW)
    with speaking("es"):
        addresses.confirm(db, ANONYMOUS, secret_in(questions(db, EVE)[0]), NOW)
    put(db, house.feed, date(2026, 11, 19), [20] * 24)
    run(db)
    to_ben, to_eve = alerts(db)
    assert to_ben.subject == "High water use on November 19, 2026"
    assert to_eve.subject == "Consumo alto de agua el 19 de noviembre de 2026"
    assert "/es/alerts/stop?token=" in to_eve.text_body
    # Who has no sign-in is not sent to a page that asks for one, nor told who asks in full.
    assert "/utility-billing/" not in to_ben.text_body
    assert own(house) not in to_ben.text_body


def test_others_are_told_that_alerts_ended_too(db: Session, house: House) -> None:
    confirmed(house)
    save(house, emails=[own(house), BEN, EVE])
    move_out(house)
    run(db)
    ended = db.exec(select(Mail).where(Mail.kind == "alerts_ended").order_by(Mail.to_address)).all()
    assert [mail.to_address for mail in ended] == [BEN, own(house)]
    assert "***@example.com, who asked for them, no longer has access" in ended[0].text_body


def test_two_accounts_saved_at_once_ask_once(database: Engine) -> None:
    with transaction() as session:
        house = House(session)
        places = [house.account.id, _second_account(house)]
        for place in places:
            _switch(session, house, place, suspended=True)
    start = threading.Barrier(2)
    asked: list[str] = []

    def once(place: object) -> None:
        start.wait()
        with transaction() as session:
            asked.extend(_switch(session, house, place, suspended=False))

    threads = [threading.Thread(target=once, args=(place,)) for place in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == [BEN]
    with transaction() as session:
        assert len(questions(session)) == 1


def _switch(session: Session, house: House, place: object, *, suspended: bool) -> list[str]:
    return operations.save(
        session, house.actor, str(place), threshold="400", emails=[BEN], suspended=suspended,
        zone=PACIFIC, now=NOW,
    )  # fmt: skip


@pytest.fixture
def smtp(tmp_path: Path) -> Iterator[tuple[SmtpMail, Path]]:
    catcher = Catcher(tmp_path)
    yield SmtpMail(catcher.url), tmp_path
    catcher.stop()


def test_the_mail_on_the_wire_can_be_stopped_by_one_click(
    database: Engine, smtp: tuple[SmtpMail, Path]
) -> None:
    through, folder = smtp
    with transaction() as session:
        house = House(session)
        save(house)
        put(session, house.feed, TODAY - timedelta(days=2), [20] * 24)
        run(session)
    assert deliver(through)
    (kept,) = folder.glob("*.eml")
    head = kept.read_bytes().decode().partition("\r\n\r\n")[0]
    # On one line and as it is: folded it would become encoded words, which nobody clicks.
    found = re.search(r"^List-Unsubscribe: <(\S+)>\r$", head, re.MULTILINE)
    assert found is not None
    assert urlsplit(found[1]).path == "/alerts/stop"
    assert "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in head
