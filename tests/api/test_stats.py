import httpx

from api.stats.schemas import StatsAnswer
from tests.api.service import REAL_FILES


def test_stats_count_what_a_search_for_everything_counts(client: httpx.Client) -> None:
    content = client.get("/api/v1/stats").json()
    StatsAnswer.model_validate(content)
    everything = client.post("/api/v1/search", json={"limit": 0}).json()
    assert content["totals"] == everything["totals"]
    assert content["index"]["generation"] == everything["generation"]
    assert content["index"]["bytes"] > 0


def test_stats_tell_what_became_of_every_file(client: httpx.Client) -> None:
    files = client.get("/api/v1/stats").json()["files"]
    assert set(files) == {"indexed", "ignored", "quarantined"}
    assert sum(files.values()) == sum(1 for path in REAL_FILES.rglob("*") if path.is_file())
