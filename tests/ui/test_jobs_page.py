"""The page Index: jobs are started, watched to their end, and what is refused is said."""

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.pages import opened, painted, words
from tests.ui.served import Served, empty, run, serve
from ui.jobs import data
from ui.launch import API_URL


def script() -> None:
    from ui.jobs.page import main  # noqa: PLC0415

    main()


def ended(test: AppTest) -> dict[str, object]:
    """The newest job when it has ended."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        test.run()
        job = painted(test, "jobs")["jobs"][0]
        if not job["active"]:
            assert isinstance(job, dict)
            return job
        time.sleep(0.5)
    raise AssertionError("the job does not end")


def test_a_folder_is_indexed_and_what_came_of_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("sample", tmp_path / "archive", "--patients", 2, "--seed", 7)
    with serve(empty(tmp_path)) as served:
        monkeypatch.setenv(API_URL, served.api)
        test = opened(script)
        assert "Nothing has been started here yet." in words(test)
        test.text_area(key="sources").set_value(f"{tmp_path / 'archive'}\n")
        test.button(key="start_index").click().run()
        job = ended(test)
        assert job["status"] == "done", job
        series = served.search(limit=0)["totals"]["series"]
        assert series > 0
        assert f"{series} series" in str(job["result"])

        test.text_area(key="sources").set_value("relative/path")
        test.button(key="start_index").click().run()
        assert "absolute path" in words(test)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0 s"), (59.6, "1 min 0 s"), (75, "1 min 15 s"), (3_720, "1 h 2 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert data.duration(seconds) == text


def test_the_lake_knows_no_jobs_of_others(lake: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(API_URL, lake.api)
    assert "Nothing has been started here yet." in words(opened(script))
