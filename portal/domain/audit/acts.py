"""Every act that is noted: who of the residents may read of it, and in which words.

`%(who)s` is "You", "City staff" or a masked address; `%(whom)s` the other person it was done to.
Spanish with usted and English in the past tense have one form of the verb for all of them. "Your"
is always the reader's: what is not the reader's own says whose it is, or nothing.
"""

from dataclasses import dataclass
from enum import StrEnum

from portal.kit.text import N_


class Kind(StrEnum):
    """What a resident may narrow the log to, by what was done; staff and people are by who."""

    SIGN_INS = "sign-ins"
    PEOPLE = "people"
    FILES = "files"
    OTHER = ""


class Readers(StrEnum):
    """Which residents read of an act."""

    OWN = "own"  # who did it, and to whom it was done
    HOLDERS = "holders"  # they, and who holds the account or customer it touched
    OTHERS = "others"  # those holders alone: its doer reads of it by another act


@dataclass(frozen=True)
class Act:
    """An act's sentences: `said` where nobody else is meant by it or no other sentence fits.

    `to_you`: another did it to the reader. `of_other`: it was done to a third person.
    """

    said: str
    readers: Readers = Readers.OWN
    kind: Kind = Kind.OTHER
    to_you: str = ""
    of_other: str = ""


def _door(said: str) -> Act:
    return Act(said, kind=Kind.SIGN_INS)


def _place(said: str, kind: Kind = Kind.OTHER, *, to_you: str = "", of_other: str = "") -> Act:
    return Act(said, Readers.HOLDERS, kind, to_you, of_other)


def _tie(said: str, to_you: str = "", of_other: str = "") -> Act:
    return _place(said, Kind.PEOPLE, to_you=to_you, of_other=of_other)


