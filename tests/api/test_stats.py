import httpx

from api.stats.schemas import StatsAnswer


def test_stats_count_what_a_search_for_everything_counts(client: httpx.Client) -> None:
    content = client.get("/api/v1/stats").json()
    StatsAnswer.model_validate(content)
    everything = client.post("/api/v1/search", json={"limit": 0}).json()
    assert content["totals"] == everything["totals"]
    assert content["index"]["generation"] == everything["generation"]
    assert content["index"]["bytes"] > 0
