"""A header in the DICOM JSON model (PS3.18 annex F), and what of it cannot be given because the lake keeps less."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from dicomlake.documents.attributes import MADE_UP, Attribute, attributes

_TEXTS: Final = frozenset({"AE", "AS", "CS", "DA", "DT", "LO", "LT", "SH", "ST", "TM", "UC", "UI", "UR", "UT"})
_NUMBERS: Final = frozenset({"DS", "IS", "FD", "FL", "SL", "SS", "SV", "UL", "US", "UV"})
_BINARY: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
_COMPONENTS: Final = ("Alphabetic", "Ideographic", "Phonetic")
_FILE_META: Final = "0002"

DataSet = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An attribute that the header had and the model cannot hold as it was. ``reason``: ``long``, bytes of which only
    length and hash are kept; ``many``, more than 256 values, of which the first are kept; ``broken``, a value that its
    VR cannot hold; ``no-block``, a private element whose block is not reserved; ``made-up``, an identity that the data
    set did not have. ``kept`` is what the lake has of it."""

    path: str
    tag: str | None
    vr: str
    reason: str
    kept: Any


def model(body: Mapping[str, Any]) -> tuple[DataSet, list[LeftOut]]:
    """The data set of a document, without file meta (PS3.18 F.2), and what is left out of it."""
    found = {issue["code"] for issue in body.get("quality") or ()}
    made_up = {path for code, path in MADE_UP.items() if code in found}
    left_out: list[LeftOut] = []
    return _data_set(attributes(body), made_up, left_out), left_out


def plain(left_out: Sequence[LeftOut]) -> list[dict[str, Any]]:
    """What is left out, as JSON."""
    return [asdict(one) for one in left_out]


def _data_set(level: Sequence[Attribute], made_up: set[str], left_out: list[LeftOut]) -> DataSet:
    found: DataSet = {}
    for one in level:
        if one.tag is not None and one.tag.startswith(_FILE_META):
            continue
        reason = "made-up" if one.path in made_up else "no-block" if one.tag is None else _lost(one)
        if reason:
            left_out.append(LeftOut(one.path, one.tag, one.vr, reason, one.value))
        elif one.items is not None:
            items = [_data_set(item, set(), left_out) for item in one.items]
            found[str(one.tag)] = {"vr": "SQ", "Value": items} if items else {"vr": "SQ"}
        else:
            found[str(one.tag)] = {"vr": one.vr, **_content(one)}
    return dict(sorted(found.items()))


def _lost(one: Attribute) -> str | None:
    """Why a value cannot be given."""
    value = one.value
    if isinstance(value, dict):
        if "first" in value:
            return "many"
        if "InlineBinary" not in value:
            return "long"
        return None if one.vr in _BINARY else "broken"
    fitting = all(_fits(one.vr, each) for each in (value if isinstance(value, list) else [value]))
    return None if fitting else "broken"


def _fits(vr: str, value: Any) -> bool:
    if value is None:
        return True
    if vr in _NUMBERS:
        return isinstance(value, int | float)
    if vr == "PN":
        return isinstance(value, str) and value.count("=") < len(_COMPONENTS)
    return vr in _TEXTS | {"AT"} and isinstance(value, str)


def _content(one: Attribute) -> dict[str, Any]:
    """``Value``, ``InlineBinary`` or, of an empty attribute, nothing."""
    value = one.value
    if isinstance(value, dict):
        return {"InlineBinary": value["InlineBinary"]}
    values = value if isinstance(value, list) else [value]
    if all(each is None or each == "" for each in values):
        return {}
    return {"Value": [_value(one.vr, each) for each in values]}


def _value(vr: str, value: Any) -> Any:
    if value is None or value == "":
        return None
    if vr == "PN":
        parts = zip(_COMPONENTS, str(value).split("="), strict=False)
        return {name: part for name, part in parts if part}
    if vr == "AT":
        return str(value).strip("()").replace(",", "")
    return value
