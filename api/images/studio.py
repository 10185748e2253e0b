"""Pictures behind the service: who may have them, and how many are made at once."""

import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Final

import anyio
import anyio.to_thread
from fastapi import Depends, Request

from api.lakes import LakeKeeper
from api.states import StateKeeper
from dicomlake.images import Limits, Pictures, Wanted
from dicomlake.images.links import Signer
from dicomlake.images.listing import Listing, listing
from dicomlake.search.details import no_series

SECRET: Final = "images"
"""The name of the secret that signs addresses."""
_LISTINGS: Final = 256
"""Series whose pictures are remembered, so that a page of thumbnails need not read all headers again."""


class Studio:
    """The pictures of one data folder and what signs their addresses."""

    def __init__(self, data: Path, states: StateKeeper, limits: Limits) -> None:
        self.pictures = Pictures(data, limits)
        self._states = states
        self._lifetime = limits.link
        self._lock = threading.Lock()
        self._listings: OrderedDict[tuple[object, ...], Listing] = OrderedDict()
        self._places = anyio.CapacityLimiter(limits.processes)

    def signer(self) -> Signer:
        """What signs addresses; the folder may have been replaced since the last time. Raises StateError."""
        return Signer(self._states.state().secret(SECRET), self._lifetime)

    async def picture(self, wanted: Wanted, gone: Callable[[], Awaitable[bool]]) -> bytes | None:
        """The picture; None when nobody waits for it any more. Raises as :class:`Pictures` does.

        Those that have to be made wait here for their turn, and not in the threads that searches need.
        """
        kept = await anyio.to_thread.run_sync(self.pictures.kept, wanted)
        if kept is not None:
            return kept
        async with self._places:
            if await gone():
                return None
            return await anyio.to_thread.run_sync(self.pictures.made, wanted)

    def listing(self, lake: LakeKeeper, uid: str) -> Listing:
        """The pictures of a series. Raises NotFoundError and LakeError."""
        found = self.listings(lake, [uid]).get(uid)
        if found is None:
            raise no_series(uid)
        return found

    def listings(self, lake: LakeKeeper, uids: Sequence[str]) -> dict[str, Listing]:
        """The pictures of series, by UID; those that are not in the lake are left out. Remembered, since reading the
        headers of one takes milliseconds. Raises LakeError."""
        with lake.marked() as (searcher, mark):
            state = searcher.generation(), mark
            found = {}
            with self._lock:
                for uid in uids:
                    if (known := self._listings.get((*state, uid))) is not None:
                        self._listings.move_to_end((*state, uid))
                        found[uid] = known
            for uid, documents, declared in searcher.documents_of_series([uid for uid in uids if uid not in found]):
                found[uid] = listing([one.body for one in documents], declared=declared)
                with self._lock:
                    self._listings[(*state, uid)] = found[uid]
                    while len(self._listings) > _LISTINGS:
                        self._listings.popitem(last=False)
            return found

    def close(self) -> None:
        """End the processes that decode."""
        self.pictures.close()


async def _studio(request: Request) -> Studio:
    studio: Studio = request.app.state.studio
    return studio


TheStudio = Annotated[Studio, Depends(_studio)]
"""What an endpoint takes to get at pictures."""
