"""What the page's tables say is what the views say, to the cent, and the page asks for nothing from elsewhere."""

from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infra.report.asking import QUESTIONS
from schemas.views import VIEWS
from tests.report.conftest import YEAR, report
from tests.report.reading import sources, table, tables
from tests.report.year import DAYS
from tests.stack import LocalStack

ALL = "WHERE ds >= '2000-01-01'"
MINUS = "\N{MINUS SIGN}"


def number(cell: str) -> Decimal:
    return Decimal(cell.replace(MINUS, "-").replace(",", "").replace("%", "").strip())


def cents(value: Any) -> Decimal:
    return Decimal(f"{value:.2f}")


@pytest.fixture(scope="module")
def page(year_page: Path) -> str:
    return year_page.read_text(encoding="utf-8")


def test_the_equity_of_every_evening_is_the_views(page: str, year_stack: LocalStack) -> None:
    shown = table(page, "Account PA1")
    rows = year_stack.rows(f"SELECT ds, equity, drawdown_pct FROM equity_curve {ALL} ORDER BY ds DESC")  # noqa: S608 - a constant

    assert shown.column("day (New York)") == [str(row["ds"]) for row in rows]
    assert [number(cell) for cell in shown.column("equity, USD")] == [cents(row["equity"]) for row in rows]
    assert [number(cell) for cell in shown.column("below the peak")] == [cents(row["drawdown_pct"]) for row in rows]
    assert len(rows) == DAYS


@pytest.mark.parametrize("kind", ["executed", "theoretical"])
def test_the_net_of_days_and_strategies_is_the_views_and_the_kinds_are_never_added(
    page: str, year_stack: LocalStack, kind: str
) -> None:
    days: dict[str, Decimal] = defaultdict(Decimal)
    strategies: dict[str, Decimal] = defaultdict(Decimal)
    for row in year_stack.rows(f"SELECT * FROM daily_pnl {ALL} AND trade_type = '{kind.upper()}'"):  # noqa: S608 - constants
        days[str(row["ds"])] += row["pnl_usd"]
        strategies[row["strategy_id"]] += row["pnl_usd"]
    by_day = table(page, f"Net of {kind} trades by day")
    by_strategy = table(page, f"Net of {kind} trades by strategy")

    assert dict(zip(by_day.column("day of exit"), map(number, by_day.column("net, USD")), strict=True)) == days
    assert number(by_day.column("net so far, USD")[0]) == sum(days.values())
    assert (
        dict(zip(by_strategy.column("strategy"), map(number, by_strategy.column("net, USD")), strict=True))
        == strategies
    )


def test_the_performance_of_a_strategy_is_the_views_of_its_last_day(page: str, year_stack: LocalStack) -> None:
    shown = table(page, "Each strategy over all its trades")
    (row,) = year_stack.rows(
        "SELECT sharpe, profit_factor, win_rate, max_drawdown_usd FROM strategy_performance "  # noqa: S608 - a constant
        f"{ALL} AND strategy_id = 'breakout' AND trade_type = 'EXECUTED' ORDER BY ds DESC LIMIT 1"
    )
    place = [(name, kind) for name, kind, *_ in shown.rows].index(("breakout", "executed"))
    found = dict(zip(shown.rows[0], shown.rows[place], strict=True))

    assert number(found["Sharpe"]) == cents(row["sharpe"])
    assert number(found["profit factor"]) == cents(row["profit_factor"])
    assert number(found["won"]) == cents(row["win_rate"] * 100)
    assert number(found["deepest fall, USD"]) == cents(row["max_drawdown_usd"])


def test_every_trade_is_listed_with_its_result_and_excursions(page: str, year_stack: LocalStack) -> None:
    shown = table(page, "trades, the newest first")
    rows = {row["trade_id"]: row for row in year_stack.rows(f"SELECT * FROM trade_ledger {ALL}")}  # noqa: S608 - a constant

    assert len(shown.rows) - 1 == len(rows) > 1000
    for name, net, best, worst in zip(*map(shown.column, ("trade", "net, USD", "best", "worst")), strict=True):
        row = rows[name]
        assert (number(net), number(best), number(worst)) == (row["pnl_usd"], row["mfe_pct"], row["mae_pct"])


def test_the_value_of_rejections_is_the_views_by_reason(page: str, year_stack: LocalStack) -> None:
    value: dict[str, Decimal] = defaultdict(Decimal)
    signals: Counter[str] = Counter()
    for row in year_stack.rows(f"SELECT * FROM rejection_value {ALL}"):  # noqa: S608 - a constant
        value[row["rejection_reason"]] += row["theoretical_pnl_usd"] or 0
        signals[row["rejection_reason"]] += row["signals"]
    shown = table(page, "Reasons of rejection")
    reasons = shown.column("reason")

    assert dict(zip(reasons, map(number, shown.column("would have earned, USD")), strict=True)) == value
    assert dict(zip(reasons, map(int, shown.column("signals")), strict=True)) == signals
    assert reasons[0] == max(value, key=lambda reason: value[reason])
    assert f"{reasons[0]} cost most" in page


def test_moonshots_fees_runs_and_drift_are_the_views(page: str, year_stack: LocalStack) -> None:
    def counted(view: str, column: str, more: str = "") -> Any:
        (row,) = year_stack.rows(f"SELECT SUM({column}) AS n FROM {view} {ALL} {more}")  # noqa: S608 - our own names
        return row["n"]

    fees, jobs = table(page, "Fees of executed trades"), table(page, "Each job in these days")
    drift, waiting = table(page, "Fields that no schema knows"), table(page, "In quarantine, by each job")

    assert len(table(page, "moonshots, the highest first").rows) - 1 == counted("missed_moonshots", "1")
    for column, heading in (("actual_usd", "actual, USD"), ("awaited_usd", "still awaited, USD")):
        known = [number(cell) for cell in fees.column(heading) if any(map(str.isdigit, cell))]
        assert sum(known) == counted("fee_reconciliation", column)
    assert sum(map(number, jobs.column("runs"))) == counted("data_freshness", "runs")
    assert sum(map(number, jobs.column("failed"))) == counted("data_freshness", "failed") > 0
    last = "AND ds = '2026-10-31'"
    assert sum(map(number, waiting.column("documents"))) == counted("quarantine_trend", "refused", last) > 0
    assert sorted(drift.column("field")) == ["client_tag", "leverage"]


def test_the_page_refers_to_nothing_but_places_of_its_own(page: str) -> None:
    assert sources(page) != []
    assert [address for address in sources(page) if not address.startswith("#")] == []
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_a_year_of_days_is_a_page_of_less_than_five_megabytes(year_page: Path) -> None:
    size = year_page.stat().st_size
    print(f"a year: {size:,} bytes")  # noqa: T201 - the figure

    assert size <= 5_000_000


def test_only_the_strategies_that_were_asked_for_are_shown(year_stack: LocalStack, tmp_path: Path) -> None:
    options = (*YEAR, "--strategy", "breakout", "--strategy", "sma-cross")
    page = report(year_stack, tmp_path / "some.html", *options).read_text(encoding="utf-8")
    listed = {name for one in tables(page) if "strategy" in one.rows[0] for name in one.column("strategy")}

    assert listed == {"breakout", "sma-cross"}
    assert "Fees are those of all strategies" in page


def test_every_question_of_the_report_is_about_one_view() -> None:
    names = {view.name for view in VIEWS}
    for name, sql in QUESTIONS.items():
        words = sql.split()
        assert words.count("FROM") == 1, name
        assert words[words.index("FROM") + 1] in names, name
