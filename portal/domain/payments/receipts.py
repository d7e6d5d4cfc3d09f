"""The receipt by mail, from the outbox, in the transaction that books the money."""

from sqlmodel import Session, col, select

from portal import routes
from portal.cities import city
from portal.domain.outbox.operations import queue_mail
from portal.domain.outbox.render import Part
from portal.domain.payments.reasons import reason
from portal.kit.text import _, day, money, speaking
from portal.models.bills import Bill
from portal.models.identity import User
from portal.models.payments import Payment, PaymentItem


def card_words(payment: Payment) -> str:
    """Return "Visa ending in 4242", or "Card" where the brand is not known."""
    if not payment.last4:
        return _("Card")
    return _(
        "%(brand)s ending in %(last4)s",
        brand=payment.card_brand.replace("_", " ").title(),
        last4=payment.last4,
    )


def mail_receipt(session: Session, payment: Payment) -> None:
    """Queue the receipt to the address that was typed, in the resident's language."""
    user = session.get_one(User, payment.user_id)
    rows = session.exec(
        select(PaymentItem, Bill)
        .join(Bill, col(Bill.id) == PaymentItem.bill_id)
        .where(PaymentItem.payment_id == payment.id)
        .order_by(col(PaymentItem.seq))
    ).all()
    with speaking(user.language):
        bills = [
            (
                _("Bill %(number)s, due %(due)s", number=bill.bill_no, due=day(bill.due_date)),
                money(item.amount_cents),
            )
            for item, bill in rows
        ]
        paragraphs: list[Part] = [
            _(
                "Thank you. %(city)s received your payment of %(amount)s.",
                city=city().full_name,
                amount=money(payment.amount_cents),
            ),
            [
                (_("Payment number"), str(payment.number)),
                *bills,
                (_("Total"), money(payment.amount_cents)),
                (_("Paid with"), card_words(payment)),
                (_("Counts for"), day(payment.effective_date)),
                (_("Posted on"), day(payment.business_date)),
            ],
        ]
        if not payment.livemode:
            paragraphs.insert(0, _("TEST MODE: no money moves."))
        queue_mail(
            session,
            kind="receipt",
            to=payment.receipt_email or user.email,
            subject=_(
                "Receipt for your payment of %(amount)s, number %(number)s",
                amount=money(payment.amount_cents),
                number=payment.number,
            ),
            paragraphs=paragraphs,
            action=(
                _("See the receipt"),
                routes.absolute(routes.RECEIPT, id=payment.id),
            ),
            user_id=payment.user_id,
            payment_id=payment.id,
        )


def mail_ended(session: Session, payment: Payment) -> None:
    """Tell the payer that the city ended a payment that could not be settled."""
    user = session.get_one(User, payment.user_id)
    with speaking(user.language):
        queue_mail(
            session,
            kind="payment_ended",
            to=payment.receipt_email or user.email,
            subject=_("Your payment number %(number)s was not made", number=payment.number),
            paragraphs=[
                _(reason(payment.failure_code)),
                _(
                    "Your bills of %(amount)s are still to be paid. They are in your cart.",
                    amount=money(payment.amount_cents),
                ),
                _("Questions? Call %(phone)s.", phone=city().contact.phone),
            ],
            action=(_("My Cart"), routes.absolute(routes.CART)),
            user_id=payment.user_id,
            payment_id=payment.id,
        )
