"""Hold the import contracts, and fail when there is none: ``contracts.py [CONFIG]`` runs import-linter and counts."""

import os
import re
import subprocess
import sys
from pathlib import Path

COUNT = re.compile(r"^Contracts: (\d+) kept, (\d+) broken\.$", re.MULTILINE)


def failure(output: str) -> str | None:
    """Why this output of import-linter is no success; ``None`` when contracts were kept and none was broken."""
    count = COUNT.search(output)
    kept, broken = (int(count[1]), int(count[2])) if count else (0, 0)
    if broken:
        return f"{broken} import contracts are broken"
    return None if kept else "no import contract was checked"


def main() -> int:
    """Print the contracts, and leave with 1 when they do not hold or there is none."""
    config = sys.argv[1:2] or [".importlinter"]
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-logo", "--no-cache", "--config", *config]
    environment = os.environ | {"COLUMNS": "200"}  # one line a contract
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    print(result.stdout.strip(), result.stderr.strip(), sep="\n")
    reason = failure(result.stdout)
    if reason is None and result.returncode == 0:
        return 0
    print(f"contracts: {reason or f'import-linter left with {result.returncode}'}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
