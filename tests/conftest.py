"""Hooks of the whole suite.

Hypothesis: no deadlines, since machines are noisy; with ``CI`` set the same examples in every run, so that what lands
is what was tested; ``--hypothesis-profile=long`` looks further.

With ``DICOMLAKE_NO_SKIPS=1`` (set by ``.ci/run``) a test, or a whole module, that is skipped counts as failed: a suite
that must run and did not is no green suite.
"""

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

pytest_plugins = ("tests.opensearch.fixtures",)

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.register_profile("long", deadline=None, max_examples=100_000)
settings.load_profile("ci" if os.environ.get("CI") else "here")

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
