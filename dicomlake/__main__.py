"""The start of the program, for the command ``dicomlake`` and for ``python -m dicomlake``.

Our top-level packages have plain names (``api``, ``cli``, ``ui``, ...). A package of the same name earlier on the
import path would be taken instead of ours and break far from its cause, so start-up looks before anything is imported.
"""

import atexit
import gc
import os
import sys
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("mappings", "dicomlake", "sample", "indexer", "worker", "api", "ui", "cli")
HOME = Path(__file__).resolve().parents[1]


def shadowed() -> str | None:
    """What hides one of our packages, as one line for the person at the keyboard; ``None`` when nothing does."""
    for name in PACKAGES:
        spec = find_spec(name)
        places = (
            [Path(place).resolve() for place in (spec.submodule_search_locations or [spec.origin or ""])]
            if spec
            else []
        )
        if HOME / name in places[:1]:
            continue
        if not places:
            return f"the package '{name}' is missing from {HOME}; install Dicomlake again"
        return (
            f"another package named '{name}' ({places[0]}) hides Dicomlake's; take its folder off PYTHONPATH, or start "
            "dicomlake from an environment of its own"
        )
    return None


def main() -> int:
    """Run the command line; 1 when a foreign package stands in the way."""
    reason = shadowed()
    if reason is not None:
        print(f"dicomlake: {reason}", file=sys.stderr)
        return 1
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # there are none, and looking for them takes 10 ms
    atexit.register(gc.freeze)  # or all that was loaded is looked through for cycles at the end, which takes 35 ms
    from cli.main import main as run  # noqa: PLC0415  (only after the look above)

    return run()


if __name__ == "__main__":
    sys.exit(main())
