"""My Notifications and its daily alert: once a usage date, on measured water alone."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from portal.domain.alerts import operations, queries
from portal.domain.alerts.rules import Rehearsal
from portal.domain.identity.actor import Actor
from portal.jobs import alerts as job
from portal.jobs.app import DAILY
from portal.kit.db import transaction
from portal.kit.errors import NotFound, Problems
from portal.models.accounts import Tenure
from portal.models.identity import AccountLink, User
from portal.models.outbox import Mail
from portal.models.usage import UsageAlert, UsageNotification
from tests import factories
from tests.db.usage.test_queries import House, put

PACIFIC = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)  # 11:00 in Pleasanton
TODAY = date(2026, 11, 21)


def own(house: House) -> str:
    """Return the address that the resident signs in with."""
    return house.db.get_one(User, house.actor.user_id).email


def save(house: House, **given: object) -> list[str]:
    fields: dict[str, object] = {
        "threshold": "400",
        "emails": [own(house)],
        "suspended": False,
        "now": NOW - timedelta(days=10),
    }
    fields |= given
    asked = operations.save(house.db, house.actor, str(house.account.id), zone=PACIFIC, **fields)  # type: ignore[arg-type]
    house.db.flush()
    return asked


def alerts(db: Session) -> list[Mail]:
    """Return the alerts among the mails, by reader."""
    found = select(Mail).where(Mail.kind == "usage_alert").order_by(Mail.to_address)
    return list(db.exec(found).all())


def run(db: Session, now: datetime = NOW) -> list[list[date]]:
    db.flush()
    return [operations.alert(db, one, zone=PACIFIC, now=now) for one in operations.due(db)]


@pytest.fixture
def house(db: Session) -> House:
    return House(db)


def test_a_day_over_the_threshold_is_told_once(db: Session, house: House) -> None:
    save(house)
    put(db, house.feed, date(2026, 11, 18), [16] * 24)  # 384
    put(db, house.feed, date(2026, 11, 19), [17] * 24)  # 408
    assert run(db) == [[date(2026, 11, 19)]]
    assert run(db) == [[]]
    assert run(db, NOW + timedelta(days=1)) == [[]]
    mails = alerts(db)
    assert [mail.to_address for mail in mails] == [own(house)]
    assert "408 gallons" in mails[0].text_body
    assert "400 gallons a day" in mails[0].text_body
    assert (
        f"http://localhost:3000/utility-billing/usage?account={house.account.id}"
        "&begin=2026-11-19&end=2026-11-19&grouping=hourly" in mails[0].text_body
    )
    assert house.account.service_address not in mails[0].text_body
    (told,) = db.exec(select(UsageAlert)).all()
    assert (told.used_gallons, told.threshold_gallons) == (408, 400)


def test_exactly_the_threshold_is_not_over_it(db: Session, house: House) -> None:
    save(house, threshold="408")
    put(db, house.feed, date(2026, 11, 19), [17] * 24)
    assert run(db) == [[]]


def test_estimates_neither_raise_nor_hide(db: Session, house: House) -> None:
    save(house)
    put(db, house.feed, date(2026, 11, 16), [40] * 24, "g" * 24)  # 960, all of it a guess
    put(db, house.feed, date(2026, 11, 17), [40] * 24, "E" * 15 + "R" * 9)  # 360 measured
    put(db, house.feed, date(2026, 11, 18), [40] * 24, "E" * 13 + "R" * 11)  # 440 measured
    assert run(db) == [[date(2026, 11, 18)]]


def test_a_late_reading_still_alerts_and_an_old_one_does_not(db: Session, house: House) -> None:
    save(house)
    put(db, house.feed, TODAY - timedelta(days=8), [20] * 24)
    put(db, house.feed, TODAY - timedelta(days=7), [20] * 24)
    put(db, house.feed, TODAY - timedelta(days=3), [20] * 24)
    days = [TODAY - timedelta(days=7), TODAY - timedelta(days=3)]
    assert run(db) == [days]
    (mail,) = db.exec(select(Mail)).all()
    assert "November 14, 2026: 480 gallons" in mail.text_body
    assert "November 18, 2026: 480 gallons" in mail.text_body


def test_days_before_it_was_saved_are_past(db: Session, house: House) -> None:
    save(house, now=NOW - timedelta(hours=1))
    put(db, house.feed, TODAY - timedelta(days=3), [20] * 24)
    put(db, house.feed, TODAY - timedelta(days=2), [20] * 24)
    assert run(db) == [[TODAY - timedelta(days=2)]]


def test_suspended_hears_nothing(db: Session, house: House) -> None:
    save(house)
    put(db, house.feed, date(2026, 11, 18), [20] * 24)
    save(house, suspended=True)
    assert run(db) == []
    assert db.exec(select(Mail)).all() == []


def end_link(house: House) -> None:
    link = house.db.exec(select(AccountLink).where(AccountLink.account_id == house.account.id))
    link.one().removed_at = NOW


def move_out(house: House) -> None:
    stay = house.db.exec(select(Tenure).where(Tenure.account_id == house.account.id)).one()
    stay.stop_date = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (end_link, "The account is no longer linked to your sign-in."),
        (move_out, "You no longer have service at this address, so alerts have ended."),
    ],
)
def test_alerts_end_with_the_link_or_the_tenure_and_say_so_once(
    db: Session, house: House, end: Callable[[House], None], reason: str
) -> None:
    save(house)
    put(db, house.feed, date(2026, 11, 18), [20] * 24)
    end(house)
    assert run(db) == [[]]
    assert run(db) == []
    (mail,) = db.exec(select(Mail)).all()
    assert (mail.kind, mail.to_address) == ("alerts_ended", own(house))
    assert reason in mail.text_body
    assert house.account.account_no[-4:] in mail.text_body
    assert house.account.account_no not in mail.text_body


def test_one_who_comes_back_saves_and_is_told_again(db: Session, house: House) -> None:
    save(house)
    end_link(house)
    run(db)
    link = db.exec(select(AccountLink).where(AccountLink.account_id == house.account.id)).one()
    link.removed_at = None
    db.flush()
    seen = queries.notification(db, house.actor, str(house.account.id), zone=PACIFIC, now=NOW)
    assert seen.ended
    assert queries.limit(db, house.actor, str(house.account.id)) is None
    save(house)
    put(db, house.feed, date(2026, 11, 19), [20] * 24)
    assert run(db) == [[date(2026, 11, 19)]]


def test_who_moves_in_next_week_is_not_told_that_alerts_ended(db: Session, house: House) -> None:
    save(house)
    stay = db.exec(select(Tenure).where(Tenure.account_id == house.account.id)).one()
    stay.start_date = TODAY + timedelta(days=7)
    assert run(db) == [[]]
    assert db.exec(select(Mail)).all() == []


def test_the_next_tenants_water_is_not_told_to_the_last(db: Session, house: House) -> None:
    save(house)
    stay = db.exec(select(Tenure).where(Tenure.account_id == house.account.id)).one()
    stay.stop_date = date(2026, 11, 22)
    put(db, house.feed, date(2026, 11, 21), [20] * 24)
    put(db, house.feed, date(2026, 11, 22), [20] * 24)
    assert run(db) == [[date(2026, 11, 21)]]


def test_two_meters_of_an_account_count_together(db: Session, house: House) -> None:
    save(house)
    garden = factories.meter(db, house.account, service_code="IRR")
    put(db, house.feed, date(2026, 11, 19), [10] * 24)
    put(db, garden.remote_id, date(2026, 11, 19), [10] * 24)
    assert run(db) == [[date(2026, 11, 19)]]


def test_mail_speaks_the_residents_language(db: Session, house: House) -> None:
    save(house)
    user = db.get(User, house.actor.user_id)
    assert user is not None
    user.language = "es"
    put(db, house.feed, date(2026, 11, 19), [17] * 24)
    run(db)
    (mail,) = db.exec(select(Mail)).all()
    assert mail.subject == "Consumo alto de agua el 19 de noviembre de 2026"
    assert "/es/utility-billing/usage" in mail.text_body


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"threshold": ""}, "threshold"),
        ({"threshold": "0"}, "threshold"),
        ({"threshold": "-5"}, "threshold"),
        ({"threshold": "12.5"}, "threshold"),
        ({"threshold": "1e3"}, "threshold"),
        ({"threshold": "٤٠٠"}, "threshold"),
        ({"threshold": "1000001"}, "threshold"),
        ({"emails": ["", "", ""]}, "email_1"),
        ({"emails": ["a@b.co", "two@x.co, three@x.co"]}, "email_2"),
        ({"emails": ["a@b.co\nBcc: x@y.co"]}, "email_1"),
        ({"emails": ["añá@b.co"]}, "email_1"),
    ],
)
def test_what_cannot_be_saved_names_its_field(
    house: House, given: dict[str, object], field: str
) -> None:
    with pytest.raises(Problems) as refused:
        save(house, **given)
    assert refused.value.field == field
    assert house.db.exec(select(UsageNotification)).all() == []


def test_every_field_at_fault_is_named_at_once(house: House) -> None:
    with pytest.raises(Problems) as refused:
        save(house, threshold="lots", emails=["a@b.co", "two@", "three@"])
    assert [one.field for one in refused.value.each] == ["threshold", "email_2", "email_3"]


def test_a_foreign_account_is_not_found(db: Session, house: House) -> None:
    other = House(db)
    for act in (
        lambda: operations.save(
            db, house.actor, str(other.account.id), threshold="4", emails=["a@b.co"],
            suspended=False, zone=PACIFIC, now=NOW,
        ),
        lambda: queries.notification(
            db, house.actor, str(other.account.id), zone=PACIFIC, now=NOW
        ),
        lambda: queries.rehearsal(
            db, Actor(), str(other.account.id), "4", zone=PACIFIC, now=NOW
        ),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            act()


def test_the_page_knows_the_guideline_and_rehearses(db: Session, house: House) -> None:
    for n in range(100):
        day = date(2026, 11, 19) - timedelta(days=n)
        hours = 25 if day == date(2026, 11, 1) else 24
        put(db, house.feed, day, [10 if n % 10 else 30] * hours)
    seen = queries.notification(db, house.actor, str(house.account.id), zone=PACIFIC, now=NOW)
    # 30 days: 3 of 720 gallons, 26 of 240 and one of 250 are 288 a day.
    assert (seen.average_30, seen.threshold, seen.rehearsal) == (288, None, None)
    assert [gallons for gallons, _ in seen.suggestions] == [580, 720, 870]
    assert [one.days_over for _, one in seen.suggestions] == [9, 0, 0]
    over = queries.rehearsal(db, house.actor, str(house.account.id), "1,000", zone=PACIFIC, now=NOW)
    assert over == Rehearsal(0, 90)
    save(house, threshold="239")
    seen = queries.notification(db, house.actor, str(house.account.id), zone=PACIFIC, now=NOW)
    assert seen.rehearsal == Rehearsal(90, 90)
    assert [(one.email, one.status) for one in seen.addresses] == [(own(house), "confirmed")]


def test_two_runs_at_once_tell_a_day_once(database: Engine) -> None:
    with transaction() as session:
        house = House(session)
        save(house)
        for n in range(5):
            put(session, house.feed, TODAY - timedelta(days=n + 1), [20] * 24)
        (due,) = operations.due(session)
    start = threading.Barrier(2)
    told: list[date] = []

    def once() -> None:
        start.wait()
        with transaction() as session:
            told.extend(operations.alert(session, due, zone=PACIFIC, now=NOW))

    threads = [threading.Thread(target=once) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [TODAY - timedelta(days=n) for n in (5, 4, 3, 2, 1)]
    with transaction() as session:
        assert len(session.exec(select(UsageAlert)).all()) == 5
        assert len(session.exec(select(Mail)).all()) == 1


def test_the_job_runs_at_eleven_and_one_failure_does_not_silence_the_rest(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert DAILY["alerts.send"].at() == time(11, 0)
    with transaction() as session:
        first, second = House(session), House(session)
        for house in (first, second):
            save(house)
            put(session, house.feed, TODAY - timedelta(days=2), [20] * 24)
        broken = operations.due(session)[0]
    monkeypatch.setattr(job, "utc_now", lambda: NOW)
    real = operations.alert

    def alert(session: Session, notification_id: object, **more: object) -> object:
        if notification_id == broken:
            raise ValueError("no such luck")
        return real(session, notification_id, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(operations, "alert", alert)
    with pytest.raises(RuntimeError, match="1 of 2 alerts failed"):
        job.send_alerts()
    with transaction() as session:
        assert len(session.exec(select(Mail)).all()) == 1
    monkeypatch.setattr(operations, "alert", real)
    job.send_alerts()  # tried again, it tells the one that is left and nobody twice
    with transaction() as session:
        assert len(session.exec(select(Mail)).all()) == 2
