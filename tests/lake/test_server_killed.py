"""SIGKILL of an indexer whose index is on a server, at random moments: one more run, and the lake is that of an
undisturbed one, document by document."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.run import environment_of
from tests.indexer.builders import catalogue, hospital
from tests.indexer.test_killed import change_some
from tests.lake.places import Place, embedded, on_server
from tools.opensearch import Server

REPOSITORY = Path(__file__).parents[2]
KILLS = int(os.environ.get("DICOMLAKE_TEST_SERVER_KILLS", "8"))
SEED = int(os.environ.get("DICOMLAKE_TEST_SEED", "0"))


def indexed(place: Place, source: Path) -> tuple[int, ...]:
    """A run that nothing happens to: what there is after it."""
    done = place.command("index", source, "--prune", "--force", "--json", "--quiet")
    assert done.code in (0, 3), done.err
    last = done.lines[-1]
    return tuple(last[name] for name in ("files", "instances", "series", "studies", "patients"))


def same(survivor: Place, source: Path, fresh: Place) -> bool:
    """One run over the survivor, one into a new lake that needs no server: no difference."""
    assert indexed(survivor, source) == indexed(fresh, source)
    found, expected = survivor.documents(), fresh.documents()
    differing = [level for level in expected if found[level] != expected[level]]
    assert not differing
    assert catalogue(survivor.data) == catalogue(fresh.data)
    return True


def test_killed_at_random_moments_the_next_run_gives_the_undisturbed_index(opensearch: Server, tmp_path: Path) -> None:
    source = hospital(tmp_path / "archive")
    chance = random.Random(SEED)
    with on_server(opensearch, tmp_path / "lake") as place:
        forker = subprocess.Popen(
            [sys.executable, "-m", "tests.lake.killed_load", "--serve"],
            cwd=REPOSITORY,
            env=environment_of(**place.settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert forker.stdin is not None
        assert forker.stdout is not None
        killed, runs, longest = 0, 0, 2.0
        while killed < KILLS:
            runs += 1
            workers = 2 if runs % 6 == 0 else 0
            order = [str(place.data), str(source), workers, chance.uniform(0, longest)]
            forker.stdin.write(json.dumps(order) + "\n")
            forker.stdin.flush()
            ended = int(forker.stdout.readline())
            assert ended in (-signal.SIGKILL, 0)
            killed += ended != 0
            longest *= 1.2 if ended else 0.7  # near the end of a run, whatever this machine's speed
            if runs == KILLS // 2:
                assert same(place, source, embedded(tmp_path / "half-way"))
            change_some(source, chance, runs)
        forker.stdin.close()
        assert forker.wait() == 0
        assert same(place, source, embedded(tmp_path / "fresh"))


@pytest.mark.parametrize("call", ["engine", "settle"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_between_the_steps_of_a_commit_nothing_is_lost_and_nothing_stays(
    opensearch: Server, tmp_path: Path, when: str, call: str
) -> None:
    source = hospital(tmp_path / "archive", series=3, instances=5)
    chance = random.Random(SEED)
    with on_server(opensearch, tmp_path / "lake") as place:
        for generation, number in enumerate((1,) if call == "settle" else (2, 1), 1):
            command = [sys.executable, "-m", "tests.lake.killed_load", str(place.data), str(source)]
            done = subprocess.run(
                [*command, f"{when}-{call}", str(number)],
                cwd=REPOSITORY,
                env=environment_of(**place.settings),
                capture_output=True,
                check=False,
            )
            assert done.returncode == -signal.SIGKILL, done.stderr.decode()
            change_some(source, chance, generation)  # what the killed run read has changed before the next one looks
        assert same(place, source, embedded(tmp_path / "fresh"))
