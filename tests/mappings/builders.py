"""Small registries and rule tables on disk, for tests of how their sources are read."""

from pathlib import Path
from typing import Any

import yaml


def field_entry(keyword: str = "Modality", tag: str = "(0008,0060)", vr: str = "CS", **changes: Any) -> dict[str, Any]:
    """A valid entry; ``None`` takes a key away."""
    entry = {
        "keyword": keyword,
        "tag": tag,
        "vr": vr,
        "label": "A label",
        "label_es": "Una etiqueta",
        "description": "A description.",
        "level": "series",
        "privacy": "none",
        **changes,
    }
    return {key: value for key, value in entry.items() if value is not None}


def field_file(folder: Path, *entries: dict[str, Any], name: str = "group.yml", **head: Any) -> Path:
    """A file of fields; gives its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"group": name, "order": 10, **head, "fields": list(entries)}
    (folder / name).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return folder


def rule_table(*rules: dict[str, Any], **head: Any) -> dict[str, Any]:
    """A canonicalisation table as it comes from its file."""
    return {"title": "A table", "source": "A source", **head, "rules": list(rules)}
