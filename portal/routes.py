"""Every address of the portal, and the functions that build links. Nobody else writes "/cart"."""

from urllib.parse import urlencode
from uuid import UUID

from portal.config import settings
from portal.kit.text import language

HOME = "/"
SIGN_IN = "/sign-in"
SECOND_STEP = "/sign-in/second-step"
SIGN_UP = "/sign-up"
ACTIVATE = "/activate"
VERIFY_EMAIL = "/verify-email"
FORGOT_PASSWORD = "/forgot-password"
RESET_PASSWORD = "/reset-password"
UNLOCK_ACCOUNT = "/unlock-account"
HELP = "/help"
UTILITY_BILLING = "/utility-billing"
SEARCH_RESULTS = "/utility-billing/results"
ACCOUNTS = "/utility-billing/accounts"
LINK = "/utility-billing/link"
PEOPLE = "/utility-billing/people"
INVITATION = "/invitation"
NUMBERS = "/utility-billing/numbers"
SUMMARY = "/utility-billing/summary"
BILLS = "/utility-billing/bills"
BILL = "/utility-billing/bill"
USAGE = "/utility-billing/usage"
CONSUMPTION = "/utility-billing/consumption"
NOTIFICATIONS = "/utility-billing/notifications"
# Where the mails of alerts lead: for people who may have no sign-in.
ALERT_CONFIRM = "/alerts/confirm"
ALERT_STOP = "/alerts/stop"
DELIVERY = "/utility-billing/delivery"
ADDRESS = "/utility-billing/address"
# Their pages come later: the menu shows a module only where its page exists.
REAL_ESTATE = "/real-estate"
PERSONAL_PROPERTY = "/personal-property"
BUSINESS_LICENSE = "/business-license"
CART = "/cart"
PAY_BILLS = "/pay-bills"
PAY = "/pay"
RECEIPT = "/receipt"
# Account Settings; what asks for a secret there is drawn by the server.
SETTINGS = "/settings"
SETTINGS_SECURITY = "/settings/security"
SETTINGS_PASSKEY = "/settings/security/passkey"
SETTINGS_APP = "/settings/security/app"
SETTINGS_CODES = "/settings/security/codes"
SETTINGS_CONNECTIONS = "/settings/connections"
SETTINGS_ACTIVITY = "/settings/activity"
SETTINGS_PASSWORD = "/settings/password"
SETTINGS_EMAIL = "/settings/email"
SETTINGS_EMAIL_CONFIRM = "/settings/email/confirm"
SETTINGS_EXPORT = "/settings/export"
SETTINGS_CLOSE = "/settings/close"
CONTACT = "/contact"
ACCESSIBILITY = "/accessibility"
PRIVACY = "/privacy"

ADMIN = "/admin"
ADMIN_SIGN_IN = "/admin/sign-in"
ADMIN_ENROL = "/admin/enrol"
ADMIN_CUSTOMERS = "/admin/customers"
ADMIN_CUSTOMER = "/admin/customer"
ADMIN_RESIDENT = "/admin/resident"
ADMIN_PAYMENTS = "/admin/payments"
ADMIN_PAYMENT = "/admin/payment"
ADMIN_IMPORTS = "/admin/imports"
ADMIN_IMPORT = "/admin/import"
ADMIN_ANNOUNCEMENTS = "/admin/announcements"
ADMIN_OUTBOX = "/admin/outbox"
ADMIN_REQUESTS = "/admin/requests"
ADMIN_AUDIT = "/admin/audit"

# Plain HTTP: documents and the one post that every page's header carries.
PROVIDER_START = "/auth/with"
PROVIDER_BACK = "/auth/back"
PROVIDER_CONFIRM = "/sign-in/confirm"
POST_SIGN_OUT = "/auth/sign-out"
POST_SIGN_OUT_EVERYWHERE = "/auth/sign-out-everywhere"
POST_PASSKEY = "/auth/passkey"
DOCUMENT_BILL = "/documents/bill"
DOCUMENT_ACCOUNTS = "/documents/accounts"
DOCUMENT_ACTIVITY = "/documents/activity"
WEBHOOK_STRIPE = "/webhooks/stripe"
DEMO_MAIL = "/demo/mail"
HEALTH = "/healthz"
READY = "/readyz"


def localized(path: str) -> str:
    """Return `path` in the language being spoken: Spanish pages stand under /es."""
    if language() != "es":
        return path
    return "/es" if path == HOME else "/es" + path


def link(path: str, **query: str | int | UUID | None) -> str:
    """Return a link to `path` in the language being spoken, leaving out empty query values."""
    kept = {name: str(value) for name, value in query.items() if value not in (None, "")}
    return localized(path) + ("?" + urlencode(kept) if kept else "")


def absolute(path: str, **query: str | int | UUID | None) -> str:
    """Return the whole address of `path`, for mail and documents, in the language being spoken."""
    return settings().public_url.rstrip("/") + link(path, **query)


def pay(cart_id: UUID | str, act: str = "") -> str:
    """Return the address of a cart's card page, or of an `act` of it ("confirm", "extend")."""
    return localized(f"{PAY}/{cart_id}" + (f"/{act}" if act else ""))
