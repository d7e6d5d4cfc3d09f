"""Passkeys with Chromium's virtual authenticator, an app's codes, recovery codes: as people do."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect
from sqlalchemy import create_engine, text
from sqlmodel import Session

from portal.domain.identity import limits, passwords, staff, totp
from portal.http.request import COOKIE
from portal.kit.clock import utc_now
from portal.models.factors import TotpFactor
from portal.models.identity import User
from tests.browser.checks import check_page, ready, told
from tests.browser.conftest import Running
from tests.browser.people import PASSWORD, books, somebody, visit

SECURITY = "/settings/security"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass(frozen=True)
class Person:
    """Who signs in."""

    email: str
    seed: str


@pytest.fixture
def make(portal: Running) -> Iterator[Callable[..., Person]]:
    """Return what adds a sign-in: a resident, or with a role staff with an authenticator app."""
    engine = create_engine(portal.database_url)

    def add(role: str = "resident") -> Person:
        email, seed = f"{role}{time.time_ns()}@example.com", pyotp.random_base32()
        with Session(engine) as session, session.begin():
            user = User(
                email=email,
                role=role,
                status="active",
                first_name="Wanda",
                password_hash=passwords.hash_of(PASSWORD),
            )
            session.add(user)
            session.flush()
            if role != "resident":
                sealed = totp.seal(seed)
                session.add(
                    TotpFactor(user_id=user.id, seed_encrypted=sealed, confirmed_at=utc_now())
                )
        return Person(email, seed)

    yield add
    engine.dispose()


@pytest.fixture
def device(context: BrowserContext, page: Page) -> tuple[CDPSession, str]:
    """Give the page a device that makes passkeys and verifies its owner."""
    return plug_in(context, page)


def plug_in(context: BrowserContext, page: Page) -> tuple[CDPSession, str]:
    """Give a page such a device; return its session and id."""
    cdp = context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    made = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    return cdp, str(made["authenticatorId"])


def by_password(page: Page, person: Person) -> None:
    """Pass the first factor."""
    page.goto("/sign-in")
    page.get_by_label("Email address").fill(person.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def add_passkey(page: Page, name: str) -> None:
    """Add a passkey on the page of it."""
    page.goto(SECURITY)
    page.get_by_label("Name of the new passkey").fill(name)
    page.get_by_role("button", name="Add a passkey").click()
    told(page, "Your passkey is added.")


def days_kept(context: BrowserContext) -> int:
    """Return for how many days the browser keeps its session, 0 for as long as it is open."""
    (kept,) = [one for one in context.cookies() if one["name"] == COOKIE]
    if kept["expires"] < 0:
        return 0
    return round((kept["expires"] - utc_now().timestamp()) / 86_400)


def at_home(page: Page) -> None:
    """Wait for the resident's first page."""
    page.wait_for_url(re.compile(r"/$"))
    ready(page)


