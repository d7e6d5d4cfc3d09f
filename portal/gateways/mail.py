"""Mail leaving the house: the promise, and SMTP."""

import asyncio
import ssl
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

_SECONDS = 30


class MailFailed(Exception):
    """The message was not taken. `final`: the server said that trying again is of no use."""

    def __init__(self, reason: str, *, final: bool) -> None:
        super().__init__(reason)
        self.final = final


class MailGateway(Protocol):
    """Whoever takes a message and promises to deliver it."""

    def send(self, message: EmailMessage) -> None:
        """Hand over one message to one address, within 30 s. Raises MailFailed."""


class SmtpMail:
    """SMTP as SMTP_URL says.

    `smtp://user:password@host:587` (STARTTLS where offered), `smtps://host:465`;
    `?starttls=always` insists on encryption, `?starttls=never` does without.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("SMTP_URL: write smtp://user:password@host:587 or smtps://host:465")
        self._host = parts.hostname
        self._encrypted = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._encrypted else 587)
        self._user = unquote(parts.username or "") or None
        self._password = unquote(parts.password or "") or None
        wish = parse_qs(parts.query).get("starttls", ["offered"])[0]
        self._starttls = {"always": True, "never": False}.get(wish)

    def send(self, message: EmailMessage) -> None:
        """Send over one connection of its own: a mailing is rare and a dead connection is not."""
        try:
            asyncio.run(
                aiosmtplib.send(
                    message,
                    hostname=self._host,
                    port=self._port,
                    username=self._user,
                    password=self._password,
                    use_tls=self._encrypted,
                    start_tls=None if self._encrypted else self._starttls,
                    timeout=_SECONDS,
                )
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            refusal = error.recipients[0]
            raise MailFailed(str(refusal.message), final=500 <= refusal.code < 600) from error
        except (aiosmtplib.SMTPException, OSError, ssl.SSLError, TimeoutError) as error:
            raise MailFailed(f"{type(error).__name__}: {error}"[:300], final=False) from error

    def check(self) -> None:
        """Connect, sign in and leave. Raises MailFailed."""
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._user,
            password=self._password,
            use_tls=self._encrypted,
            start_tls=None if self._encrypted else self._starttls,
            timeout=_SECONDS,
        )

        async def visit() -> None:
            async with client:
                await client.noop()

        try:
            asyncio.run(visit())
        except (aiosmtplib.SMTPException, OSError, ssl.SSLError, TimeoutError) as error:
            raise MailFailed(f"{type(error).__name__}: {error}"[:300], final=False) from error
