"""What each day and each strategy earned. Executed and theoretical trades are never added up."""

from collections.abc import Sequence
from decimal import Decimal

from infra.report import plot, writing
from infra.report.asking import Answers, Row
from infra.report.parts import Column, Figure, Plot, Section, Table
from infra.report.plot import Spec

KINDS = {"EXECUTED": "executed", "THEORETICAL": "theoretical"}
_MONEY = (
    Column("trades", "trades", writing.count),
    Column("wins", "won", writing.count),
    Column("losses", "lost", writing.count),
    Column("gross_pnl_usd", "before fees, USD", writing.signed_usd),
    Column("fees_usd", "fees, USD", writing.usd),
    Column("pnl_usd", "net, USD", writing.signed_usd),
)
_OPEN = Column("open_fees", "fees not final", writing.count)
_BY_DAY = (
    Column("ds", "day of exit", writing.day, numeric=False),
    *_MONEY,
    Column("total_usd", "net so far, USD", writing.signed_usd),
    _OPEN,
)
_BY_STRATEGY = (Column("strategy_id", "strategy", writing.text, numeric=False), *_MONEY, _OPEN)
_PERFORMANCE = (
    Column("strategy_id", "strategy", writing.text, numeric=False),
    Column("trade_type", "trades", lambda kind: KINDS.get(kind, kind), numeric=False),
    Column("first_ds", "since", writing.day, numeric=False),
    Column("trades", "number", writing.count),
    Column("pnl_usd", "net, USD", writing.signed_usd),
    Column("win_rate", "won", writing.share),
    Column("profit_factor", "profit factor", writing.ratio),
    Column("expectancy_usd", "per trade, USD", writing.signed_usd),
    Column("sharpe", "Sharpe", writing.ratio),
    Column("sortino", "Sortino", writing.ratio),
    Column("max_drawdown_usd", "deepest fall, USD", writing.usd),
    Column("fees_share", "fees of moves", writing.share),
)


def section(answers: Answers) -> Section:
    """Show the days, the strategies, and how good these are."""
    days, strategies = answers["pnl_by_day"], answers["pnl_by_strategy"]
    kinds = [kind for kind in KINDS if any(row["trade_type"] == kind for row in days)]
    figures = [figure for kind in kinds for figure in _figures(kind, _of(kind, days), _of(kind, strategies))]
    performance = answers["performance"]
    caption = "Each strategy over all its trades so far, as it stood on its last day with an exit in these days"
    return Section(
        "pnl",
        "What did the strategies earn?",
        " ".join(_words(kind, _of(kind, strategies)) for kind in kinds) or "No trade closed in these days.",
        [*figures, *([Table(caption, _PERFORMANCE, performance)] if performance else [])],
        "Net is after fees: those the broker posted where they are known, else the estimate. Days are of exit, UTC. "
        "Sharpe and Sortino are of daily dollars over all calendar days, annualised by √365; profit factor is the "
        "sum of wins over the sum of losses; fees of moves is fees over the sum of absolute results before fees.",
    )


def _of(kind: str, rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["trade_type"] == kind]


def _words(kind: str, strategies: Sequence[Row]) -> str:
    trades = sum(row["trades"] for row in strategies)
    net = sum((row["pnl_usd"] for row in strategies), Decimal(0))
    won = sum(row["wins"] for row in strategies)
    counted = writing.plural(trades, f"{KINDS[kind]} trade")
    return f"{counted}, of which {writing.count(won)} won: {writing.signed_usd(net)} USD."


def _figures(kind: str, days: Sequence[Row], strategies: Sequence[Row]) -> list[Figure]:
    word = KINDS[kind]
    so_far = Plot(
        f"pnl-total-{word}",
        f"Net of {word} trades so far, USD",
        "The sum since the first of these days, after each day with an exit.",
        _so_far(days),
    )
    by_day = Plot(
        f"pnl-days-{word}",
        f"Net of {word} trades by day, USD",
        "A bar for each day with an exit: up, blue, for a gain; down, orange, for a loss.",
        _by_day(days),
    )
    by_strategy = Plot(
        f"pnl-strategies-{word}",
        f"Net of {word} trades by strategy, USD",
        "A bar for each strategy: to the right of zero for a gain, to the left for a loss.",
        _by_strategy(strategies),
    )
    return [
        Figure([so_far, by_day], Table(f"Net of {word} trades by day, the newest first", _BY_DAY, days[::-1])),
        Figure([by_strategy], Table(f"Net of {word} trades by strategy, the best first", _BY_STRATEGY, strategies)),
    ]


_DAY_TOLD = (
    plot.told("ds", "day", "day"),
    plot.told("pnl_usd", "net, USD", plot.SIGNED_USD),
    plot.told("total_usd", "net so far, USD", plot.SIGNED_USD),
    plot.told("trades", "trades", plot.COUNT),
)


def _so_far(rows: Sequence[Row]) -> Spec:
    line = {
        "type": "line",
        "color": plot.INK,
        "interpolate": "step-after",
        "strokeWidth": 1.75,
        "point": len(rows) == 1,
    }
    return {
        "height": 200,
        "data": plot.values(rows, "ds", "pnl_usd", "total_usd", "trades"),
        "encoding": {"x": plot.days(rows)},
        "layer": [
            {"mark": line, "encoding": {"y": plot.field("total_usd", "quantitative", axis=plot.USD_AXIS)}},
            plot.rule("y"),
            plot.hovered("ds", *_DAY_TOLD),
        ],
    }


def _by_day(rows: Sequence[Row]) -> Spec:
    y = plot.field("pnl_usd", "quantitative", axis=plot.USD_AXIS)
    return {
        "height": 150,
        "data": plot.values(rows, "ds", "pnl_usd", "total_usd", "trades"),
        "encoding": {"x": plot.days(rows)},
        "layer": [
            {"mark": plot.columns_of(rows), "encoding": {"y": y, "color": plot.sign("pnl_usd")}},
            plot.rule("y"),
            plot.hovered("ds", *_DAY_TOLD),
        ],
    }


def _by_strategy(rows: Sequence[Row]) -> Spec:
    return plot.ranked(
        plot.values(rows, "strategy_id", "pnl_usd", "trades", "wins"),
        "strategy_id",
        "pnl_usd",
        [
            plot.told("strategy_id", "strategy"),
            plot.told("pnl_usd", "net, USD", plot.SIGNED_USD),
            plot.told("trades", "trades", plot.COUNT),
            plot.told("wins", "won", plot.COUNT),
        ],
        plot.sign("pnl_usd"),
    )
