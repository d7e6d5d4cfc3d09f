"""A message's two bodies, in the city's look and in the language being spoken."""

from collections.abc import Sequence
from html import escape

from portal.cities import city
from portal.kit.text import _, language


def text_body(paragraphs: Sequence[str], action: tuple[str, str] | None) -> str:
    """Return the plain text: paragraphs, the action with its address on a line of its own."""
    parts = list(paragraphs)
    if action:
        parts.append(f"{action[0]}:\n{action[1]}")
    return "\n\n".join([*parts, "-- \n" + "\n".join(_signature())]) + "\n"


def html_body(subject: str, paragraphs: Sequence[str], action: tuple[str, str] | None) -> str:
    """Return the same as one HTML page without scripts, images or outside addresses but our own."""
    accent = city().look.accent
    body = "".join(
        f'<p style="margin:0 0 16px">{escape(paragraph)}</p>' for paragraph in paragraphs
    )
    if action:
        label, url = escape(action[0]), escape(action[1], quote=True)
        body += (
            f'<p style="margin:24px 0"><a href="{url}" style="display:inline-block;'
            f"background:{accent};color:#ffffff;padding:12px 20px;border-radius:6px;"
            f'text-decoration:none;font-weight:600">{label}</a></p>'
            '<p style="margin:0 0 16px;font-size:14px;color:#555555;word-break:break-all">'
            f"{url}</p>"
        )
    signature = "<br>".join(escape(line) for line in _signature())
    return (
        f'<!DOCTYPE html><html lang="{language()}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(subject)}</title></head>"
        '<body style="margin:0;background:#f4f5f4;color:#1c1f1d;'
        'font:16px/1.5 system-ui,-apple-system,Segoe UI,Roboto,sans-serif">'
        '<div style="max-width:560px;margin:0 auto;padding:24px 16px">'
        f'<p style="margin:0 0 16px;font-weight:700;color:{accent}">{escape(city().full_name)}</p>'
        '<div style="background:#ffffff;border:1px solid #dfe3e0;border-radius:8px;padding:24px">'
        f'<h1 style="margin:0 0 16px;font-size:20px;line-height:1.3">{escape(subject)}</h1>{body}'
        f'</div><p style="margin:16px 0 0;font-size:14px;color:#555555">{signature}</p>'
        "</div></body></html>"
    )


def _signature() -> list[str]:
    contact = city().contact
    return [
        city().full_name,
        f"{contact.office.say()}, {contact.phone}",
        _("This address is not read. Please call or write to the office."),
    ]
