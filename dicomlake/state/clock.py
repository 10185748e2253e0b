"""Moments and names that the tables hold."""

import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Final

DAY: Final = 86_400_000_000
"""Microseconds."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> int:
    """Microseconds since 1970, UTC."""
    return time.time_ns() // 1_000


def moment(microseconds: int) -> datetime:
    """The moment that the tables hold."""
    return _EPOCH + timedelta(microseconds=microseconds)


def opaque() -> str:
    """A name that nobody guesses: 128 random bits, as 32 hexadecimal digits."""
    return secrets.token_hex(16)
