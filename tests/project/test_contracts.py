"""The import contracts hold, are counted, and each of them catches what it is there for."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "contracts.py"

# One import that each contract must refuse: the module that does it, and what it imports.
VIOLATIONS = [
    ("dicomlake/headers/reader.py", "import api", "Rooms import one way"),
    ("dicomlake/catalog/store.py", "import indexer", "Rooms import one way"),
    ("indexer/flow.py", "import worker", "Rooms import one way"),
    ("worker/work.py", "import api", "Rooms import one way"),
    ("api/app.py", "import indexer", "Long work is started"),
    ("ui/app.py", "import sample", "Long work is started"),
    ("mappings/registry.py", "import dicomlake.errors", "Rooms import one way"),
    ("dicomlake/query/parse.py", "import dicomlake.search", "Inside the library"),
    ("dicomlake/storage/files.py", "import dicomlake.catalog", "Inside the library"),
    ("dicomlake/headers/reader.py", "import mappings.generate", "headers knows mappings and errors"),
    ("dicomlake/engines/base.py", "import dicomlake.headers", "Engines know queries"),
    ("dicomlake/documents/build.py", "import dicomlake.engines.embedded", "documents knows the engine contract"),
    ("dicomlake/query/parse.py", "import httpx", "query is pure"),
    ("dicomlake/catalog/store.py", "import mappings", "The catalogue knows errors only"),
    ("ui/app.py", "import dicomlake.errors", "The page knows"),
    ("ui/app.py", "import dicomlake.engines.base", "The page knows"),
    ("sample/write.py", "import mappings", "The sample archive"),
    ("dicomlake/engines/base.py", "import tantivy", "Only dicomlake.engines.embedded imports tantivy"),
    ("indexer/flow.py", "import tantivy.schema", "Only dicomlake.engines.embedded imports tantivy"),
    ("api/app.py", "import opensearchpy", "Only dicomlake.engines.opensearch imports opensearchpy"),
    ("dicomlake/headers/reader.py", "import pydicom", "Only sample, mappings.generate and dicomlake.images import"),
    ("cli/demo.py", "from pydicom import dcmread", "Only sample, mappings.generate and dicomlake.images import"),
    ("dicomlake/images/pool.py", "import pydicom", "Only sample, mappings.generate and dicomlake.images import"),
    ("api/app.py", "from PIL import Image", "Only dicomlake.images decodes pixels"),
    ("dicomlake/documents/build.py", "import gdcm", "Only dicomlake.images decodes pixels"),
    ("dicomlake/images/pool.py", "import dicomlake.engines.base", "Inside the library"),
    ("api/app.py", "import sqlalchemy", "Only dicomlake.state imports SQLAlchemy"),
    ("worker/work.py", "import alembic", "Only dicomlake.state imports SQLAlchemy"),
    ("dicomlake/state/jobs.py", "import mappings", "The state knows"),
]

ALLOWED = [
    ("ui/app.py", "import dicomlake.query.parse"),
    ("ui/parts/rail.py", "from dicomlake.query import parse"),
    ("dicomlake/query/parse.py", "import dicomlake.errors"),
    ("dicomlake/engines/embedded/index.py", "import tantivy"),
    ("mappings/generate/dictionary.py", "import pydicom"),
    ("sample/write.py", "import pydicom"),
    ("dicomlake/images/decode.py", "import pydicom"),
    ("dicomlake/images/render.py", "from PIL import Image"),
    ("dicomlake/images/worker.py", "import dicomlake.storage"),
    ("dicomlake/documents/build.py", "import dicomlake.engines.base"),
    ("dicomlake/__main__.py", "import cli.main"),
    ("dicomlake/state/jobs.py", "import sqlalchemy"),
    ("worker/work.py", "import indexer"),
    ("cli/serve.py", "import worker"),
]


def run_contracts(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(TOOL)], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages of this project as empty modules, with our contracts beside them."""
    folder = tmp_path_factory.mktemp("rooms")
    shutil.copy(ROOT / ".importlinter", folder)
    for name in (
        "api",
        "cli",
        "indexer",
        "sample",
        "worker",
        "ui",
        "ui.parts",
        "mappings",
        "mappings.generate",
        "dicomlake",
    ):
        write_module(folder, name.replace(".", "/") + "/__init__.py", "")
    for name in (
        "catalog",
        "documents",
        "engines",
        "engines/embedded",
        "headers",
        "images",
        "query",
        "search",
        "state",
        "storage",
    ):
        write_module(folder, f"dicomlake/{name}/__init__.py", "")
    files = (
        "__main__",
        "errors",
        "messages",
        "jobs",
        "lake",
        "site",
        "closing",
        "disk",
        "engines/base",
        "query/parse",
        "catalog/store",
        "documents/build",
        "images/decode",
        "images/header",
        "images/pool",
        "images/render",
        "images/worker",
        "headers/reader",
    )
    for name in (*(f"dicomlake/{file}.py" for file in files), "cli/main.py", "mappings/registry.py"):
        write_module(folder, name, "")
    return folder


def write_module(folder: Path, name: str, source: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(source)


def test_no_contract_at_all_is_a_failure(rooms: Path, tmp_path: Path) -> None:
    shutil.copytree(rooms, tmp_path, dirs_exist_ok=True)
    (tmp_path / ".importlinter").write_text("[importlinter]\nroot_package = api\n")
    result = run_contracts(tmp_path)
    assert result.returncode == 1
    assert "no import contract was checked" in result.stderr


@pytest.mark.parametrize(("module", "line", "contract"), VIOLATIONS, ids=[f"{m}: {s}" for m, s, _ in VIOLATIONS])
def test_contract_refuses(module: str, line: str, contract: str, rooms: Path, tmp_path: Path) -> None:
    shutil.copytree(rooms, tmp_path, dirs_exist_ok=True)
    write_module(tmp_path, module, line + "\n")
    result = run_contracts(tmp_path)
    assert result.returncode == 1
    broken = [row for row in result.stdout.splitlines() if row.endswith("BROKEN")]
    assert any(row.startswith(contract) for row in broken), result.stdout + result.stderr


def test_contracts_allow_what_the_design_allows(rooms: Path, tmp_path: Path) -> None:
    shutil.copytree(rooms, tmp_path, dirs_exist_ok=True)
    for module, line in ALLOWED:
        write_module(tmp_path, module, line + "\n")
    result = run_contracts(tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
