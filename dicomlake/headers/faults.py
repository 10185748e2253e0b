"""Exceptions inside the reader; none of them leaves it."""

from typing import TYPE_CHECKING

from dicomlake.headers.header import Value

if TYPE_CHECKING:
    from dicomlake.headers.encodings import Plan


class Breach(Exception):
    """A value that breaks its VR. ``value`` is what is kept of it."""

    def __init__(self, value: Value, code: str, detail: str) -> None:
        super().__init__(code)
        self.value = value
        self.code = code
        self.detail = detail


class Damage(Exception):
    """Structure that cannot be read on. ``position`` is an index of the window."""

    def __init__(self, code: str, position: int, path: str, detail: str) -> None:
        super().__init__(code)
        self.code = code
        self.position = position
        self.path = path
        self.detail = detail


class NeedMore(Exception):
    """The window ends before index ``wanted``. ``bulk`` is (plan, first index of the value) when a
    top-level binary value ends there, of which only length and hash may be needed."""

    def __init__(self, wanted: int, bulk: "tuple[Plan, int] | None" = None) -> None:
        super().__init__()
        self.wanted = wanted
        self.bulk = bulk
