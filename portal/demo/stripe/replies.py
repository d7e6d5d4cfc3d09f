"""What the stand-in answers, shaped as the SDK's resources say. Plain dicts, so they persist."""

from typing import Any

Body = dict[str, Any]
API_VERSION = "2026-10-28.endive"


def payment_intent(ref: str, secret: str, at: int, livemode: bool, asked: Body) -> Body:
    """Return a new PaymentIntent for the parameters asked."""
    return {
        "id": ref,
        "object": "payment_intent",
        "amount": asked["amount"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": asked.get("capture_method", "automatic"),
        "client_secret": secret,
        "confirmation_method": "automatic",
        "created": at,
        "currency": asked["currency"],
        "customer": None,
        "customer_account": None,
        "description": asked.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": livemode,
        "metadata": asked.get("metadata", {}),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": asked.get("allowed_payment_method_types", ["card"]),
        "processing": None,
        "receipt_email": asked.get("receipt_email"),
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": asked.get("statement_descriptor"),
        "statement_descriptor_suffix": asked.get("statement_descriptor_suffix"),
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }


def card_details(brand: str, number: str, exp_month: int, exp_year: int) -> Body:
    """Return what may be kept of a card."""
    return {
        "brand": brand,
        "checks": {
            "address_line1_check": "pass",
            "address_postal_code_check": "pass",
            "cvc_check": "pass",
        },
        "country": "US",
        "exp_month": exp_month,
        "exp_year": exp_year,
        "funding": "credit",
        "last4": number[-4:],
        "network_token": None,
        "three_d_secure": None,
        "wallet": None,
    }


def charge(ref: str, intent: Body, token: Body, at: int, refusal: Body | None) -> Body:
    """Return the charge of a confirmed PaymentIntent, failed where `refusal` is given."""
    preview = token["payment_method_preview"]
    paid = refusal is None
    return {
        "id": ref,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if paid else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": f"txn_{ref[3:]}" if paid else None,
        "billing_details": preview["billing_details"],
        "calculated_statement_descriptor": "PORTAL DEMO",
        "captured": paid,
        "created": at,
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": refusal["code"] if refusal else None,
        "failure_message": refusal["message"] if refusal else None,
        "fraud_details": {},
        "livemode": intent["livemode"],
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "outcome": {
            "advice_code": None,
            "network_advice_code": None,
            "network_decline_code": None,
            "network_status": "approved_by_network" if paid else "declined_by_network",
            "reason": refusal["decline_code"] if refusal else None,
            "risk_level": "normal",
            "seller_message": "Payment complete." if paid else "The bank refused the charge.",
            "type": "authorized" if paid else "issuer_declined",
        },
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": intent["payment_method"],
        "payment_method_details": {"type": "card", "card": preview["card"]},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "succeeded" if paid else "failed",
        "transfer_data": None,
        "transfer_group": None,
    }


def confirmation_token(
    ref: str, at: int, livemode: bool, card: Body, billing: Body, return_url: str | None
) -> Body:
    """Return a ConfirmationToken: what the browser hands our server in place of a card."""
    return {
        "id": ref,
        "object": "confirmation_token",
        "created": at,
        "expires_at": at + 12 * 3600,
        "livemode": livemode,
        "mandate_data": None,
        "payment_intent": None,
        "payment_method_options": {"card": {"cvc_token": None}},
        "payment_method_preview": {
            "type": "card",
            "allow_redisplay": "unspecified",
            "billing_details": billing,
            "card": card,
            "customer": None,
            "customer_account": None,
        },
        "return_url": return_url,
        "setup_future_usage": None,
        "setup_intent": None,
        "shipping": None,
        "use_stripe_sdk": True,
    }


def billing_details(given: Body) -> Body:
    """Return billing details with every name present, as Stripe prints them."""
    address = given.get("address") or {}
    names = ("city", "country", "line1", "line2", "postal_code", "state")
    return {
        "address": {name: address.get(name) for name in names},
        "email": given.get("email"),
        "name": given.get("name"),
        "phone": given.get("phone"),
        "tax_id": None,
    }


def refund(ref: str, intent: Body, amount: int, asked: Body, at: int) -> Body:
    """Return a refund that went through."""
    return {
        "id": ref,
        "object": "refund",
        "amount": amount,
        "balance_transaction": f"txn_{ref[3:]}",
        "charge": intent["latest_charge"],
        "created": at,
        "currency": intent["currency"],
        "metadata": asked.get("metadata", {}),
        "payment_intent": intent["id"],
        "reason": asked.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


def balance_transaction(about: Body) -> Body:
    """Return the movement of money behind a paid charge or a refund: 2.9 % and 30 cents of fee."""
    charge = about["object"] == "charge"
    amount = about["amount_captured"] if charge else -about["amount"]
    fee = (amount * 29 + 500) // 1000 + 30 if charge else 0
    kind = "charge" if charge else "refund"
    detail = {
        "amount": fee,
        "application": None,
        "currency": about["currency"],
        "description": "Stripe processing fees",
        "type": "stripe_fee",
    }
    return {
        "id": about["balance_transaction"],
        "object": "balance_transaction",
        "amount": amount,
        "available_on": about["created"] + 2 * 24 * 3600,
        "balance_type": "payments",
        "created": about["created"],
        "currency": about["currency"],
        "description": about.get("description"),
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [detail] if fee else [],
        "net": amount - fee,
        "reporting_category": kind,
        "source": about["id"],
        "status": "pending",
        "type": kind,
    }


def event(ref: str, kind: str, body: Body, at: int, livemode: bool, key: str | None) -> Body:
    """Return a snapshot event about `body` as it stands now."""
    return {
        "id": ref,
        "object": "event",
        "account": None,
        "api_version": API_VERSION,
        "context": None,
        "created": at,
        "data": {"object": body},
        "livemode": livemode,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": key},
        "type": kind,
    }


def listing(url: str, rows: list[Body], more: bool) -> Body:
    """Return a page of a list."""
    return {"object": "list", "url": url, "has_more": more, "data": rows}


def error(kind: str, message: str, **more: Any) -> Body:
    """Return an error body."""
    return {"error": {"type": kind, "message": message, **more}}


class Refused(Exception):
    """An error answer: status and body."""

    def __init__(self, status: int, kind: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = error(kind, message, **more)
