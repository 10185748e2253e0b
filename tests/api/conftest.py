"""A running service over a lake of the files that pydicom ships, and clients that hold it to its description."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.api.service import REAL_FILES, Service, index


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of pydicom's files; nobody writes to it."""
    path = tmp_path_factory.mktemp("api") / "lake"
    index(path, REAL_FILES)
    return path


@pytest.fixture(scope="session")
def service(lake: Path) -> Iterator[Service]:
    with Service(lake) as running:
        yield running


@pytest.fixture(scope="session")
def client(service: Service) -> Iterator[httpx.Client]:
    """A client of the service whose every answer must be one that the OpenAPI description announces."""
    with service.client() as checking:
        yield checking


@pytest.fixture
def serve() -> Iterator[Callable[[Path], httpx.Client]]:
    """Starts a service over another folder and gives its client."""
    with ExitStack() as stack:
        yield lambda data: stack.enter_context(stack.enter_context(Service(data)).client())
