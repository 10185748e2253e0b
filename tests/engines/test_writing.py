"""What a writer is asked of its index it answers without what searches load, and as a search would."""

import subprocess
import sys
from pathlib import Path

import pytest

from dicomlake.engines.base import Plan, Record, Totals
from dicomlake.engines.embedded import whole
from dicomlake.engines.embedded.engine import EmbeddedEngine
from tests.builders import dicom_file

REPOSITORY = Path(__file__).parents[2]

RUN = """
import sys
from pathlib import Path
from indexer.flow import run
from indexer.sources.folder import folders
summary = run(Path(sys.argv[1]) / "lake", folders([Path(sys.argv[1]) / "files"]))
print(summary.series, "numpy" in sys.modules)
"""


def series(number: int) -> Record:
    """A series of two instances, with another in its study, and of one of three patients."""
    return Record("series", f"{number}", f"{number}", f"{number // 2}", f"p{number % 3}", instances=2, size=100)


@pytest.mark.parametrize("few", [7, 6])
def test_a_writer_counts_everything_as_a_search_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(whole, "FEW", few)
    writer = EmbeddedEngine(tmp_path, [], write=True)
    assert writer.search(Plan(limit=0)).totals == Totals()
    writer.put(map(series, range(7)))
    generation = writer.commit()
    found = writer.search(Plan(limit=0))
    assert (found.totals, found.generation) == (Totals(3, 4, 7, 14, 700), generation)
    reader = EmbeddedEngine(tmp_path, [])
    assert reader.search(Plan(limit=0)) == found
    reader.close()
    writer.close()


def test_a_writer_that_was_searched_follows_its_commits(tmp_path: Path) -> None:
    writer = EmbeddedEngine(tmp_path, [], write=True)
    for number in range(3):
        writer.put([series(number)])
        generation = writer.commit()
        found = writer.search(Plan(limit=10))
        assert [hit.key for hit in found.hits] == [f"{one}" for one in range(number + 1)]
        assert found.generation == generation
        assert writer.search(Plan(limit=0)).totals == found.totals
    writer.close()


def test_a_run_loads_nothing_to_search_by(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    dicom_file(tmp_path / "files" / "1.dcm")
    said = subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path)], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["1", "False"]
