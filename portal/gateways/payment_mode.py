"""Which processor this portal pays through, and when it refuses to: live never by accident."""

import ipaddress
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from portal.config import Settings, settings
from portal.gateways.stripe import CardProcessor, StripeProcessor

DEMO, TEST, LIVE, OFF = "demo", "stripe_test", "stripe_live", "off"
STANDIN_SECRET, STANDIN_PUBLIC = "sk_test_standin", "pk_test_standin"
STANDIN_WEBHOOK = "whsec_standin"


class Misconfigured(Exception):
    """The settings contradict each other: the portal must not start. The text says the remedy."""


@dataclass(frozen=True)
class Mode:
    """The mode and, where payments are off, why (for staff)."""

    name: str
    why: str = ""

    @property
    def livemode(self) -> bool:
        """True only where money moves."""
        return self.name == LIVE

    @property
    def pays(self) -> bool:
        """True where a card can be charged or pretended to be."""
        return self.name != OFF


def is_loopback(host: str) -> bool:
    """True for an address that only this machine reaches."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def choose(given: Settings) -> Mode:
    """Return the mode the settings mean. Raises Misconfigured."""
    key, public = given.stripe_secret_key.get_secret_value(), given.stripe_publishable_key
    hook = given.stripe_webhook_secret.get_secret_value()
    host = urlsplit(given.public_url).hostname or "localhost"
    local = is_loopback(given.listen_host) and is_loopback(host)
    if given.payments == OFF:
        return Mode(OFF, "PORTAL_PAYMENTS is off.")
    if given.payments == LIVE:
        return _live(given, key, public, hook)
    if given.payments == TEST:
        if not key.startswith(("sk_test_", "rk_test_")) or not public.startswith("pk_test_"):
            raise Misconfigured(
                "PORTAL_PAYMENTS=stripe_test needs STRIPE_SECRET_KEY sk_test_... and"
                " STRIPE_PUBLISHABLE_KEY pk_test_...: take both from Stripe's dashboard."
            )
        return Mode(TEST)
    if key:
        if given.payments == DEMO:
            raise Misconfigured(
                "PORTAL_PAYMENTS=demo with a STRIPE_SECRET_KEY set: remove the key, or say"
                " stripe_test or stripe_live."
            )
        return Mode(OFF, "A Stripe key is set, but PORTAL_PAYMENTS says neither test nor live.")
    if not local:
        if given.payments == DEMO:
            raise Misconfigured(
                "PORTAL_PAYMENTS=demo is for this machine only: listen on 127.0.0.1 and leave"
                " PORTAL_PUBLIC_URL at localhost, or set up Stripe."
            )
        return Mode(OFF, "No Stripe key is set; set STRIPE_SECRET_KEY and PORTAL_PAYMENTS.")
    if not given.stripe_api_base:
        return Mode(OFF, "The payment stand-in is not running; `portal demo` starts it.")
    if not is_loopback(urlsplit(given.stripe_api_base).hostname or ""):
        raise Misconfigured("The payment stand-in (STRIPE_API_BASE) must be on 127.0.0.1.")
    return Mode(DEMO)


def _live(given: Settings, key: str, public: str, hook: str) -> Mode:
    if not key.startswith(("sk_live_", "rk_live_")) or not public.startswith("pk_live_"):
        raise Misconfigured(
            "PORTAL_PAYMENTS=stripe_live needs STRIPE_SECRET_KEY sk_live_... and"
            " STRIPE_PUBLISHABLE_KEY pk_live_...."
        )
    if not hook.startswith("whsec_") or len(hook) < 20:
        # An empty secret would verify anything.
        raise Misconfigured("PORTAL_PAYMENTS=stripe_live needs STRIPE_WEBHOOK_SECRET whsec_....")
    if not given.public_url.startswith("https://"):
        raise Misconfigured("PORTAL_PAYMENTS=stripe_live needs an https PORTAL_PUBLIC_URL.")
    if given.stripe_api_base or not given.stripe_js_url.startswith("https://js.stripe.com/"):
        raise Misconfigured(
            "PORTAL_PAYMENTS=stripe_live talks to Stripe itself: unset"
            " STRIPE_API_BASE and STRIPE_JS_URL."
        )
    if given.demo:
        raise Misconfigured("The demo never takes real money: unset PORTAL_DEMO.")
    return Mode(LIVE)


@dataclass(frozen=True)
class Counter:
    """What the pay page needs: mode, processor, and where its script comes from."""

    mode: Mode
    processor: CardProcessor | None
    publishable_key: str
    script_url: str

    @property
    def script_origin(self) -> str:
        """Origin of the processor's script."""
        parts = urlsplit(self.script_url)
        return f"{parts.scheme}://{parts.netloc}"


def open_counter(given: Settings) -> Counter:
    """Return the counter the settings mean. Raises Misconfigured."""
    mode = choose(given)
    if not mode.pays:
        return Counter(mode, None, "", "")
    if mode.name == DEMO:
        base = given.stripe_api_base.rstrip("/")
        standin = StripeProcessor(STANDIN_SECRET, STANDIN_WEBHOOK, livemode=False, api_base=base)
        return Counter(mode, standin, STANDIN_PUBLIC, f"{base}/stripe.js")
    real = StripeProcessor(
        given.stripe_secret_key.get_secret_value(),
        given.stripe_webhook_secret.get_secret_value(),
        livemode=mode.livemode,
        api_base=given.stripe_api_base,
    )
    return Counter(mode, real, given.stripe_publishable_key, given.stripe_js_url)


_chosen: list[Counter] = []


def use(chosen: Counter | None) -> None:
    """Make `chosen` this process's counter (None: read the settings again)."""
    _chosen[:] = [chosen] if chosen else []
    _from_settings.cache_clear()


@cache
def _from_settings() -> Counter:
    return open_counter(settings())


def counter() -> Counter:
    """Return this process's counter. Raises Misconfigured."""
    return _chosen[0] if _chosen else _from_settings()
