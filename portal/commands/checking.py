"""`check`: what is missing, each with its remedy. Exit 1 where something is."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import typer

from portal.config import oidc_environment, problems, settings
from portal.gateways.providers import read


def check() -> None:
    """Say of database, mail, Stripe, clock and https whether each works, and how to mend it."""
    bad = 0
    for name, trouble in _findings():
        print(f"{name:10} {'ok' if not trouble else 'NOT OK: ' + trouble}")
        bad += bool(trouble)
    if bad:
        raise typer.Exit(1)


def _findings() -> Iterator[tuple[str, str]]:
    yield "settings", "; ".join(problems(settings(), serving=True))
    yield "city", _city()
    yield "database", _database()
    yield "mail", _mail()
    yield "payments", _payments()
    yield "providers", "; ".join(read(oidc_environment())[1])
    yield "clock", _clock()
    yield "https", _https()


def _city() -> str:
    from portal.cities import CityError, city

    try:
        city()
    except CityError as error:
        return str(error)
    return ""


def _database() -> str:
    from portal import database, migrations

    try:
        engine = database.connect()
        with engine.connect() as connection:
            migrations.check_version(connection)
            found = migrations.revision_of(connection)
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        return f"{reason}. Check PORTAL_DATABASE_URL and that the server runs."
    finally:
        database.close()
    if found != migrations.head():
        return "its tables are not this version's. Run: python -m portal migrate"
    return ""


def _mail() -> str:
    from portal.gateways.mail import MailFailed, SmtpMail

    if not settings().smtp_url:
        return "mail waits in the outbox. Set SMTP_URL to the city's mail server."
    try:
        SmtpMail(settings().smtp_url).check()
    except (MailFailed, ValueError) as error:
        return f"{error}. Check SMTP_URL, and that this machine may reach it."
    if not settings().mail_from:
        return "MAIL_FROM is not set: the address that residents see as the sender."
    return ""


def _payments() -> str:
    chosen = settings()
    if chosen.payments in ("", "off", "demo"):
        return (
            ""
            if chosen.demo
            else (
                "nobody can pay. Set PORTAL_PAYMENTS=stripe_test or stripe_live and Stripe's keys."
            )
        )
    if not chosen.stripe_webhook_secret.get_secret_value():
        return "STRIPE_WEBHOOK_SECRET is missing: copy it from Stripe's page of webhooks."
    live = chosen.stripe_secret_key.get_secret_value().startswith(("sk_live_", "rk_live_"))
    if live != (chosen.payments == "stripe_live"):
        return f"PORTAL_PAYMENTS={chosen.payments} and STRIPE_SECRET_KEY are of different modes."
    try:
        import stripe

        client = stripe.StripeClient(chosen.stripe_secret_key.get_secret_value())
        client.v1.balance.retrieve()
    except Exception as error:
        return f"Stripe does not answer: {type(error).__name__}. Check the key and the network."
    return ""


def _clock() -> str:
    """Compare with the clock of Stripe, which refuses what is minutes off, where it answers."""
    import httpx

    try:
        answer = httpx.head("https://api.stripe.com", timeout=5)
        there = parsedate_to_datetime(answer.headers["date"])
    except (httpx.HTTPError, KeyError, ValueError):
        return ""  # no network to compare over is said elsewhere, or is no fault
    seconds = abs((datetime.now(UTC) - there).total_seconds())
    return f"{seconds:.0f} s off: let this machine keep time by NTP." if seconds > 30 else ""


def _https() -> str:
    import httpx

    address = settings().public_url
    if urlsplit(address).scheme != "https":
        return "" if settings().demo else "set PORTAL_PUBLIC_URL to the https address."
    try:
        answer = httpx.get(address.rstrip("/") + "/healthz", timeout=10)
    except httpx.HTTPError as error:
        return f"{address} does not answer ({type(error).__name__}): check proxy and certificate."
    return "" if answer.status_code == 200 else f"{address}/healthz answers {answer.status_code}."
