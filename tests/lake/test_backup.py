"""The backup of docs/guide/engines.md: a copy of the data folder and a snapshot of the indices."""

import shutil
from collections.abc import Callable
from pathlib import Path

import httpx

from dicomlake.lake import Choice
from tests.indexer.builders import hospital
from tests.lake.places import Place
from tools.opensearch import Cluster

WAIT = {"wait_for_completion": "true"}


def test_a_lake_is_restored_from_a_snapshot_and_a_copy_of_its_folder(
    opensearch_cluster: Callable[..., Cluster], tmp_path: Path
) -> None:
    started = opensearch_cluster(heap="512m")
    place = Place(tmp_path / "lake", Choice("opensearch", "dicomlake", started.urls))
    source = hospital(tmp_path / "archive")
    place.command("index", source, "--quiet")
    before = place.documents()
    which = {"indices": "dicomlake-*", "include_global_state": False}
    with httpx.Client(base_url=started.url, timeout=60) as client:
        repository = {"type": "fs", "settings": {"location": str(started.snapshots / "lake")}}
        client.put("/_snapshot/lake", json=repository).raise_for_status()
        client.put("/_snapshot/lake/monday", params=WAIT, json=which).raise_for_status()
        shutil.copytree(place.data, tmp_path / "backup")
        shutil.rmtree(place.data)
        for kind in ("instances", "series", "kept", "state"):
            client.delete(f"/dicomlake-{kind}-1").raise_for_status()
        restored = place.at(tmp_path / "backup")
        assert restored.command("stats").failed_with(1, "there are no indices", "restore them")
        client.post("/_snapshot/lake/monday/_restore", params=WAIT, json=which).raise_for_status()
    assert restored.documents() == before
    again = restored.command("index", source, "--json", "--quiet").lines[-1]
    assert (again["unchanged"], again["indexed"]) == (48, 0)
