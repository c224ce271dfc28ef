"""Write and read page tokens: opaque texts with the sort key of a page's last row.

A token contains a digest of its query, so that it is refused with any other. It is not signed: the
key in it is input like any other, and checked before use.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence

from service.query.errors import PageTokenError

Key = Sequence[str | int | float | bool | None]
_MAX_LENGTH = 2000
# 64 bits: enough against mistakes, and a forged token shows nothing that a filter could not.
_DIGEST_CHARACTERS = 16


def write_token(query: Mapping[str, str | None], key: Key) -> str:
    """Return the token of the page that follows a row.

    Args:
        query: Parameters of the list; the token is valid with the same parameters only.
        key: Sort key of the page's last row.
    """
    payload = json.dumps([_digest(query), list(key)], allow_nan=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(payload.encode()).decode().rstrip("=")


def read_token(query: Mapping[str, str | None], token: str, length: int) -> Key:
    """Return the sort key in a token.

    Args:
        query: Parameters of the list, as given to `write_token`.
        token: Token from the client.
        length: Number of values in the key.

    Raises:
        PageTokenError: The text is not a token of this query.
    """
    digest, key = _unpack(token)
    if digest != _digest(query) or len(key) != length:
        raise PageTokenError(token)
    return key


def _unpack(token: str) -> tuple[str, Key]:
    if len(token) > _MAX_LENGTH:
        raise PageTokenError(token)
    try:
        padded = token + "=" * (-len(token) % 4)
        payload = json.loads(
            base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
        )
    # RecursionError: JSON of thousands of nested brackets.
    except (ValueError, RecursionError) as error:
        raise PageTokenError(token) from error
    match payload:
        case [str(digest), [*values]] if all(_is_scalar(value) for value in values):
            return digest, values
    raise PageTokenError(token)


def _is_scalar(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _digest(query: Mapping[str, str | None]) -> str:
    canonical = json.dumps(sorted(query.items()))
    return hashlib.sha256(canonical.encode()).hexdigest()[:_DIGEST_CHARACTERS]
