"""Passkeys (WebAuthn): a key pair that stays with the owner's device, pinned to this portal.

The owner proves to the device who they are (finger, face, PIN), so a passkey is both factors at
once. What a browser sends is a claim until its signature holds for a challenge that we issued.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

import webauthn
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select, update
from webauthn.helpers import (
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationFormat,
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from portal.cities import city
from portal.config import public_url
from portal.domain.identity import challenges, limits
from portal.kit.errors import DomainError
from portal.kit.ids import UserId
from portal.kit.text import N_
from portal.models.factors import Passkey
from portal.models.identity import User

T = TypeVar("T")
_LOG = logging.getLogger("portal.passkeys")
_TIMEOUT = int(limits.CHALLENGE_LIFE.total_seconds() * 1000)
_ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
# We ask for no attestation; a device may still sign with the new key itself.
_ATTESTED = (AttestationFormat.NONE, AttestationFormat.PACKED)
_ID_MAX = 1023  # bytes, by the standard


class BadPasskey(DomainError):
    """The passkey was not added."""

    code = "bad_passkey"


class Copied(Exception):
    """The signature is right and its counter went back: two devices hold one key."""

    def __init__(self, passkey: Passkey) -> None:
        """Keep which passkey it is."""
        super().__init__("sign count went back")
        self.passkey = passkey


def _portal() -> tuple[str, str]:
    """Return the host that passkeys are made for, and the one origin that may use them."""
    parts = urlsplit(public_url())
    return parts.hostname or "", f"{parts.scheme}://{parts.netloc}".lower()


def of(session: Session, user: User) -> list[Passkey]:
    """Return the user's passkeys, the oldest first."""
    return list(
        session.exec(
            select(Passkey)
            .where(Passkey.user_id == user.id)
            .order_by(col(Passkey.created_at), col(Passkey.id))
        ).all()
    )


def _known(session: Session, user: User) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=row.credential_id,
            transports=[AuthenticatorTransport(t) for t in row.transports.split(",") if t] or None,
        )
        for row in of(session, user)
    ]


