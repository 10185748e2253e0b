"""The archive with an element of every VR in every kind of place, indexed once for the tests of this folder."""

from collections.abc import Iterator

import pytest

from dicomlake.documents.instance import Origin, build
from dicomlake.documents.update import apply
from dicomlake.headers import read_file
from dicomlake.lake import Lake
from dicomlake.search import Searcher

from .archive import make, read
from .lake import Archive


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    folder = tmp_path_factory.mktemp("operators")
    files = make(folder / "files")
    with Lake.open_for_writing(folder / "lake") as writing:
        apply(writing.engine, [build(read_file(file), file.name, Origin("test")) for file in files])
        writing.engine.commit()
    with Lake.open(folder / "lake") as lake:
        yield Archive(lake.engine, Searcher(lake), tuple(read(file) for file in files))
