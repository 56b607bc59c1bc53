"""How far entries were from the price the strategies wanted."""

from collections.abc import Sequence

from infra.report import plot, trades, writing
from infra.report.asking import Answers, Row
from infra.report.parts import Column, Figure, Plot, Section, Table
from infra.report.plot import Spec
from infra.report.pnl import KINDS

_COLUMNS = (
    Column("strategy_id", "strategy", writing.text, numeric=False),
    Column("trade_type", "trades", lambda kind: KINDS.get(kind, kind), numeric=False),
    Column("trades", "number", writing.count),
    Column("slippage_pct", "mean slippage", writing.fine_percent),
)
_ENTRIES = (
    Column("exit_time", "exit (UTC)", writing.moment, numeric=False),
    Column("trade_id", "trade", writing.text, numeric=False),
    Column("strategy_id", "strategy", writing.text, numeric=False),
    Column("symbol", "symbol", writing.text, numeric=False),
    Column("slippage_pct", "slippage", writing.fine_percent),
)


def dearest(answers: Answers) -> Row | None:
    """Find the strategy whose entries cost most on average, on paper only where none was executed."""
    means = _means(answers)
    executed = [row for row in means if row["trade_type"] == "EXECUTED"]
    return max(executed or means, key=lambda row: row["slippage_pct"], default=None)


def _means(answers: Answers) -> list[Row]:
    return [row for row in answers["performance"] if row["slippage_pct"] is not None]


def section(answers: Answers) -> Section:
    """Show each entry's slippage by strategy, and the means."""
    means = _means(answers)
    rows = [row for row in answers["trades"] if row["slippage_pct"] is not None]
    cut = trades.cut(answers["trades"])
    plotted = Plot(
        "slippage",
        "Slippage of each entry by strategy, percent of the wanted price",
        "A tick for each trade in the row of its strategy: right of zero, orange, it cost; left of it, blue, the price "
        f"was better than wanted.{f' {cut}.' if cut else ''}",
        _strips(rows),
    )
    stated = f"{writing.plural(len(rows), 'trade')} with a wanted price, the newest first"
    listed = Table(f"{cut}; {stated}" if cut else stated, _ENTRIES, rows)
    mean = Table("Mean slippage of each strategy over all its trades so far", _COLUMNS, means)
    return Section(
        "slippage",
        "What did slippage cost?",
        _words(dearest(answers)),
        [*([Figure([plotted], listed)] if rows else []), *([mean] if means else [])],
        "Positive is a cost: bought dearer or sold cheaper than wanted. Trades without a wanted price have none.",
    )


def _words(worst: Row | None) -> str:
    if worst is None:
        return "No trade of these days states the price it wanted."
    mean = writing.fine_percent(worst["slippage_pct"])
    return f"Dearest on average: {writing.text(worst['strategy_id'])} with {mean}."


def _strips(rows: Sequence[Row]) -> Spec:
    unit = {"format": "+,.2~f", "title": "slippage, %", "tickCount": plot.ROOMY}
    return {
        "height": plot.height(rows, "strategy_id", 34),
        "data": plot.values(rows, "slippage_pct", "strategy_id", "trade_id", "symbol", "exit_time"),
        "encoding": {"y": plot.field("strategy_id", "nominal", axis={"title": None})},
        "layer": [
            {
                "mark": {"type": "tick", "thickness": 1.5, "height": 20, "opacity": 0.75},
                "encoding": {
                    "x": plot.field("slippage_pct", "quantitative", axis=unit),
                    "color": plot.cost("slippage_pct"),
                    "tooltip": [
                        plot.told("trade_id", "trade"),
                        plot.told("strategy_id", "strategy"),
                        plot.told("symbol", "symbol"),
                        plot.told("exit_time", "exit, UTC", "moment"),
                        plot.told("slippage_pct", "slippage, %", "+,.3f"),
                    ],
                },
            },
            plot.rule("x"),
        ],
    }
