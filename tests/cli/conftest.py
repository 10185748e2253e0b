"""A lake for commands that only read."""

from pathlib import Path

import pytest

from tests.indexer.builders import hospital, index


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six series of eight files, six that are no DICOM, one damaged."""
    return hospital(tmp_path_factory.mktemp("cli") / "archive")


@pytest.fixture(scope="session")
def lake(archive: Path) -> Path:
    """The archive, indexed."""
    index(archive.with_name("lake"), archive)
    return archive.with_name("lake")
