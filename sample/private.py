"""Private elements of the makers, from the sets of ``data/private.yml``."""

import struct
from collections.abc import Mapping
from typing import Any

from sample.chance import Chance
from sample.forms import Attributes, Private, fold, known_private_vr, private_key
from sample.tables import table

_WHOLE = frozenset({"IS", "SL", "SS", "UL", "US", "SV", "UV"})


def elements(device: Mapping[str, Any], facts: Mapping[str, Any], chance: Chance, *, each: bool = False) -> Attributes:
    """Private elements of a device: those of a series, or those that every instance has for itself (``each``).

    ``facts`` are the attributes of the series or instance and whatever else the planner knows. A set may not use
    elements that pydicom's dictionary does not type on a device that writes implicit VR: nobody could read them.
    """
    made: Attributes = {}
    for name in device.get("private", ()):
        for block in table("private")[name]:
            for element, rule in block["elements"].items():
                key = private_key(block["group"], block["creator"], element)
                if rule.get("each", False) is not each or (
                    device["syntax"] == "implicit" and known_private_vr(key) == "UN"
                ):
                    continue
                value = _value(rule, facts, chance)
                if value is not None:
                    made[key] = Private(rule["vr"], value)
    return made


def _value(rule: Mapping[str, Any], facts: Mapping[str, Any], chance: Chance) -> Any:
    if "fact" in rule:
        return facts.get(rule["fact"])
    if "choose" in rule:
        return chance.pick(rule["choose"])
    if "bytes" in rule:
        return chance.bytes(rule["bytes"])
    if "csa" in rule:
        return csa({name: _csa_text(name, facts, chance) for name in rule["csa"]})
    if "range" in rule:
        low, high = rule["range"]
        drawn = chance.between(low, high, rule["decimals"])
        return int(drawn) if rule["vr"] in _WHOLE else drawn
    value = rule["value"]
    return value.format_map(_Shown(facts)) if isinstance(value, str) else value


class _Shown(dict[str, Any]):
    """Facts for a text with braces: lists joined as DICOM joins them, what is absent is empty."""

    def __getitem__(self, key: str) -> Any:
        found = super().get(key)
        joined = "/".join(map(str, found)) if isinstance(found, list) else found
        return "" if joined is None else joined

    def __missing__(self, key: str) -> str:
        return ""


def _csa_text(name: str, facts: Mapping[str, Any], chance: Chance) -> str:
    known = {"UsedPatientWeight": "PatientWeight", "tProtocolName": "ProtocolName"}
    if name == "PatientName":
        return str(facts["latin"])
    if name in known:
        return fold(str(facts.get(known[name], "")))
    return str(chance.between(0, 2000, 3))


def csa(values: Mapping[str, str]) -> bytes:
    """A Siemens CSA header of type SV10: a signature, a count, then 84 bytes a tag and its items, little endian.

    Layout as documented by nibabel's CSA reader (nibabel.nicom.csareader).
    """
    out = bytearray(b"SV10\4\3\2\1" + struct.pack("<II", len(values), 77))
    for name, text in values.items():
        out += struct.pack("<64si4siii", name.encode("latin-1"), 1, b"LO\0\0", 19, 6, 77)
        for item in (text, *[""] * 5):
            held = item.encode("latin-1") + b"\0" if item else b""
            out += struct.pack("<4i", len(held), len(held), 77, len(held)) + held + bytes(-len(held) % 4)
    return bytes(out)
