"""Chance that repeats: every draw and every UID comes from the seed and the name of what it is for."""

import hashlib
import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """Draws for one thing, independent of what else is drawn. ``of(...)`` starts the draws of a part of it."""

    def __init__(self, *name: object) -> None:
        self._name = name
        self._random = random.Random("/".join(map(str, name)))

    def of(self, *name: object) -> "Chance":
        return Chance(*self._name, *name)

    def uid(self, *name: object) -> str:
        """A UID under 2.25 (PS3.5 B.2) whose 122 bits come from the name; never a clock or a random device."""
        digest = hashlib.sha256("/".join(map(str, (*self._name, *name))).encode()).digest()
        bits = int.from_bytes(digest[:16], "big")
        bits = bits & ~(0xF << 76) | 0x8 << 76  # version 8, variant 10 of RFC 9562: a name-based UUID
        bits = bits & ~(0x3 << 62) | 0x2 << 62
        return f"2.25.{bits}"

    def pick(self, options: Sequence[T]) -> T:
        return options[int(self._random.random() * len(options))]

    def weighted(self, options: Mapping[T, float]) -> T:
        return self._random.choices(list(options), list(options.values()))[0]

    def whole(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        return low + int(self._random.random() * (high - low + 1))

    def near(self, value: float, spread: float = 0.1, decimals: int = 2) -> float:
        """A number within ``spread`` (share) of ``value``."""
        return round(value * (1 + spread * (2 * self._random.random() - 1)), decimals)

    def between(self, low: float, high: float, decimals: int = 2) -> float:
        """A number from low to high, rounded."""
        return round(low + (high - low) * self._random.random(), decimals)

    def happens(self, share: float) -> bool:
        return self._random.random() < share

    def digits(self, pattern: str) -> str:
        """``#`` becomes a digit, ``@`` a capital letter; the rest stays."""
        made = (str(self.whole(0, 9)) if c == "#" else chr(self.whole(65, 90)) if c == "@" else c for c in pattern)
        return "".join(made)

    def bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)
