"""Folders and single files of this machine.

Links to files are followed; links to folders too, once all real folders are done, unless what they lead to is indexed
anyway. So there are no loops, and a file has the location that a person would expect.
"""

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dicomlake.documents.instance import Origin
from dicomlake.errors import SourceError
from dicomlake.messages import Message
from dicomlake.storage import check_readable, location_of
from indexer.items import NO_FILE, Found, Outcome, unreadable
from indexer.sources.names import Names


@dataclass
class Folder:
    """A folder with all that is below it, or a single file. ``skipped``: real paths that are left out."""

    path: str
    origin: Origin
    skipped: frozenset[str] = frozenset()
    again: bool = False
    _links: list[str] = field(default_factory=list)

    @property
    def roots(self) -> Sequence[str]:
        return (location_of(self.path),)

    def files(self) -> Iterator[Found | Outcome]:
        if not os.path.lexists(self.path):
            return
        if not os.path.isdir(self.path):
            yield look(self.path)
            return
        self._links.clear()
        covered = {os.path.realpath(self.path)}
        yield from self._below(self.path, frozenset())
        while self._links:
            link = self._links.pop(0)
            target = os.path.realpath(link)
            if not any(within(target, root) for root in covered):
                yield from self._below(link, frozenset(covered))
                covered.add(target)

    def _below(self, top: str, covered: frozenset[str]) -> Iterator[Found | Outcome]:
        """All files below a folder, without the folders in ``covered`` and behind links."""
        stack = [top]
        while stack:
            folder = stack.pop()
            real = os.path.realpath(folder) if covered or self.skipped else folder
            if real in covered or real in self.skipped:
                continue
            inner: list[str] = []
            with Names() as names:
                failed = self._list(folder, names, inner)
                yield from self._files_of(folder, names, inner)
            if failed is not None:
                yield unreadable(location_of(folder), failed)
            stack.extend(sorted(inner, reverse=True))

    def _list(self, folder: str, names: Names, inner: list[str]) -> OSError | None:
        """Sort what is in a folder, its folders apart, as far as it can be listed."""
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if _is_folder(entry):
                        inner.append(entry.path)
                    else:
                        names.add(entry.name)
        except OSError as error:
            return error
        return None

    def _files_of(self, folder: str, names: Iterable[str], inner: list[str]) -> Iterator[Found | Outcome]:
        for name in names:
            path = os.path.join(folder, name)
            try:
                state = os.stat(path)
                if not stat.S_ISDIR(state.st_mode):
                    yield _classify(path, state)
                elif os.path.islink(path):
                    self._links.append(path)
                else:  # a folder has taken the place of the file
                    inner.append(path)
            except OSError as error:
                yield unreadable(location_of(path), error)

    def count(self) -> int:
        """Files below real folders, by their folder entries alone."""
        number, stack = 0, [self.path]
        while stack:
            try:
                with os.scandir(stack.pop()) as entries:
                    for entry in entries:
                        if entry.is_dir(follow_symlinks=False):
                            stack.append(entry.path)
                        else:
                            number += 1
            except NotADirectoryError:
                number += 1
            except OSError:  # the run itself reports it
                continue
        return number


def folders(
    paths: Iterable[str | os.PathLike[str]],
    *,
    skipped: Iterable[Path] = (),
    issuer: str = "",
    emptied: Callable[[str], bool] = lambda root: False,
) -> list[Folder]:
    """The sources that these paths name, without those that lie inside another; ``issuer`` is that of patient ids that
    name none, ``emptied`` says which locations may be missing or hold no file.

    Raises SourceError when one does not exist, cannot be read, holds no file or lies in a folder to skip.
    """
    left_out = frozenset(os.path.realpath(path) for path in skipped)
    sources = [Folder(path, Origin(location_of(path), issuer=issuer), left_out) for path in map(_absolute, paths)]
    for source in sources:
        if any(within(os.path.realpath(source.path), place) for place in left_out):
            raise SourceError(
                Message("{source} is in the data folder itself; name another with --data", source=source.origin.source)
            )
        _check(source, emptied)
    kept: list[Folder] = []
    for source in sorted(sources, key=lambda source: (len(os.path.realpath(source.path)), source.path)):
        if not any(within(os.path.realpath(source.path), os.path.realpath(other.path)) for other in kept):
            kept.append(source)
    return sorted(kept, key=lambda source: source.path)


def _check(source: Folder, emptied: Callable[[str], bool]) -> None:
    shown = source.origin.source
    try:
        check_readable(source.path)
    except SourceError as error:
        if isinstance(error.__cause__, FileNotFoundError) and emptied(shown):
            return
        raise
    if next(source.files(), None) is None and not emptied(shown):
        raise SourceError(
            Message(
                "{shown} holds no files; name the folder that holds the DICOM files, or mount what it is on",
                shown=shown,
            )
        )


def look(path: str) -> Found | Outcome:
    """One path as a source would list it."""
    try:
        return _classify(path, os.stat(path))
    except OSError as error:
        return unreadable(location_of(path), error)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder itself. What cannot be told here is told when it is looked at."""
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _classify(path: str, state: os.stat_result) -> Found | Outcome:
    found = Found(location_of(path), state.st_size, state.st_mtime_ns)
    if stat.S_ISREG(state.st_mode):
        return found
    kind = "a folder" if stat.S_ISDIR(state.st_mode) else "a pipe, socket or device"
    return Outcome(found, "ignored", reason=NO_FILE, detail=f"{kind}, not a file")


def _absolute(path: str | os.PathLike[str]) -> str:
    return os.path.abspath(os.fspath(path))


def within(path: str, root: str) -> bool:
    """Whether a path is another or lies below it."""
    return path == root or path.startswith(root if root.endswith(os.sep) else root + os.sep)
