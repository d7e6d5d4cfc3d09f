"""The promises of identity and linking as numbers, in one place; each has a test that reads it.

Sources: OWASP ASVS 5.0 level 2, NIST SP 800-63B-4.
"""

from datetime import timedelta

# Sessions.
RESIDENT_IDLE = timedelta(minutes=30)
RESIDENT_TOTAL = timedelta(hours=12)
REMEMBERED_TOTAL = timedelta(days=30)  # for viewing: it is idle no sooner than it ends
STAFF_IDLE = timedelta(minutes=15)
STAFF_TOTAL = timedelta(hours=8)
FRESH = timedelta(minutes=15)  # how new a sign-in must be for pay methods, e-mail and autopay
TOUCH_EVERY = timedelta(minutes=1)

# Passwords.
PASSWORD_MIN = 15
PASSWORD_MIN_WITH_SECOND_FACTOR = 8
PASSWORD_MAX = 128
PASSWORD_SCORE_MIN = 3  # of zxcvbn's 0 to 4
ARGON2_MEMORY_KIB = 19 * 1024
ARGON2_ROUNDS = 2
NAME_MAX = 80
EMAIL_MAX = 254
USER_ID_MAX = 20

# What one resident may do to the own sign-in in a day.
USER_IDS_A_DAY = 10
EMAIL_CHANGES_A_DAY = 5
EXPORTS_A_DAY = 5
# Bills and lists taken as files: enough for a property manager's 500 accounts.
DOCUMENTS_AN_HOUR = 1_000
DOCUMENTS_WINDOW = timedelta(hours=1)

# Second factors.
SECOND_STEP_LIFE = timedelta(minutes=10)  # between the password and the second factor
SECOND_STEP_TRIES = 5  # wrong codes, then back to the password
# Wrong codes of one sign-in over any number of passwords, then a lock that doubles.
WRONG_SECOND_STEPS = 10
CHALLENGE_LIFE = timedelta(minutes=5)
CHALLENGES_AN_HOUR_IP = 300
RECOVERY_CODES = 10
RECOVERY_CODES_FEW = 3
PASSKEYS_MOST = 10
PASSKEY_NAME_MAX = 40

# Wrong passwords: per user and per IP (an IPv6 /64).
WRONG_PASSWORDS = 5
LOCK_FIRST = timedelta(minutes=15)
LOCK_LONGEST = timedelta(hours=24)

# Signing in with another provider: the way there and back, and to confirm the address.
PROVIDER_FLOW_LIFE = timedelta(minutes=10)
PROVIDER_CONFIRM_LIFE = timedelta(minutes=30)
PROVIDER_FLOWS_AN_HOUR_IP = 200

# Links by mail.
ACTIVATION_LIFE = timedelta(hours=24)
RESET_LIFE = timedelta(minutes=30)
UNLOCK_LIFE = timedelta(minutes=30)
ENROLMENT_LIFE = timedelta(hours=24)
EMAIL_CHANGE_LIFE = timedelta(hours=24)
MAILS_A_DAY = 5
# Wrong 6-digit codes per address, then a lock that doubles like a password's.
CODE_DIGITS = 6
WRONG_CODES = 5
FORMS_WINDOW = timedelta(hours=1)
FORMS_AN_HOUR_IP = 30  # sign-up, forgot and unlock forms together, from one network
WRONG_LINKS_AN_HOUR_IP = 30  # uses of mailed links, from one network
# Every answer of a form that takes an e-mail address leaves after the same time.
ANSWER_AFTER = timedelta(milliseconds=250)

# Linking an account.
WRONG_PAIRS = 5
WRONG_PAIRS_WINDOW = timedelta(minutes=15)
WRONG_PAIRS_HOUR = timedelta(hours=1)
WRONG_PAIRS_DAY = timedelta(days=1)
PAIRS_A_DAY = 20
WRONG_PAIRS_AN_HOUR_IP = 10
WRONG_PAIRS_AN_HOUR_TOWN = 200
WRONG_PAIRS_ON_ACCOUNT = 5
WRONG_PAIRS_ON_ACCOUNT_WINDOW = timedelta(days=1)
LINK_CODE_LIFE = timedelta(minutes=30)
LINK_CODE_TRIES = 5  # of one mailed code, then it is over, whatever the locks would still allow
LINK_CODES_DAY = timedelta(days=1)
LINK_CODES_A_DAY = 5  # asked for by one person
LINK_CODES_AN_HOUR_IP = 10
# "I don't have my numbers": requests of one person, and from one network.
NUMBERS_WINDOW = timedelta(days=1)
NUMBERS_A_DAY = 3
NUMBERS_A_DAY_IP = 10
LINK_ANSWER_AFTER = timedelta(milliseconds=250)

# Sharing an account.
INVITATION_LIFE = timedelta(days=14)
INVITATION_KEPT = timedelta(days=30)
INVITATIONS_A_DAY = 10
INVITATION_CODE_LIFE = timedelta(minutes=30)
SHARE_AT_MOST = timedelta(days=3660)  # how far away a last day may be
TELL_BEFORE_END = timedelta(days=7)
