"""The command: a new installation, hostile texts, more trades than a page shows, and what cannot be done."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser

from infra.cli.report import command
from infra.report.asking import Scope, ask
from infra.report.page import render
from shared.warehouse import Warehouse, open_bigquery
from tests.report import layout
from tests.report.browser import PHONE, opened
from tests.report.conftest import report
from tests.report.reading import table, tables
from tests.stack import LocalStack
from tests.views.rows import at, expired, history, job_run, lay_out, load, rejected, snapshot, trade

WINTER = ("--since", "2026-01-01", "--until", "2026-03-31")
HOSTILE = (
    "</script><script>window.taken=1</script>",
    "\"'><img src=x onerror=window.taken=1>",
    "<!--",
    "`golden-thread` {{ 7 * 7 }} ${window.taken=1}",
    "\N{RIGHT-TO-LEFT OVERRIDE}evil\N{POP DIRECTIONAL FORMATTING}",
    "שלום",
    "nul\x00 and escape \x1b[31m",
    "long " * 2000,
)


@pytest.fixture
def empty(stack: LocalStack) -> LocalStack:
    lay_out(stack)
    return stack


@pytest.fixture
def hostile(empty: LocalStack) -> LocalStack:
    """A trade, a rejection, a moonshot, an account and a drifting field of each hostile name."""
    rows = [*history()]
    for place, name in enumerate(HOSTILE):
        known = {"strategy_id": name, "symbol": name, "exit_reason": name}
        rows += [
            trade(f"{place} {name}", "01-10", "5", "1", **known),
            rejected(f"{place} {name}", "01-10", name, "20", "TAKE_PROFIT"),
            expired(f"{place} {name}", "01-10", moonshot=True).model_copy(
                update={"symbol": name, "pattern_name": name}
            ),
            snapshot(name, "01-10", "100"),
            snapshot(name, "01-11", "120"),
        ]
    load(empty, [row.model_copy() for row in rows])
    return empty


def test_a_new_installation_gets_a_calm_page_that_says_so(browser: Browser, empty: LocalStack, tmp_path: Path) -> None:
    page = report(empty, tmp_path / "new.html")
    with opened(browser, page, PHONE) as view:
        words = view.page.inner_text("main")

        assert (view.said, view.asked) == ([], [])
        assert view.measure("() => document.querySelectorAll('.plot, table').length") == 0
    assert "Nothing has run yet." in words
    assert "No trade closed in these days." in words
    assert "No run of these days is known." in words


def test_hostile_texts_are_shown_and_do_nothing(browser: Browser, hostile: LocalStack, tmp_path: Path) -> None:
    page = report(hostile, tmp_path / "hostile.html", *WINTER)
    with opened(browser, page, PHONE) as view:
        assert (view.said, view.asked) == ([], [])
        assert view.measure("() => window.taken") is None
        assert view.measure("() => document.images.length") == 0
        assert view.measure(layout.SIDEWAYS) <= 0
        assert view.measure(layout.CLIPPED) == []
        assert view.measure(layout.OVERLAPS) == []


def test_hostile_texts_are_read_as_they_are_but_for_what_steers(hostile: LocalStack, tmp_path: Path) -> None:
    page = report(hostile, tmp_path / "hostile.html", *WINTER).read_text(encoding="utf-8")
    reasons = table(page, "Reasons of rejection").column("reason")

    assert {HOSTILE[0], HOSTILE[1], HOSTILE[2], HOSTILE[3], HOSTILE[5]} <= set(reasons)
    assert "\\u202eevil\\u202c" in reasons
    assert "nul\\x00 and escape \\x1b[31m" in reasons
    assert max(len(cell) for one in tables(page) for row in one.rows for cell in row) < 80
    assert len(page) < 2_000_000


def test_a_page_shows_no_more_trades_than_a_browser_can_and_says_so(empty: LocalStack) -> None:
    load(empty, [trade(f"t{number}", f"01-{number + 10}", "5", "1") for number in range(5)])
    settings = empty.settings()
    scope = Scope(at("01-01").date(), at("01-31").date(), most_rows=3)
    page = render(ask(Warehouse(open_bigquery(settings), settings), scope), at("02-01"))
    shown = table(page, "The newest 3 of 5 trades")

    assert shown.column("trade") == ["t4", "t3", "t2"]
    assert "5 executed trades" in page


def test_a_broken_run_and_a_blind_spot_are_the_first_thing_said(empty: LocalStack, tmp_path: Path) -> None:
    failed = job_run("j1", "01-10 00:15", "FAILED", archived_count=0)
    blind = job_run("j2", "01-10 00:25", "SUCCEEDED", archived_count=0, blind_spot=3)
    load(empty, [failed, blind.model_copy(update={"job": "fee-patch"})])
    page = report(empty, tmp_path / "broken.html", *WINTER).read_text(encoding="utf-8")

    assert "The thread needs a look." in page
    assert "trades: the last run ended FAILED; <code>golden-thread runs --job trades</code> tells why" in page
    assert "fee-patch: the last runs did not see 3 documents of their source" in page


def test_what_cannot_be_done_is_said_in_a_line(empty: LocalStack, tmp_path: Path) -> None:
    backwards = empty.command("report", "--since", "2026-02-01", "--until", "2026-01-01")
    nowhere = empty.command("report", "--out", str(tmp_path / "nowhere" / "report.html"))

    assert (backwards.returncode, nowhere.returncode) == (2, 1)
    assert "--since 2026-02-01 lies after --until 2026-01-01" in backwards.stderr
    assert "No such file or directory" in nowhere.stderr


def test_without_the_library_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "infra.report.page", None)
    done = CliRunner().invoke(command, [])

    assert done.exit_code == 1
    assert "install golden-thread[report]" in done.stderr
