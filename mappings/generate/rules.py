"""Read ``mappings/canonical/*.yml``, strictly, and compile the rules for :mod:`mappings.canonical`."""

from pathlib import Path
from typing import Any, Final

from mappings.generate.fields import SourceError, load_yaml
from mappings.normal import words

_TABLE_KEYS: Final[dict[str, type]] = {
    "title": str,
    "source": str,
    "strip_first": list,
    "strip_last": list,
    "splits": list,
    "rules": list,
}
_SPLIT_KEYS: Final[dict[str, type]] = {"companion": str, "value": str, "first": list, "last": list, "glued": list}
_RULE_KEYS: Final[dict[str, type]] = {"id": str, "value": str, "names": list, "starts": list, "note": str}


def read_tables(folder: Path) -> dict[str, dict[str, Any]]:
    """All tables as written, by file name. Raises SourceError."""
    tables = {path.stem: _table(path) for path in sorted(folder.glob("*.yml"))}
    if not tables:
        raise SourceError(f"{folder}: no canonicalisation tables")
    return tables


def compile_table(file: str, table: dict[str, Any]) -> dict[str, Any]:
    """The form that :meth:`mappings.canonical.Table.compiled` takes.

    The value of a rule is one of its names. Raises SourceError when two rules claim the same name or beginning.
    """
    compiled: dict[str, Any] = {
        "values": {rule["id"]: rule["value"] for rule in table["rules"]},
        "exact": {},
        "starts": {},
        "strip_first": sorted(_words(file, part) for part in table.get("strip_first", [])),
        "strip_last": sorted(_words(file, part) for part in table.get("strip_last", [])),
        "split_first": {},
        "split_last": {},
        "glued": {},
    }
    for split in table.get("splits", []):
        for end in ("first", "last"):
            for part in split.get(end, []):
                _split(file, compiled[f"split_{end}"], _words(file, part), [split["companion"], split["value"]])
    for rule in table["rules"]:
        for name in (rule["value"], *rule.get("names", [])):
            _claim(file, rule["id"], compiled["exact"], _words(file, name).replace(" ", ""))
        for beginning in rule.get("starts", []):
            _claim(file, rule["id"], compiled["starts"], _words(file, beginning))
    for split in table.get("splits", []):
        for name in split.get("glued", []):
            _glue(file, compiled, split, _words(file, name).replace(" ", ""))
    return compiled


def _claim(file: str, rule: str, claimed: dict[str, str], key: str) -> None:
    other = claimed.setdefault(key, rule)
    if other != rule:
        raise SourceError(f"{file}: {rule}: {key} belongs to rule {other} already")


def _split(file: str, claimed: dict[str, list[str]], key: str, split: list[str]) -> None:
    other = claimed.setdefault(key, split)
    if other != split:
        raise SourceError(f"{file}: splits: {key} means {split[1]} and {other[1]}")


def _glue(file: str, compiled: dict[str, Any], split: dict[str, Any], name: str) -> None:
    """``LKNEE`` is a name of what ``KNEE`` is a name of, and has a side."""
    if name not in compiled["exact"]:
        raise SourceError(f"{file}: splits: glued: {name} is no name of a rule")
    key = split["value"] + name
    _claim(file, compiled["exact"][name], compiled["exact"], key)
    compiled["glued"][key] = [split["companion"], split["value"]]


def _words(file: str, text: str) -> str:
    found = " ".join(words(text))
    if not found:
        raise SourceError(f"{file}: {text!r} has no letters or digits")
    return found


def _table(path: Path) -> dict[str, Any]:
    table = load_yaml(path)
    _checked(path.name, table, _TABLE_KEYS, ("title", "source", "rules"))
    for split in table.get("splits", []):
        if not isinstance(split, dict):
            raise SourceError(f"{path.name}: every entry of splits is a mapping")
        _checked(f"{path.name}: splits", split, _SPLIT_KEYS, ("companion", "value"))
    ids: set[str] = set()
    for rule in table["rules"]:
        if not isinstance(rule, dict) or not isinstance(rule.get("id"), str):
            raise SourceError(f"{path.name}: every entry of rules is a mapping with an id")
        where = f"{path.name}: {rule['id']}"
        _checked(where, rule, _RULE_KEYS, ("id", "value"))
        if rule["id"] in ids:
            raise SourceError(f"{where}: a rule with this id is there already")
        ids.add(rule["id"])
    return table


def _checked(where: str, content: dict[str, Any], keys: dict[str, type], required: tuple[str, ...]) -> None:
    for key in required:
        if key not in content:
            raise SourceError(f"{where}: {key} is missing")
    for key, value in content.items():
        if key not in keys:
            raise SourceError(f"{where}: unknown key {key}")
        if type(value) is not keys[key]:
            raise SourceError(f"{where}: {key}: {'text' if keys[key] is str else 'a list'} expected")
        if (
            isinstance(value, list)
            and key not in ("rules", "splits")
            and not all(isinstance(item, str) for item in value)
        ):
            raise SourceError(f"{where}: {key}: a list of texts expected, quote what looks like a number or yes/no")
