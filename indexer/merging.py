"""Merges beside a run: the engine puts segments together in threads of its own, while documents are read and written.

A merge takes memory beside a commit, and a large one takes as much as a commit does, and reads all that it merges. So
beside a merge a commit has fewer documents, and a large one is waited for.
"""

import time
from dataclasses import dataclass

from dicomlake.engines.base import Engine
from indexer.memory import keep_less

LARGE = 1.0
"""Seconds after which a merge is taken for a large one: one of 16,000 documents takes half of that."""

PATIENCE = 10.0
"""Seconds that a run waits for a large merge at most, and once: one of 130,000 documents takes three, one of millions
minutes."""

_LOOK = 0.005
"""Seconds between two looks while it is waited for."""


@dataclass
class Merging:
    """What is known of the engine's merges; :meth:`look` often."""

    engine: Engine
    begun: bool = False
    """Whether there ever was a merge."""
    _since: float | None = None
    _waited: bool = False

    @property
    def seen(self) -> bool:
        """Whether there was a merge at the last look."""
        return self._since is not None

    def look(self) -> None:
        """See whether there is one; what it has read of the index meanwhile goes back."""
        self.engine.rest()
        if not self.engine.merges:
            self._since, self._waited = None, False
        elif self._since is None:
            keep_less()
            self.begun = True
            self._since = time.monotonic()

    def wait(self) -> None:
        """Let a large one end, before as much memory is taken for something else."""
        self.look()
        if self._since is None or self._waited or time.monotonic() - self._since < LARGE:
            return
        self._waited = True
        until = time.monotonic() + PATIENCE
        while self._since is not None and time.monotonic() < until:
            time.sleep(_LOOK)
            self.look()
