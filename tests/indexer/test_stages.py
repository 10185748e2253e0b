import time
from pathlib import Path

import pytest

from indexer.stages import STAGES
from tests.indexer.builders import hospital, index


@pytest.mark.parametrize("workers", [0, 2])
def test_a_run_says_where_its_cpu_time_went(tmp_path: Path, workers: int) -> None:
    source = hospital(tmp_path / "h", series=4)
    before = time.process_time()
    summary = index(tmp_path / "lake", source, workers=workers)
    here = time.process_time() - before
    assert tuple(summary.stages) == STAGES
    assert all(seconds >= 0 for seconds in summary.stages.values())
    assert summary.stages["read"] > 0
    assert summary.stages["engine"] > 0
    elsewhere = summary.stages["read"] + summary.stages["build"] if workers else 0
    assert sum(summary.stages.values()) - elsewhere <= here
    assert "stages" not in summary.as_dict()
