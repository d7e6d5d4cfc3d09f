"""The canary: what a browser sends is in no log."""

import logging

import pytest

from portal.state import redaction

CANARY = "canary-4242"


@pytest.mark.parametrize("name", redaction._TALKATIVE)
def test_the_frameworks_loggers_say_no_values(name: str, caplog: pytest.LogCaptureFixture) -> None:
    redaction.install()
    try:
        raise KeyError(CANARY)
    except KeyError:
        logging.getLogger(name).exception("Error processing %s", {"password": CANARY})
    assert "KeyError" in caplog.text
    assert CANARY not in caplog.text


def test_a_failure_outside_handlers_names_its_place_only(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        redaction.on_backend_error(error)
    assert "test_redaction.py" in caplog.text
    assert "ValueError" in caplog.text
    # The line of source is code, not a value: here it names the variable.
    assert "canary-4242" not in caplog.text


def test_a_browsers_report_is_cut_and_on_one_line(caplog: pytest.LogCaptureFixture) -> None:
    redaction.on_frontend_error(Exception("a\nERROR forged line\n" + "x" * 5000))
    assert len(caplog.records[0].getMessage()) < 400
    assert "\n" not in caplog.records[0].getMessage()
