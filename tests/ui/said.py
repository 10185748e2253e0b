"""What errors say, read off the code that raises them."""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeGuard

import yaml

import dicomlake
from dicomlake import errors
from dicomlake.headers.quality import codes

ROOT = Path(dicomlake.__file__).parents[1]
CLASSES = {
    name: one for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, errors.DicomlakeError)
}
_SAYING = {*CLASSES, "Message", "UnknownName"}


@dataclass(frozen=True)
class Said:
    """What is said at one place: its text, None where that is put together there."""

    place: str
    text: str | None


@cache
def said(*rooms: str) -> tuple[Said, ...]:
    """What is said in files and folders, by paths from the root."""
    found: list[Said] = []
    for room in rooms:
        path = ROOT / room
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            tree = ast.parse(file.read_text(encoding="utf-8"))
            for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args):
                called = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
                if called in _SAYING:
                    place = f"{file.relative_to(ROOT)}:{call.lineno}"
                    found += (Said(place, text) for text in _texts(call.args[0]))
    return tuple(found)


def _texts(node: ast.expr) -> list[str | None]:
    match node:
        case ast.Constant(str(text)):
            return [text]
        case ast.JoinedStr() | ast.BinOp():
            return [None]
        case ast.IfExp():
            return [*_texts(node.body), *_texts(node.orelse)]
    return []  # a message made elsewhere


def kinds() -> list[str]:
    """What files without a picture are, in the words of an answer."""
    rows = yaml.safe_load((ROOT / "dicomlake/images/kinds.yml").read_text(encoding="utf-8"))
    return [row["words"] for row in rows if "words" in row]


def quality() -> list[str]:
    """What quality codes mean."""
    return [text for code in codes().values() for text in (code.title, code.description)]


@cache
def details() -> tuple[str, ...]:
    """What issues of headers say beside their codes: whatever is words in the reader, names for what fills it in."""
    files = [*(ROOT / "dicomlake/headers").glob("*.py"), ROOT / "dicomlake/documents/kept.py"]
    found: dict[str, None] = {}
    for file in files:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        aside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        aside |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
        aside |= {id(node.args[0]) for node in ast.walk(tree) if _is_error(node)}
        for node in ast.walk(tree):
            text = _template(node) if id(node) not in aside else ""
            if " " in text and _WORD.search(text) and not _CODE.search(text) and "{_advice}" not in text:
                found[text] = None
    return tuple(found)


_WORD = re.compile(r"(?<![\w{(-])[a-z]{2,}(?![\w})-])|\([a-z]")
_CODE = re.compile(r"[|\\\[]|^[A-Z]{2} or [A-Z]{2}$|^G0 |^get the file")
"""Types, patterns, names of VRs and sets of characters; and the advice that only errors give."""


def _is_error(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CLASSES


def _template(node: ast.AST) -> str:
    match node:
        case ast.Constant(str(text)):
            return text
        case ast.JoinedStr(values):
            return "".join(
                part.value if isinstance(part, ast.Constant) else _name(part.value)
                for part in values
                if isinstance(part, ast.Constant | ast.FormattedValue)
            )
    return ""


def _name(node: ast.expr) -> str:
    """What fills something in, by the last name in it."""
    return "{" + re.findall(r"\w+", ast.unparse(node))[-1].lower() + "}"


def decoders() -> list[str]:
    """What processes that decode pictures say, names for what fills it in."""
    found = []
    for name in ("decode", "render", "worker"):
        tree = ast.parse((ROOT / f"dicomlake/images/{name}.py").read_text(encoding="utf-8"))
        found += [_template(node.args[0]) for node in ast.walk(tree) if _is_error(node) and node.args]
    return [text for text in dict.fromkeys(found) if text]


def titles() -> list[str]:
    """What the codes of errors mean."""
    return list(dict.fromkeys(one.title for one in CLASSES.values()))
