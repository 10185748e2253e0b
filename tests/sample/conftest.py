"""One archive of the default size for all tests of the sample."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import sample


class Archive(NamedTuple):
    folder: Path
    summary: sample.Summary
    truth: dict[str, Any]

    def of_kind(self, *kinds: str) -> list[dict[str, Any]]:
        """Records of files by kind."""
        return [one for one in self.truth["files"] if one["kind"] in kinds]

    def documents(self) -> list[dict[str, Any]]:
        """Records of all indexed files, each with the attributes of its series and its own merged as ``document``."""
        series = {one["SeriesInstanceUID"]: one["attributes"] for one in self.truth["series"]}
        indexed = [one for one in self.truth["files"] if one["outcome"] == "indexed"]
        shared = [{} if one.get("whole") else series[one["SeriesInstanceUID"]] for one in indexed]
        return [{**one, "document": {**held, **one["attributes"]}} for one, held in zip(indexed, shared, strict=True)]


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    folder = tmp_path_factory.mktemp("sample") / "hospital"
    summary = sample.write(folder)
    return Archive(folder, summary, json.loads(summary.truth.read_text(encoding="utf-8")))
