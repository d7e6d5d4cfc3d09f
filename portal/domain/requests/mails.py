"""Mails that confirm what was asked for, and tell what became of it."""

from sqlmodel import Session

from portal import routes
from portal.cities import city
from portal.domain.outbox.operations import queue_mail
from portal.kit.text import _, speaking
from portal.models.accounts import Account
from portal.models.exchange import ContactRequest, DeliveryChange
from portal.models.identity import NumbersRequest, User


def delivery_changed(
    session: Session, user: User, account: Account, change: DeliveryChange
) -> None:
    """Confirm a changed bill delivery to who changed it."""
    with speaking(user.language):
        words = city().delivery
        queue_mail(
            session,
            kind="delivery_changed",
            to=user.email,
            subject=_("How you receive your bills was changed"),
            paragraphs=(
                _("Hi,"),
                _(
                    "You asked us to send the bills of the account ending in %(last)s this way:"
                    " %(new)s. Until now it was: %(old)s.",
                    last=account.account_no[-4:],
                    new=words.word(change.new),
                    old=words.word(change.old),
                ),
                _("It holds from your next bill. If it was not you, change it back or call us."),
            ),
            action=(
                _("Bill Delivery Preference"),
                routes.absolute(routes.DELIVERY, account=account.id),
            ),
            user_id=user.id,
            account_id=account.id,
        )


def address_requested(
    session: Session, user: User, account: Account, request: ContactRequest
) -> None:
    """Confirm a request for another mailing address."""
    with speaking(user.language):
        queue_mail(
            session,
            kind="address_requested",
            to=user.email,
            subject=_("We received your change of address"),
            paragraphs=(
                _("Hi,"),
                _(
                    "We received your request to change the mailing address of the account ending"
                    " in %(last)s. Its number is %(reference)s.",
                    last=account.account_no[-4:],
                    reference=request.reference,
                ),
                _("Our staff look at it and you get an email when it is decided."),
                _("If it was not you, call us."),
            ),
            action=(
                _("See your request"),
                routes.absolute(routes.ADDRESS, account=account.id),
            ),
            user_id=user.id,
            account_id=account.id,
        )


def numbers_requested(session: Session, user: User, request: NumbersRequest) -> None:
    """Confirm a request for the numbers, in words that tell of no account."""
    with speaking(user.language):
        queue_mail(
            session,
            kind="numbers_requested",
            to=user.email,
            subject=_("We received your request for your account numbers"),
            paragraphs=(
                _("Hi,"),
                _("The number of your request is %(reference)s.", reference=request.reference),
                _(
                    "Our staff look at it. Where it matches our records, we mail the numbers to the"
                    " service address or call the phone number that we have on file, and no other."
                ),
                _("If it was not you, you need do nothing."),
            ),
            user_id=user.id,
        )


def address_decided(
    session: Session, user: User, account: Account, request: ContactRequest
) -> None:
    """Tell the resident that the request was approved or declined, and why."""
    with speaking(user.language):
        approved = request.status == "approved"
        told = (
            _("Your new mailing address was approved. It holds from your next bill.")
            if approved
            else _("Your change of address was declined: %(reason)s", reason=request.reason)
        )
        queue_mail(
            session,
            kind="address_decided",
            to=user.email,
            subject=(
                _("Your change of address was approved")
                if approved
                else _("Your change of address was declined")
            ),
            paragraphs=(
                _("Hi,"),
                told,
                _("The number of your request is %(reference)s.", reference=request.reference),
            ),
            action=(
                _("See your request"),
                routes.absolute(routes.ADDRESS, account=account.id),
            ),
            user_id=user.id,
            account_id=account.id,
        )