def options_to_register(session: Session, user: User, now: datetime) -> str:
    """Return, as JSON, what `navigator.credentials.create` asks the device for."""
    host, _ = _portal()
    options = webauthn.generate_registration_options(
        rp_id=host,
        rp_name=f"{city().full_name} {city().portal.name.en}",
        user_id=user.id.bytes,
        user_name=user.email,
        user_display_name=f"{user.first_name} {user.last_name}".strip() or user.email,
        challenge=challenges.issue(session, "register", UserId(user.id), now),
        timeout=_TIMEOUT,
        authenticator_selection=AuthenticatorSelectionCriteria(
            # Kept by the device under our name, so that it signs in without an address typed.
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_known(session, user),
        supported_pub_key_algs=_ALGORITHMS,
    )
    return webauthn.options_to_json(options)


def options_to_sign(session: Session, user: User | None, now: datetime) -> str:
    """Return, as JSON, what `navigator.credentials.get` asks for: of `user`, or of anybody."""
    host, _ = _portal()
    purpose = "second_step" if user is not None else "sign_in"
    options = webauthn.generate_authentication_options(
        rp_id=host,
        challenge=challenges.issue(
            session, purpose, UserId(user.id) if user is not None else None, now
        ),
        timeout=_TIMEOUT,
        allow_credentials=_known(session, user) if user is not None else [],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def _read(work: Callable[[], T]) -> T | None:
    """Return what the library makes of a browser's claim, or None: it was not what it has to be."""
    try:
        return work()
    except Exception as error:
        # Hostile JSON and CBOR fail in the library's, the decoders' and Python's own ways.
        _LOG.info("a passkey's answer was refused: %s", type(error).__name__)
        return None


def _challenge_of(parsed: RegistrationCredential | AuthenticationCredential | None) -> bytes:
    if parsed is None:
        return b""
    data = _read(lambda: parse_client_data_json(parsed.response.client_data_json))
    return data.challenge if data is not None else b""


def challenge_to_register(session: Session, user: User, answer: str, now: datetime) -> bytes:
    """Use up the challenge that a new passkey's `answer` names; b"" where it is none of ours."""
    challenge = _challenge_of(_read(lambda: parse_registration_credential_json(answer)))
    good = challenges.use(session, challenge, "register", UserId(user.id), now)
    return challenge if good else b""


def challenge_to_sign(session: Session, user: User | None, answer: str, now: datetime) -> bytes:
    """Use up the challenge that a signed `answer` names; b"" where it is none of ours."""
    challenge = _challenge_of(_read(lambda: parse_authentication_credential_json(answer)))
    if user is None:
        good = challenges.use(session, challenge, "sign_in", None, now)
    else:
        good = challenges.use(session, challenge, "second_step", UserId(user.id), now)
    return challenge if good else b""


def add(
    session: Session, user: User, name: str, answer: str, challenge: bytes, now: datetime
) -> Passkey:
    """Keep the public half of the passkey that a device made for `challenge`. Raises BadPasskey."""
    host, origin = _portal()
    refused = BadPasskey(
        N_("This passkey could not be added. Nothing was changed. Please try once more.")
    )
    if not challenge:
        raise refused
    parsed = _read(lambda: parse_registration_credential_json(answer))
    if parsed is None:
        raise refused
    made = _read(
        lambda: webauthn.verify_registration_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=host,
            expected_origin=origin,
            require_user_verification=True,
            supported_pub_key_algs=_ALGORITHMS,
        )
    )
    if made is None or made.fmt not in _ATTESTED or len(made.credential_id) > _ID_MAX:
        raise refused
    if len(of(session, user)) >= limits.PASSKEYS_MOST:
        raise BadPasskey(
            N_("You have %(n)s passkeys. Remove one that you no longer use first."),
            n=limits.PASSKEYS_MOST,
        )
    row = Passkey(
        user_id=user.id,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        transports=",".join(dict.fromkeys(t.value for t in parsed.response.transports or ())),
        backed_up=made.credential_backed_up,
        name=name,
        created_at=now,
    )
    kept = session.execute(
        insert(Passkey).values(row.model_dump()).on_conflict_do_nothing().returning(col(Passkey.id))
    ).scalar_one_or_none()
    if kept is None:
        raise BadPasskey(N_("This passkey is already set up."))
    return session.get_one(Passkey, kept)


def prove(session: Session, answer: str, challenge: bytes, now: datetime) -> User | None:
    """Return whose passkey signed `challenge`, or None where the answer does not hold.

    Raises Copied where the counter went back: nobody is signed in by such a passkey.
    """
    host, origin = _portal()
    parsed = _read(lambda: parse_authentication_credential_json(answer))
    if parsed is None or not challenge:
        return None
    found = session.exec(
        select(Passkey, User)
        .join(User, col(User.id) == Passkey.user_id)
        .where(Passkey.credential_id == parsed.raw_id, User.status == "active")
    ).one_or_none()
    if found is None:
        return None
    row, user = found
    if parsed.response.user_handle not in (None, b"", user.id.bytes):
        return None
    signed = _read(
        lambda: webauthn.verify_authentication_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=host,
            expected_origin=origin,
            credential_public_key=row.public_key,
            # The counter is held against the table below, in the statement that writes it.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    )
    if signed is None:
        return None
    count = signed.new_sign_count
    grown = session.exec(
        update(Passkey)
        .where(
            col(Passkey.id) == row.id,
            # Synced passkeys do not count: theirs stays at 0.
            (col(Passkey.sign_count) < count) | ((col(Passkey.sign_count) == 0) & (count == 0)),
        )
        .values(sign_count=count, last_used_at=now, backed_up=signed.credential_backed_up)
        .execution_options(synchronize_session=False)
    )
    if grown.rowcount != 1:
        raise Copied(row)
    return user
