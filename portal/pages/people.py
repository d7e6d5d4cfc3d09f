"""People with access: who holds the account, to whom it is shared, and inviting one more."""

from typing import Any

import reflex as rx

from portal import routes
from portal.kit.text import N_, _
from portal.pages import Page
from portal.state.base import RESIDENT
from portal.state.people import PeopleState as State
from portal.ui import feedback, form, shell
from portal.ui.native import link
from portal.ui.table import Column, table


def view() -> Any:
    """Draw the page."""
    return shell.page(
        _("People with access"),
        feedback.waiting(
            rx.el.p(State.address, " · ", _("Account"), " ", State.account_no, class_name="muted"),
            rx.cond(
                State.removing.link_id != "",
                _remove(),
                rx.cond(State.changing.link_id != "", _change(), _everyone()),
            ),
        ),
        back=feedback.once_loaded(
            link(
                _("Account Summary"),
                to=routes.link(routes.SUMMARY) + "?account=" + State.account,
                class_name="back",
            )
        ),
    )


def _here(query: str = "") -> Any:
    return routes.link(routes.PEOPLE) + "?account=" + State.account + query


def _everyone() -> Any:
    return rx.el.div(
        rx.el.section(
            rx.el.h2(_("Who has access now"), class_name="visually-hidden"),
            _people(),
        ),
        rx.cond(State.invited.length() > 0, _invited()),
        rx.el.p(
            link(
                _("Who looked at my account"),
                to=routes.link(routes.SETTINGS_ACTIVITY) + "?account=" + State.account,
                class_name="tap",
            )
        ),
        _invite(),
        class_name="parts",
    )


def _people() -> Any:
    return table(
        _("Who has access now"),
        [
            Column(
                _("Person"),
                lambda row: rx.cond(row.is_you, row.email + " " + _("(you)"), row.email),
                head=True,
            ),
            Column(_("Access"), lambda row: row.may),
            Column(_("Since"), lambda row: row.since),
            Column(_("Last day"), lambda row: row.until),
            Column(_("Change"), _acts, hide_label=True),
        ],
        State.rows,
        hide_caption=True,
    )


def _acts(row: Any) -> Any:
    def act(words: str, query: str) -> Any:
        return link(
            words,
            rx.el.span(" ", row.email, class_name="visually-hidden"),
            to=_here(query) + row.link_id,
        )

    return rx.el.span(
        rx.cond(row.changeable, act(_("Change access"), "&change=")),
        " ",
        rx.cond(row.removable, act(_("Remove access"), "&remove=")),
        rx.cond(
            ~row.removable & ~row.is_you,
            rx.el.span(_("(linked before you)"), class_name="muted"),
        ),
        class_name="row",
    )


def _invited() -> Any:
    return rx.el.section(
        rx.el.h2(_("Invitations that wait")),
        table(
            _("Invitations that wait"),
            [
                Column(_("Person"), lambda row: row.email, head=True),
                Column(_("Access"), lambda row: row.may),
                Column(_("Last day"), lambda row: row.until),
                Column(_("Can be accepted until"), lambda row: row.open_until),
                Column(
                    _("Withdraw"),
                    lambda row: form.button(
                        _("Withdraw"),
                        rx.el.span(" ", row.email, class_name="visually-hidden"),
                        on_click=State.withdraw(row.id),
                    ),
                    hide_label=True,
                ),
            ],
            State.invited,
            hide_caption=True,
        ),
    )


def _invite() -> Any:
    return rx.cond(
        State.may_invite,
        rx.el.section(
            rx.el.h2(_("Invite somebody")),
            rx.el.p(
                _(
                    "Someone in your household, a relative or your bookkeeper can see this account"
                    " with a sign-in of their own. They cannot invite others, ask for changes or"
                    " see who else has access. You can end it at any time."
                )
            ),
            rx.cond(
                State.may_act,
                form.form(
                    form.field(
                        "email",
                        _("Their email address"),
                        type="email",
                        auto_complete="off",
                        spell_check=False,
                    ),
                    *_given(),
                    form.actions(form.submit(_("Send invitation"))),
                    on_submit=State.invite,
                    key=State.drawing.to_string() + State.account,
                ),
                _sign_in_again(),
            ),
        ),
    )


def _given(rights: Any = "view", last_day: Any = "") -> list[Any]:
    return [
        form.select(
            "rights",
            _("They may"),
            [("view", _("View only")), ("pay", _("View and pay"))],
            default_value=rights,
        ),
        form.field(
            "last_day",
            _("Last day"),
            hint=_("Access ends by itself after this day. Leave it empty for no end."),
            optional=True,
            type="date",
            size="short",
            default_value=last_day,
        ),
    ]


def _sign_in_again() -> Any:
    return feedback.sign_in_again(
        _("To protect your account, sign in again to invite somebody or change access.")
    )


def _change() -> Any:
    return rx.el.section(
        rx.el.h2(_("Change access of"), " ", State.changing.email),
        rx.cond(
            State.may_act,
            form.form(
                *_given(State.changing.rights, State.changing.last_day),
                form.actions(
                    form.submit(_("Save")), link(_("Cancel"), to=_here(), class_name="button")
                ),
                on_submit=State.save,
                key=State.changing.link_id,
            ),
            _sign_in_again(),
        ),
    )


def _remove() -> Any:
    return feedback.sure(
        _("Remove this person's access?"),
        rx.el.p(rx.el.strong(State.removing.email), ", ", State.removing.may),
        rx.cond(
            State.removing.rights == "hold",
            rx.el.p(_("Whoever this person has invited loses access as well.")),
        ),
        act=_("Remove"),
        on_click=State.remove,
        back=_here(),
    )


pages = (
    Page(
        route=routes.PEOPLE,
        view=view,
        title=N_("People with access"),
        access=RESIDENT,
        on_load=(State.load,),
        module="utility_billing",
    ),
)
