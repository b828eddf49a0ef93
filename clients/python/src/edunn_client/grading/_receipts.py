"""Checks receipts offline."""

from __future__ import annotations

import json
from typing import Any

_ALGORITHM = "EdDSA"


class ReceiptError(ValueError):
    """A receipt is none, or is not signed with these keys."""


def verify_receipt(receipt: str, keys: str) -> dict[str, Any]:
    """Check a receipt, and return its claims. Needs the extra `grading`.

    Parameters
    ----------
    receipt : str
        `Report.receipt`.
    keys : str
        The published keys: `Grading.receipt_keys()`.

    Raises
    ------
    ReceiptError
        The receipt is malformed, or none of the keys has signed it.
    """
    try:
        import jwt
    except ModuleNotFoundError:
        raise ImportError("receipts need PyJWT: pip install 'edunn-client[grading]'") from None
    try:
        published = {each["kid"]: each for each in json.loads(keys)["keys"]}
        name = jwt.get_unverified_header(receipt).get("kid")
    except (jwt.InvalidTokenError, ValueError, KeyError, TypeError) as error:
        raise ReceiptError(f"the receipt or the keys are malformed: {error}") from None
    if name not in published:
        raise ReceiptError(f"the receipt is signed with the key {name!r}, which is not published")
    try:
        claims: dict[str, Any] = jwt.decode(
            receipt,
            jwt.PyJWK(published[name], algorithm=_ALGORITHM),
            algorithms=[_ALGORITHM],
            # A receipt has no expiry and is for nobody in particular.
            options={"verify_aud": False, "verify_iat": False},
        )
    except jwt.PyJWTError as error:
        raise ReceiptError(f"the receipt is not genuine: {error}") from None
    return claims
