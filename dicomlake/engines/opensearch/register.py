"""The queue of leases as a value, and as it stands in the state of a lake."""

from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, Self

import orjson
import zstandard

from dicomlake.engines.opensearch.shared import Body
from dicomlake.engines.reach import Reach

_NAME: Final = 6
"""Bytes that stand for a name. Two names that share them wait for each other, nothing worse."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A part of the lake that somebody waits for, or has. ``token`` is this lease's own; ``who`` the data folder of its
    process, which one process at a time writes from. ``names``: hashes of what it covers; ``series``: what its holder
    may write, compressed. ``number`` is 0 while it waits."""

    token: str
    who: str
    names: str
    series: str
    everything: bool = False
    number: int = 0
    beat: int = 0

    @classmethod
    def of(cls, reach: Reach, token: str, who: str) -> Self:
        """One that waits."""
        listed = [f"i{uid}" for uid in reach.instances] + [f"s{uid}" for uid in (*reach.series, *reach.studies)]
        hashes = sorted(blake2b(name.encode(), digest_size=_NAME).digest() for name in listed)
        series = zstandard.compress(orjson.dumps(sorted(reach.series)))
        return cls(token, who, b64encode(b"".join(hashes)).decode(), b64encode(series).decode(), reach.everything)

    def meets(self, other: "Lease") -> bool:
        """Whether the two may not be held at a time."""
        return self.everything or other.everything or not _hashes(self.names).isdisjoint(_hashes(other.names))

    def written(self) -> list[str]:
        """The series that its holder may have written."""
        found: list[str] = orjson.loads(zstandard.decompress(b64decode(self.series)))
        return found


@lru_cache(maxsize=64)
def _hashes(names: str) -> frozenset[bytes]:
    every = b64decode(names)
    return frozenset(every[start : start + _NAME] for start in range(0, len(every), _NAME))


@dataclass(frozen=True, slots=True)
class Register:
    """The queue, the highest number that was given, and whether nobody may write into these indices any more."""

    number: int = 0
    closed: bool = False
    leases: tuple[Lease, ...] = ()

    @classmethod
    def of(cls, body: Body | None) -> Self:
        """As it stands on the server."""
        if body is None:
            return cls()
        return cls(body["number"], body["closed"], tuple(Lease(**one) for one in body["leases"]))

    def body(self) -> dict[str, Any]:
        """As the server has it."""
        return {"number": self.number, "closed": self.closed, "leases": [asdict(one) for one in self.leases]}

    def find(self, token: str) -> Lease | None:
        """The lease with this token."""
        return next((one for one in self.leases if one.token == token), None)

    def granted(self, lease: Lease) -> Self:
        """With a lease that has its number, in its place or at the end."""
        held = replace(lease, number=self.number + 1)
        leases = [held if one.token == lease.token else one for one in self.leases]
        return replace(self, number=held.number, leases=tuple(leases if held in leases else [*leases, held]))

    def without(self, token: str) -> Self:
        """Without a lease."""
        return replace(self, leases=tuple(one for one in self.leases if one.token != token))
