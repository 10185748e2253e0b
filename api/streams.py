"""Answers that are sent while they are made."""

from collections.abc import Callable, Generator, Mapping

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send


class Stream(StreamingResponse):
    """Sends what a generator makes, a thread of the pool at a time, and closes it whatever happens: also when the
    client has gone. When the generator raises, the answer ends without its last chunk, which clients report as an
    incomplete answer (HTTP/1.1, RFC 9112 section 8)."""

    def __init__(
        self,
        content: Generator[bytes],
        media_type: str,
        headers: Mapping[str, str],
        closing: Callable[[], None],
    ) -> None:
        super().__init__(content, media_type=media_type, headers=headers)
        self._content = content
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:  # no thread is in the generator any more: what runs in the pool is waited for
            self._content.close()
            self._closing()
