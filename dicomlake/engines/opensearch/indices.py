"""The indices of one lake on the server: versioned names behind aliases, made from the generated templates."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Literal

from dicomlake.engines.opensearch.client import PATIENCE, Client, Pauses
from dicomlake.errors import EngineAwayError, LakeError
from mappings import schemas
from mappings.schemas import field_name

Kind = Literal["instances", "series", "kept"]

KINDS: Final[tuple[Kind, ...]] = ("instances", "series", "kept")

_MERGING: Final = 3_600
"""Seconds that one waits for segments to be merged."""

_OWN: Final = "c_"
"""What the names of fields of columns begin with."""


_COPIES: Final = "copies"
"""Under this name the state says how many copies the documents are to have once the first load has ended."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Shards and copies of each new index. ``later``: documents get their copies when the first load has ended.

    Where no copies are wanted the server need not keep documents as they were sent, for a copy to catch up by, which
    makes loading faster (docs/decisions/0030). That cannot be changed later, see 0037.
    """

    shards: int = 1
    replicas: int = 0
    later: bool = False


class Indices:
    """Names and making of the indices. ``prefix``: what all their names begin with; ``version``: what they end with.

    They are read and written by their own names: which version a lake looks at is said by its mark, and by nothing
    else. The aliases, without a version, are for people and programs that look at the server themselves.
    """

    def __init__(self, client: Client, prefix: str, columns: Iterable[str], version: int = 1) -> None:
        self._client = client
        self.prefix = prefix
        self.version = version
        self._columns = tuple(columns)
        self.state = f"{prefix}-state-{version}"

    def alias(self, kind: Kind) -> str:
        """The name that stays the same from one version to the next."""
        return f"{self.prefix}-{kind}"

    def name(self, kind: Kind) -> str:
        """The name of the index of this version."""
        return f"{self.alias(kind)}-{self.version}"

    @property
    def names(self) -> list[str]:
        """All of this version."""
        return [*map(self.name, KINDS), self.state]

    @property
    def client(self) -> Client:
        """The connection to their server."""
        return self._client

    @property
    def templates(self) -> list[str]:
        """The names of their index templates."""
        return [f"{self.prefix}-{name}" for name in ("documents", "kept")]

    def exist(self) -> bool:
        """Whether they have been made."""
        found: Any = self._client.call("HEAD", f"/{self.state}", allowed=(404,))
        return bool(found)

    def make(self, shape: Shape, about: Mapping[str, str] | None = None) -> None:
        """Make what is not there yet; ``about`` is kept with them, see :meth:`about`. Raises EngineError."""
        if self.exist():
            return
        for name, body in self._templates(shape).items():
            self._client.call("PUT", f"/_component_template/{self.prefix}-{name}", body)
            patterns = [f"{self.alias(kind)}-*" for kind in KINDS if (kind == "kept") == (name == "kept")]
            template = {"index_patterns": patterns, "composed_of": [f"{self.prefix}-{name}"], "priority": 500}
            self._client.call("PUT", f"/_index_template/{self.prefix}-{name}", template)
        later = shape.later and shape.replicas > 0
        size = {"number_of_shards": shape.shards, "number_of_replicas": 0 if later else shape.replicas}
        wanted = {self.name(kind): {"settings": {"index": size}} for kind in KINDS}
        with ThreadPoolExecutor(len(wanted)) as threads:
            list(threads.map(self._create, wanted, wanted.values()))
        one = {"number_of_shards": 1, "number_of_replicas": shape.replicas, "refresh_interval": "-1"}
        known = {**(about or {}), **({_COPIES: str(shape.replicas)} if later else {})}
        mappings = {"dynamic": False, "_meta": known, "properties": {"key": {"type": "keyword"}}}
        self._create(self.state, {"settings": {"index": one}, "mappings": mappings})  # last: it says that all are there

    def _create(self, name: str, body: Mapping[str, Any]) -> None:
        answer = self._client.call("PUT", f"/{name}", body, allowed=(400,))
        if "error" in answer and answer["error"].get("type") != "resource_already_exists_exception":
            raise LakeError(f"the index {name} cannot be made: {answer['error'].get('reason')}")

    def _templates(self, shape: Shape) -> dict[str, Any]:
        """The generated ones, with the fields of these columns."""
        found = schemas.opensearch_templates()
        mappings = found["documents"]["template"]["mappings"]
        known = mappings["properties"]
        own = {field_name(path): known.get(field_name(path), {"type": "keyword"}) for path in self._columns}
        rest = {name: field for name, field in known.items() if not name.startswith(_OWN)}
        mappings["properties"] = {**rest, **own}
        if not shape.replicas:
            for template in found.values():
                template["template"]["mappings"]["_source"]["recovery_source_enabled"] = False
        return found

    def refresh(self, kinds: Iterable[Kind]) -> None:
        """Make what was put into these visible, on every shard: waits for those that are away."""
        listed = ",".join(self.name(kind) for kind in KINDS if kind in set(kinds))
        pauses = Pauses(PATIENCE)
        while listed:
            done = self._client.patiently("POST", f"/{listed}/_refresh", pauses=pauses)["_shards"]
            health = self._client.patiently("GET", f"/_cluster/health/{listed}", pauses=pauses)
            # The server leaves out shards that are away, and does not call that a failure.
            if health["status"] != "red" and not done["failed"] and done["successful"] >= health["active_shards"]:
                return
            if not pauses.wait():
                raise EngineAwayError("a part of the index has been away for too long; start all nodes, then go on")

    def merge(self) -> None:
        """Make one segment of all that a shard has, which may take as long as loading did by half. Where no answer is
        waited for so long, the server goes on by itself."""
        documents = ",".join(map(self.name, KINDS))
        with suppress(EngineAwayError):
            self._client.call("POST", f"/{documents}/_forcemerge", max_num_segments=1, request_timeout=_MERGING)

    def shards(self) -> int:
        """Shards of an index of documents."""
        answer = self._client.call(
            "GET", f"/{self.name('series')}/_settings/index.number_of_shards", flat_settings=True
        )
        return max(int(one["settings"]["index.number_of_shards"]) for one in answer.values())

    def fields(self) -> int:
        """Fields in the mappings of instances."""
        answer = self._client.call("GET", f"/{self.name('instances')}/_mapping")
        return max(len(one["mappings"]["properties"]) for one in answer.values())

    def size(self) -> int:
        """Bytes on the disks, copies included."""
        names = ",".join(self.names)
        answer = self._client.call("GET", f"/{names}/_stats/store", filter_path="_all.total.store.size_in_bytes")
        return int(answer["_all"]["total"]["store"]["size_in_bytes"])

    def about(self) -> dict[str, str]:
        """What was kept with them when they were made."""
        answer = self._client.call("GET", f"/{self.state}/_mapping")
        found: dict[str, str] = next(iter(answer.values()))["mappings"].get("_meta", {})
        return found

    def wanting(self) -> int:
        """Copies that the documents are still to get, because the first load has not ended; 0 for none."""
        return int(self.about().get(_COPIES, 0))

    def settle(self) -> None:
        """A load has ended: write everything to disk where there is a node that shards could be moved to, and make the
        copies that are still wanted. Killed at any point, it may be done again."""
        documents = ",".join(map(self.name, KINDS))
        if self._client.call("GET", "/_cluster/health")["number_of_data_nodes"] > 1:
            self._client.call("POST", f"/{documents}/_flush")
        about = self.about()
        if _COPIES in about:
            wanted = {"index.number_of_replicas": int(about.pop(_COPIES))}
            self._client.call("PUT", f"/{documents}/_settings", wanted)
            self._client.call("PUT", f"/{self.state}/_mapping", {"_meta": about})  # last: it says that all is done

    def publish(self) -> None:
        """Let the aliases name this version and no other, in one step."""
        listed: list[dict[str, Any]] = []
        for kind in KINDS:
            others = {"index": f"{self.alias(kind)}-*", "alias": self.alias(kind), "must_exist": False}
            listed += [{"remove": others}, {"add": {"index": self.name(kind), "alias": self.alias(kind)}}]
        self._client.call("POST", "/_aliases", {"actions": listed})

    def published(self) -> int | None:
        """The version that the aliases name."""
        answer = self._client.call("GET", f"/_alias/{self.alias('series')}", allowed=(404,))
        found = [name.rpartition("-")[2] for name in answer if name.startswith(f"{self.alias('series')}-")]
        return int(found[0]) if found else None

    def in_use(self) -> int:
        """How many look at this version at the moment: points in time that are open."""
        path = f"/{','.join(self.names)}/_stats/search"
        answer = self._client.call("GET", path, filter_path="_all.primaries.search.point_in_time_current")
        return int(answer.get("_all", {}).get("primaries", {}).get("search", {}).get("point_in_time_current", 0))

    def delete(self) -> None:
        """Delete this version."""
        self._client.call("DELETE", f"/{','.join(self.names)}", allowed=(404,), ignore_unavailable=True)

    def remove(self) -> None:
        """Delete all versions, and their templates."""
        names = [f"{name.removesuffix(str(self.version))}*" for name in self.names]
        self._client.call("DELETE", f"/{','.join(names)}", allowed=(404,), ignore_unavailable=True)
        for name in ("documents", "kept"):
            for noun in ("_index_template", "_component_template"):
                self._client.call("DELETE", f"/{noun}/{self.prefix}-{name}", allowed=(404,))
