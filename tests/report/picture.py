"""`python -m tests.report.picture`: takes the README's picture of the report, on demo data, anew."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

import infra.report
from infra.local.demo import Demo
from tests.report.browser import launched, opened, program

PICTURE = Path(infra.report.__file__).parent / "report.png"
SIZE = (920, 1500)
"""Pixels: the first screen, and what the strategies earned."""


def main() -> None:
    """Run the demo, open its report, and keep what is seen first."""
    executable = program() or sys.exit("no Chromium on the path; CHROMIUM names one")
    with tempfile.TemporaryDirectory(prefix="golden-thread-picture-") as folder:
        page = Path(folder) / "report.html"
        with Demo.started(Path(folder), None, 1, say=print) as demo:
            demo.run_all()
            page.write_text(demo.report(), encoding="utf-8")
        with sync_playwright() as playwright, opened(launched(playwright, executable), page, SIZE) as view:
            view.page.screenshot(path=PICTURE)
    print(f"wrote {PICTURE}")  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
