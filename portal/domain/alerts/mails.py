"""The mails of alerts: the question, the alert, the end. Each can be stopped from itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from portal import routes
from portal.cities import city
from portal.domain.identity.addresses import masked
from portal.domain.outbox.operations import queue_mail
from portal.kit.text import _, day, number, speaking
from portal.models.accounts import Account
from portal.models.identity import User
from portal.models.usage import UsageNotification


@dataclass(frozen=True)
class Hearer:
    """An address that an alert goes to, in its own language; `own` is the resident's sign-in."""

    email: str
    language: str
    own: bool
    stop_secret: str


@dataclass(frozen=True)
class Over:
    """A day above the threshold: whole gallons that were measured."""

    day: date
    used: int


def confirmation(
    session: Session, user: User, email: str, language: str, secret: str, stop_secret: str
) -> None:
    """Ask an address whether it wants the alerts: no account, no use, and who asks masked."""
    with speaking(language):
        queue_mail(
            session,
            kind="alert_confirm",
            to=email,
            subject=_("Do you want alerts of high water use?"),
            paragraphs=(
                _(
                    "%(who)s asked us to write to this address when water use at their home is"
                    " high. %(city)s sends such alerts only to people who want them.",
                    who=masked(user.email),
                    city=city().full_name,
                ),
                _("If you want them, confirm this address. The link works for 7 days."),
                _("If you do not, do nothing: without your confirmation we send no alerts."),
            ),
            action=(
                _("Confirm this address"),
                routes.absolute(routes.ALERT_CONFIRM, token=secret),
            ),
            stop_url=routes.absolute(routes.ALERT_STOP, token=stop_secret),
            user_id=user.id,
        )


def alert(
    session: Session,
    saved: UsageNotification,
    user: User,
    account: Account,
    hearer: Hearer,
    new: Sequence[Over],
) -> None:
    """Tell one address of the days above the threshold."""
    with speaking(hearer.language):
        query: dict[str, str] = {"account": str(saved.account_id)}
        if len(new) == 1:
            query |= {"begin": str(new[0].day), "end": str(new[0].day), "grouping": "hourly"}
        usage = (_("View Daily Usage"), routes.absolute(routes.USAGE, **query))
        queue_mail(
            session,
            kind="usage_alert",
            to=hearer.email,
            subject=_("High water use on %(day)s", day=day(new[-1].day)),
            paragraphs=(
                _(
                    "Water use at the account ending in %(ending)s was higher than the"
                    " %(limit)s gallons a day chosen in My Notifications.",
                    ending=account.account_no[-4:],
                    limit=number(saved.threshold_gallons),
                ),
                [(day(one.day), _("%(used)s gallons", used=number(one.used))) for one in new],
                _("If this is not what you expect, look for a toilet that runs or a garden valve."),
            ),
            action=usage if hearer.own else None,  # others may have no sign-in
            below=(_why(user, hearer),),
            stop_url=routes.absolute(routes.ALERT_STOP, token=hearer.stop_secret),
            user_id=user.id,
            account_id=saved.account_id,
        )


def ended(
    session: Session, user: User, account: Account, hearer: Hearer, *, moved_out: bool
) -> None:
    """Say once that no more alerts come, and why."""
    with speaking(hearer.language):
        if not hearer.own:
            reason = _(
                "%(who)s, who asked for them, no longer has access to this account.",
                who=masked(user.email),
            )
        elif moved_out:
            reason = _("You no longer have service at this address, so alerts have ended.")
        else:
            reason = _("The account is no longer linked to your sign-in.")
        queue_mail(
            session,
            kind="alerts_ended",
            to=hearer.email,
            subject=_("Your alerts of high water use have ended"),
            paragraphs=(
                _(
                    "We no longer send alerts for the account ending in %(ending)s.",
                    ending=account.account_no[-4:],
                ),
                reason,
            ),
            stop_url=routes.absolute(routes.ALERT_STOP, token=hearer.stop_secret),
            user_id=user.id,
            account_id=account.id,
        )


def _why(user: User, hearer: Hearer) -> str:
    if hearer.own:
        return _(
            "To change the threshold or pause these alerts, open My Notifications,"
            " check Suspend and choose Save."
        )
    return _(
        "You get this message because %(who)s asked us to write to you and you agreed.",
        who=masked(user.email),
    )
