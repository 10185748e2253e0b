"""SIGKILL of the indexer, anywhere: one more run, and the lake is that of an undisturbed one."""

import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dicomlake.errors import DicomlakeError
from dicomlake.lake import Lake
from tests.builders import dicom_file
from tests.indexer.builders import content, copy_over, hospital, index

REPOSITORY = Path(__file__).parents[2]
KILLS = int(os.environ.get("DICOMLAKE_TEST_KILLS", "12"))
SEED = int(os.environ.get("DICOMLAKE_TEST_SEED", "0"))


def indexer(lake: Path, source: Path, *step: str) -> subprocess.Popen[bytes]:
    """An indexer in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.indexer.killed", str(lake), str(source), *step],
        cwd=REPOSITORY,
        start_new_session=True,
        stderr=subprocess.PIPE,
    )


def rewrite_some(source: Path, chance: random.Random, generation: int) -> None:
    """Replace files: by new instances, by text, by copies of others, by what they were."""
    files = sorted(source.rglob("i*.dcm"))
    for file in chance.sample(files, 6):
        match chance.randrange(4):
            case 0:
                number = chance.randrange(10_000)
                new = f"1.5.{generation}.{number}"
                dicom_file(file, uid=new, series=f"1.5.{number % 3}", study="1.5", PatientID=f"N{number % 2}")
            case 1:
                file.write_text(f"no DICOM any more {generation}")
            case 2:
                copy_over(chance.choice([other for other in files if other != file]), file)
            case 3:
                dicom_file(file, uid=f"1.2.{generation}", StudyDescription=f"seen {generation}")
        os.utime(file, ns=(generation, generation * 1_000_000_000))


def assert_equals_an_undisturbed_run(lake: Path, source: Path, fresh: Path) -> None:
    """One run over the survivor, one into a new lake: no difference."""
    last = index(lake, source, workers=2)
    first = index(fresh, source)
    assert (last.files, last.instances, last.series, last.studies, last.patients) == (
        first.files,
        first.instances,
        first.series,
        first.studies,
        first.patients,
    )
    assert content(lake) == content(fresh)
    shutil.rmtree(fresh)


@pytest.mark.parametrize("call", ["announce", "engine", "record"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_between_the_steps_of_a_commit_nothing_is_lost_and_nothing_stays(
    tmp_path: Path, when: str, call: str
) -> None:
    source = hospital(tmp_path / "h", series=3, instances=5)
    chance = random.Random(SEED)
    for generation, number in enumerate((2, 1, 1), 1):
        process = indexer(tmp_path / "lake", source, f"{when}-{call}", str(number))
        _, said = process.communicate()
        assert process.returncode == -signal.SIGKILL, said.decode()
        rewrite_some(source, chance, generation)  # what the killed run read has changed before the next one looks
    assert_equals_an_undisturbed_run(tmp_path / "lake", source, tmp_path / "fresh")


def test_killed_at_random_moments_the_next_run_gives_the_undisturbed_index(tmp_path: Path) -> None:
    source = hospital(tmp_path / "h", series=12)
    chance = random.Random(SEED)
    lake = tmp_path / "lake"
    killed, longest = 0, 1.0
    for generation in itertools.count(1):
        process = indexer(lake, source, "seconds", str(chance.uniform(0, longest)))
        _, said = process.communicate()
        assert process.returncode in (-signal.SIGKILL, 0), said.decode()
        killed += process.returncode != 0
        longest *= 1.2 if process.returncode else 0.7  # near the end of a run, whatever this machine's speed
        _assert_readable(lake)
        if generation % 4 == 0:
            assert_equals_an_undisturbed_run(lake, source, tmp_path / "fresh")
            shutil.rmtree(lake)  # a lake whose making is interrupted, too
        rewrite_some(source, chance, generation)
        if killed == KILLS:
            break
    assert_equals_an_undisturbed_run(lake, source, tmp_path / "fresh")


def _assert_readable(lake: Path) -> None:
    """Whatever the moment, a reader finds a whole lake, or none yet."""
    if not (lake / "format.json").exists():
        with pytest.raises(DicomlakeError):
            Lake.open(lake)
        return
    found = content(lake)
    kept = sorted(uid for series in found["kept"].values() for uid in series)
    assert [member.uid for member in found["instances"]] == kept
    assert [member.uid for member in found["series"]] == sorted(found["kept"])
