"""``make test`` installs what the machine lacks, says so, and asks for root only when it is not root."""

import shutil
import subprocess
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "debian-packages"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder of commands to stand for a machine: a shell and little else; ``apt-get`` and ``sudo`` keep a record."""
    commands = tmp_path / "bin"
    commands.mkdir()
    for name in ("sh", "env", "mktemp", "rm", "cat"):
        (commands / name).symlink_to(shutil.which(name) or "")
    return commands


def provide(machine: Path, name: str, script: str) -> None:
    (machine / name).write_text(f"#!{machine / 'sh'}\n{script}\n")
    (machine / name).chmod(0o755)


def run(machine: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([TOOL, *arguments], env={"PATH": str(machine)}, capture_output=True, text=True, check=False)


def recorded(machine: Path) -> list[str]:
    record = machine / "record"
    return record.read_text().splitlines() if record.exists() else []


def record(machine: Path, word: str) -> str:
    return f'echo "{word} $DEBIAN_FRONTEND $*" >>{machine / "record"}'


def has(machine: Path, *packages: str) -> None:
    """Debian with these packages installed, and an ``apt-get`` that keeps a record."""
    known = "|".join(packages) or "none"
    provide(machine, "dpkg-query", f'case "$4" in {known}) echo "install ok installed" ;; *) exit 1 ;; esac')
    provide(machine, "apt-get", record(machine, "apt-get"))


def test_nothing_happens_where_everything_is(machine: Path) -> None:
    has(machine, "chromium", "libatomic1", "curl", "maven")
    result = run(machine)
    assert (result.returncode, result.stdout, recorded(machine)) == (0, "", [])


def test_maven_of_another_make_will_do(machine: Path) -> None:
    has(machine, "chromium", "libatomic1", "curl")
    provide(machine, "mvn", ":")
    result = run(machine)
    assert (result.returncode, result.stdout, recorded(machine)) == (0, "", [])


def test_root_installs_what_is_missing_without_sudo_after_an_update(machine: Path) -> None:
    has(machine, "libatomic1", "curl", "maven")
    provide(machine, "id", "echo 0")
    provide(machine, "sudo", record(machine, "sudo"))
    result = run(machine)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "The tests need Debian packages; installing: chromium\n"
    update, install = recorded(machine)
    assert update.startswith("apt-get noninteractive")
    assert update.endswith("update")
    assert install.endswith("install --no-install-recommends chromium")


def test_others_install_with_sudo(machine: Path) -> None:
    has(machine)
    provide(machine, "id", "echo 1000")
    provide(machine, "sudo", record(machine, "sudo") + '\nexec "$@"')
    result = run(machine)
    assert result.returncode == 0, result.stderr
    assert [line.split()[0] for line in recorded(machine)] == ["sudo", "apt-get", "sudo", "apt-get"]
    assert recorded(machine)[-1].endswith("install --no-install-recommends chromium libatomic1 curl maven")


def test_without_root_and_sudo_it_says_what_to_install(machine: Path) -> None:
    has(machine, "libatomic1", "curl", "maven")
    provide(machine, "id", "echo 1000")
    result = run(machine)
    assert result.returncode == 1
    assert "apt-get install chromium" in result.stderr
    assert recorded(machine) == []


def test_what_apt_says_is_shown_when_it_fails(machine: Path) -> None:
    has(machine)
    provide(machine, "id", "echo 0")
    provide(machine, "apt-get", "echo 'E: no such package'; exit 100")
    result = run(machine)
    assert result.returncode == 1
    assert "E: no such package" in result.stderr


def test_benchmarks_get_their_peer_and_the_tests_do_not(machine: Path) -> None:
    has(machine)
    provide(machine, "id", "echo 0")
    provide(machine, "sudo", record(machine, "sudo"))
    result = run(machine, "bench")
    assert result.returncode == 0, result.stderr
    assert recorded(machine)[-1].endswith("install --no-install-recommends orthanc")
    assert "systemctl disable --now orthanc" in result.stdout


def test_other_sets_of_packages_are_refused(machine: Path) -> None:
    result = run(machine, "everything")
    assert result.returncode == 2
    assert "everything" in result.stderr


def test_elsewhere_than_on_debian_the_programs_have_to_be_there(machine: Path) -> None:
    for program in ("chromium", "mvn"):
        result = run(machine)
        assert result.returncode == 1
        assert f"put {program} on the PATH" in result.stderr
        provide(machine, program, ":")
    assert run(machine).returncode == 0
