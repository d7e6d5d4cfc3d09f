"""What the card page must be: its two scripts and its policy. Drawn and checked from here."""

import base64
import hashlib
from dataclasses import dataclass
from functools import cache

from portal.config import ROOT
from portal.gateways.payment_mode import Counter
from portal.style import asset, city_style

# What Stripe's guide to security asks for.
_STRIPE_SCRIPTS = ("https://*.js.stripe.com", "https://js.stripe.com")
_STRIPE_FRAMES = (*_STRIPE_SCRIPTS, "https://hooks.stripe.com")


@dataclass(frozen=True)
class Script:
    """A script of the page; `integrity` is "" for the processor's, which it changes at will."""

    src: str
    integrity: str = ""


@cache
def script_hash() -> str:
    """Return the SRI hash of our one script."""
    digest = hashlib.sha384((ROOT / "assets" / "plain.js").read_bytes()).digest()
    return "sha384-" + base64.b64encode(digest).decode()


def scripts(at: Counter) -> tuple[Script, ...]:
    """Return the page's scripts in their order: ours asks for the processor's when it starts."""
    ours = Script(asset("plain.js"), script_hash())
    return (Script(at.script_url), ours) if at.mode.pays else (ours,)


def policy(at: Counter) -> str:
    """Return the page's Content-Security-Policy: everything shut, then what it needs by name."""
    style = base64.b64encode(hashlib.sha256(city_style().encode()).digest()).decode()
    origin = at.script_origin if at.mode.pays else ""
    real = origin.startswith("https://js.stripe.com")
    api = "https://api.stripe.com" if real else origin
    scripts_of = " ".join(_STRIPE_SCRIPTS) if real else origin
    frames = " ".join(_STRIPE_FRAMES) if real else origin
    rules = {
        "default-src": "'none'",
        "script-src": f"'self' {scripts_of}",
        "style-src": f"'self' 'sha256-{style}'",
        "font-src": "'self'",
        "img-src": "'self'",
        "connect-src": f"'self' {api}",
        "frame-src": frames or "'none'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}".strip() for name, value in rules.items())
