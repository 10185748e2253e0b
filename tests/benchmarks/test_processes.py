import os
import sys

import pytest

from benchmarks import processes

BURN = "import time\nwhile time.process_time() < 0.3: pass"


def test_cpu_time_of_a_command_includes_the_processes_that_it_started() -> None:
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURN!r}], check=True); print('done')"
    spent = processes.run([sys.executable, "-c", parent])
    assert spent.output == "done\n"
    assert spent.cpu >= 0.3
    assert spent.main.own > 0
    assert spent.worker.own > 0


def test_a_failed_command_ends_the_benchmark() -> None:
    with pytest.raises(SystemExit, match="left with 5"):
        processes.run([sys.executable, "-c", "import sys; sys.exit(5)"])
    assert processes.run([sys.executable, "-c", "import sys; sys.exit(3)"], accepted=(0, 3)).output == ""


def test_memory_tells_own_from_mapped_files_and_knows_nothing_of_what_has_ended() -> None:
    here = processes.memory(os.getpid())
    assert here.own > 0
    assert here.files > 0
    assert processes.memory(2**30) == processes.Memory()
