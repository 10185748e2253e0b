"""Both engines are asked the same, and walked through to the same document."""

import pytest

from benchmarks import engines
from tools.opensearch import Server


def test_both_engines_are_asked_and_walked_side_by_side(opensearch: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENSEARCH_URL", opensearch.url)
    monkeypatch.setattr(engines, "MAX_LIMIT", 500)
    asked, walked = engines.measure(0.002)
    spent = {row[0]: row[1] for row in asked.rows}
    assert list(spent)[:3] == ["embedded, HTTP", "opensearch, HTTP", "opensearch, in process"]
    assert {"the calls that it makes, bare", "in process, besides its calls"} < set(spent)
    assert min(row[1] for row in asked.rows) > 0  # type: ignore[operator, type-var]
    assert [row[1] for row in walked.rows] == [4] * 4  # 2,000 documents, each way
