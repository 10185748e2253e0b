"""``dicomlake demo``: one command from nothing to a served lake, quick the second time, ended by Ctrl-C."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from dicomlake.state import LOCAL, State

COMMAND = (sys.executable, "-m", "dicomlake", "demo", "--patients", "1", "--json")


@dataclass
class Demo:
    """A demonstration that answers: what it indexed, where it is, how long that took; ``notes`` once it has ended."""

    process: subprocess.Popen[str]
    summary: dict[str, Any]
    addresses: dict[str, str]
    seconds: float
    notes: str = field(default="")

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(how)
        self.notes += self.process.communicate(timeout=30)[1]
        return self.process.returncode


@contextmanager
def started(folder: Path, *options: str) -> Iterator[Demo]:
    """A demonstration in ``folder``, on free ports unless ``options`` name some."""
    began = time.monotonic()
    ports = () if options else ("--port", "0", "--ui-port", "0")
    process = subprocess.Popen(
        [*COMMAND, "--folder", str(folder), *ports, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        lines = [process.stdout.readline(), process.stdout.readline()]
        assert all(lines), process.communicate()[1]
        summary, addresses = (json.loads(line) for line in lines)
        yield Demo(process, summary, addresses, time.monotonic() - began)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def refused(folder: Path, *options: str) -> str:
    """The one line that a demonstration which cannot start says."""
    command = [*COMMAND, "--folder", str(folder), *options]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode in {1, 2}
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr


def test_second_start_indexes_nothing_and_is_quick(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with started(folder) as first:
        assert first.summary["indexed"] > 170
        assert answers(first.addresses["api"] + "/readyz")
        assert answers(first.addresses["ui"])
        assert first.end() == 0
        assert not answers(first.addresses["api"] + "/readyz")
        assert not answers(first.addresses["ui"])
    with started(folder) as second:
        assert second.summary["indexed"] + second.summary["updated"] == 0
        assert (
            second.summary["unchanged"] + second.summary["ignored"] + second.summary["quarantined"]
            == (first.summary["files"])
        )
        assert second.summary["instances"] == first.summary["instances"]
        assert second.seconds < 10
        assert second.end(signal.SIGTERM) == 0


def test_ports_in_use_are_passed_over_and_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as api, socket.create_server(("127.0.0.1", 0)) as page:
        taken = [str(one.getsockname()[1]) for one in (api, page)]
        with started(tmp_path / "demo", "--port", taken[0], "--ui-port", taken[1]) as demo:
            assert answers(demo.addresses["api"] + "/readyz")
            assert answers(demo.addresses["ui"])
            assert demo.end() == 0
        assert all(f"Port {port} is in use; taking " in demo.notes for port in taken)


def test_an_outdated_lake_and_another_archive_are_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with started(folder) as first:
        assert first.end() == 0
    with State.open(folder / "lake") as state:
        state.searches.add(LOCAL, "v=1&q=lung", "Lungs")
    mark = folder / "lake" / "format.json"
    content = json.loads(mark.read_text())
    mark.write_text(json.dumps(content | {"format": content["format"] - 1}))
    with started(folder) as again:
        assert again.end() == 0
    assert again.summary["indexed"] == first.summary["indexed"]
    assert "Indexing anew" in again.notes
    with started(folder, "--patients", "2", "--port", "0", "--ui-port", "0") as larger:
        assert larger.end() == 0
    assert "writing it again" in larger.notes
    assert larger.summary["patients"] == first.summary["patients"] + 1
    with State.open(folder / "lake") as state:
        assert [one.name for one in state.searches.listed(LOCAL)] == ["Lungs"]


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    assert "holds no demonstration" in refused(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be used" in refused(tmp_path / "file" / "demo")


def test_a_hospital_without_patients_is_refused(tmp_path: Path) -> None:
    assert "at least one patient" in refused(tmp_path / "demo", "--patients", "0")
