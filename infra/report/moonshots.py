"""Signals that expired unfilled and then flew."""

from collections.abc import Sequence

from infra.report import plot, writing
from infra.report.asking import Answers, Row
from infra.report.parts import Column, Figure, Plot, Section, Table
from infra.report.plot import Spec

_COLUMNS = (
    Column("created_at", "signal (UTC)", writing.moment, numeric=False),
    Column("signal_id", "signal", writing.text, numeric=False),
    Column("strategy_id", "strategy", writing.text, numeric=False),
    Column("symbol", "symbol", writing.text, numeric=False),
    Column("side", "side", writing.text, numeric=False),
    Column("pattern_name", "pattern", writing.text, numeric=False),
    Column("entry_price", "entry, USD", writing.price),
    Column("max_mfe_pct", "flew", writing.percent),
    Column("max_mfe_at", "highest at (UTC)", writing.moment, numeric=False),
    Column("would_have_triggered", "price reached the entry", writing.yes, numeric=False),
    Column("distance_to_trigger_pct", "short of the entry", writing.percent),
)


def section(answers: Answers) -> Section:
    """Show each flight by its day and height."""
    rows = answers["moonshots"]
    plotted = Plot(
        "moonshots",
        "How far expired signals flew, percent of the entry",
        "A mark for each signal at its day and height. Filled circle: the price reached the entry, an order would have "
        "filled. Open diamond: the entry was too far away.",
        _flights(rows),
    )
    table = Table(f"{_shown(rows)}, the highest first", _COLUMNS, rows)
    return Section(
        "moonshots",
        "Which moonshots did we miss?",
        _words(rows),
        [Figure([plotted], table)] if rows else [],
        "A moonshot is a signal that expired unfilled and whose best excursion afterwards reached MOONSHOT_PCT.",
    )


def _shown(rows: Sequence[Row]) -> str:
    total = rows[0]["of_moonshots"] if rows else 0
    if len(rows) == total:
        return writing.plural(total, "moonshot")
    return f"The highest {writing.count(len(rows))} of {writing.count(total)} moonshots"


def _words(rows: Sequence[Row]) -> str:
    if not rows:
        return "None that is known: no expired signal of these days flew."
    best = rows[0]
    near = sum(bool(row["would_have_triggered"]) for row in rows)
    return (
        f"{_shown(rows)}; the highest, {writing.text(best['symbol'])}, flew {writing.percent(best['max_mfe_pct'])}. "
        f"At {writing.count(near)} of them the price reached the entry."
    )


def _flights(rows: Sequence[Row]) -> Spec:
    reached = "datum.would_have_triggered ? 'entry reached' : 'entry too far away'"
    words = ["entry reached", "entry too far away"]
    return {
        "height": 220,
        "data": plot.values(
            rows, "created_at", "max_mfe_pct", "would_have_triggered", "signal_id", "symbol", "strategy_id"
        ),
        "transform": [{"calculate": reached, "as": "reached"}],
        "mark": {"type": "point", "size": 70, "strokeWidth": 1.5, "fillOpacity": 0.6},
        "encoding": {
            "x": plot.days(rows, "created_at"),
            "y": plot.field(
                "max_mfe_pct", "quantitative", axis={"format": ",.1~f", "title": "flew, %"}, scale={"zero": True}
            ),
            "shape": plot.field("reached", "nominal", scale={"domain": words, "range": ["circle", "diamond"]}),
            "stroke": plot.field("reached", "nominal", scale={"domain": words, "range": [plot.GAIN, plot.LOSS]}),
            "fill": {"condition": {"test": "datum.would_have_triggered", "value": plot.GAIN}, "value": "transparent"},
            "tooltip": [
                plot.told("signal_id", "signal"),
                plot.told("strategy_id", "strategy"),
                plot.told("symbol", "symbol"),
                plot.told("created_at", "raised, UTC", "moment"),
                plot.told("max_mfe_pct", "flew, %", plot.PERCENT),
                plot.told("reached", "entry"),
            ],
        },
    }
