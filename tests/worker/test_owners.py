"""Whether the worker of a name still lives."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from worker import owners

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=1)


def test_this_process_lives_whatever_its_heartbeat() -> None:
    assert not owners.is_gone(owners.own(), LONG_AGO)


def test_a_process_that_has_ended_is_gone_at_once() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "from worker import owners; print(owners.own())"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert owners.is_gone(ended.stdout.strip(), NOW)


def test_another_process_of_the_same_number_is_not_it() -> None:
    place, pid, began, nonce = owners.own().split("/")
    assert int(pid) == os.getpid()
    assert owners.is_gone(f"{place}/{pid}/{int(began) - 1}/{nonce}", NOW)


def test_elsewhere_the_heartbeat_decides() -> None:
    _, pid, began, nonce = owners.own().split("/")
    elsewhere = f"another machine/{pid}/{began}/{nonce}"
    assert not owners.is_gone(elsewhere, datetime.now(UTC) - timedelta(seconds=30))
    assert owners.is_gone(elsewhere, LONG_AGO)
    assert owners.is_gone("", LONG_AGO)
