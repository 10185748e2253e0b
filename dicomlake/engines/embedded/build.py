"""A process that makes tables of a commit and keeps them on the disk: ``python -m dicomlake.engines.embedded.build``.

It is a process of its own so that searches never wait for its objects, and what it takes while it works is given back.
The task comes on its standard input. It ends without a word when the index has another commit by now.
"""

import os
import sys
from pathlib import Path

from dicomlake.engines.embedded.engine import EmbeddedEngine
from dicomlake.engines.embedded.task import Task
from dicomlake.errors import LakeError

NICENESS = 10


def build(task: Task) -> bool:
    """Make what is not there yet; whether all of it is of the commit that was asked for."""
    engine = EmbeddedEngine(Path(task.folder), task.columns, tables=task.tables)
    try:
        return engine.build(task.commit, task.wanted)
    finally:
        engine.close()


def main() -> int:
    """Do the task of the standard input."""
    os.nice(NICENESS)
    try:
        return 0 if build(Task.read(sys.stdin.buffer.read())) else 1
    except (LakeError, OSError):  # the index has gone, or the disk is full: who searches is told, or does without
        return 1


if __name__ == "__main__":
    sys.exit(main())
