"""Our own scripts as components: what HTML and CSS cannot do."""

import reflex as rx

LIBRARY = "$/public/portal.jsx"


class RouteAnnouncer(rx.Component):
    """After navigation: `lang`, focus on the new h1, its title said. Mounted once."""

    library = LIBRARY
    tag = "RouteAnnouncer"


class SignedOutElsewhere(rx.Component):
    """Reload this tab when another one signs out."""

    library = LIBRARY
    tag = "SignedOutElsewhere"


class Offline(rx.Component):
    """Say in our words that the connection is lost."""

    library = LIBRARY
    tag = "Offline"
    en: rx.Var[str]
    es: rx.Var[str]


class AskServer(rx.Component):
    """Ask the server for a page that the app does not know but was led to."""

    library = LIBRARY
    tag = "AskServer"


class FocusWhenShown(rx.Component):
    """Take the focus when it appears, and prefix the title."""

    library = LIBRARY
    tag = "FocusWhenShown"
    prefix: rx.Var[str]


class PasswordField(rx.Component):
    """A password input with Show beside it."""

    library = LIBRARY
    tag = "PasswordField"
    name: rx.Var[str]
    autocomplete: rx.Var[str]
    show: rx.Var[str]
    hide: rx.Var[str]
    show_label: rx.Var[str]
    hide_label: rx.Var[str]


class LanguageLink(rx.Component):
    """A link to this page in another language, keeping its query."""

    library = LIBRARY
    tag = "LanguageLink"
    path: rx.Var[str]
    code: rx.Var[str]


class LookAgain(rx.Component):
    """Ask for `on_look` at growing distances, a bounded number of times, while it is mounted."""

    library = LIBRARY
    tag = "LookAgain"
    on_look: rx.EventHandler[rx.event.no_args_event_spec]  # type: ignore[type-arg, valid-type]


class PrintButton(rx.Component):
    """A button that prints the page."""

    library = LIBRARY
    tag = "PrintButton"


class Paper(rx.Component):
    """What only paper shows, below its children: when it was printed, and the page's address."""

    library = LIBRARY
    tag = "Paper"
    zone: rx.Var[str]
    printed: rx.Var[str]


class BillCode(rx.Component):
    """Take the code of a printed bill off the address; `on_code`, where given, gets it once."""

    library = LIBRARY
    tag = "BillCode"
    on_code: rx.EventHandler[rx.event.passthrough_event_spec(str)]  # type: ignore[type-arg, valid-type]
