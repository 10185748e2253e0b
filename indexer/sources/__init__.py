"""Where files come from. A source lists its files in an order that hardly changes, and names where they belong."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from dicomlake.documents.instance import Origin
from indexer.items import Found, Outcome


class Source(Protocol):
    """One source of a run."""

    @property
    def origin(self) -> Origin:
        """Name, owning organisation and default issuer of what it holds."""

    @property
    def roots(self) -> Sequence[str]:
        """Locations: what the lake has of them, or of anything below, and :meth:`files` does not give, is gone."""

    @property
    def again(self) -> bool:
        """Whether what is in quarantine is to be read though it has not changed."""

    def files(self) -> Iterator[Found | Outcome]:
        """Every file once; an outcome at once for what cannot be read at all."""

    def count(self) -> int:
        """About how many files there are, for progress only."""
