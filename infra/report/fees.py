"""Fees as they were estimated, and as the broker posted them."""

from collections.abc import Sequence
from decimal import Decimal

from infra.report import plot, writing
from infra.report.asking import Answers, Row
from infra.report.parts import Column, Figure, Plot, Section, Table
from infra.report.plot import Spec

_COLUMNS = (
    Column("asset_class", "asset class", writing.text, numeric=False),
    Column("fee_method", "found", writing.text, numeric=False),
    Column("fee_finalized", "final", writing.yes, numeric=False),
    Column("trades", "trades", writing.count),
    Column("known", "fee known", writing.count),
    Column("estimated_usd", "estimated, USD", writing.usd),
    Column("actual_usd", "actual, USD", writing.usd),
    Column("difference_usd", "actual less estimated, USD", writing.signed_usd),
    Column("awaited_usd", "still awaited, USD", writing.usd),
    Column("unattributed_usd", "of unknown executions, USD", writing.usd),
)
_SUMS = ("estimated_usd", "actual_usd", "awaited_usd", "unattributed_usd")


def total(rows: Sequence[Row], name: str) -> Decimal:
    """Add up a column of the groups."""
    return sum((row[name] for row in rows if row[name] is not None), Decimal(0))


def section(answers: Answers) -> Section:
    """Show both sums side by side for each kind of fee."""
    rows = answers["fees"]
    known = [row for row in rows if row["actual_usd"] is not None]
    plotted = Plot(
        "fees",
        "Fees of trades whose fee is known: estimated and actual, USD",
        "Two bars for each asset class and way of finding the fee: the estimate above, what the broker posted below.",
        _pairs(known),
    )
    table = Table("Fees of executed trades", _COLUMNS, rows)
    everybody = " Fees are those of all strategies: the view knows no other." if answers.scope.strategies else ""
    return Section(
        "fees",
        "What did it cost, and is that final?",
        (_words(rows) if rows else "No executed trade closed in these days.") + everybody,
        [Figure([plotted], table) if known else table] if rows else [],
        "EXACT: posted for the trade alone. PRORATA: the trade's share of a day's posting. NONE_POSTED: none came. "
        "ESTIMATED: not known yet. What the broker posted for executions that nobody here knows is part of no trade.",
    )


def _words(rows: Sequence[Row]) -> str:
    trades = sum(row["trades"] for row in rows)
    final = sum(row["trades"] for row in rows if row["fee_finalized"])
    usd = {name: writing.usd(total(rows, name)) for name in _SUMS}
    return (
        f"The broker posted {usd['actual_usd']} USD where {usd['estimated_usd']} USD were estimated. "
        f"{writing.count(final)} of {writing.plural(trades, 'trade')} have final fees; {usd['awaited_usd']} USD are "
        f"still awaited and {usd['unattributed_usd']} USD belong to executions not known here."
    )


def _pairs(rows: Sequence[Row]) -> Spec:
    kinds = ["estimated", "actual"]
    names = [{**row, "kind": f"{row['asset_class']} {row['fee_method']}{_open(row)}"} for row in rows]
    return {
        "height": plot.height(names, "kind", 44),
        "data": plot.values(names, "kind", "estimated_usd", "actual_usd", "trades"),
        "transform": [
            {"fold": ["estimated_usd", "actual_usd"], "as": ["which", "usd"]},
            {"calculate": "datum.which == 'actual_usd' ? 'actual' : 'estimated'", "as": "which"},
        ],
        "mark": {"type": "bar", "stroke": plot.GAIN, "strokeWidth": 1.5},
        "encoding": {
            "y": plot.field("kind", "nominal", sort=None, axis={"title": None}, scale={"paddingInner": 0.35}),
            "yOffset": {"field": "which", "sort": kinds},
            "x": plot.field("usd", "quantitative", axis={**plot.USD_AXIS, "tickCount": plot.ROOMY}),
            "fill": plot.field(
                "which", "nominal", scale={"domain": kinds, "range": ["var(--paper)", plot.GAIN]}, sort=kinds
            ),
            "tooltip": [
                plot.told("kind", "fees"),
                plot.told("which", "sum"),
                plot.told("usd", "USD", plot.USD),
                plot.told("trades", "trades", plot.COUNT),
            ],
        },
    }


def _open(row: Row) -> str:
    return "" if row["fee_finalized"] else ", open"