ACTS: dict[str, Act] = {
    "session.sign_in": _door(N_("%(who)s signed in")),
    "session.new_browser": _door(N_("The browser that signed in had not been used before")),
    "session.sign_out": _door(N_("%(who)s signed out")),
    "session.sign_out_everywhere": _door(N_("%(who)s signed out everywhere")),
    "session.end_other": _door(N_("%(who)s signed another browser out")),
    "session.first_factor": _door(
        N_("%(who)s entered the password; the second step was still to come")
    ),
    "session.wrong_password": _door(N_("%(who)s entered a wrong password for your sign-in")),
    "session.locked": _door(
        N_("%(who)s entered a wrong password once more, and your sign-in was locked for a while")
    ),
    "session.wrong_second_factor": _door(
        N_("%(who)s knew your password and entered a wrong code at the second step")
    ),
    "session.second_step_locked": _door(
        N_("%(who)s entered wrong codes, and the second step was locked for a while")
    ),
    "passkey.add": _door(N_("%(who)s added a passkey to your sign-in")),
    "passkey.remove": _door(N_("%(who)s removed a passkey from your sign-in")),
    "passkey.rename": _door(N_("%(who)s renamed a passkey")),
    "passkey.copied": _door(N_("A copy of your passkey was used and refused")),
    "app.add": _door(N_("%(who)s added an authenticator app to your sign-in")),
    "app.remove": _door(N_("%(who)s removed the authenticator app from your sign-in")),
    "recovery_code.make": _door(N_("%(who)s made new recovery codes")),
    "recovery_code.use": _door(N_("%(who)s used a recovery code to sign in")),
    "provider.connect": _door(N_("%(who)s connected another provider to your sign-in")),
    "provider.disconnect": _door(N_("%(who)s removed another provider from your sign-in")),
    "user.sign_up": _door(N_("%(who)s signed up with your address")),
    "user.unverified": _door(N_("%(who)s signed up again with your address")),
    "user.resend_activation": _door(N_("%(who)s asked for the activation message again")),
    "user.active": _door(N_("%(who)s activated your sign-in")),
    "user.forgot_password": _door(N_("%(who)s asked for a new password for your sign-in")),
    "user.reset_password": _door(N_("%(who)s chose a new password with a link from your mailbox")),
    "user.ask_to_unlock": _door(N_("%(who)s asked for a link to unlock your sign-in")),
    "user.unlock": _door(N_("%(who)s unlocked your sign-in with a link from your mailbox")),
    "user.change_password": _door(N_("%(who)s changed your password")),
    "user.user_id": _door(N_("%(who)s changed your User ID")),
    "user.ask_email_change": _door(N_("%(who)s asked to change your email address")),
    "user.confirm_email": _door(
        N_("The change of your email address was confirmed from a mailbox")
    ),
    "user.cancel_email_change": _door(N_("The change of your email address was called off")),
    "user.old_mailbox_lost": _door(
        N_("%(who)s confirmed the change of your email address in place of a lost mailbox")
    ),
    "user.change_email": _door(N_("Your email address changed")),
    "staff.unlock": _door(N_("%(who)s unlocked your sign-in")),
    "staff.remove_factors": _door(N_("%(who)s removed the second step of your sign-in")),
    "staff.confirm_old_mailbox": _door(
        N_("%(who)s confirmed the change of your email address in place of your old mailbox")
    ),
    "staff.view_sign_in": _door(N_("%(who)s looked at your sign-in")),
    "user.language": Act(N_("%(who)s chose the language of our messages")),
    "staff.retry_mail": Act(N_("%(who)s sent a message to you again")),
    "staff.view_customer": _place(N_("%(who)s looked at your customer record")),
    "staff.view_audit": _place(N_("%(who)s looked at this record of activity")),
    "staff.view_payment": _place(N_("%(who)s looked at a payment of your bills")),
    "staff.ask_processor": _place(
        N_("%(who)s asked the card processor about a payment of your bills")
    ),
    "staff.end_payment": _place(
        N_("%(who)s ended a payment of your bills that could not be settled")
    ),
    "payment.attempt": _place(N_("%(who)s started a payment")),
    "account.view": _place(N_("%(who)s looked at the account and its bills")),
    "usage.view": _place(N_("%(who)s looked at the water use")),
    "bill.view": _place(N_("%(who)s looked at bill %(bill)s")),
    "bill.download": _place(N_("%(who)s downloaded bill %(bill)s"), Kind.FILES),
    "user.export": Act(N_("%(who)s took a copy of your data"), kind=Kind.FILES),
    "account.export": Act(
        N_("%(who)s took a copy of their data, with the bills of this account in it"),
        Readers.OTHERS,
        Kind.FILES,
    ),
    "account.list": Act(N_("%(who)s downloaded the list of your accounts"), kind=Kind.FILES),
    "account.listed": Act(
        N_("%(who)s downloaded a list of accounts with this one in it"), Readers.OTHERS, Kind.FILES
    ),
    "activity.download": Act(N_("%(who)s downloaded this record of activity"), kind=Kind.FILES),
    "delivery.change": _place(N_("%(who)s changed how the bills are delivered")),
    "notification.save": _place(N_("%(who)s saved alerts about the water use")),
    "alert_address.start": _place(N_("%(who)s started the alerts to an address again")),
    "alert_address.confirm": Act(N_("An address agreed to get your alerts")),
    "alert_address.stop": Act(N_("An address stopped your alerts")),
    "request.address": _place(N_("%(who)s asked for a change of the mailing address")),
    "request.approved": _place(N_("%(who)s approved a request for another mailing address")),
    "request.declined": _place(N_("%(who)s declined a request for another mailing address")),
    "request.numbers": Act(N_("%(who)s asked for the numbers of an account")),
    "request.numbers_done": Act(N_("%(who)s settled your request for the numbers of an account")),
    "link.refused": Act(N_("%(who)s tried to link an account with numbers that do not match")),
    "link.code_asked": Act(N_("%(who)s asked for a code to link an account")),
    "link.create": _tie(
        N_("%(who)s linked the account"),
        N_("The account was linked to your sign-in"),
        N_("The account was linked to the sign-in of %(whom)s"),
    ),
    "link.prepared": _tie(
        N_("%(who)s got the account linked as in the earlier portal"),
        N_("The account was linked to your sign-in as in the earlier portal"),
        N_("The account was linked to the sign-in of %(whom)s as in the earlier portal"),
    ),
    "link.remove": _tie(
        N_("%(who)s gave up the link to the account"),
        N_("%(who)s removed your link to the account"),
        N_("%(who)s removed the link of %(whom)s to the account"),
    ),
    "staff.unlink": _tie(
        N_("%(who)s removed a link to the account"),
        N_("%(who)s removed your link to the account"),
        N_("%(who)s removed the link of %(whom)s to the account"),
    ),
    "link.moved_out": _tie(
        N_("The time at the account ended"),
        N_("Your time at the account ended"),
        N_("The time of %(whom)s at the account ended"),
    ),
    "link.reopened": _tie(
        N_("The time at the account goes on after all"),
        N_("Your time at the account goes on after all"),
        N_("The time of %(whom)s at the account goes on after all"),
    ),
    "share.invite": _tie(N_("%(who)s invited somebody to the account")),
    "share.withdraw": _tie(N_("%(who)s withdrew an invitation to the account")),
    "share.code": _tie(N_("%(who)s asked for a code to accept an invitation to the account")),
    "share.accept": _tie(
        N_("%(who)s accepted an invitation to the account"),
        N_("You were given access to the account"),
        N_("%(whom)s was given access to the account"),
    ),
    "share.change": _tie(
        N_("%(who)s changed what somebody may do with the account"),
        N_("%(who)s changed what you may do with the account"),
        N_("%(who)s changed what %(whom)s may do with the account"),
    ),
    "share.end": _tie(
        N_("Somebody's access to the account ended"),
        N_("Your access to the account ended"),
        N_("The access of %(whom)s to the account ended"),
    ),
}

# What no resident reads of, and why.
UNSHOWN: dict[str, str] = {
    "session.wrong_passkey": "it belongs to no sign-in",
    "user.closed": "a closed sign-in has no reader",
    "request.received": "request.address says it",
    "staff.add": "it touches staff alone",
    "staff.enrol": "it touches staff alone",
    "staff.announcement_save": "everybody reads the announcement itself",
    "staff.announcement_end": "everybody reads the announcement itself",
    "staff.search": "it names words and no person; what is opened from its list is noted",
    "staff.task_done": "a note of the office to itself",
}


def of(*readers: Readers) -> list[str]:
    """Return the acts that have one of these kinds of readers."""
    return [name for name, act in ACTS.items() if act.readers in readers]


def of_kind(kind: Kind) -> list[str]:
    """Return the acts of a kind."""
    return [name for name, act in ACTS.items() if act.kind is kind]
