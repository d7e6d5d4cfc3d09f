"""The transport-free core: `handle(method, path, params, headers, key) -> status, body`.

The clock is injected, webhooks queue up, faults are injected by name. Idempotency keys replay the
first answer for 24 hours, 500s included, and refuse other parameters, as Stripe does.
"""

import copy
import hashlib
import json
from collections.abc import Callable, Mapping

import stripe.params as sdk

from portal.demo.stripe import replies
from portal.demo.stripe.book import Book
from portal.demo.stripe.checks import BadRequest, check
from portal.demo.stripe.replies import Body, Refused

KEY_LIFE = 24 * 3600
FAULTS = ("timeout_before", "timeout_after", "lost_reply", "error_500", "error_500_after")


_LISTED = {
    "/v1/payment_intents": sdk.PaymentIntentListParams,
    "/v1/events": sdk.EventListParams,
    "/v1/balance_transactions": sdk.BalanceTransactionListParams,
}


class LostReply(Exception):
    """The caller hears nothing: a timeout or a broken connection, before or after the charge."""


class Standin(Book):
    """One pretended Stripe account. Thread-safe: requests are taken one at a time."""

    def __init__(self, clock: Callable[[], int], **keys: str) -> None:
        super().__init__(clock, **keys)
        self.faults: list[str] = []
        self.answers: dict[str, Body] = {}

    def handle(
        self, method: str, path: str, params: Body, headers: Mapping[str, str], key: str | None
    ) -> tuple[int, Body]:
        """Answer a request with a status and a body. Raises LostReply where a fault says so."""
        with self._lock:
            try:
                public = self._authenticate(headers)
                if method != "POST" or key is None:
                    return 200, self._route(method, path, params, public)
                return self._once(method, path, params, public, key)
            except Refused as refused:
                return refused.status, refused.body
            except BadRequest as bad:
                return 400, replies.error("invalid_request_error", bad.message, param=bad.param)

    def _once(
        self, method: str, path: str, params: Body, public: bool, key: str
    ) -> tuple[int, Body]:
        now = self.clock()
        print_ = hashlib.sha256(json.dumps([path, params], sort_keys=True).encode()).hexdigest()
        known = self.answers.get(key)
        if known is not None and now - known["at"] < KEY_LIFE:
            if known["print"] != print_:
                raise Refused(
                    400,
                    "idempotency_error",
                    "Keys for idempotent requests can only be used with the same parameters they"
                    f" were first used with. Try using a key other than '{key}'.",
                )
            return known["status"], copy.deepcopy(known["body"])
        fault = self.faults.pop(0) if self.faults and path == "/v1/payment_intents" else ""
        if fault == "timeout_before":
            raise LostReply(fault)
        self._key = key
        try:
            status, body = 200, self._route(method, path, params, public)
        except Refused as refused:
            # A refused parameter is not remembered; a declined card (402) is.
            if refused.status != 402:
                raise
            status, body = refused.status, refused.body
        finally:
            self._key = None
        if fault.startswith("error_500"):
            if fault == "error_500":
                self._undo(body)
            status, body = 500, replies.error("api_error", "An unknown error occurred.")
        self.answers[key] = {
            "print": print_,
            "at": now,
            "status": status,
            "body": copy.deepcopy(body),
        }
        if fault in ("timeout_after", "lost_reply"):
            raise LostReply(fault)
        return status, copy.deepcopy(body)

    def _undo(self, body: Body) -> None:
        """Forget what a failing request made: the 500 came before anything was written."""
        ref = body.get("id") or body.get("error", {}).get("payment_intent", {}).get("id", "")
        self.intents.pop(ref, None)
        self.used.pop(ref, None)
        gone = [c for c, body in self.charges.items() if body["payment_intent"] == ref]
        for charge in gone:
            del self.charges[charge]
        mine = [
            e
            for e, event in self.events.items()
            if event["data"]["object"]["id"] == ref
            or event["data"]["object"].get("payment_intent") == ref
        ]
        for event in mine:
            del self.events[event]
            self.outgoing.forget(event)

    def _authenticate(self, headers: Mapping[str, str]) -> bool:
        given = {name.lower(): value for name, value in headers.items()}.get("authorization", "")
        if given == f"Bearer {self.secret_key}":
            return False
        if given == f"Bearer {self.publishable_key}":
            return True
        raise Refused(401, "invalid_request_error", "Invalid API Key provided.")

    def _route(self, method: str, path: str, params: Body, public: bool) -> Body:
        parts = [part for part in path.split("/") if part][1:]
        match (method, *parts):
            case ("POST", "confirmation_tokens") if public:
                return self._make_token(params)
            case ("GET", "payment_intents", ref) if public:
                return self._retrieve_public(ref, params)
            case _ if public:
                raise Refused(
                    403, "invalid_request_error", "A publishable key may not do this.", code=""
                )
            case ("POST", "test_helpers", "confirmation_tokens"):
                return self._make_test_token(params)
            case ("GET", "confirmation_tokens", ref):
                check(sdk.ConfirmationTokenRetrieveParams, params)
                return copy.deepcopy(self._found(self.tokens, ref, "confirmation_token"))
            case ("POST", "payment_intents"):
                return self._create(params)
            case ("GET", "payment_intents"):
                return self._list("/v1/payment_intents", self.intents, params)
            case ("GET", "payment_intents", ref):
                asked = check(sdk.PaymentIntentRetrieveParams, params)
                return self._shown(self._found(self.intents, ref, "payment_intent"), asked)
            case ("POST", "payment_intents", ref, "cancel"):
                return self._cancel(ref, params)
            case ("POST", "refunds"):
                return self._refund(params)
            case ("GET", "balance_transactions"):
                return self._list("/v1/balance_transactions", self.movements(), params)
            case ("GET", "events"):
                return self._list("/v1/events", self.events, params)
            case ("GET", "events", ref):
                check(sdk.EventRetrieveParams, params)
                return copy.deepcopy(self._found(self.events, ref, "event"))
        raise Refused(404, "invalid_request_error", f"Unrecognized request URL ({method}: {path}).")

    def _list(self, url: str, rows: dict[str, Body], params: Body) -> Body:
        asked = check(_LISTED[url], params)
        created = asked.get("created", {})
        newest_first = [
            row
            for row in reversed(list(rows.values()))
            if row["created"] >= created.get("gte", 0)
            and row["created"] <= created.get("lte", row["created"])
            and ("type" not in asked or row.get("type") == asked["type"])
            and ("types" not in asked or row.get("type") in asked["types"])
        ]
        if "starting_after" in asked:
            ids = [row["id"] for row in newest_first]
            if asked["starting_after"] in ids:
                newest_first = newest_first[ids.index(asked["starting_after"]) + 1 :]
        limit = asked.get("limit", 10)
        if not 1 <= limit <= 100:
            raise BadRequest("limit", "Invalid integer: limit must be between 1 and 100")
        inner = {"expand": [e.removeprefix("data.") for e in asked.get("expand", [])]}
        page = [self._shown(row, inner) for row in newest_first[:limit]]
        return replies.listing(url, page, len(newest_first) > limit)
