"""The secret that challenges are drawn from, and the Ed25519 key that receipts are signed with."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any

import jwt
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from sqlalchemy.orm import Session

from edunn_serving.grades.reading import now_ms
from edunn_serving.grades.tables import Secret

CHALLENGES = "challenges"
# The names of receipt keys begin with this. The newest one signs, and all are published.
RECEIPTS = "receipts-"
RECEIPT_TYPE = "edunn-receipt+jwt"


def make_secrets(connection: sa.Connection) -> None:
    """Make the secrets that the database lacks. The caller lets no other process do it too."""
    present = set(connection.scalars(sa.select(Secret.name)))
    made: dict[str, bytes] = {}
    if CHALLENGES not in present:
        made[CHALLENGES] = secrets.token_bytes(32)
    if not any(name.startswith(RECEIPTS) for name in present):
        key = Ed25519PrivateKey.generate()
        made[RECEIPTS + _key_id(key)] = key.private_bytes_raw()
    for name, value in made.items():
        connection.execute(sa.insert(Secret).values(name=name, value=value, made_ms=now_ms()))


def challenge_secret(session: Session) -> bytes:
    """Return the secret of all challenges."""
    return session.get_one(Secret, CHALLENGES).value


def sign_receipt(session: Session, claims: dict[str, Any]) -> str:
    """Return a receipt: the claims as a JWS in compact form."""
    newest = session.scalars(_receipt_secrets().limit(1)).one()
    key = Ed25519PrivateKey.from_private_bytes(newest.value)
    headers = {"kid": newest.name.removeprefix(RECEIPTS), "typ": RECEIPT_TYPE}
    return jwt.encode(claims, key, algorithm="EdDSA", headers=headers)


def receipt_keys(session: Session) -> str:
    """Return the public keys of receipts as a JWK Set."""
    keys = []
    for secret in session.scalars(_receipt_secrets()):
        public = Ed25519PrivateKey.from_private_bytes(secret.value).public_key()
        key = OKPAlgorithm.to_jwk(public, as_dict=True)
        kid = secret.name.removeprefix(RECEIPTS)
        keys.append({**key, "kid": kid, "alg": "EdDSA", "use": "sig"})
    return json.dumps({"keys": keys})


def _receipt_secrets() -> sa.Select[Secret]:
    return (
        sa.select(Secret)
        .where(Secret.name.startswith(RECEIPTS))
        .order_by(Secret.made_ms.desc(), Secret.name)
    )


def _key_id(key: Ed25519PrivateKey) -> str:
    return hashlib.sha256(key.public_key().public_bytes_raw()).hexdigest()[:16]