def test_a_passkey_from_its_making_to_its_end(
    page: Page, context: BrowserContext, device: Any, make: Callable[..., Person]
) -> None:
    person = make()
    by_password(page, person)
    at_home(page)
    page.goto(SECURITY)
    check_page(page, title="Sign-in and security")
    add_passkey(page, "My phone")
    check_page(page)

    # In by the passkey alone, no address typed, and back to the page that was asked for.
    context.clear_cookies()
    page.goto(f"/sign-in?next={SECURITY}")
    check_page(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    # The sign-in page's own address ends with this path too, in its query.
    page.wait_for_url(re.compile(rf"^[^?]*{SECURITY}$"))
    assert days_kept(context) == 0
    # The one box of the page holds for this way as for the password.
    context.clear_cookies()
    page.goto(f"/sign-in?next={SECURITY}")
    page.get_by_label("Remember me").check()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(re.compile(rf"^[^?]*{SECURITY}$"))
    assert days_kept(context) == limits.REMEMBERED_TOTAL.days == 30

    # After the password it is the second step.
    context.clear_cookies()
    by_password(page, person)
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    check_page(page)
    page.get_by_role("button", name="Use your passkey").click()
    at_home(page)

    # Removed here, the device still offers it, and it opens nothing.
    page.goto(SECURITY)
    page.get_by_role("link", name="My phone").click()
    check_page(page, title="My phone")
    page.get_by_label("Your password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Remove", exact=True).click()
    told(page, "The passkey is removed.")
    context.clear_cookies()
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("It may have been removed.")
    by_password(page, person)
    at_home(page)


def test_a_device_that_does_not_know_its_owner_signs_nobody_in(
    page: Page, context: BrowserContext, device: Any, make: Callable[..., Person]
) -> None:
    by_password(page, make())
    at_home(page)
    add_passkey(page, "Shared tablet")
    cdp, number = device
    cdp.send("WebAuthn.setUserVerified", {"authenticatorId": number, "isUserVerified": False})
    context.clear_cookies()
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    said = page.locator("[data-passkey-status]")
    expect(said).to_have_text("Nobody was signed in. Try again, or use another way.")
    expect(page).to_have_url(re.compile(r"/sign-in$"))


def test_an_app_and_recovery_codes_on_a_phone(phone: Page, make: Callable[..., Person]) -> None:
    person = make()
    by_password(phone, person)
    at_home(phone)
    phone.goto(SECURITY)
    check_page(phone)
    phone.get_by_role("button", name="Set up an authenticator app").click()
    check_page(phone, title="Authenticator app")
    app = pyotp.TOTP(phone.locator("dd code").inner_text().replace(" ", ""))
    phone.get_by_label("Code", exact=True).fill("000")
    phone.get_by_role("button", name="Save").click()
    expect(phone.get_by_role("alert")).to_contain_text("The code is not right.")
    phone.get_by_label("Code", exact=True).fill(app.now())
    phone.get_by_role("button", name="Save").click()
    told(phone, "Your authenticator app is set up.")

    phone.get_by_role("button", name="Make ten recovery codes").click()
    check_page(phone, title="Your recovery codes")
    codes = phone.locator(".codes code").all_inner_texts()
    assert len(set(codes)) == 10
    expect(phone.get_by_role("button", name="Print")).to_be_visible()
    with phone.expect_download() as saved:
        phone.get_by_role("link", name="Download").click()
    kept = saved.value.path().read_text()
    assert saved.value.suggested_filename == "recovery-codes.txt"
    assert all(code in kept for code in codes)
    phone.get_by_role("link", name="I have saved them").click()
    expect(phone.get_by_text("10 of 10 codes are left.")).to_be_visible()
    check_page(phone)

    phone.context.clear_cookies()
    by_password(phone, person)
    check_page(phone, title="Confirm that it is you")
    phone.get_by_label("Code", exact=True).fill(app.at(utc_now() + timedelta(seconds=30)))
    phone.get_by_role("button", name="Sign in", exact=True).click()
    at_home(phone)

    phone.context.clear_cookies()
    by_password(phone, person)
    phone.get_by_label("Recovery code").fill(codes[0].upper())
    phone.get_by_role("button", name="Use this code").click()
    at_home(phone)
    phone.goto(SECURITY)
    expect(phone.get_by_text("9 of 10 codes are left.")).to_be_visible()


def test_in_spanish(
    page: Page, context: BrowserContext, device: Any, make: Callable[..., Person]
) -> None:
    person = make()
    by_password(page, person)
    at_home(page)
    page.goto(f"/es{SECURITY}")
    check_page(page, title="Inicio de sesión y seguridad", lang="es")
    page.get_by_label("Nombre de la nueva llave de acceso").fill("Mi teléfono")
    page.get_by_role("button", name="Agregar una llave de acceso").click()
    told(page, "Su llave de acceso quedó agregada.")
    page.get_by_role("button", name="Crear diez códigos de recuperación").click()
    check_page(page, title="Sus códigos de recuperación", lang="es")
    page.goto(f"/es{SECURITY}/app")
    page.get_by_role("button", name="Mostrar la clave").click()
    check_page(page, title="Aplicación de autenticación", lang="es")
    context.clear_cookies()
    page.goto("/es/sign-in")
    page.get_by_label("Correo electrónico").fill(person.email)
    page.get_by_label("Contraseña", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Iniciar sesión", exact=True).click()
    check_page(page, title="Confirme que es usted", lang="es")
    page.get_by_role("button", name="Usar su llave de acceso").click()
    page.wait_for_url(re.compile(r"/es$"))


def test_staff_at_their_own_door(
    page: Page, context: BrowserContext, device: Any, make: Callable[..., Person]
) -> None:
    clerk = make("viewer")
    page.goto("/admin/sign-in")
    check_page(page)
    page.get_by_label("Email address").fill(clerk.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Code").fill(pyotp.TOTP(clerk.seed).now())
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Work list", level=1)).to_be_visible()
    add_passkey(page, "Security key")
    check_page(page)

    context.clear_cookies()
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("We could not sign you in")
    page.goto("/admin/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Work list", level=1)).to_be_visible()

    page.goto(f"{SECURITY}/app")
    page.get_by_role("button", name="Remove", exact=True).click()
    told(page, "The authenticator app is removed.")
    page.get_by_role("link", name="Security key").click()
    expect(page.get_by_text("Set up another one before this goes.")).to_be_visible()
    expect(page.get_by_role("button", name="Remove", exact=True)).to_have_count(0)


def test_staff_enrol_with_an_app_and_nobody_enters_without_a_factor(
    page: Page, browser: Browser, portal: Running
) -> None:
    email = f"new.clerk{time.time_ns()}@example.com"
    with books(portal) as session:
        link = urlsplit(staff.add(session, email, "viewer", utc_now()))
    page.goto(f"{link.path}?{link.query}")
    expect(page).to_have_url(re.compile(r"/admin/enrol$"))
    page.get_by_role("button", name="Continue").click()
    app = pyotp.TOTP(page.locator("dd code").inner_text().replace(" ", ""))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Code", exact=True).fill("000000")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("The code is not right.")
    check_page(page)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Code", exact=True).fill(app.now())
    page.get_by_role("button", name="Save").click()
    told(page, "Your password and second factor are set.")
    page.goto("/admin")
    by_app(page, email, app.at(utc_now() + timedelta(seconds=30)))
    expect(page.get_by_role("heading", name="Work list", level=1)).to_be_visible()

    # With a password and no factor: neither door, nor by a session that somebody slipped in.
    bare = somebody(portal, role="administrator")
    with visit(browser, portal, bare) as outside:
        with books(portal) as session:
            session.execute(
                text("UPDATE user_session SET second_factor = false WHERE user_id = :user"),
                {"user": bare.id},
            )
        outside.goto("/admin/customers?q=okafor")
        expect(outside.get_by_role("heading", level=1)).to_have_text("Staff sign in")
        by_app(outside, bare.email, "000000")
        expect(outside.get_by_role("alert")).to_contain_text("password or code is not right")
        by_password(outside, Person(bare.email, ""))
        expect(outside.get_by_role("alert")).to_contain_text("password is not right")


def by_app(page: Page, email: str, code: str) -> None:
    """Fill in the staff's sign-in that stands here."""
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Code", exact=True).fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()
