"""How trades went: how far for and against them, and where they were left."""

from collections.abc import Sequence

from infra.report import plot, writing
from infra.report.asking import Answers, Row
from infra.report.parts import Column, Figure, Plot, Section, Table
from infra.report.plot import Spec
from infra.report.pnl import KINDS

_COLUMNS = (
    Column("exit_time", "exit (UTC)", writing.moment, numeric=False),
    Column("trade_id", "trade", writing.text, numeric=False),
    Column("strategy_id", "strategy", writing.text, numeric=False),
    Column("symbol", "symbol", writing.text, numeric=False),
    Column("side", "side", writing.text, numeric=False),
    Column("trade_type", "kind", lambda kind: KINDS.get(kind, kind), numeric=False),
    Column("exit_reason", "left for", writing.text, numeric=False),
    Column("pnl_usd", "net, USD", writing.signed_usd),
    Column("pnl_pct", "net", writing.signed_percent),
    Column("mfe_pct", "best", writing.percent),
    Column("mae_pct", "worst", writing.percent),
    Column("slippage_pct", "slippage", writing.fine_percent),
)


def shown(rows: Sequence[Row]) -> str:
    """Say how many trades are shown, of how many."""
    return cut(rows) or writing.plural(len(rows), "trade")


def cut(rows: Sequence[Row]) -> str:
    """Say how many trades are shown, of how many, where those are not all; else nothing."""
    total = rows[0]["of_trades"] if rows else 0
    if len(rows) == total:
        return ""
    of_all = f"{writing.count(len(rows))} of {writing.count(total)} trades"
    return f"The newest {of_all}; `golden-thread query trade_ledger` has all"


def section(answers: Answers) -> Section:
    """Show each trade's excursions and the spread of results."""
    rows = answers["trades"]
    walked = [row for row in rows if row["mfe_pct"] is not None and row["mae_pct"] is not None]
    plots = [
        Plot(
            "excursions",
            "Best against worst excursion of each trade, percent of the entry",
            "A mark for each trade: to the right how far the price went against it, upwards how far in its favour. Its "
            "shape tells why the trade was left; filled and blue it earned, open and orange it "
            "lost. Both axes give small values more room.",
            _excursions(walked),
        ),
        Plot(
            "results",
            "Results of the trades, net, percent of the entry",
            "How many trades ended in each range: losses left of zero, gains right of it.",
            _results(rows),
        ),
    ]
    return Section(
        "trades",
        "How did the trades go?",
        _words(rows, walked) if rows else "No trade closed in these days.",
        [Figure(plots if walked else plots[1:], Table(f"{shown(rows)}, the newest first", _COLUMNS, rows))]
        if rows
        else [],
        "Excursions are of the bars from entry to exit. High marks that ended in a loss gave back what they had; "
        "marks far to the right sat through a lot.",
    )


def _words(rows: Sequence[Row], walked: Sequence[Row]) -> str:
    gave_back = sum(row["pnl_usd"] < 0 and row["mfe_pct"] > row["mae_pct"] for row in walked)
    without = len(rows) - len(walked)
    more = f" Of {writing.count(without)} no bars tell the excursions." if without else ""
    return (
        f"{shown(rows)}. {writing.count(gave_back)} ended in a loss although the price had gone further for them "
        f"than against them.{more}"
    )


def _excursions(rows: Sequence[Row]) -> Spec:
    reasons = plot.distinct(rows, "exit_reason")
    shapes = {"domain": reasons, "range": [plot.SHAPES[place % len(plot.SHAPES)] for place in range(len(reasons))]}
    unit = {"format": ",.1~f"}
    root = {"type": "sqrt"}  # Most trades go little either way, and one option goes a hundred times as far.
    legend = {"symbolFillColor": "transparent", "symbolStrokeColor": plot.INK}
    colours = f"datum.pnl_usd < 0 ? '{plot.LOSS}' : '{plot.GAIN}'"
    insides = f"datum.pnl_usd < 0 ? 'transparent' : '{plot.GAIN}'"
    return {
        "height": 340,
        "data": plot.values(
            rows,
            "mfe_pct",
            "mae_pct",
            "exit_reason",
            "pnl_usd",
            "pnl_pct",
            "trade_id",
            "symbol",
            "strategy_id",
            "exit_time",
        ),
        "transform": [{"calculate": colours, "as": "colour"}, {"calculate": insides, "as": "inside"}],
        "mark": {"type": "point", "size": 46, "strokeWidth": 1.4, "fillOpacity": 0.55},
        "encoding": {
            "x": plot.field(
                "mae_pct", "quantitative", "worst, % against", axis={**unit, "tickCount": plot.ROOMY}, scale=root
            ),
            "y": plot.field("mfe_pct", "quantitative", "best, % in favour", axis=unit, scale=root),
            "shape": plot.field("exit_reason", "nominal", scale=shapes, legend=legend),
            "stroke": plot.field("colour", "nominal", scale=None, legend=None),
            "fill": plot.field("inside", "nominal", scale=None, legend=None),
            "tooltip": [
                plot.told("trade_id", "trade"),
                plot.told("strategy_id", "strategy"),
                plot.told("symbol", "symbol"),
                plot.told("exit_time", "exit, UTC", "moment"),
                plot.told("exit_reason", "left for"),
                plot.told("pnl_usd", "net, USD", plot.SIGNED_USD),
                plot.told("pnl_pct", "net, %", "+,.2f"),
                plot.told("mfe_pct", "best, %", plot.PERCENT),
                plot.told("mae_pct", "worst, %", plot.PERCENT),
            ],
        },
    }


def _results(rows: Sequence[Row]) -> Spec:
    axis = {"title": "result, %", "format": ",.1~f", "tickCount": plot.ROOMY}
    return {
        "height": 200,
        "data": plot.values(rows, "pnl_pct"),
        "transform": [
            {"bin": {"maxbins": 40}, "field": "pnl_pct", "as": ["from", "to"]},
            {"aggregate": [{"op": "count", "as": "trades"}], "groupby": ["from", "to"]},
        ],
        "layer": [
            {
                "mark": {"type": "bar", "binSpacing": 1},
                "encoding": {
                    "x": plot.field("from", "quantitative", bin="binned", axis=axis),
                    "x2": {"field": "to"},
                    "y": plot.field("trades", "quantitative", "trades", axis={"format": ",d", "tickMinStep": 1}),
                    "color": plot.sign("from"),
                    "tooltip": [
                        plot.told("from", "from, %", "+,.2f"),
                        plot.told("to", "to, %", "+,.2f"),
                        plot.told("trades", "trades", plot.COUNT),
                    ],
                },
            },
            plot.rule("x"),
        ],
    }
