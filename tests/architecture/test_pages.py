"""Every page draws in both languages, and is named, guarded and titled."""

import pytest

from portal.kit.text import speaking
from portal.state.base import Permission
from tests.architecture.app import portal


@pytest.mark.parametrize("code", ["en", "es"])
def test_every_page_draws(code: str) -> None:
    for page in portal().PAGES:
        portal()._draw(code, page)  # what a build does: a fault names its page here, in a second


def test_every_page_has_a_title_of_its_own() -> None:
    with speaking("en"):
        titles = [str(portal()._title(page)) for page in portal().PAGES]
    assert sorted(title for title in titles if titles.count(title) > 1) == []


def test_staff_pages_ask_for_staff_and_no_other_page_does() -> None:
    for page in portal().PAGES:
        staff = page.access in (Permission.STAFF, Permission.ADMINISTRATOR)
        assert staff == page.route.startswith("/admin"), page.route
