"""Cursors: where a page ended, signed, bound to the search they came from."""

import base64
import hashlib
import hmac
import time
from collections.abc import Sequence

import orjson

from dicomlake.errors import CursorError, CursorExpiredError

LIFETIME = 24 * 3600
"""Seconds for which a cursor is good."""

_TAG = 16
_VERSION = 1


def encode(secret: bytes, search: bytes, after: Sequence[str | None]) -> str:
    """A cursor behind ``after`` for the search with this digest."""
    body = orjson.dumps([_VERSION, int(time.time()), base64.b64encode(search).decode(), list(after)])
    return base64.urlsafe_b64encode(_tag(secret, body) + body).decode().rstrip("=")


def decode(secret: bytes, search: bytes, cursor: str) -> tuple[str | None, ...]:
    """The place a cursor stands for.

    Raises CursorError when it was altered or belongs to another search, CursorExpiredError when it is too old.
    """
    try:
        content = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise CursorError("the cursor is not one of this service; start again without it") from error
    tag, body = content[:_TAG], content[_TAG:]
    if not hmac.compare_digest(tag, _tag(secret, body)):
        raise CursorError("the cursor is not one of this service; start again without it")
    version, issued, digest, after = orjson.loads(body)
    if version != _VERSION or time.time() - issued > LIFETIME:
        raise CursorExpiredError("the cursor is older than a day; start again without it")
    if base64.b64decode(digest) != search:
        raise CursorError("the cursor belongs to another search; change the search or start again without it")
    return tuple(after)


def digest(*parts: object) -> bytes:
    """What makes two searches the same one as far as paging goes."""
    return hashlib.sha256(orjson.dumps(parts)).digest()[:_TAG]


def _tag(secret: bytes, body: bytes) -> bytes:
    return hmac.new(secret, b"cursor" + body, hashlib.sha256).digest()[:_TAG]
