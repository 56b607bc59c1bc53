"""A year of rows in a store, the page about it, and a browser to open it in."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.report.browser import Opened, Scheme, launched, opened, program
from tests.report.year import FIRST, LAST, year
from tests.stack import LocalStack
from tests.views.rows import corner_with

YEAR = ("--since", f"{FIRST:%Y-%m-%d}", "--until", f"{LAST:%Y-%m-%d}")


@pytest.fixture(scope="session")
def year_stack(servers: LocalStack) -> Iterator[LocalStack]:
    with corner_with(servers, year()) as corner:
        yield corner


@pytest.fixture(scope="session")
def year_page(year_stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page about the whole year."""
    return report(year_stack, tmp_path_factory.mktemp("report") / "year.html", *YEAR)


@pytest.fixture(scope="session")
def small_page(year_stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page about the last fortnight of the year."""
    days = ("--since", f"{LAST - timedelta(days=13):%Y-%m-%d}", "--until", f"{LAST:%Y-%m-%d}")
    return report(year_stack, tmp_path_factory.mktemp("report") / "fortnight.html", *days)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = program()
    if executable is None:
        pytest.skip("no Chromium on the path; CHROMIUM names one, `apt-get install chromium` brings it")
    with sync_playwright() as playwright:
        chromium = launched(playwright, executable)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def views(browser: Browser, year_page: Path) -> Iterator[Callable[[tuple[int, int], Scheme], Opened]]:
    """The page about the year at a size, light or dark, open; for tests that leave it as it is."""
    with ExitStack() as all_open:
        yield cache(lambda size, scheme="light": all_open.enter_context(opened(browser, year_page, size, scheme)))


def report(stack: LocalStack, out: Path, *options: str) -> Path:
    """Write a page with the real command."""
    done = stack.command("report", *options, "--out", str(out))
    assert done.returncode == 0, done.stderr
    return out
