"""Several hosts load into one lake at once: in the end it is what one host would have made of all files.

Each host is a process with a data folder of its own; one is really killed over an update, another stopped until others
take it for dead, and continued.
"""

import json
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dicomlake.engines.opensearch.leases import Leases
from dicomlake.engines.opensearch.register import Register
from dicomlake.lake import Lake
from dicomlake.lake.lock import who
from dicomlake.lake.server import ServerHome
from indexer.flow import run
from indexer.sources.folder import folders
from tests.builders import dicom_file
from tests.cli.run import environment_of
from tests.engines.loads import content
from tests.indexer.builders import hospital
from tests.lake.places import Place, on_server
from tools.opensearch import Server

REPOSITORY = Path(__file__).parents[2]
PATIENCE = 4.0
HOSTS = ("a", "b", "c", "d")
SERIES, INSTANCES = 6, 14

Reply = Callable[["Host", int], str]
"""What a host is told before its commit of a number."""


def archive(folder: Path, seed: int) -> dict[str, Path]:
    """A folder for each host: files of the same series and studies, two series a study, at random. Some instances are
    on two hosts, some of those with other content, some of those in another series; one study has two patients."""
    rng = random.Random(seed)
    parts = {host: folder / host for host in HOSTS}
    for s in range(SERIES):
        for i in range(INSTANCES):
            about = {"PatientID": f"P{s // 4}", "InstanceNumber": i, "SliceThickness": 1.5 + s, "SeriesNumber": s}
            if (s, i) == (2, 3):
                about["PatientID"] = "P9"
            names: dict[str, Any] = {"uid": f"1.2.{s}.{i}", "series": f"1.2.{s}", "study": f"1.2.99.{s // 2}"}
            first, second = rng.sample(HOSTS, 2)
            dicom_file(parts[first] / f"{s}-{i}.dcm", **names, **about)
            kind = rng.randrange(8)
            if kind == 0:
                shutil.copy(parts[first] / f"{s}-{i}.dcm", made(parts[second]) / f"{s}-{i}.dcm")
            elif kind == 1:
                dicom_file(parts[second] / f"{s}-{i}.dcm", **names, **about | {"ImageComments": "again"})
            elif kind == 2:
                other = (s + 1) % SERIES
                elsewhere = names | {"series": f"1.2.{other}", "study": f"1.2.99.{other // 2}"}
                dicom_file(parts[second] / f"{s}-{i}.dcm", **elsewhere, **about)
    return parts


def made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def changed(parts: dict[str, Path], seed: int) -> None:
    """What happens to the files between two loads: some go, some are rewritten, into another series or as others."""
    rng = random.Random(seed)
    for file in sorted(file for part in parts.values() for file in part.rglob("*.dcm")):
        s, i = file.stem.split("-")
        kind = rng.randrange(6)
        if kind == 0:
            file.unlink()
        elif kind == 1:
            other = (int(s) + 2) % SERIES
            dicom_file(file, uid=f"1.2.{s}.{i}", series=f"1.2.{other}", study=f"1.2.99.{other // 2}", PatientID=f"P{i}")
        elif kind == 2:
            dicom_file(file, uid=f"1.2.{s}.{i}.1", series=f"1.2.{s}", study=f"1.2.99.{int(s) // 2}", PatientID="P0")


