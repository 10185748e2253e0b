"""The command as a process, the way a person or a script meets it."""

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.main import main


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    def failed_with(self, code: int, *said: str) -> bool:
        """Whether it failed as commands do: an exit code and one line on standard error that says these things."""
        assert "Traceback" not in self.err
        assert self.err.startswith("dicomlake: "), self.err
        assert self.err.count("\n") == 1, self.err
        assert self.code == code, self
        for part in said:
            assert part in self.err
        return True


def command(*words: str | bytes | Path, cwd: Path | None = None, **environment: str) -> Ended:
    """``dicomlake WORD...``, ended."""
    done = subprocess.run(
        [sys.executable, "-m", "dicomlake", *words],
        cwd=cwd,
        env=environment_of(**environment),
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


def call(*words: str | bytes | Path) -> Ended:
    """``dicomlake WORD...`` within this process, where many short ones would take long."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        code = main([os.fsdecode(word) for word in words])
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())
    return Ended(code, *texts)


def environment_of(**environment: str) -> dict[str, str]:
    """This process's environment without the settings of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DICOMLAKE_")}
    return kept | environment
