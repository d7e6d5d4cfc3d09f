"""What a machine reads off a printed bill: a payment counter its scan line, a phone the QR."""

import io

import segno

_AMOUNT_DIGITS = 9


def scan_line(account_no: str, bill_no: str, cents: int) -> str:
    """Return account, bill and amount in cents, and the digit that tells a misread line.

    The digit is that of ISO/IEC 7812 (Luhn, modulo 10) over all that stands before it; letters
    count as in ISO 6166, A is 10 and Z is 35.
    """
    parts = (_alphanumeric(account_no), _alphanumeric(bill_no), f"{cents:0{_AMOUNT_DIGITS}d}")
    return " ".join((*parts, str(check_digit("".join(parts)))))


def check_digit(text: str) -> int:
    """Return the digit that makes the Luhn sum of `text`, letters and digits, a multiple of ten."""
    digits = [int(n) for c in text for n in str(int(c, 36))]
    doubled = (n * 2 if place % 2 == 0 else n for place, n in enumerate(reversed(digits)))
    return -sum(n - 9 if n > 9 else n for n in doubled) % 10


def qr_svg(address: str) -> str:
    """Return the QR of an address as an SVG document, black on white with its quiet zone."""
    out = io.BytesIO()
    _qr(address).save(out, kind="svg", border=4, light="#ffffff")
    return out.getvalue().decode()


def qr_source(address: str) -> str:
    """Return the same QR as what an `<img>` on a page shows: a data URI."""
    return str(_qr(address).svg_data_uri(border=4, light="#ffffff", omitsize=True))


def _qr(address: str) -> segno.QRCode:
    return segno.make(address, error="m", micro=False)


def _alphanumeric(number: str) -> str:
    return "".join(c for c in number.upper() if c.isascii() and c.isalnum())
