"""Who may update which part of a lake: several hosts load into it, and no two of them the same series at a time.

One document of the state is a queue of leases. A writer puts itself at its end with all that its update may touch, and
has it when nobody before it wants a part of that; then it gets a number, which versions of its documents begin with.
Who holds a lease counts in it (a *beat*). One whose count has stood still for long, by the clock of who looks, is taken
for dead: its lease is taken over, under a higher number, by the first who meets it, and what it may have left half
written is mended before anybody else gets at it. One that was not dead after all finds its lease gone, and its
documents older than those of its successor, which the server refuses. See docs/decisions/0035.
"""

import random
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, Final
from uuid import uuid4

from dicomlake.engines.opensearch import client
from dicomlake.engines.opensearch.client import Client
from dicomlake.engines.opensearch.register import Lease, Register
from dicomlake.engines.opensearch.shared import Body, Shared
from dicomlake.engines.reach import Reach
from dicomlake.errors import LakeBusyError, LakeError, SupersededError

PATIENCE: Final = 30.0
"""Seconds that a lease may stand still."""

BEATS: Final = 5
"""How often a living holder counts in that time, and parts of it that a single look can add to it."""

_DOCUMENT: Final = "leases"
_FIRST_PAUSE: Final = 0.02
_LONGEST_PAUSE: Final = 0.5
Mend = Callable[[int, Collection[str]], None]
"""Makes series whole that a dead writer may have left half written; its documents get versions of this number."""


