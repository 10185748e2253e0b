"""``python -m mappings.generate`` writes what is generated from ``mappings/``; ``--check`` only compares."""

import argparse
import difflib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from mappings.generate import dictionary, pages
from mappings.generate.fields import SourceError
from mappings.generate.paths import PROJECT, ROOT
from mappings.generate.registry import canonical_json, read, registry_json
from mappings.generate.schemas import embedded_json, opensearch_json

_SHOWN_LINES: Final = 10


def generated(root: Path = ROOT) -> dict[str, str]:
    """Every generated file: its path below the project, its text. Raises SourceError."""
    fields, tables = read(root)
    canonical = canonical_json(tables)
    registry = registry_json(fields, canonical)
    folder = "mappings/generated"
    return {
        f"{folder}/canonical.json": _text(canonical),
        f"{folder}/registry.json": _text(registry),
        f"{folder}/embedded_schema.json": _text(embedded_json(fields, registry["hash"])),
        f"{folder}/opensearch_templates.json": _text(opensearch_json(fields, registry["hash"])),
        "docs/reference/fields.md": pages.fields_page(fields),
        "docs/reference/canonical.md": pages.canonical_page(tables),
    }


def drift(files: Mapping[str, str], project: Path = PROJECT) -> Iterator[str]:
    """What differs on disk from what should be there: a line a file, then the first lines of the difference."""
    for name, wanted in files.items():
        path = project / name
        found = path.read_text(encoding="utf-8") if path.exists() else ""
        if found == wanted:
            continue
        lines = [
            line
            for line in difflib.unified_diff(found.splitlines(), wanted.splitlines(), "on disk", "generated", "", "", 0)
            if not line.startswith(("---", "+++", "@@"))
        ]
        yield f"{name}: out of date, {len(lines)} lines differ; run python -m mappings.generate"
        yield from (f"  {line[:160]}" for line in lines[:_SHOWN_LINES])


def main(arguments: list[str] | None = None, root: Path = ROOT, project: Path = PROJECT) -> int:
    """Read ``root``, write below ``project``. Exit code 0 when everything is up to date or was written, 1 otherwise."""
    parser = argparse.ArgumentParser(
        prog="python -m mappings.generate",
        description="Generate the registry's JSON, the engines' schemas and the reference pages.",
        epilog="example: python -m mappings.generate --check",
    )
    parser.add_argument("--check", action="store_true", help="write nothing, say what is out of date")
    options = parser.parse_args(arguments)
    stale = dictionary.main(["--check"] if options.check else [])  # first: fields are checked against its tables
    try:
        files = generated(root)
    except SourceError as error:
        print(f"mappings: {error}", file=sys.stderr)
        return 1
    if options.check:
        differences = list(drift(files, project))
        print("\n".join(differences) or "mappings: everything generated from fields and rules is up to date")
        return 1 if differences or stale else 0
    for name, text in files.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


def _text(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    sys.exit(main())
