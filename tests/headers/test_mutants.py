"""Ten thousand damaged files: typed errors only, 64 MB, the same from a reader of many files, and documents of all
that can be read. ``DICOMLAKE_MUTANTS=1000000`` looks further."""

import os
import subprocess
import sys

import pytest

MUTANTS = int(os.environ.get("DICOMLAKE_MUTANTS", "10000"))
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_damaged_files_give_headers_or_typed_errors_within_64_mb(part):
    share = MUTANTS // PARTS
    command = [sys.executable, "-m", "tests.headers.mutants", str(part * share), str(share)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
