"""Downloads that were asked for: a browser fetches one by an address that says nothing about what was searched."""

import secrets
import threading
import time
from collections import OrderedDict
from typing import Annotated, Final

from fastapi import Depends, Request

from api.exports.schemas import ExportBody
from dicomlake.errors import NotFoundError

LIFETIME: Final = 600
"""Seconds for which an address is good."""
MOST: Final = 1_000
"""Downloads that wait at a time; the oldest goes for the next."""


class Tickets:
    """What each address stands for, in memory: it ends with the service, as the click that asked for it does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: OrderedDict[str, tuple[float, ExportBody]] = OrderedDict()

    def issue(self, body: ExportBody) -> tuple[str, float]:
        """A new ticket and when it expires, in seconds since 1970."""
        ticket, expires = secrets.token_urlsafe(24), time.time() + LIFETIME
        with self._lock:
            self._waiting[ticket] = expires, body
            while len(self._waiting) > MOST:
                self._waiting.popitem(last=False)
        return ticket, expires

    def take(self, ticket: str) -> ExportBody:
        """What a ticket stands for; it stays good, a browser may ask twice. Raises NotFoundError."""
        with self._lock:
            expires, body = self._waiting.get(ticket, (0.0, None))
            if body is None or expires < time.time():
                self._waiting.pop(ticket, None)
                raise NotFoundError("this download has expired; ask for it again")
            return body


async def _tickets(request: Request) -> Tickets:
    tickets: Tickets = request.app.state.tickets
    return tickets


TheTickets = Annotated[Tickets, Depends(_tickets)]
"""What an endpoint takes to get at the downloads that wait."""
