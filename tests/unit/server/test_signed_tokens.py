"""Signed tokens: only what the issuer signed for this service, now, is let in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from edunn_serving.callers import Role
from edunn_serving.errors import Reason, ServiceError
from edunn_serving.settings import Settings
from server.signed_tokens import SignedTokens

ISSUER, AUDIENCE = "https://login.example", "edunn"
SETTINGS = Settings(jwt_issuer=ISSUER, jwt_audience=AUDIENCE, jwt_keys="unused")
RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()
ALGORITHMS: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "RS256": (RSA_KEY, lambda key: RSAAlgorithm.to_jwk(key, as_dict=True)),
    "ES256": (EC_KEY, lambda key: ECAlgorithm.to_jwk(key, as_dict=True)),
    "EdDSA": (ED_KEY, lambda key: OKPAlgorithm.to_jwk(key, as_dict=True)),
}


def public(algorithm: str, **fields: Any) -> dict[str, Any]:
    key, to_jwk = ALGORITHMS[algorithm]
    return {**to_jwk(key.public_key()), "kid": algorithm, **fields}


KEY_SET = {"keys": [public(each) for each in ALGORITHMS]}


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    given = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ana", "iat": now, "exp": now + 7200, **changes}
    return {name: value for name, value in given.items() if value is not None}


def signed(algorithm: str = "RS256", *, kid: str | None = "", **changes: Any) -> str:
    headers = {} if kid is None else {"kid": kid or algorithm}
    return jwt.encode(claims(**changes), ALGORITHMS[algorithm][0], algorithm, headers=headers)


def unsafe(header: dict[str, Any], secret: bytes | None = None, **changes: Any) -> str:
    """Return a token as no library would sign it."""

    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    body = ".".join(part(json.dumps(each).encode()) for each in (header, claims(**changes)))
    mac = b"" if secret is None else hmac.digest(secret, body.encode(), hashlib.sha256)
    return f"{body}.{part(mac)}"


@pytest.fixture
def tokens() -> SignedTokens:
    known = SignedTokens(SETTINGS)
    known.replace_keys(KEY_SET)
    return known


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_issuers_token_shows_its_caller(tokens: SignedTokens, algorithm: str) -> None:
    token = signed(algorithm, edunn_roles=["grader", "chef"], edunn_limits={"sessions": 3})
    for _ in range(2):
        shown = tokens.find(token)
        assert shown is not None
        assert shown.caller.name == "ana"
        assert shown.caller.roles == {Role.GRADER}
        assert shown.caller.limits == {"sessions": 3}
        assert shown.expires == claims()["exp"] or shown.expires > time.time()
        assert tokens.holds(shown)


def test_without_the_claim_a_caller_is_a_student_and_with_none_of_ours_nothing(
    tokens: SignedTokens,
) -> None:
    for given, roles in ((None, {Role.STUDENT}), ("admin", {Role.ADMIN}), (["chef"], set())):
        shown = tokens.find(signed(edunn_roles=given))
        assert shown is not None
        assert shown.caller.roles == frozenset(roles)


PEM = RSA_KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
STRANGER = rsa.generate_private_key(65537, 2048)
ATTACKS = {
    "alg none": unsafe({"alg": "none", "kid": "RS256"}),
    "alg None": unsafe({"alg": "None", "kid": "RS256"}),
    "HMAC with the public key": unsafe({"alg": "HS256", "kid": "RS256"}, PEM),
    "HMAC with the key of the JWKS": unsafe(
        {"alg": "HS256", "kid": "RS256"}, json.dumps(public("RS256")).encode()
    ),
    "another algorithm of the same key": jwt.encode(
        claims(), RSA_KEY, "PS256", headers={"kid": "RS256"}
    ),
    "another key's algorithm": signed("ES256", kid="RS256"),
    "another key": jwt.encode(claims(), STRANGER, "RS256", headers={"kid": "RS256"}),
    "a key in the header": jwt.encode(
        claims(),
        STRANGER,
        "RS256",
        headers={"jwk": RSAAlgorithm.to_jwk(STRANGER.public_key(), as_dict=True)},
    ),
    "no kid": signed(kid=None),
    "an unknown kid": signed(kid="other"),
    "a wrong audience": signed(aud="other"),
    "no audience": signed(aud=None),
    "a wrong issuer": signed(iss="https://login.example.org"),
    "no issuer": signed(iss=None),
    "expired": signed(exp=int(time.time()) - 60),
    "no expiry": signed(exp=None),
    "not yet valid": signed(nbf=int(time.time()) + 3600),
    "issued in the future": signed(iat=int(time.time()) + 3600),
    "no name": signed(sub=None),
    "a name that is no caller's": signed(sub="a/b"),
    "limits that are none": signed(edunn_limits={"sessions": "many"}),
    "a limit that there is not": signed(edunn_limits={"session": 3}),
    "a limit beyond numbers": signed(edunn_limits={"sessions": 10**400}),
    "an expiry beyond numbers": signed(exp=10**400),
    "an expiry that is infinite": signed(exp=float("inf")),
    "a critical header": jwt.encode(
        claims(), RSA_KEY, "RS256", headers={"kid": "RS256", "crit": ["x"], "x": 1}
    ),
    "a body that is not encoded": unsafe({"alg": "RS256", "kid": "RS256", "b64": False}),
    "a signature with other letters": signed() + "=",
    "a kid that is no text": unsafe({"alg": "RS256", "kid": ["RS256"]}),
    "an algorithm that is no text": unsafe({"alg": {}, "kid": "RS256"}),
    "roles that are none": signed(edunn_roles=[{}]),
    "a changed body": signed().replace(".", ".eyJ9", 1),
    "no signature": signed().rpartition(".")[0] + ".",
    "nothing": "..",
    "nested deeply": "." + base64.urlsafe_b64encode(b"[" * 5000).decode() + ".",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_forged_or_stale_token_is_refused(tokens: SignedTokens, attack: str) -> None:
    for _ in range(2):
        with pytest.raises(ServiceError) as caught:
            tokens.find(ATTACKS[attack])
        assert caught.value.reason == Reason.UNAUTHENTICATED
        assert ATTACKS[attack] not in caught.value.message


def test_another_kind_of_token_is_left_to_others(tokens: SignedTokens) -> None:
    assert tokens.find("edunn_12345678_abc") is None


def test_a_key_that_is_gone_ends_its_tokens_and_no_others(tokens: SignedTokens) -> None:
    gone, kept = tokens.find(signed("RS256")), tokens.find(signed("ES256"))
    assert gone is not None
    assert kept is not None
    tokens.replace_keys({"keys": [public("ES256"), public("EdDSA", kid="RS256")]})
    assert not tokens.holds(gone)
    assert tokens.holds(kept)
    with pytest.raises(ServiceError):
        tokens.find(signed("RS256"))


@pytest.mark.parametrize(
    "key_set",
    [
        None,
        [],
        {},
        {"keys": {}},
        {"keys": []},
        {"keys": [None, "", []]},
        {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "RS256"}]},
        {"keys": [public("RS256", alg="HS256")]},
        {"keys": [public("RS256", use="enc")]},
        {"keys": [public("RS256", kid=None)]},
        {"keys": [public("RS256", n="AQAB")]},
        {"keys": [public("ES256", crv=["P-256"])]},
    ],
)
def test_what_is_no_set_of_public_keys_leaves_the_keys_as_they_were(
    tokens: SignedTokens, key_set: Any
) -> None:
    with pytest.raises(ValueError, match="it "):
        tokens.replace_keys(key_set)
    assert tokens.find(signed()) is not None
