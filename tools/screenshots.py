"""Take the pictures of the documentation from the running page: ``screenshots.py [--out DIR] [--dark]``.

Makes the sample archive, indexes it and serves it from a temporary folder; needs Debian's ``chromium``.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from playwright.sync_api import Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
DICOMLAKE = (sys.executable, "-m", "dicomlake")
BODY_PART = "BodyPartExamined.canonical"
SIZE = (1440, 900)
PATIENCE = 60_000


@dataclass(frozen=True)
class Service:
    """Where API and page answer."""

    api: str
    page: str

    def first(self, **asked: Any) -> dict[str, Any]:
        """The first hit of a search."""
        body = json.dumps({"limit": 1, **asked}).encode()
        request = Request(f"{self.api}/api/v1/search", body, {"content-type": "application/json"})
        with urlopen(request) as answer:
            hit: dict[str, Any] = json.load(answer)["hits"][0]
            return hit


@contextmanager
def sample_served(patients: int) -> Iterator[Service]:
    """The sample archive, indexed and served on free ports."""
    with tempfile.TemporaryDirectory(prefix="dicomlake-") as folder:
        archive, lake = Path(folder) / "archive", Path(folder) / "lake"
        subprocess.run([*DICOMLAKE, "sample", archive, "--patients", str(patients)], check=True)
        if subprocess.run([*DICOMLAKE, "index", archive, "--data", lake], check=False).returncode not in (0, 3):
            raise SystemExit("screenshots: the sample archive could not be indexed")
        serve = [*DICOMLAKE, "serve", "--data", str(lake), "--port", "0", "--ui-port", "0", "--json"]
        process = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            addresses = json.loads(process.stdout.readline())
            yield Service(addresses["api"], addresses["ui"])
        finally:
            process.terminate()
            process.wait(60)


def take(page: Page, url: str, path: Path, unfold: str = "") -> None:
    """A picture of the page at an address, once it is painted; ``unfold`` names what to unfold in the header."""
    page.goto(url)
    page.locator(".st-key-results tbody tr").first.wait_for()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    if unfold:
        folded = page.locator(".st-key-detail details").filter(has_text=unfold)
        for summary in folded.locator("> summary").all():
            summary.click()
        folded.last.evaluate("fold => fold.scrollIntoView({block: 'end'})")
    page.wait_for_load_state("networkidle")  # pictures of hits come last
    page.evaluate("document.fonts.ready")
    page.mouse.move(SIZE[0] / 2, SIZE[1] - 5)
    page.screenshot(path=path, animations="disabled")
    print(path)


def main() -> int:
    """Write ``search.png`` and ``detail.png``."""
    parser = argparse.ArgumentParser(prog="screenshots.py", description="Pictures for the documentation")
    parser.add_argument("--out", type=Path, default=Path("docs/images"), help="folder (default: docs/images)")
    parser.add_argument("--patients", type=int, default=120, help="size of the sample archive (default: 120)")
    parser.add_argument("--dark", action="store_true", help="the dark theme")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)

    with sample_served(arguments.patients) as service, sync_playwright() as playwright:
        siemens = ["Modality:MR", "Manufacturer.canonical:Siemens Healthineers"]
        opened = service.first(q="Modality:MR AND Manufacturer:SIEMENS AND instanceCount:[4 TO *]", sort=["-StudyDate"])
        search = {
            "f": ["Modality:CT", "Modality:MR", *(f"{BODY_PART}:{part}" for part in ("CHEST", "ABDOMEN", "HEAD"))]
        }
        detail = {"f": siemens, "open": [f"series:{opened['SeriesInstanceUID']}"]}
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = chromium.new_context(
            viewport={"width": SIZE[0], "height": SIZE[1]}, color_scheme="dark" if arguments.dark else "light"
        )
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        take(page, f"{service.page}/?{urlencode(search, doseq=True)}", arguments.out / "search.png")
        take(page, f"{service.page}/?{urlencode(detail, doseq=True)}", arguments.out / "detail.png", unfold="SIEMENS")
        chromium.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