class Leases:
    """The leases of one lake, as one writer takes them: one at a time. ``who``: see :class:`Lease`; by default nobody
    else. ``patience``: seconds."""

    def __init__(self, server: Client, index: str, who: str = "", patience: float | None = None) -> None:
        self._shared = Shared(server, index, _DOCUMENT)
        self._session = uuid4().hex[:12]
        self._who = who or self._session
        self._patience = PATIENCE if patience is None else patience
        self._begun = 0
        self._standing: dict[str, tuple[int, float, float]] = {}
        """Of others' leases: the count, how long it has stood still, and when it was last looked at."""
        self._lost = threading.Event()
        self._given = ""

    def opened(self) -> int:
        """The number of a writer that is opened; no other has it. Raises LakeError when nobody may write any more."""
        return self._change(lambda now: replace(_open(now), number=now.number + 1)).number

    def close(self, closed: bool = True) -> None:
        """Let nobody write into these indices any more, or again."""
        self._change(lambda now: replace(now, closed=closed))

    @property
    def closed(self) -> bool:
        """Whether nobody may write any more."""
        return Register.of(self._shared.read()).closed

    def check(self) -> None:
        """Raises SupersededError when it is known that the lease was taken over."""
        if self._lost.is_set():
            raise _superseded()

    @contextmanager
    def held(
        self,
        reach: Reach,
        mend: Mend,
        *,
        half_written: Callable[[], bool] = lambda: False,
        although_closed: bool = False,
    ) -> Iterator[int]:
        """Have what is within reach; gives the number of the lease. Waits for those who came first and live.

        Raises SupersededError at the end when somebody has taken it over: what was written inside has to be again. When
        an error ends it over something ``half_written``, the lease stays, like that of a dead one, to be mended.
        """
        self._begun += 1
        wanted = Lease.of(reach, f"{self._session}-{self._begun}", self._who)
        self._lost.clear()
        ended = threading.Event()
        beating = threading.Thread(target=self._beat, args=(ended, wanted.token), name="leases", daemon=True)
        beating.start()
        try:
            number = self._granted(wanted, mend, although_closed)
            yield number
        except BaseException:
            _end(beating, ended)
            if not half_written():
                with suppress(LakeError):  # what was raised says more; others wait for as long as for a dead one
                    self.let_go(wanted.token, patience=0)
            self._lost.clear()
            raise
        _end(beating, ended)
        kept = self._given == wanted.token or self.let_go(wanted.token)
        self._lost.clear()
        if not kept:
            raise _superseded()

    def let_go(self, token: str | None = None, patience: float = client.PATIENCE) -> bool:
        """Give a lease back, by default that which is held; False when it had been taken over."""
        token = token or f"{self._session}-{self._begun}"
        had = False

        def gone(now: Register) -> Register | None:
            nonlocal had
            had = now.find(token) is not None
            return now.without(token) if had else None

        self._change(gone, known=True, patience=patience)
        if had and not self._lost.is_set():
            self._given = token
        return self._given == token

    def _granted(self, wanted: Lease, mend: Mend, although_closed: bool) -> int:
        pause = _FIRST_PAUSE
        known = True
        while True:
            now = self._change(lambda found: self._step(found, wanted, although_closed), known=known)
            known = False
            for left in [one for one in now.leases if self._is_ours(one) and one.token != wanted.token]:
                mend(left.number, left.written())
                self.let_go(left.token)
            mine = now.find(wanted.token)
            if mine is not None and mine.number:
                return mine.number
            time.sleep(random.uniform(pause / 2, pause))
            pause = min(_LONGEST_PAUSE, pause * 1.5)

    def _step(self, now: Register, wanted: Lease, although_closed: bool) -> Register | None:
        """What a writer that waits makes of the queue: takes the dead out, and has its turn when it has come."""
        before = now
        if not although_closed:
            _open(now)
        for one in now.leases:
            if not self._is_ours(one) and self._is_dead(one):
                now = self._taken_over(now, one)
        self._standing = {token: seen for token, seen in self._standing.items() if now.find(token) is not None}
        mine = now.find(wanted.token)
        if mine is None:
            mine = wanted
            now = replace(now, leases=(*now.leases, wanted))
        if not mine.number:
            first = now.leases[: [one.token for one in now.leases].index(mine.token)]
            if not any(one.meets(mine) for one in first):
                now = now.granted(mine)
        return None if now == before else now

    def _taken_over(self, now: Register, dead: Lease) -> Register:
        """Without a dead one that waited or left nothing; else with it as one of ours, in its place."""
        if not dead.number or dead.everything:
            return now.without(dead.token)
        ours = replace(dead, token=f"{self._session}-of-{dead.token}", who=self._who, beat=0)
        leases = tuple(ours if one is dead else one for one in now.leases)
        return replace(now, leases=leases).granted(ours)

    def _is_ours(self, lease: Lease) -> bool:
        return lease.token.startswith(f"{self._session}-")

    def _is_dead(self, lease: Lease) -> bool:
        """Whether its process is gone: it was one of our data folder, where there is one at a time, or it does not
        count any more. One look adds little, so that a pause of this process or of the server makes no death."""
        if lease.who == self._who:
            return True
        now = time.monotonic()
        beat, stood, looked = self._standing.get(lease.token, (-1, 0.0, now))
        stood = stood + min(now - looked, self._patience / BEATS) if beat == lease.beat else 0.0
        self._standing[lease.token] = lease.beat, stood, now
        return stood >= self._patience

    def _beat(self, ended: threading.Event, token: str) -> None:
        """Count, as long as the lease is wanted or held."""
        held = False

        def counted(now: Register) -> Register | None:
            nonlocal held
            mine = now.find(token)
            if mine is None and held:
                self._lost.set()
            held = mine is not None and bool(mine.number)
            leases = tuple(replace(one, beat=one.beat + 1) if self._is_ours(one) else one for one in now.leases)
            return replace(now, leases=leases) if leases != now.leases else None

        while not ended.wait(self._patience / BEATS):
            with suppress(LakeError):  # a server that is away: those who write say so
                self._change(counted, patience=0)

    def _change(
        self,
        change: Callable[[Register], Register | None],
        *,
        known: bool = False,
        patience: float = client.PATIENCE,
    ) -> Register:
        def changed(body: Body | None) -> Mapping[str, Any] | None:
            after = change(Register.of(body))
            return None if after is None else after.body()

        return Register.of(self._shared.change(changed, known=known, patience=patience))


def _end(thread: threading.Thread, ended: threading.Event) -> None:
    ended.set()
    thread.join()


def _open(now: Register) -> Register:
    if now.closed:
        raise LakeError(
            "the index of this lake was built anew from another data folder, and nothing is written into the old one; "
            "follow it with: dicomlake engine migrate"
        )
    return now


def _superseded() -> LakeBusyError:
    return SupersededError(
        "another process took over what this one was writing, since it did not answer for too long; run this again"
    )
