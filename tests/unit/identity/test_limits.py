"""The promises of identity, as they were given: who changes one changes it here too."""

from datetime import timedelta

from portal.domain.identity import limits, mail_tokens, sessions

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def test_sessions_idle_and_end() -> None:
    assert sessions.spans("resident", False) == (30 * MINUTE, 12 * HOUR)
    assert sessions.spans("resident", True) == (30 * DAY, 30 * DAY)
    for role in sessions.STAFF_ROLES:
        assert sessions.spans(role, True) == (15 * MINUTE, 8 * HOUR)
    assert limits.FRESH == 15 * MINUTE
    assert limits.TOUCH_EVERY < limits.STAFF_IDLE / 10


def test_passwords() -> None:
    assert (limits.PASSWORD_MIN, limits.PASSWORD_MIN_WITH_SECOND_FACTOR) == (15, 8)
    assert limits.PASSWORD_MAX == 128
    assert limits.PASSWORD_SCORE_MIN == 3
    assert (limits.ARGON2_MEMORY_KIB, limits.ARGON2_ROUNDS) == (19 * 1024, 2)


def test_wrong_passwords_lock() -> None:
    assert (limits.WRONG_PASSWORDS, limits.LOCK_FIRST, limits.LOCK_LONGEST) == (5, 15 * MINUTE, DAY)


def test_mailed_links_and_codes() -> None:
    assert mail_tokens.LIFE == {
        "activate": DAY,
        "reset": 30 * MINUTE,
        "unlock": 30 * MINUTE,
        "staff_enrol": DAY,
    }
    assert (limits.MAILS_A_DAY, limits.CODE_DIGITS, limits.WRONG_CODES) == (5, 6, 5)
    assert (limits.FORMS_AN_HOUR_IP, limits.WRONG_LINKS_AN_HOUR_IP) == (30, 30)
    assert limits.FORMS_WINDOW == HOUR
    assert timedelta(milliseconds=250) == limits.ANSWER_AFTER


def test_linking() -> None:
    assert (limits.WRONG_PAIRS, limits.WRONG_PAIRS_WINDOW) == (5, 15 * MINUTE)
    assert (limits.PAIRS_A_DAY, limits.WRONG_PAIRS_DAY) == (20, DAY)
    assert (limits.WRONG_PAIRS_AN_HOUR_IP, limits.WRONG_PAIRS_HOUR) == (10, HOUR)
    assert limits.WRONG_PAIRS_AN_HOUR_TOWN == 200
    assert (limits.WRONG_PAIRS_ON_ACCOUNT, limits.WRONG_PAIRS_ON_ACCOUNT_WINDOW) == (5, DAY)
    assert timedelta(milliseconds=250) == limits.LINK_ANSWER_AFTER
