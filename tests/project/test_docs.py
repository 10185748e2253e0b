"""What is undocumented fails: codes, settings and options are in the reference, and the pages stand on their own."""

import importlib
import pkgutil
import re
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cli.main import parser as build_parser
from dicomlake import settings
from dicomlake.errors import DicomlakeError
from dicomlake.headers import quality
from tools.verify import steps

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"


def every_error() -> set[type[DicomlakeError]]:
    """All error classes of the program, wherever they are defined."""
    for package in ("dicomlake", "indexer", "api", "cli"):
        home = importlib.import_module(package)
        for module in pkgutil.walk_packages(home.__path__, package + "."):
            if not module.name.endswith(("__main__", "conformance")):
                importlib.import_module(module.name)
    found, todo = {DicomlakeError}, [DicomlakeError]
    while todo:
        children = set(todo.pop().__subclasses__()) - found
        found |= children
        todo.extend(children)
    return found


def every_parser(parser: ArgumentParser) -> Iterator[ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action.choices, dict):
            for child in action.choices.values():
                yield from every_parser(child)


class Outside(HTMLParser):
    """Collects what a browser would fetch from elsewhere when it opens a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        wanted = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src"}.get(tag)
        self.found += [value for name, value in attrs if name == wanted and value and re.match(r"(https?:)?//", value)]


def test_every_error_code_is_documented() -> None:
    page = (REFERENCE / "errors.md").read_text()
    assert [error.code for error in every_error() if f"\n## {error.code}\n" not in page] == []


def test_every_error_has_a_code_of_its_own() -> None:
    codes = Counter(error.code for error in every_error())
    assert [code for code, times in codes.items() if times > 1] == []


def test_every_quality_code_is_documented() -> None:
    page = (REFERENCE / "quality.md").read_text()
    assert quality.codes()
    assert [code for code in quality.codes() if f"| `{code}` |" not in page] == []


def test_every_setting_is_documented() -> None:
    page = (REFERENCE / "settings.md").read_text()
    assert [one.variable for one in settings.described() if f"`{one.variable}`" not in page] == []
    assert [one.variable for one in settings.described() if not one.meaning] == []


def test_every_option_is_documented() -> None:
    page = (REFERENCE / "cli.md").read_text()
    parsers = list(every_parser(build_parser()))
    assert len(parsers) > 1
    missing = [
        f"{parser.prog} {option}"
        for parser in parsers
        for action in parser._actions
        for option in action.option_strings
        if option not in page.partition(f"## {parser.prog}\n")[2].partition("\n## ")[0]
    ]
    assert missing == []


def test_every_option_says_what_it_does_and_every_command_has_an_example() -> None:
    parsers = list(every_parser(build_parser()))
    assert [f"{p.prog} {a.dest}" for p in parsers for a in p._actions if not a.help and not a.choices] == []
    assert [p.prog for p in parsers[1:] if f"{p.prog} " not in (p.epilog or "") + (p.description or "")] == []


def test_every_decision_is_listed() -> None:
    listed = (ROOT / "docs" / "decisions" / "index.md").read_text()
    pages = [page.name for page in (ROOT / "docs" / "decisions").glob("0*.md")]
    assert pages
    assert [page for page in pages if f"({page})" not in listed] == []


def test_generated_pages_are_what_the_code_says() -> None:
    result = subprocess.run(
        [sys.executable, ROOT / "tools" / "reference.py", "--check"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def build_site(site: Path, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """The site as ``make test`` builds it."""
    (command,) = (step.command for step in steps(str(site)) if step.name == "documentation")
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("link", ["guide/nowhere.md", "guide/api.md#nowhere", "images/nowhere.png"])
def test_a_broken_link_fails(link: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    index = tmp_path / "docs" / "index.md"
    index.write_text(index.read_text() + f"\n[broken]({link})\n")
    result = build_site(tmp_path / "site", tmp_path)
    assert result.returncode == 1
    assert link in result.stderr


def test_the_site_makes_no_outside_request(tmp_path: Path) -> None:
    result = build_site(tmp_path)
    assert result.returncode == 0, result.stderr
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) > 10
    for page in pages:
        parser = Outside()
        parser.feed(page.read_text())
        assert parser.found == [], page
    styles = "".join(style.read_text() for style in tmp_path.rglob("*.css"))
    assert re.findall(r"url\(['\"]?(?:https?:)?//[^)]*", styles) == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_of_the_front_pages_lead_somewhere(name: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / name).read_text())
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_readme_begins_with_what_a_fresh_debian_lacks() -> None:
    first = (ROOT / "README.md").read_text().splitlines()[0]
    assert "apt-get install make git python3-venv" in first


def test_every_make_target_has_a_line_of_help() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = next(line for line in makefile.splitlines() if line.startswith(".PHONY")).split()[1:]
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [target for target in targets if f"make {target} " not in shown] == []
