"""A site's own canonicalisation rules: one YAML file, ``{table: {canonical value: {names, starts, note}}}``.

Its keys are those of ``mappings/canonical/*.yml``; :func:`mappings.canonical.merged` lays its rules over the project's.
What is not understood, or written twice, is an error of one line that names line and key and says what to do.
"""

from collections.abc import Collection, Iterator
from typing import Final, NoReturn

import yaml

from mappings.normal import words

Rules = dict[str, dict[str, str]]
"""Compiled rules of a table, as far as a site writes them: its ``values``, ``exact`` and ``starts``."""

_LISTS: Final = {"names": "exact", "starts": "starts"}
_KEYS: Final = (*_LISTS, "note")
_TEXT: Final = "tag:yaml.org,2002:str"
_NULL: Final = "tag:yaml.org,2002:null"


class SiteRulesError(ValueError):
    """Rules that cannot be used; the message begins with the line."""


def read(text: str, tables: Collection[str]) -> dict[str, Rules]:
    """The rules by table. ``tables``: the names there are. Raises SiteRulesError."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SiteRulesError(f"line {line}: no valid YAML, {error.problem}; mend it there or just above") from error
    except (yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise SiteRulesError(f"no valid YAML, {reason}; it should be text: tables, values, names") from error
    found: dict[str, Rules] = {}
    for key, content in _entries(root, "tables"):
        if key.value not in tables:
            _refuse(key, f"there is no table {key.value}; the tables are {', '.join(sorted(tables))}")
        found[key.value] = _rules(content)
    return {table: rules for table, rules in found.items() if rules["values"]}


def _rules(table: yaml.Node) -> Rules:
    rules: Rules = {"values": {}, "exact": {}, "starts": {}}
    claimed: dict[tuple[str, str], tuple[yaml.Node, yaml.Node]] = {}
    for value, content in _entries(table, "canonical values"):
        rule = "site-" + "-".join(_words(value)).lower()
        rules["values"][rule] = value.value
        for kind, text in (("exact", value), *_texts(content)):
            spelled = ("" if kind == "exact" else " ").join(_words(text))
            owner, first = claimed.setdefault((kind, spelled), (value, text))
            if owner is not value:
                _refuse(text, f"{text.value} belongs to another value already (line {_line(first)}); leave it in one")
            rules[kind][spelled] = rule
    return rules


def _texts(rule: yaml.Node) -> Iterator[tuple[str, yaml.ScalarNode]]:
    """The names and beginnings of a rule, each with where it is compiled to."""
    for key, content in _entries(rule, "names, starts and note"):
        if key.value not in _KEYS:
            _refuse(key, f"unknown key {key.value}; a rule has {', '.join(_KEYS)}")
        if key.value in _LISTS:
            if not isinstance(content, yaml.SequenceNode):
                _refuse(content, f"{key.value} needs a list; write [one, two]")
            for item in content.value:
                yield _LISTS[key.value], _text(item)


def _entries(node: yaml.Node | None, what: str) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    """Keys and values of a mapping, none of nothing at all."""
    if node is None or (isinstance(node, yaml.ScalarNode) and node.tag == _NULL):
        return
    if not isinstance(node, yaml.MappingNode):
        _refuse(node, f"a mapping of {what} is expected here; write a colon behind each")
    seen: dict[str, yaml.ScalarNode] = {}
    for key, content in node.value:
        before = seen.setdefault(_text(key).value, key)
        if before is not key:
            _refuse(key, f"{key.value} is there already (line {_line(before)}); put both into one")
        yield key, content


def _text(node: yaml.Node) -> yaml.ScalarNode:
    if not isinstance(node, yaml.ScalarNode):
        _refuse(node, "a text is expected here, not a list or a mapping")
    if node.tag != _TEXT:
        _refuse(node, f"{node.value or 'nothing'} is no text; put it in quotes")
    return node


def _words(node: yaml.ScalarNode) -> list[str]:
    found = words(node.value)
    if not found:
        _refuse(node, f"{node.value!r} has no letters or digits to compare; remove it")
    return found


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _refuse(node: yaml.Node, message: str) -> NoReturn:
    raise SiteRulesError(f"line {_line(node)}: {message}")
