"""What errors say, read off the code that raises them."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

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


def titles() -> list[str]:
    """What the codes of errors mean."""
    return list(dict.fromkeys(one.title for one in CLASSES.values()))
