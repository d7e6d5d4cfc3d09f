"""How staff screens say what the portal notes by short names: acts, sources, counts, roles."""

from portal.kit.text import N_, _, number

ACTS = {
    "app.add": N_("Added an authenticator app"),
    "app.remove": N_("Removed the authenticator app"),
    "account.export": N_("Took a copy of the data with the bills of the account"),
    "account.list": N_("Downloaded a list of accounts"),
    "account.listed": N_("Downloaded a list with the account in it"),
    "account.view": N_("Looked at the account"),
    "activity.download": N_("Downloaded the record of activity"),
    "bill.download": N_("Downloaded a bill"),
    "bill.view": N_("Looked at a bill"),
    "delivery.change": N_("Changed how bills are delivered"),
    "link.code_asked": N_("Asked for a code to link an account"),
    "link.create": N_("Linked an account"),
    "link.moved_out": N_("The customer's time at the account ended"),
    "link.reopened": N_("The customer's time at the account goes on after all"),
    "link.prepared": N_("Linked an account of the earlier portal"),
    "link.refused": N_("Tried to link an account with numbers that do not match"),
    "link.remove": N_("Removed a linked account"),
    "alert_address.confirm": N_("An address agreed to alerts"),
    "alert_address.start": N_("Alerts to an address were started again"),
    "alert_address.stop": N_("An address stopped its alerts"),
    "notification.save": N_("Saved a usage notification"),
    "passkey.add": N_("Added a passkey"),
    "passkey.copied": N_("A copied passkey was refused"),
    "passkey.remove": N_("Removed a passkey"),
    "passkey.rename": N_("Renamed a passkey"),
    "payment.attempt": N_("Started a payment"),
    "request.address": N_("Asked for a change of address"),
    "request.numbers": N_("Asked for the numbers of an account"),
    "request.numbers_done": N_("Settled a request for the numbers of an account"),
    "request.received": N_("The request was received"),
    "request.approved": N_("Approved the request"),
    "request.declined": N_("Declined the request"),
    "recovery_code.make": N_("Made recovery codes"),
    "recovery_code.use": N_("Signed in with a recovery code"),
    "provider.connect": N_("Connected another provider to sign in with"),
    "provider.disconnect": N_("Removed another provider from the sign-in"),
    "session.first_factor": N_("Entered the password; the second step is still to come"),
    "session.locked": N_("Entered a wrong password; the sign-in was locked"),
    "session.second_step_locked": N_("Entered wrong codes; the second step was locked"),
    "session.end_other": N_("Signed another browser out"),
    "session.new_browser": N_("Signed in from a browser not seen before"),
    "session.sign_out_everywhere": N_("Signed every browser out"),
    "session.sign_in": N_("Signed in"),
    "session.sign_out": N_("Signed out"),
    "session.wrong_second_factor": N_("Entered a wrong code at the second step"),
    "session.wrong_passkey": N_("Used a passkey that does not hold"),
    "session.wrong_password": N_("Entered a wrong password"),
    "share.accept": N_("Accepted an invitation to an account"),
    "share.change": N_("Changed what somebody may do with an account"),
    "share.code": N_("Asked for a code to accept an invitation"),
    "share.end": N_("Access to an account ended"),
    "share.invite": N_("Invited somebody to an account"),
    "share.withdraw": N_("Withdrew an invitation to an account"),
    "staff.add": N_("Added a member of staff"),
    "staff.announcement_end": N_("Ended an announcement"),
    "staff.announcement_save": N_("Published an announcement"),
    "staff.enrol": N_("Set up a staff sign-in"),
    "staff.ask_processor": N_("Asked the processor about a payment"),
    "staff.confirm_old_mailbox": N_("Confirmed in place of the resident's old mailbox"),
    "staff.end_payment": N_("Ended a payment that could not be settled"),
    "staff.remove_factors": N_("Removed the second step of the sign-in"),
    "staff.retry_mail": N_("Sent a message again"),
    "staff.search": N_("Searched for customers"),
    "staff.task_done": N_("Took a task off the list"),
    "staff.unlink": N_("Removed a link for the resident"),
    "staff.unlock": N_("Unlocked the sign-in"),
    "staff.view_audit": N_("Searched the audit for somebody"),
    "staff.view_customer": N_("Looked at the customer"),
    "staff.view_payment": N_("Looked at a payment"),
    "staff.view_sign_in": N_("Looked at the sign-in"),
    "usage.view": N_("Looked at the water use"),
    "user.active": N_("Activated the sign-in"),
    "user.ask_email_change": N_("Asked to change the email address"),
    "user.ask_to_unlock": N_("Asked for a link to unlock the sign-in"),
    "user.cancel_email_change": N_("Called the change of the email address off"),
    "user.change_email": N_("Changed the email address"),
    "user.change_password": N_("Changed the password"),
    "user.closed": N_("Closed the sign-in"),
    "user.confirm_email": N_("Confirmed a change of the email address from a mailbox"),
    "user.export": N_("Took a copy of the data"),
    "user.forgot_password": N_("Asked for a new password"),
    "user.language": N_("Chose the language of messages"),
    "user.old_mailbox_lost": N_("Confirmed in place of a mailbox that is lost"),
    "user.resend_activation": N_("Asked for the activation message again"),
    "user.reset_password": N_("Chose a new password"),
    "user.sign_up": N_("Signed up"),
    "user.unlock": N_("Unlocked the sign-in"),
    "user.user_id": N_("Changed the User ID"),
    "user.unverified": N_("Signed up again"),
}
SOURCES = {
    "resident": N_("Resident"),
    "reply": N_("The processor's answer"),
    "webhook": N_("A message from the processor"),
    "sweep": N_("Our own check"),
}
COUNTS = {
    "skipped_children": N_("belonging to rows left out"),
    "readings": N_("readings"),
    "filler": N_("filler values"),
    "gap_stamps": N_("hours that the clock change skips"),
    "faults": N_("rows at fault"),
    "meters": N_("meters"),
    "unknown_meters": N_("unknown meters"),
    "days_written": N_("days written"),
    "hours_incomplete": N_("incomplete hours"),
    "registers_corrupt": N_("registers that cannot be right"),
    "registers_held": N_("registers held back"),
}
_ROLES = {
    "anonymous": N_("Not signed in"),
    "resident": N_("Resident"),
    "viewer": N_("Staff, viewer"),
    "administrator": N_("Staff, administrator"),
    "system": N_("The portal itself"),
}


def act_word(act: str) -> str:
    """Write what was done."""
    return _(ACTS.get(act, act))


def source_word(source: str) -> str:
    """Write where a payment's step came from."""
    return _(SOURCES.get(source, source))


def role_word(role: str) -> str:
    """Write who acted, where no address may or can be shown."""
    return _(_ROLES.get(role, role))


def count_word(name: str, n: int) -> str:
    """Write one of an import's further figures: "meters: 60"."""
    return f"{_(COUNTS.get(name, name))}: {number(n)}"
