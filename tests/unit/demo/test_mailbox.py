"""The mail catcher: mail that really travelled by SMTP, shown as text and links."""

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from portal.demo.mailbox import messages
from portal.demo.mailbox.catcher import Catcher
from portal.gateways.mail import MailFailed, SmtpMail


@pytest.fixture
def catcher(tmp_path: Path) -> Iterator[Catcher]:
    running = Catcher(tmp_path / "mail")
    yield running
    running.stop()


def _message(n: int, body: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "City of Pleasanton <no-reply@pleasanton.example>"
    message["To"] = "ana@example.com"
    message["Subject"] = f"Ñandú {n}"
    message.set_content(body)
    message.add_alternative("<script>alert(1)</script>", subtype="html")
    return message


def test_what_is_sent_is_shown_newest_first(catcher: Catcher, tmp_path: Path) -> None:
    through = SmtpMail(catcher.url)
    through.check()
    through.send(_message(1, "First"))
    through.send(_message(2, "Hello <b>\n\nActivate:\nhttps://portal.example/activate?a=1&b=2\n"))
    newest, oldest = messages.newest(tmp_path / "mail")
    assert (newest.subject, newest.to, oldest.subject) == ("Ñandú 2", "ana@example.com", "Ñandú 1")
    link = "https://portal.example/activate?a=1&b=2"
    assert newest.paragraphs == (
        (messages.Piece("Hello <b>"),),
        (messages.Piece("Activate:\n"), messages.Piece(link, link)),
    )


def test_a_link_that_is_no_web_address_is_text(catcher: Catcher, tmp_path: Path) -> None:
    SmtpMail(catcher.url).send(_message(1, "javascript:alert(1) data:text/html,x"))
    (message,) = messages.newest(tmp_path / "mail")
    assert [piece.href for part in message.paragraphs for piece in part] == [""]


def test_no_server_is_a_failure_to_try_again(catcher: Catcher) -> None:
    catcher.stop()
    with pytest.raises(MailFailed) as caught:
        SmtpMail(catcher.url).send(_message(1, "x"))
    assert not caught.value.final


@pytest.mark.parametrize("url", ["", "mail.example.gov", "http://mail.example.gov", "smtp://"])
def test_a_wrong_address_of_the_server_is_said(url: str) -> None:
    with pytest.raises(ValueError, match="SMTP_URL"):
        SmtpMail(url)
