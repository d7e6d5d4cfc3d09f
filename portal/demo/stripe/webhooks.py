"""Signed webhooks: queued, retried with growing pauses for three days, in any order."""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

# Seconds after each failed delivery; after the last the event is given up, as Stripe does.
PAUSES = (5, 60, 600, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600, 24 * 3600)


def sign(payload: str, at: int, secret: str) -> str:
    """Return the Stripe-Signature header of `payload` sent at `at`."""
    digest = hmac.new(secret.encode(), f"{at}.{payload}".encode(), hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


@dataclass
class Delivery:
    """One event on its way."""

    event: dict[str, Any]
    due: int
    tries: int = 0


@dataclass
class Outgoing:
    """What has not arrived yet."""

    secret: str
    waiting: dict[str, Delivery] = field(default_factory=dict)

    def add(self, event: dict[str, Any], now: int) -> None:
        """Queue an event for delivery at once."""
        self.waiting[event["id"]] = Delivery(event, now)

    def forget(self, event_id: str) -> None:
        """Drop an event."""
        self.waiting.pop(event_id, None)

    def due(self, now: int) -> list[Delivery]:
        """Return what should be tried now."""
        return [d for d in self.waiting.values() if d.due <= now]

    def signed(self, delivery: Delivery, now: int) -> tuple[str, str]:
        """Return the raw body and its signature header."""
        payload = json.dumps(delivery.event)
        return payload, sign(payload, now, self.secret)

    def settle(self, delivery: Delivery, accepted: bool, now: int) -> None:
        """Note how a try went."""
        if accepted or delivery.tries >= len(PAUSES):
            self.forget(delivery.event["id"])
            return
        delivery.due = now + PAUSES[delivery.tries]
        delivery.tries += 1
