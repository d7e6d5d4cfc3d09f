"""A message's two bodies, in the city's look and in the language being spoken."""

from collections.abc import Sequence
from html import escape

from portal.cities import city
from portal.kit.text import _, language
from portal.style import PAPER, accents

_FONT = "'Public Sans',system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_INK = {"light": "#1b1f23", "dark": "#e9ebed"}
_QUIET = {"light": "#55595f", "dark": "#a9b0b7"}
_LINE = {"light": "#d9d8d2", "dark": "#3a4148"}


# A paragraph, or the rows of a small table: what it is called, what it is.
Part = str | Sequence[tuple[str, str]]


def text_body(
    parts: Sequence[Part],
    action: tuple[str, str] | None,
    below: Sequence[Part] = (),
    stop_url: str = "",
) -> str:
    """Return the plain text: parts, the action with its address on its own line, what is below."""
    told = [_text(part) for part in parts]
    if action:
        told.append(f"{action[0]}:\n{action[1]}")
    told += [_text(part) for part in below]
    if stop_url:
        told.append(f"{_stop()}:\n{stop_url}")
    return "\n\n".join([*told, "-- \n" + "\n".join(_signature())]) + "\n"


def html_body(
    subject: str,
    parts: Sequence[Part],
    action: tuple[str, str] | None,
    below: Sequence[Part] = (),
    stop_url: str = "",
) -> str:
    """Return the same as one HTML page without scripts, pictures or outside addresses but our own.

    Light colours stand on the elements, for readers that drop style sheets; the sheet darkens.
    """
    body = "".join(_html(part) for part in parts)
    accent = accents(city().look.accent)["light"]
    if action:
        body += _button(escape(action[0]), escape(action[1], quote=True), accent)
    body += "".join(_html(part) for part in below)
    ink, quiet, line = _INK["light"], _QUIET["light"], _LINE["light"]
    signature = "<br>".join(escape(part) for part in _signature())
    if stop_url:
        # Easy to see and to hit: who cannot find it reports the city's mail as spam.
        signature += (
            f'<br><a class="quiet" href="{escape(stop_url, quote=True)}" style="display:inline-'
            f'block;padding:8px 0;color:{quiet}">{escape(_stop())}</a>'
        )
    return (
        f'<!DOCTYPE html><html lang="{language()}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(subject)}</title><style>{_dark()}</style></head>"
        f'<body style="margin:0;background:{PAPER["light"]};color:{ink};'
        f'font:17px/1.5 {_FONT}">'
        '<div style="max-width:560px;margin:0 auto;padding:32px 20px">'
        f"{_brand(accent)}<main>"
        f'<h1 style="margin:0 0 20px;font-size:22px;line-height:1.3">{escape(subject)}</h1>'
        f"{body}</main>"
        '<p class="quiet line" style="margin:32px 0 0;padding:16px 0 0;'
        f'border-top:1px solid {line};font-size:14px;color:{quiet}">{signature}</p>'
        "</div></body></html>"
    )


def _text(part: Part) -> str:
    return part if isinstance(part, str) else "\n".join(f"{name}: {what}" for name, what in part)


def _html(part: Part) -> str:
    if isinstance(part, str):
        return f'<p style="margin:0 0 16px">{escape(part)}</p>'
    edge = f"padding:8px 0;border-top:1px solid {_LINE['light']};vertical-align:top"
    rows = "".join(
        f'<tr><th scope="row" class="quiet line" style="{edge};padding-right:16px;'
        f'font-weight:400;text-align:left;color:{_QUIET["light"]}">{escape(name)}</th>'
        f'<td class="line" style="{edge};text-align:right;white-space:nowrap;'
        f'font-variant-numeric:tabular-nums">'
        f"{escape(what)}</td></tr>"
        for name, what in part
    )
    return f'<table style="width:100%;margin:0 0 16px;border-collapse:collapse">{rows}</table>'


def _brand(accent: dict[str, str]) -> str:
    """Draw the town's initials and name: mail readers show neither SVG nor remote pictures."""
    look = city().look
    return (
        f'<p class="line" style="margin:0 0 28px;padding:0 0 16px;'
        f'border-bottom:1px solid {_LINE["light"]};font-weight:700">'
        f'<span class="seal" aria-hidden="true" style="display:inline-block;width:36px;'
        f"margin-right:12px;border-radius:6px;font-size:15px;line-height:36px;text-align:center;"
        f'background:{accent["accent"]};color:{accent["on-accent"]}">{escape(look.initials)}</span>'
        f"{escape(city().full_name)}</p>"
    )


def _button(label: str, url: str, accent: dict[str, str]) -> str:
    """Draw the one button, and its address for readers that show none."""
    return (
        f'<p style="margin:24px 0"><a class="button" href="{url}" style="display:inline-block;'
        f"background:{accent['accent']};color:{accent['on-accent']};padding:11px 20px;"
        f'border-radius:6px;text-decoration:none;font-weight:600">{label}</a></p>'
        f'<p class="quiet" style="margin:0 0 24px;font-size:14px;color:{_QUIET["light"]};'
        f'overflow-wrap:anywhere;word-break:break-word">{url}</p>'
    )


def _dark() -> str:
    accent = accents(city().look.accent)["dark"]
    filled = f"background:{accent['accent']}!important;color:{accent['on-accent']}!important"
    return (
        "@media (prefers-color-scheme:dark){"
        f"body{{background:{PAPER['dark']}!important;color:{_INK['dark']}!important}}"
        f".quiet{{color:{_QUIET['dark']}!important}}.line{{border-color:{_LINE['dark']}!important}}"
        f".button,.seal{{{filled}}}}}"
    )


def _stop() -> str:
    return _("Stop these messages")


def _signature() -> list[str]:
    contact = city().contact
    return [
        city().full_name,
        f"{contact.office.say()}, {contact.phone}",
        _("This address is not read. Please call or write to the office."),
    ]
