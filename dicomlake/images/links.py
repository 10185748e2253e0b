"""Addresses of pictures that carry their own permission: an ``<img>`` cannot send a token.

An address names who may see the picture and until when, and is signed: HMAC-SHA256 (RFC 2104) over what it asks for,
user and expiry. Expiries are rounded, so that the same picture has the same address for a while and a browser finds it
in its cache. Whoever has an address has the picture until then.
"""

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

import orjson

from dicomlake.errors import LinkExpiredError, LinkSignatureError

ROOT: Final = "/api/v1/images"
SIGNATURE: Final = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """The thumbnail of a series; ``version`` changes when its file does."""

    series: str
    size: int
    version: str

    @property
    def path(self) -> str:
        """Where it is."""
        return f"{ROOT}/series/{quote(self.series, safe='')}/thumbnail"

    @property
    def parameters(self) -> Mapping[str, str]:
        """What is asked for there."""
        return {"size": str(self.size), "v": self.version}

    @property
    def said(self) -> tuple[str | int, ...]:
        """All that is signed."""
        return "thumbnail", self.series, self.size, self.version


@dataclass(frozen=True, slots=True)
class RenderedFrame:
    """A frame of an instance, from 0, under a window; ``version`` changes when its file does."""

    instance: str
    frame: int
    size: int
    window: str
    version: str

    @property
    def path(self) -> str:
        """Where it is."""
        return f"{ROOT}/instances/{quote(self.instance, safe='')}/frames/{self.frame}"

    @property
    def parameters(self) -> Mapping[str, str]:
        """What is asked for there."""
        return {"size": str(self.size), "window": self.window, "v": self.version}

    @property
    def said(self) -> tuple[str | int, ...]:
        """All that is signed."""
        return "frame", self.instance, self.frame, self.size, self.window, self.version


Target = Thumbnail | RenderedFrame


class Signer:
    """Signs addresses with a secret; each is good for ``lifetime`` seconds at most, and half of that at least."""

    def __init__(self, secret: bytes, lifetime: int) -> None:
        self._secret = secret
        self._step = max(1, lifetime // 2)

    def expiry(self, now: float | None = None) -> int:
        """When what is signed now expires, in seconds since 1970."""
        return (int(time.time() if now is None else now) // self._step + 2) * self._step

    def address(self, target: Target, user: str, expires: int) -> str:
        """The address of a picture for a user, without host."""
        signed = {"user": user, "expires": str(expires), "signature": self._signature(target, user, expires)}
        return f"{target.path}?{urlencode({**target.parameters, **signed})}"

    def check(self, target: Target, user: str, expires: int, signature: str, now: float | None = None) -> int:
        """The seconds that an address is still good for. Raises LinkSignatureError and LinkExpiredError."""
        expected = self._signature(target, user, expires)
        if not SIGNATURE.fullmatch(signature) or not hmac.compare_digest(expected, signature):
            raise LinkSignatureError("this address was not made by this service; ask /api/v1/images/links for one")
        left = expires - int(time.time() if now is None else now)
        if left <= 0:
            raise LinkExpiredError("this address has expired; ask /api/v1/images/links for a new one")
        return left

    def _signature(self, target: Target, user: str, expires: int) -> str:
        said = orjson.dumps([[str(part) for part in target.said], user, str(expires)])
        digest = hmac.new(self._secret, said, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
