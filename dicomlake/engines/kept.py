"""What was used last, up to so many bytes."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """Values by key, for any thread. Those that were not used for the longest time go when there are more than ``most``
    of them or they have more than ``size`` bytes; the last one stays whatever it has."""

    def __init__(self, most: int, size: int) -> None:
        self._most = most
        self._size = size
        self._lock = threading.Lock()
        self._values: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._used = 0

    def get(self, key: Key) -> Value | None:
        """The value of a key, used now."""
        with self._lock:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
            return found[0]

    def put(self, key: Key, value: Value, size: int) -> None:
        """Keep a value of so many bytes."""
        with self._lock:
            self._used += size - self._values.pop(key, (None, 0))[1]
            self._values[key] = value, size
            while len(self._values) > 1 and (len(self._values) > self._most or self._used > self._size):
                self._used -= self._values.popitem(last=False)[1][1]

    def __contains__(self, key: Key) -> bool:
        with self._lock:
            return key in self._values
