"""Searching while indexing, in processes of their own: whole commits only, never less, within two seconds."""

import itertools
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.indexer.builders import content, hospital, index

REPOSITORY = Path(__file__).parents[2]
PROMISE = 2.0
"""Seconds after a commit by which readers in other processes see it."""


def process(*words: str | Path) -> subprocess.Popen[str]:
    """``python -m tests.indexer.reading WORD...``."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.indexer.reading", *words],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def ask(reader: subprocess.Popen[str]) -> dict[str, Any]:
    """One more answer of the reader."""
    assert reader.stdin is not None
    assert reader.stdout is not None
    reader.stdin.write("\n")
    reader.stdin.flush()
    return json.loads(reader.stdout.readline())


def test_another_process_sees_whole_commits_while_files_are_indexed(tmp_path: Path) -> None:
    lake, source = tmp_path / "lake", hospital(tmp_path / "h", series=60)
    indexer, reader = process("index", lake, source), process("read", lake)
    assert reader.stdout is not None
    assert json.loads(reader.stdout.readline())["ready"]
    seen = [ask(reader)]
    while indexer.poll() is None:
        seen.append(ask(reader))
    said, _ = indexer.communicate()
    assert indexer.returncode == 0
    time.sleep(PROMISE)
    seen.append(ask(reader))
    reader.communicate()

    for answer in seen:
        totals, series = answer["totals"], answer["series"]
        assert (totals["series"], totals["instances"]) == (len(series), sum(series.values()))
        assert sum(value["count"] for value in answer["facets"].get("Modality", ())) == totals["series"]
        if answer["same_commit"]:
            assert answer["found"] == series
        else:  # a commit came between the two searches: nothing is less
            assert all(answer["found"].get(uid, 0) >= count for uid, count in series.items())
    for before, after in itertools.pairwise(seen):
        assert before["totals"]["instances"] <= after["totals"]["instances"]

    commits = [json.loads(line) for line in said.splitlines()]
    for answer in seen:
        due = [one["instances"] for one in commits if one["at"] + PROMISE <= answer["begun"]]
        assert answer["totals"]["instances"] >= max(due, default=0)
    in_between = {answer["totals"]["instances"] for answer in seen} - {0, 480}
    assert in_between, "the reader saw the run only before its first commit and after its last"
    assert seen[-1]["totals"]["instances"] == commits[-1]["instances"] == 480


def test_a_second_indexer_says_so_and_leaves_while_the_first_loses_nothing(tmp_path: Path) -> None:
    lake, source = tmp_path / "lake", hospital(tmp_path / "h", series=40)
    first = process("index", lake, source, "--hold")
    assert first.stdout is not None
    assert json.loads(first.stdout.readline())["instances"] > 0  # it is at work, and waits
    second = subprocess.run(
        [sys.executable, "-m", "dicomlake", "index", source, "--data", lake, "--quiet"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert "another process is indexing" in second.stderr
    first.communicate("go on\n")
    assert first.returncode == 0
    index(tmp_path / "fresh", source)
    assert content(lake) == content(tmp_path / "fresh")
