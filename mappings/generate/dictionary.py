"""Generate ``mappings/standard/data-dictionary.json`` and ``private-dictionary.json`` from pydicom's dictionaries.

``python -m mappings.generate.dictionary`` writes them, ``--check`` only says whether they are up to date. One element
is one line, so that a new edition of the standard is a readable difference.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

import pydicom
from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary
from pydicom._private_dict import private_dictionaries

STANDARD: Final = Path(__file__).parent.parent / "standard"
_EDITION: Final = {"3.0": "2024c"}
"""Edition of PS3.6 and PS3.7 that a minor release of pydicom carries, by its release notes."""
_VR_SPELLINGS: Final = {"OB_OW": "OB or OW"}


def public_table() -> str:
    """The text of ``data-dictionary.json``: tag or mask -> keyword, VR, VM, name, retired (0 or 1)."""
    release = ".".join(pydicom.__version__.split(".")[:2])
    rows = {
        **{f"{tag:08X}": entry for tag, entry in sorted(DicomDictionary.items())},
        **dict(sorted(RepeatersDictionary.items())),
    }
    return _table(
        {
            "about": "DICOM data dictionary: PS3.6 chapters 6, 7 and 8, PS3.7 annex E. An x stands for any digit.",
            "edition": _EDITION[release],
            "source": f"pydicom {pydicom.__version__}, pydicom._dicom_dict (MIT licence)",
            "columns": ["keyword", "vr", "vm", "name", "retired"],
        },
        "elements",
        {tag: _line([keyword, vr, vm, name, int(bool(ret))]) for tag, (vr, vm, name, ret, keyword) in rows.items()},
    )


def private_table() -> str:
    """The text of ``private-dictionary.json``: private creator -> tag with x for the block -> VR, VM, name."""
    creators = {
        creator: "{\n"
        + ",\n".join(
            f"    {_line(tag)}: {_line([_VR_SPELLINGS.get(vr, vr), vm, '' if name == 'Unknown' else name])}"
            for tag, (vr, vm, name, _) in sorted(entries.items())
        )
        + "\n  }"
        for creator, entries in sorted(private_dictionaries.items())
    }
    return _table(
        {
            "about": "Private elements by private creator (PS3.5 7.8). An x in a tag stands for any digit.",
            "edition": "none: vendors' conformance statements as collected by GDCM",
            "source": f"pydicom {pydicom.__version__}, pydicom._private_dict (MIT licence), from GDCM (BSD licence)",
            "columns": ["vr", "vm", "name"],
        },
        "creators",
        creators,
    )


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _table(head: dict[str, Any], name: str, rows: dict[str, str]) -> str:
    lines = [f"{_line(key)}: {_line(value)}," for key, value in head.items()]
    body = ",\n".join(f"  {_line(key)}: {row}" for key, row in rows.items())
    return "\n".join(["{", *lines, f"{_line(name)}: {{", body, "}}", ""])


def main(arguments: list[str] | None = None) -> int:
    """Write or check both tables; 1 when a check finds a difference."""
    parser = argparse.ArgumentParser(prog="python -m mappings.generate.dictionary", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail when a table is out of date")
    check = parser.parse_args(arguments).check
    stale = []
    for name, text in (("data-dictionary.json", public_table()), ("private-dictionary.json", private_table())):
        path = STANDARD / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not check:
                path.write_text(text, encoding="utf-8")
    for name in stale:
        print(f"{name}: {'out of date, run python -m mappings.generate.dictionary' if check else 'written'}")
    return 1 if stale and check else 0


if __name__ == "__main__":
    sys.exit(main())
