"""An authenticator in software: makes ES256 passkeys without attestation, and signs with them."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, encode_cbor

ORIGIN = "http://localhost:3000"
_PRESENT, _VERIFIED, _BACKED_UP, _ATTESTED = 0x01, 0x04, 0x18, 0x40


@dataclass
class Key:
    """One passkey on the device: change a field to make the device lie."""

    origin: str = ORIGIN
    host: str = "localhost"
    verified: bool = True
    counts: bool = True
    count: int = 0
    user_handle: bytes = b""
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def _flags(self, more: int = 0) -> int:
        backed = 0 if self.counts else _BACKED_UP
        return _PRESENT | backed | more | (_VERIFIED if self.verified else 0)

    def _data(self, flags: int) -> bytes:
        if self.counts:
            self.count += 1
        head = hashlib.sha256(self.host.encode()).digest() + bytes([flags])
        return head + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _cose(self) -> bytes:
        point = self.private.public_key().public_numbers()
        x, y = point.x.to_bytes(32, "big"), point.y.to_bytes(32, "big")
        return encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})

    def create(self, options: str) -> str:
        """Answer `navigator.credentials.create` with these options."""
        wanted = json.loads(options)
        self.user_handle = base64url_to_bytes(wanted["user"]["id"])
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + self._cose()
        data = self._data(self._flags(_ATTESTED)) + attested
        made = {"fmt": "none", "attStmt": {}, "authData": data}
        return self._answer(
            clientDataJSON=self._client("webauthn.create", wanted["challenge"]),
            attestationObject=encode_cbor(made),
            transports=["internal", "hybrid", "of-tomorrow"],
        )

    def get(self, options: str) -> str:
        """Answer `navigator.credentials.get` with these options."""
        client = self._client("webauthn.get", json.loads(options)["challenge"])
        data = self._data(self._flags())
        signed = data + hashlib.sha256(client).digest()
        return self._answer(
            clientDataJSON=client,
            authenticatorData=data,
            signature=self.private.sign(signed, ec.ECDSA(hashes.SHA256())),
            userHandle=self.user_handle,
        )

    def _answer(self, **parts: Any) -> str:
        response = {
            name: bytes_to_base64url(part) if isinstance(part, bytes) else part
            for name, part in parts.items()
        }
        name = bytes_to_base64url(self.id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
