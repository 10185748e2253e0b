"""Entity tags: an answer that follows from the index and the request need not be made or sent again (RFC 9110 13.1.2).

A tag names the state of the index and, hashed, the request. It is weak: the same answer may take other milliseconds and
be compressed or not. Caches may keep what is tagged, for this user alone and only to ask again each time.
"""

import hashlib
import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response

from api.lakes import LakeKeeper, TheLake
from api.responses import Json
from dicomlake import __version__
from dicomlake.search import Searcher
from dicomlake.search.cursor import LIFETIME

CACHING: Final = "private, no-cache"

_TAG: Final = re.compile(r'(?:W/)?"([^"]*)"')


class Asked:
    """A GET request and the lake that it is about."""

    def __init__(self, request: Request, lake: LakeKeeper) -> None:
        self._request = request
        self._lake = lake

    def json(self, answer: Callable[[Searcher], Any]) -> Response:
        """The JSON of an answer; 304 when the client has it."""
        return self.response(lambda searcher, headers, held: Json(answer(searcher), headers=headers))

    def response(self, respond: Callable[[Searcher, dict[str, str], ExitStack], Response]) -> Response:
        """The response that is made of a searcher, and that carries the headers given; 304 when the client has it.

        ``respond`` may take the lake along, with ``pop_all()`` of the stack that holds it.
        """
        with ExitStack() as held:
            # The state is asked for before the answer is made. A commit in between leaves an old tag on a newer answer,
            # which is then sent once more than needed.
            searcher, mark = held.enter_context(self._lake.marked())
            tag = self._tag(searcher.generation(), mark)
            headers = {"ETag": f'W/"{tag}"', "Cache-Control": CACHING, "Vary": "Accept"}
            if holds(self._request, tag):
                return Response(status_code=304, headers=headers)
            return respond(searcher, headers, held)

    def _tag(self, generation: str, mark: object) -> str:
        url, accept = self._request.url, self._request.headers.get("accept", "")
        day = int(time.time() // (LIFETIME / 2))  # the cursor in an answer is good for a day
        about = repr((__version__, mark, day, url.path, url.query, accept))
        return f"{generation}-{hashlib.sha256(about.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"


def holds(request: Request, tag: str) -> bool:
    """Whether the client has the answer with this tag."""
    sent = ",".join(request.headers.getlist("if-none-match"))
    return sent.strip() == "*" or tag in _TAG.findall(sent)


def _asked(request: Request, lake: TheLake) -> Asked:
    return Asked(request, lake)


TheRequest = Annotated[Asked, Depends(_asked)]
"""What the endpoint of a GET takes to answer it."""
