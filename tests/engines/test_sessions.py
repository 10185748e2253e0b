"""What a writer does first after another has ended in the middle of its work is not lost."""

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

import orjson
import pytest

from dicomlake.engines.base import Record
from dicomlake.engines.embedded.engine import EmbeddedEngine

SEGMENTS = 8
"""Segments of a like size that Tantivy begins to merge."""


def instance(uid: str) -> Record:
    """An instance without attributes."""
    return Record("instance", uid, "1", "1", "p")


def unmerged(folder: Path, damaged: int) -> Path:
    """An index of eight segments as a writer leaves it that is killed before it has merged them; its last commit took
    an instance from the segment ``damaged``. The copy has to be quicker than the merge, so it is tried again."""
    for attempt in range(100):
        engine = EmbeddedEngine(folder / f"of{attempt}", [], write=True)
        for segment in range(SEGMENTS):
            if segment == SEGMENTS - 1:
                engine.delete("instance", [f"{damaged}.0"])
            engine.put(instance(f"{segment}.{number}") for number in range(10))
            engine.commit()
        copy = folder / f"copy{attempt}"
        with suppress(shutil.Error):  # files that a merge has already made superfluous
            shutil.copytree(folder / f"of{attempt}", copy, copy_function=os.link)
            if len(orjson.loads((copy / "meta.json").read_bytes())["segments"]) == SEGMENTS:
                engine.close()
                return copy
        engine.close()
    raise AssertionError("merging was always quicker than copying")


@pytest.mark.parametrize("damaged", range(SEGMENTS - 1))
def test_the_first_deletion_of_a_session_holds_while_segments_are_merged(tmp_path: Path, damaged: int) -> None:
    engine = EmbeddedEngine(unmerged(tmp_path, damaged), [], write=True)
    engine.delete("instance", [f"{damaged}.1"])
    engine.put([instance("new")])
    engine.commit()
    until = time.monotonic() + 5
    while engine.stats().extra["segments"] >= SEGMENTS and time.monotonic() < until:
        time.sleep(0.02)
        engine.refresh()
    found = {member.uid for member in engine.scan("instance")}
    engine.close()
    assert f"{damaged}.1" not in found
    assert len(found) == SEGMENTS * 10 - 2 + 1
