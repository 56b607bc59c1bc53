"""A page in a real headless Chromium, with everything that it says or asks for meanwhile."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
NARROW, PHONE, TABLET, DESK = (360, 740), (390, 844), (768, 1024), (1440, 900)
Scheme = Literal["light", "dark"]


def program() -> str | None:
    """Find the browser: CHROMIUM, else the first of its names on the path."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def launched(playwright: Playwright, executable: str) -> Browser:
    """Start it. Its sandbox wants rights that root in a container lacks, and our own page needs none."""
    return playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])


@dataclass
class Opened:
    """An open page."""

    page: Page
    said: list[str] = field(default_factory=list)
    """Lines of its console, and errors that nobody caught."""
    asked: list[str] = field(default_factory=list)
    """Addresses that it asked for, but for its own."""

    def measure(self, script: str) -> Any:
        """Ask the page."""
        return self.page.evaluate(script)


@contextmanager
def opened(browser: Browser, path: Path, size: tuple[int, int] = DESK, scheme: Scheme = "light") -> Iterator[Opened]:
    """Open a file and wait until its plots are drawn."""
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    own = path.as_uri()
    try:
        page = context.new_page()
        result = Opened(page)
        page.on("console", lambda line: result.said.append(f"{line.type}: {line.text}"))
        page.on("pageerror", lambda error: result.said.append(str(error)))
        page.on("request", lambda request: result.asked.extend({request.url} - {own}))
        page.goto(own)
        page.wait_for_selector("html[data-drawn]", state="attached")
        yield result
    finally:
        context.close()
