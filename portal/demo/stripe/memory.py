"""What a stand-in knows, as JSON and back."""

from pathlib import Path
from typing import Any

from portal.demo.stripe.core import Standin
from portal.demo.stripe.webhooks import Delivery

_KEPT = ("intents", "charges", "tokens", "refunds", "events", "answers", "numbers", "used")


def file_of(data_dir: Path, city: str) -> Path:
    """Return where a city's stand-in keeps what it knows."""
    return data_dir / "demo" / f"stripe-{city}.json"


def dump(standin: Standin) -> dict[str, Any]:
    """Return everything a restarted stand-in must still know."""
    with standin.quiet():
        return {
            **{name: getattr(standin, name) for name in _KEPT},
            "count": standin.count,
            "waiting": [[d.event["id"], d.due, d.tries] for d in standin.outgoing.waiting.values()],
        }


def restore(standin: Standin, known: dict[str, Any]) -> None:
    """Make a fresh stand-in know it."""
    for name in _KEPT:
        getattr(standin, name).update(known[name])
    standin.count = known["count"]
    for event_id, due, tries in known["waiting"]:
        event = standin.events[event_id]
        standin.outgoing.waiting[event_id] = Delivery(event, due, tries)
