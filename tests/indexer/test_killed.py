"""SIGKILL of the indexer, anywhere: one more run, and the lake is that of an undisturbed one."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import sample
from dicomlake.errors import DicomlakeError
from dicomlake.lake import Lake
from indexer.flow import run
from indexer.sources.folder import folders
from tests.builders import dicom_file
from tests.indexer.builders import content, copy_over, hospital, index

REPOSITORY = Path(__file__).parents[2]
KILLS = int(os.environ.get("DICOMLAKE_TEST_KILLS", "50"))
SEED = int(os.environ.get("DICOMLAKE_TEST_SEED", "0"))


def indexer(lake: Path, source: Path, *step: str) -> subprocess.Popen[bytes]:
    """An indexer in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.indexer.killed", str(lake), str(source), *step],
        cwd=REPOSITORY,
        start_new_session=True,
        stderr=subprocess.PIPE,
    )


def change_some(source: Path, chance: random.Random, generation: int) -> None:
    """Replace files: by new instances, by text, by copies of others, by what they were; move one, remove one."""
    files = sorted(path for path in source.rglob("*") if path.is_file())
    chosen = chance.sample(files, 8)
    chosen.pop().unlink()
    chosen.pop().rename(source / f"moved {generation}")
    for file in chosen:
        match chance.randrange(4):
            case 0:
                number = chance.randrange(10_000)
                new = f"1.5.{generation}.{number}"
                dicom_file(file, uid=new, series=f"1.5.{number % 3}", study="1.5", PatientID=f"N{number % 2}")
            case 1:
                file.write_text(f"no DICOM any more {generation}")
            case 2:
                copy_over(chance.choice([other for other in files if other != file and other.exists()]), file)
            case 3:
                dicom_file(file, uid=f"1.2.{generation}", StudyDescription=f"seen {generation}")
        os.utime(file, ns=(generation, generation * 1_000_000_000))


def assert_equals_an_undisturbed_run(lake: Path, source: Path, fresh: Path) -> None:
    """One run over the survivor, one into a new lake: no difference."""
    last = run(lake, folders([source]), workers=2, prune=True, force=True)
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
        change_some(source, chance, generation)  # what the killed run read has changed before the next one looks
    assert_equals_an_undisturbed_run(tmp_path / "lake", source, tmp_path / "fresh")


def test_killed_at_random_moments_the_next_run_gives_the_undisturbed_index(tmp_path: Path) -> None:
    lake, source, fresh = tmp_path / "lake", tmp_path / "sample", tmp_path / "fresh"
    sample.write(source, patients=5)
    chance = random.Random(SEED)
    forker = subprocess.Popen(
        [sys.executable, "-m", "tests.indexer.killed", "--serve"],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert forker.stdin is not None
    assert forker.stdout is not None
    killed, runs = 0, 0
    longest = {0: 1.0, 2: 2.0}  # by number of workers
    while killed < KILLS:
        runs += 1
        workers = 2 if runs % 8 == 0 else 0
        forker.stdin.write(json.dumps([str(lake), str(source), workers, chance.uniform(0, longest[workers])]) + "\n")
        forker.stdin.flush()
        ended = int(forker.stdout.readline())
        assert ended in (-signal.SIGKILL, 0)
        killed += ended != 0
        longest[workers] *= 1.2 if ended else 0.7  # near the end of a run, whatever this machine's speed
        if runs % 4 == 0:
            _assert_readable(lake)
        if runs % 16 == 0:
            assert_equals_an_undisturbed_run(lake, source, fresh)
            shutil.rmtree(lake)  # a lake whose making is interrupted, too
        change_some(source, chance, runs)
    forker.stdin.close()
    assert forker.wait() == 0
    assert_equals_an_undisturbed_run(lake, source, fresh)


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
