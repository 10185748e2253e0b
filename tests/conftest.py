"""Hooks of the whole suite.

With ``DICOMLAKE_NO_SKIPS=1`` (set by ``.ci/run``) a test, or a whole module, that is skipped counts as failed: a suite
that must run and did not is no green suite.
"""

import os
from collections.abc import Generator

import pytest

NO_SKIPS = os.environ.get("DICOMLAKE_NO_SKIPS") == "1"


def _forbid_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not NO_SKIPS or report.outcome != "skipped":
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"DICOMLAKE_NO_SKIPS=1, and {report.nodeid} did not run: {reason}"
    report.__dict__.pop("wasxfail", None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _forbid_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _forbid_skip(report)
    return report
