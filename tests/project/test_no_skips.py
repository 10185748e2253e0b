"""With DICOMLAKE_NO_SKIPS=1 a skipped test fails the run; without it, it is an ordinary skip."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"

SKIPS = {
    "a test that skips itself": "import pytest\ndef test_one():\n    pytest.skip('no browser here')\n",
    "a marked test": "import pytest\n@pytest.mark.skip(reason='no browser here')\ndef test_one():\n    pass\n",
    "a fixture that skips": (
        "import pytest\n@pytest.fixture\ndef browser():\n    pytest.skip('no browser here')\n"
        "def test_one(browser):\n    pass\n"
    ),
    "a module that skips": "import pytest\npytest.skip('no browser here', allow_module_level=True)\n",
    "an expected failure": (
        "import pytest\n@pytest.mark.xfail(reason='no browser here')\ndef test_one():\n    raise ValueError\n"
    ),
}


def run_suite(folder: Path, source: str, no_skips: bool) -> subprocess.CompletedProcess[str]:
    """A pytest run of its own over ``source`` and one passing test, with this suite's conftest."""
    (folder / "conftest.py").write_text(CONFTEST.read_text())
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_ours.py").write_text("def test_passes():\n    pass\n")
    (folder / "test_skips.py").write_text(source)
    environment = {name: value for name, value in os.environ.items() if name != "DICOMLAKE_NO_SKIPS"}
    environment["PYTHONPATH"] = str(CONFTEST.parents[1])
    if no_skips:
        environment["DICOMLAKE_NO_SKIPS"] = "1"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(folder)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("source", SKIPS.values(), ids=SKIPS.keys())
def test_a_skip_fails_the_run_where_skips_are_forbidden(source: str, tmp_path: Path) -> None:
    result = run_suite(tmp_path, source, no_skips=True)
    assert result.returncode != 0, result.stdout
    assert "no browser here" in result.stdout
    assert "skipped" not in result.stdout.splitlines()[-1]


def test_a_skip_passes_elsewhere(tmp_path: Path) -> None:
    result = run_suite(tmp_path, SKIPS["a marked test"], no_skips=False)
    assert result.returncode == 0, result.stdout
    assert "1 passed, 1 skipped" in result.stdout
