"""An archive that takes some seconds to index."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dicomlake.state import State
from tests.indexer.builders import hospital, index


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """So many files that a job over them takes seconds: there has to be a middle to kill it in."""
    return hospital(tmp_path_factory.mktemp("worker") / "archive", series=160, instances=50)


@pytest.fixture(scope="session")
def undisturbed(archive: Path) -> Path:
    """A lake of it."""
    index(archive.with_name("undisturbed"), archive)
    return archive.with_name("undisturbed")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder without a lake."""
    return tmp_path / "lake"


@pytest.fixture
def state(data: Path) -> Iterator[State]:
    with State.open(data) as opened:
        yield opened
