"""Where the indices of a lake live: what a lake and a migration need to know of an engine besides its contract."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ClassVar

from dicomlake.engines.base import Engine
from dicomlake.lake.choice import Kind


class Home(ABC):
    """The indices of the lake in one data folder. An index is called as the mark calls it, ``index-<n>``.

    Every method may raise :class:`~dicomlake.errors.LakeError`.
    """

    kind: ClassVar[Kind]

    def __init__(self, lake: Path) -> None:
        self.lake = lake

    @property
    def prefix(self) -> str:
        """What names on a server begin with, "" for an engine without one."""
        return ""

    @abstractmethod
    def check(self, index: str) -> None:
        """Raises LakeError when the index is not there: none must be made in its place."""

    def current(self, index: str) -> bool:
        """Whether this process would make the index as it is, as far as the mark does not say so."""
        return True

    def goal(self) -> dict[str, str]:
        """What an index that is made now is, besides what the mark says."""
        return {}

    def check_new(self, index: str) -> None:  # noqa: B027 - a folder without a mark is looked at by the lake
        """Raises LakeError when a folder without a mark has an index with documents: its mark was lost."""

    def shared(self) -> str | None:
        """The index that other data folders of the same lake have, if there are any; never of an engine whose indices
        are in the folder."""
        return None

    def check_shared(self, index: str) -> None:  # noqa: B027 - there is none
        """Raises LakeError when this process would have made another index than the one that others have."""

    def retire(self, index: str) -> None:  # noqa: B027 - a folder's index is seen by no other folder
        """Let nobody write into an index any more: another is to take its place. Undone by :meth:`bring_back`."""

    @abstractmethod
    def open(self, index: str, tables: int) -> Engine:
        """An index, to read."""

    @abstractmethod
    def open_any(self, index: str) -> Engine:
        """An index that another version may have made, to be copied from only."""

    @abstractmethod
    def open_for_writing(self, index: str) -> Engine:
        """An index to write into, made when missing; durably, but for what is put into it."""

    @abstractmethod
    def writing(self) -> AbstractContextManager[object]:
        """Held by a process that opens an index for writing. Raises LakeBusyError when another does."""

    @abstractmethod
    def unwritten(self, index: str) -> AbstractContextManager[object]:
        """Nobody writes to the index meanwhile. Raises LakeBusyError when somebody does."""

    @abstractmethod
    def has(self, index: str) -> bool:
        """Whether anything of that name is there."""

    @abstractmethod
    def size(self, index: str) -> int:
        """Bytes that the index takes; 0 when there is none."""

    @abstractmethod
    def room(self) -> int | None:
        """Bytes that are free for another index; None when nobody knows."""

    @abstractmethod
    def publish(self, index: str) -> None:
        """Called when the mark names this index."""

    @abstractmethod
    def put_away(self, index: str, old: Path | None) -> None:
        """The lake has another index now: this one goes where the mark in ``old`` finds it, or altogether."""

    @abstractmethod
    def bring_back(self, index: str, old: Path) -> None:
        """Undo :meth:`put_away`; done twice it does nothing."""

    @abstractmethod
    def examine(self, index: str) -> Iterator[tuple[str, bool, str]]:
        """For people: what was looked at of the engine, whether it is fit, what was found. ``index`` may be missing."""

    @abstractmethod
    def remove(self, index: str) -> None:
        """Remove what was begun and is not needed."""
