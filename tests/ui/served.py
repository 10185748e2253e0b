"""A small lake, and the service over it as ``dicomlake serve`` starts it."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from pydicom.data import get_testdata_file

DICOMLAKE = (sys.executable, "-m", "dicomlake")
PYDICOM_FILES = ("CT_small.dcm", "MR_small.dcm", "rtplan.dcm", "liver_1frame.dcm", "nested_priv_SQ.dcm")


@dataclass(frozen=True)
class Served:
    """Where a service answers; ``page`` is empty without the page."""

    api: str
    page: str = ""

    def search(self, **asked: Any) -> dict[str, Any]:
        """What the API itself answers: the page must show the same."""
        return httpx.post(f"{self.api}/api/v1/search", json=asked, timeout=60).raise_for_status().json()

    def instance(self, uid: str) -> dict[str, Any]:
        return httpx.get(f"{self.api}/api/v1/instances/{uid}", timeout=60).raise_for_status().json()

    def searches(self) -> list[dict[str, Any]]:
        """The searches that are kept."""
        return httpx.get(f"{self.api}/api/v1/searches", timeout=60).raise_for_status().json()["searches"]

    def forget(self, id: str) -> None:
        """Forget a search that is kept."""
        httpx.delete(f"{self.api}/api/v1/searches/{id}", timeout=60).raise_for_status()

    def counted(self, field: str, **asked: Any) -> dict[Any, int]:
        """Counts by value of one facet."""
        return {entry["value"]: entry["count"] for entry in self.search(facets=[field], **asked)["facets"][field]}


def run(*arguments: object) -> None:
    """Run a command of Dicomlake to its end; files it cannot read are part of what is indexed."""
    done = subprocess.run([*DICOMLAKE, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 3), done.stderr


def hospital(folder: Path, patients: int = 8) -> Path:
    """A lake of the sample archive and of some of pydicom's files."""
    run("sample", folder / "archive", "--patients", patients, "--seed", 7)
    real = [get_testdata_file(name) for name in PYDICOM_FILES]
    run("index", folder / "archive", *real, "--data", folder / "lake", "--json")
    return folder / "lake"


def empty(folder: Path) -> Path:
    """A lake that was made from a folder without DICOM."""
    source = folder / "source"
    source.mkdir()
    (source / "notes.txt").write_text("no DICOM here\n")
    run("index", source, "--data", folder / "lake", "--json")
    return folder / "lake"


@contextmanager
def serve(lake: Path, options: Sequence[str] = ("--no-ui",)) -> Iterator[Served]:
    """The service over a lake on free ports, ended afterwards."""
    process = subprocess.Popen(
        [*DICOMLAKE, "serve", "--data", str(lake), "--port", "0", "--json", *options], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, f"the service over {lake} did not start"
        addresses = json.loads(line)
        yield Served(addresses["api"], addresses["ui"] or "")
    finally:
        process.terminate()
        process.communicate(timeout=60)