@dataclass
class Host:
    """One host: its data folder, the files that it sees, how it ended and what it said of it."""

    place: Place
    source: Path
    seed: int
    process: subprocess.Popen[str] = field(init=False)
    said: dict[str, Any] = field(default_factory=dict)
    told: str = ""

    def load(self, reply: Reply) -> int:
        """Run the indexer to its end, telling it what to do before each commit."""
        words = [self.place.data, str(PATIENCE), str(self.seed), self.source]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.lake.loading_host", *map(str, words)],
            cwd=REPOSITORY,
            env=environment_of(**self.place.settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        for number, line in enumerate(self.process.stdout):
            if line.startswith("{"):
                self.said = json.loads(line)
                break
            answer = reply(self, number)
            if answer:
                self.process.stdin.write(f"{answer}\n")
                self.process.stdin.flush()
        _, self.told = self.process.communicate()
        return self.process.returncode

    def holds(self) -> bool:
        """Whether it has a lease, by the register on the server."""
        home = ServerHome(self.place.data, self.place.choice)
        with home._indices("index-1") as indices:
            register = Register.of(Leases(indices.client, indices.state)._shared.read())
        return any(one.who == who(self.place.data) and one.number for one in register.leases)


def goes_on(host: Host, number: int) -> str:
    return "go"


def killed_at(last: int) -> Reply:
    """Killed over a commit, when the server has a part of its documents."""

    def reply(host: Host, number: int) -> str:
        if number < last:
            return "on"
        assert host.holds()
        host.process.kill()
        return ""

    return reply


def stopped_at(last: int, others: Callable[[], object]) -> Reply:
    """Stopped over a commit until another has taken it for dead; then it goes on."""

    def reply(host: Host, number: int) -> str:
        if number < last:
            return "on"
        host.process.send_signal(signal.SIGSTOP)
        assert host.holds()
        others()
        until = time.monotonic() + 60
        while host.holds() and time.monotonic() < until:
            time.sleep(0.1)
        assert not host.holds()
        host.process.send_signal(signal.SIGCONT)
        return "go"

    return reply


def at_once(*loads: Callable[[], object]) -> None:
    """Run all of them beside one another; raises what they raise."""
    failed: list[BaseException] = []

    def run_one(load: Callable[[], object]) -> None:
        try:
            load()
        except BaseException as error:  # noqa: BLE001  (raised below)
            failed.append(error)

    threads = [threading.Thread(target=run_one, args=(load,)) for load in loads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in failed:
        raise error


def joined(first: Place, data: Path) -> Place:
    """Another data folder of a lake, as the guide says."""
    made(data)
    shutil.copy(first.data / "secret.key", data)
    return first.at(data)


def whole(place: Place) -> dict[str, Any]:
    """Every document with all that the server has of it."""
    with place.open() as lake:
        return content(lake.engine)  # type: ignore[arg-type]


def undisturbed(place: Place, parts: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What one host makes of the files."""
    for name, value in place.settings.items():
        monkeypatch.setenv(name, value)
    files = sorted(str(file) for part in parts.values() for file in part.rglob("*.dcm"))
    run(place.data, folders(files))
    run(place.data, folders([str(part) for part in parts.values()]), prune=True, force=True)
    return whole(place)


def test_hosts_that_load_parts_of_the_same_series_make_what_one_would(
    opensearch: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = random.randrange(10_000)
    print("seed", seed)
    parts = archive(tmp_path / "archive", seed)
    with on_server(opensearch, tmp_path / "one") as one, on_server(opensearch, tmp_path / "a") as first:
        expected = undisturbed(one, parts, monkeypatch)
        Lake.open_for_writing(first.data, choice=first.choice).close()
        places = {host: first if host == "a" else joined(first, tmp_path / host) for host in HOSTS}
        hosts = {host: Host(places[host], parts[host], seed) for host in HOSTS}
        late = threading.Event()

        def load_a() -> None:
            assert hosts["a"].load(killed_at(1)) == -signal.SIGKILL
            late.wait()
            assert hosts["a"].load(goes_on) == 0, hosts["a"].told

        def load_b() -> None:
            assert hosts["b"].load(stopped_at(2, late.set)) == 0, hosts["b"].told

        def load_c() -> None:
            assert hosts["c"].load(goes_on) == 0, hosts["c"].told

        def load_d() -> None:
            late.wait()
            assert hosts["d"].load(goes_on) == 0, hosts["d"].told

        at_once(load_a, load_b, load_c, load_d)
        assert hosts["b"].said["superseded"] >= 1
        assert sum(host.said["mended"] for host in hosts.values()) >= 1  # what the killed one mended it did not say
        found = whole(first)
        differing = {key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)}
        assert not differing, f"{len(differing)} of {len(expected)} differ, such as {sorted(differing)[:5]}"
        assert len(found) > SERIES * INSTANCES

        changed(parts, seed)
        expected = undisturbed(one, parts, monkeypatch)
        at_once(*(lambda host=host: host.load(goes_on) for host in hosts.values()))
        assert [host.told for host in hosts.values()] == [""] * len(hosts)
        assert sum(host.said["removed"] for host in hosts.values()) >= 1
        found = whole(first)
        differing = {key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)}
        assert not differing, f"{len(differing)} of {len(expected)} differ, such as {sorted(differing)[:5]}"


def test_a_folder_with_the_secret_alone_is_another_one_of_the_lake(opensearch: Server, tmp_path: Path) -> None:
    source = hospital(tmp_path / "archive", series=2)
    with on_server(opensearch, tmp_path / "one") as one:
        assert one.command("index", source / "p0" / "s0", "--quiet").code == 0
        two = joined(one, tmp_path / "two")
        assert two.command("index", source / "p0" / "s1", "--quiet").code == 0
        assert two.documents() == one.documents()
        assert len(one.documents()["instance"]) == 16
        stranger = one.at(tmp_path / "three")
        assert stranger.command("index", source, "--quiet").failed_with(1, "belong to another data folder")
        other = joined(one, tmp_path / "four")
        done = other.command("index", source, "--quiet", **acme(tmp_path))
        assert done.failed_with(1, "another table of canonical values", "the same tables on every host")


def acme(folder: Path) -> dict[str, str]:
    """Settings with canonical values of the site's own."""
    table = folder / "canonical.yml"
    table.write_text("manufacturers: {Acme Imaging: {names: [SIEMENS]}}")
    return {"DICOMLAKE_CANONICAL_FILE": str(table)}


@pytest.mark.parametrize("keep", [("--keep-old",), ()], ids=["kept", "removed"])
def test_what_one_folder_migrates_the_others_follow(opensearch: Server, tmp_path: Path, keep: tuple[str, ...]) -> None:
    source = hospital(tmp_path / "archive", series=2)
    tables = acme(tmp_path)
    with on_server(opensearch, tmp_path / "one") as one:
        one.command("index", source / "p0" / "s0", "--quiet")
        two = joined(one, tmp_path / "two")
        two.command("index", source / "p0" / "s1", "--quiet")
        before = one.documents()
        assert one.command("engine", "migrate", "--quiet", *keep, **tables).code == 0
        refused = two.command("index", source / "p0" / "s1", "--quiet")
        assert refused.failed_with(1, "built anew from another data folder", "dicomlake engine migrate")
        assert two.command("engine", "migrate").failed_with(1, "another table of canonical values")
        followed = two.command("engine", "migrate", "--json", "--quiet", **tables)
        assert followed.code == 0, followed.err
        assert (followed.lines[-1]["needed"], followed.lines[-1]["instances"]) == (True, 0)
        again = two.command("index", source / "p0" / "s1", "--json", "--quiet", **tables).lines[-1]
        assert (again["unchanged"], again["instances"]) == (8, 16)
        assert two.documents() == one.documents() != before
        if keep:
            assert one.command("engine", "rollback").code == 0
            refused = two.command("index", source / "p0" / "s1", "--quiet", **tables)
            assert refused.failed_with(1, "built anew from another data folder")
            assert two.command("engine", "migrate", "--quiet").code == 0
            assert two.command("index", source / "p0" / "s1", "--json", "--quiet").lines[-1]["unchanged"] == 8
            assert two.documents() == one.documents() == before
