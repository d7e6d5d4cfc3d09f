"""Mail: written with its cause, sent once, tried for 72 hours, refused where it could inject."""

import re
from datetime import datetime, timedelta
from email.message import EmailMessage
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from portal.domain.outbox import rules
from portal.domain.outbox.operations import claim, not_sent, queue_mail, sent
from portal.gateways.mail import MailFailed
from portal.jobs.outbox import deliver
from portal.kit.db import transaction
from portal.kit.text import speaking
from portal.models.outbox import Mail
from portal.models.payments import StaffTask


def _queue(session: Session, now: datetime, **given: str) -> Mail:
    mail_id = queue_mail(
        session,
        kind=given.get("kind", "activation"),
        to=given.get("to", "ana@example.com"),
        subject=given.get("subject", "Welcome"),
        paragraphs=["Hello <Ana> & co."],
        action=("Activate account", "https://portal.example/activate?token=a&b=c"),
    )
    mail = session.get_one(Mail, mail_id)
    mail.created_at = mail.next_try_at = now
    session.flush()
    return mail


def test_a_message_has_both_bodies_and_an_id_from_its_row(db: Session, now: datetime) -> None:
    mail = _queue(db, now)
    claimed = claim(db, now)
    assert claimed is not None
    message = claimed.message
    assert message["Message-ID"] == f"<{mail.id}@pleasanton.example>"
    assert message["To"] == "ana@example.com"
    assert message["From"] == "City of Pleasanton <no-reply@pleasanton.example>"
    plain = message.get_body(("plain",))
    html = message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert "Activate account:\nhttps://portal.example/activate?token=a&b=c\n" in plain.get_content()
    assert "Hello &lt;Ana&gt; &amp; co." in html.get_content()
    assert 'href="https://portal.example/activate?token=a&amp;b=c"' in html.get_content()
    sent(db, claimed, now)
    assert claim(db, now + timedelta(days=1)) is None


@pytest.mark.parametrize(
    ("kind", "sender"),
    [
        ("activate", "Community Access Identity"),
        ("locked", "Community Access Identity"),
        ("receipt", "City of Pleasanton"),
        ("usage_alert", "City of Pleasanton"),
    ],
)
def test_who_sends_it(db: Session, now: datetime, kind: str, sender: str) -> None:
    _queue(db, now, kind=kind)
    claimed = claim(db, now)
    assert claimed is not None
    assert claimed.message["From"] == f"{sender} <no-reply@pleasanton.example>"
    assert claimed.message["List-Unsubscribe"] is None
    assert claimed.message["Auto-Submitted"] == "auto-generated"
    assert claimed.message.get_content_type() == "multipart/alternative"


def test_both_bodies_say_the_same_and_ask_nothing_of_the_network(
    db: Session, now: datetime
) -> None:
    mail_id = queue_mail(
        db,
        kind="receipt",
        to="ana@example.com",
        subject="Receipt",
        paragraphs=["Thank you.", [("Payment number", "1007"), ("Total", "$5.00")]],
        action=("See the receipt", "https://portal.example/receipt"),
        below=["If it was not you, call us."],
    )
    mail = db.get_one(Mail, mail_id)
    assert mail.text_body.startswith(
        "Thank you.\n\nPayment number: 1007\nTotal: $5.00\n\n"
        "See the receipt:\nhttps://portal.example/receipt\n\nIf it was not you, call us.\n\n-- \n"
    )
    words = re.sub(r"<style>.*?</style>|<[^>]+>", " ", mail.html_body)
    for part in ("Thank you.", "Payment number", "$5.00", "If it was not you, call us."):
        assert part in words
    assert re.findall(r"https?://[^\"<]+", mail.html_body) == 2 * ["https://portal.example/receipt"]
    assert not re.search(r"<img|<script|<link|url\(", mail.html_body)
    assert "prefers-color-scheme:dark" in mail.html_body


def test_the_spanish_reader_gets_a_spanish_page(db: Session, now: datetime) -> None:
    with speaking("es"):
        assert '<html lang="es">' in _queue(db, now).html_body


@pytest.mark.parametrize(
    "to",
    [
        "",
        "ana",
        "ana@example.com, bob@example.com",
        "ana@example.com;bob@example.com",
        "Ana <ana@example.com>",
        "ana@example.com\nBcc: bob@example.com",
        "ana@example.com\r\n",
        "añá@example.com",
        "a" * 65 + "@example.com",
        "ana@" + "e" * 250 + ".com",
    ],
)
def test_anything_but_one_address_is_refused(db: Session, now: datetime, to: str) -> None:
    with pytest.raises(rules.BadAddress):
        _queue(db, now, to=to)


@pytest.mark.parametrize("subject", ["", " ", "a\r\nBcc: b@example.com", "a\x00b", "x" * 201])
def test_a_subject_cannot_write_a_header(db: Session, now: datetime, subject: str) -> None:
    with pytest.raises(rules.BadSubject):
        _queue(db, now, subject=subject)


def test_waits_double_from_a_minute_to_an_hour() -> None:
    assert [rules.wait_after(n).total_seconds() / 60 for n in range(1, 9)] == [
        1, 2, 4, 8, 16, 32, 60, 60,
    ]  # fmt: skip


def test_a_server_that_stays_down_costs_72_hours_and_tells_the_staff(
    db: Session, now: datetime
) -> None:
    mail = _queue(db, now)
    at, attempts = now, 0
    while mail.status == "waiting":
        claimed = claim(db, at)
        assert claimed is not None
        assert claim(db, at) is None
        not_sent(db, claimed, "connection refused", at)
        attempts += 1
        at = mail.next_try_at or at
    assert attempts == 78  # at 0, 1, 3, 7, 15, 31 and 63 min, then 71 times an hour later
    assert mail.status == "failed"
    task = db.exec(select(StaffTask)).one()
    assert (task.kind, task.reference) == ("mail_failed", f"mail:{mail.id}")
    assert task.params == {"subject": "Welcome", "reason": "connection refused"}


class Fake:
    """A mail server in memory that fails as told."""

    def __init__(self, *errors: MailFailed) -> None:
        self.errors = list(errors)
        self.got: list[EmailMessage] = []

    def send(self, message: EmailMessage) -> None:
        if self.errors:
            raise self.errors.pop()
        self.got.append(message)


def test_a_final_no_is_not_asked_again(database: Engine, now: datetime) -> None:
    with transaction() as session:
        mail = _queue(session, now)
    assert deliver(Fake(MailFailed("no such user", final=True)), lambda: now)
    with transaction() as session:
        assert session.get_one(Mail, mail.id).status == "failed"


def test_two_workers_send_one_message(database: Engine, now: datetime) -> None:
    with transaction() as session:
        for n in range(20):
            _queue(session, now, to=f"ana{n}@example.com")
    server, start = Fake(), Barrier(4)

    def work() -> None:
        start.wait()
        while deliver(server, lambda: now):
            pass

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(m["To"] for m in server.got) == sorted(f"ana{n}@example.com" for n in range(20))


def test_a_rolled_back_cause_sends_nothing(database: Engine, now: datetime) -> None:
    with pytest.raises(ZeroDivisionError), transaction() as session:
        _queue(session, now)
        raise ZeroDivisionError
    assert not deliver(Fake(), lambda: now)
