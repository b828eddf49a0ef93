"""Callers by signed tokens (JWT) of an issuer whose public keys are known."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

import jwt
from jwt import PyJWK
from jwt.exceptions import ExpiredSignatureError, InvalidTokenError, PyJWTError

from edunn_serving.callers import EVERY_ROLE, Caller, Role, checked_name
from edunn_serving.errors import Reason, ServiceError
from edunn_serving.limits import checked_limits
from edunn_serving.settings import Settings
from server.credentials import Credential, ExpiredError

log = logging.getLogger(__name__)

# The one algorithm of a key, by its type and curve. A token cannot choose another one: not `none`,
# and no HMAC with a public key as its secret.
ALGORITHMS = {("RSA", None): "RS256", ("EC", "P-256"): "ES256",
              ("OKP", "Ed25519"): "EdDSA", ("OKP", "Ed448"): "EdDSA"}  # fmt: skip
MIN_RSA_BITS = 2048
# Clocks of the issuer and this machine may differ by so much.
LEEWAY_SECONDS = 5
# The beginning of the digests, which tells them from those of other credentials.
KIND = b"jwt "
KEY_BYTES = 16
# Tokens that are verified already. Beyond it all are verified again.
MAX_VERIFIED = 10_000


class _Key(NamedTuple):
    algorithm: str
    public: Any
    # Tells the key from another one of the same id.
    thumbprint: bytes


class SignedTokens:
    """Knows the callers by signed tokens. `replace_keys` gives it the issuer's keys."""

    def __init__(self, settings: Settings) -> None:
        self._issuer = settings.jwt_issuer
        self._audience = settings.jwt_audience
        self._name_claim = settings.jwt_name_claim
        self._roles_claim = settings.jwt_roles_claim
        self._limits_claim = settings.jwt_limits_claim
        self._keys: dict[str, _Key] = {}
        self._thumbprints: frozenset[bytes] = frozenset()
        self._verified: dict[bytes, Credential] = {}
        # Whether a token has named a key that is not known. It may be a new one.
        self.misses_key = False

    def replace_keys(self, key_set: object) -> None:
        """Know the keys of a JWKS and no others.

        Raises
        ------
        ValueError
            It is no JWKS, or has no key that can be used.
        """
        keys = key_set.get("keys") if isinstance(key_set, Mapping) else None
        if not isinstance(keys, list):
            raise ValueError("it is no set of keys (JWKS)")
        usable = dict(filter(None, map(_usable_key, keys)))
        if not usable:
            raise ValueError("it has no key with an id for RS256, ES256 or EdDSA")
        self._keys = usable
        self._thumbprints = frozenset(key.thumbprint for key in usable.values())
        self._verified.clear()
        self.misses_key = False

    def find(self, token: str) -> Credential | None:
        """Return what a token shows; None if it has not the form of a signed one.

        Raises
        ------
        ServiceError
            UNAUTHENTICATED: it is wrong, or of an unknown key.
        """
        if token.count(".") != 2:
            return None
        digest = hashlib.blake2b(token.encode(errors="replace"), digest_size=32).digest()
        credential = self._verified.get(digest)
        if credential is None:
            credential = self._verify(token, digest)
            if len(self._verified) >= MAX_VERIFIED:
                self._verified.clear()
            self._verified[digest] = credential
        return credential

    def holds(self, credential: Credential) -> bool:
        """Tell whether a credential is of a key that is still known."""
        begin = len(KIND)
        return (
            credential.digest.startswith(KIND)
            and credential.digest[begin : begin + KEY_BYTES] in self._thumbprints
        )

    def _verify(self, token: str, digest: bytes) -> Credential:
        try:
            key = self._key_of(jwt.get_unverified_header(token))
            claims = jwt.decode(
                token,
                key.public,
                algorithms=[key.algorithm],
                issuer=self._issuer,
                audience=self._audience,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", self._name_claim]},
            )
            caller = self._caller(claims)
            expires = float(claims["exp"])
        except ExpiredSignatureError as error:
            # It is found after the signature.
            raise ExpiredError(_refusal(str(error))) from None
        except (PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            # PyJWT's texts name claims, but no values of a token.
            raise ServiceError(Reason.UNAUTHENTICATED, _refusal(str(error))) from None
        return Credential(caller, KIND + key.thumbprint + digest, expires)

    def _key_of(self, header: Mapping[str, Any]) -> _Key:
        key_id = header.get("kid")
        if not isinstance(key_id, str):
            raise InvalidTokenError("it names no key (kid)")
        key = self._keys.get(key_id)
        if key is None:
            self.misses_key = True
            raise InvalidTokenError("it names a key that the server does not know")
        return key

    def _caller(self, claims: Mapping[str, Any]) -> Caller:
        name = checked_name(claims[self._name_claim])
        given = claims.get(self._roles_claim, Role.STUDENT)
        listed = given if isinstance(given, list) else [given]
        if not all(isinstance(each, str) for each in listed):
            raise ValueError(f"{self._roles_claim} must be a role or a list of roles")
        roles = frozenset(Role(each) for each in listed if each in EVERY_ROLE)
        return Caller(name, roles, checked_limits(claims.get(self._limits_claim, {})))


def _refusal(why: str) -> str:
    return f"the signed token is refused: {why}"


def _usable_key(jwk: object) -> tuple[str, _Key] | None:
    """Return a key with its id; None for one that signs no tokens of ours."""
    if not isinstance(jwk, dict) or jwk.get("use", "sig") != "sig":
        return None
    key_id = jwk.get("kid")
    kind: Any = (jwk.get("kty"), jwk.get("crv"))
    if not isinstance(key_id, str) or not all(each is None or isinstance(each, str)
                                              for each in kind):  # fmt: skip
        return None
    algorithm = ALGORITHMS.get(kind)
    if algorithm is None or jwk.get("alg", algorithm) != algorithm:
        log.info("a key of the JWKS is not used: its type is %s", kind[0])
        return None
    try:
        # Private parts, if the file has them, are left out.
        public = {name: text for name, text in jwk.items() if name in ("kty", "crv", "n", "e", "x",
                                                                       "y")}  # fmt: skip
        key = PyJWK(public, algorithm).key
    except (PyJWTError, ValueError, TypeError) as error:
        log.warning("a key of the JWKS cannot be used: %s", error)
        return None
    if algorithm == "RS256" and key.key_size < MIN_RSA_BITS:
        log.warning("a key of the JWKS has fewer than %d bits and is not used", MIN_RSA_BITS)
        return None
    text = repr(sorted(public.items())).encode()
    thumbprint = hashlib.blake2b(text, digest_size=KEY_BYTES).digest()
    return key_id, _Key(algorithm, key, thumbprint)
