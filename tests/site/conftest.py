"""A site for one test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dicomlake.site import Site, current, load, use

UseSite = Callable[..., Site]


@pytest.fixture
def use_site(tmp_path: Path) -> Iterator[UseSite]:
    """Makes a site of the texts of its files the one of this process, until the test has ended."""
    before = current()

    def make(canonical: str = "", patients: str = "") -> Site:
        paths = []
        for name, text in (("canonical.yml", canonical), ("patients.csv", patients)):
            path = tmp_path / name
            path.write_text(text, encoding="utf-8")
            paths.append(path if text else None)
        use(load(*paths))
        return current()

    yield make
    use(before)
