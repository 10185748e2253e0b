"""Run every check of the project, one line each, and close with a summary; ``--quick`` leaves out tests and pages.

A step that fails does not stop the others: one run tells all that is wrong. The output of a step is shown when it
fails, that of pytest always. Leaves with 1 when anything failed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent

ALONE = ("tests/e2e", "tests/engines/test_opensearch_faults.py", "tests/opensearch/test_nodes.py")
"""Tests that are not run beside others: browsers and clusters keep several processes busy, and have to answer in time.
All others run in two processes, since one by itself waits for servers, disks and children half of the time."""


@dataclass(frozen=True)
class Step:
    """One check: what it is called, its command, and whether its output is worth showing when it passes."""

    name: str
    command: tuple[str, ...]
    quick: bool = True
    loud: bool = False


def steps(site: str) -> tuple[Step, ...]:
    """All checks in order; ``site`` is a folder that the documentation may be built into."""
    python = sys.executable
    pytest = (python, "-m", "pytest", "--durations=5")
    return (
        Step("format", (str(BIN / "ruff"), "format", "--check", "--quiet", ".")),
        Step("lint", (str(BIN / "ruff"), "check", "--quiet", ".")),
        Step("types", (str(BIN / "mypy"),)),
        Step("import contracts", (python, "tools/contracts.py")),
        Step("registry drift", (python, "-m", "mappings.generate", "--check")),
        Step("reference drift", (python, "tools/reference.py", "--check")),
        Step(
            "tests", (*pytest, "-n2", "--dist=loadscope", *(f"--ignore={one}" for one in ALONE)), quick=False, loud=True
        ),
        Step("tests alone", (*pytest, *ALONE), quick=False, loud=True),
        # --quiet would silence --strict: it hides the warnings that are counted.
        Step("documentation", (str(BIN / "mkdocs"), "build", "--strict", "--site-dir", site), quick=False),
    )


def run(step: Step) -> tuple[bool, float]:
    """Carry out one step; whether it passed, and the seconds it took."""
    print(f"== {step.name}", flush=True)
    started = time.monotonic()
    output = None if step.loud else subprocess.PIPE
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    result = subprocess.run(
        step.command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if result.returncode and result.stdout:
        print(result.stdout.decode(errors="replace").rstrip(), flush=True)
    return result.returncode == 0, time.monotonic() - started


def main() -> int:
    """Run the steps asked for and print the summary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="format, lint, types, contracts and drift only")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory(prefix="dicomlake-site-") as site:
        outcomes = [(step.name, *run(step)) for step in steps(site) if step.quick or not quick]
    print("\nSummary")
    for name, passed, seconds in outcomes:
        print(f"  {'ok    ' if passed else 'FAILED'}  {name:<18} {seconds:6.1f} s")
    failed = [name for name, passed, _ in outcomes if not passed]
    total = sum(seconds for *_, seconds in outcomes)
    print(f"{'Everything holds' if not failed else 'Failed: ' + ', '.join(failed)} ({total:.0f} s)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
