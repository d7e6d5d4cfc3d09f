"""The scan line of a printed bill: what stands in it, and that a misread line is told."""

import re
from urllib.parse import unquote

import pytest

from portal.domain.bills.scan import check_digit, qr_source, qr_svg, scan_line


# The textbook's number, and a security's (ISIN US0378331005), which counts letters.
@pytest.mark.parametrize(("text", "digit"), [("7992739871", 3), ("US037833100", 5)])
def test_the_check_digit_is_luhns(text: str, digit: int) -> None:
    assert check_digit(text) == digit


def test_the_line_holds_account_bill_and_cents() -> None:
    line = scan_line("00-286 24", "2027-w98465", 12711)
    assert line.split()[:3] == ["0028624", "2027W98465", "000012711"]


def test_every_misread_digit_is_told() -> None:
    *parts, digit = scan_line("28624", "98465", 12711).split()
    read = "".join(parts)
    for place, right in enumerate(read):
        for wrong in set("0123456789") - {right}:
            misread = read[:place] + wrong + read[place + 1 :]
            assert check_digit(misread) != int(digit), misread


def test_page_and_paper_show_the_same_code() -> None:
    address = "https://portal.example.gov/utility-billing/bill?id=1#bill=0123abcd"
    paths = re.compile(r"d=[\"']([^\"']+)[\"']")
    printed = paths.findall(qr_svg(address))
    assert printed
    assert paths.findall(unquote(qr_source(address))) == printed
    assert paths.findall(qr_svg(address + "0")) != printed
