"""Equity of each account, and how far below its peak it is."""

from collections.abc import Sequence
from itertools import groupby

from infra.report import plot, writing
from infra.report.asking import Answers, Row
from infra.report.parts import Column, Figure, Plot, Section, Table
from infra.report.plot import Spec

_FEW = 60
"""Evenings up to which each is marked by a point."""
_COLUMNS = (
    Column("ds", "day (New York)", writing.day, numeric=False),
    Column("equity", "equity, USD", writing.usd),
    Column("change_usd", "change, USD", writing.signed_usd),
    Column("return_pct", "change", writing.signed_percent),
    Column("peak_equity", "peak so far, USD", writing.usd),
    Column("drawdown_pct", "below the peak", writing.percent),
    Column("max_drawdown_pct", "deepest so far", writing.percent),
)


def section(answers: Answers) -> Section:
    """Show every account's curve and its drawdown."""
    accounts = {str(name): list(rows) for name, rows in groupby(answers["equity"], lambda row: row["account_id"])}
    return Section(
        "equity",
        "How did the equity go?",
        " ".join(_words(name, rows) for name, rows in accounts.items()) or "No snapshot of an account in these days.",
        [_part(place, *item) for place, item in enumerate(accounts.items())],
        "A day ends at 16:00 New York, and its snapshot is taken some hours later. Deposits and withdrawals move the "
        "curve as gains and losses do. Peak and drawdown are of the broker's own history.",
    )


def _words(account: str, rows: Sequence[Row]) -> str:
    last = rows[-1]
    return (
        f"Account {writing.text(account)} stood at {writing.usd(last['equity'])} USD on {last['ds']}, "
        f"{writing.percent(last['drawdown_pct'])} below its peak; the deepest fall so far was "
        f"{writing.percent(last['max_drawdown_pct'])}."
    )


def _part(place: int, account: str, rows: Sequence[Row]) -> Figure | Table:
    table = Table(f"Account {writing.text(account)}, the newest evening first", _COLUMNS, rows[::-1])
    return Figure(_plots(place, account, rows), table) if len(rows) > 1 else table


def _plots(place: int, account: str, rows: Sequence[Row]) -> list[Plot]:
    name = writing.text(account)
    return [
        Plot(
            f"equity-{place}",
            f"Equity of account {name}, USD",
            "The line is the equity each evening, the dashed one its peak so far.",
            _curve(rows),
        ),
        Plot(
            f"drawdown-{place}",
            f"Below the peak, account {name}, percent",
            "How deep the equity hung below its peak.",
            _drawdown(rows),
        ),
    ]


def _curve(rows: Sequence[Row]) -> Spec:
    equity = plot.field("equity", "quantitative", axis=plot.USD_AXIS, scale={"zero": False})
    peak = {**equity, "field": "peak_equity"}
    few = len(rows) <= _FEW
    return {
        "height": 240,
        "data": plot.values(rows, "ds", "equity", "peak_equity", "change_usd"),
        "encoding": {"x": plot.days(rows)},
        "layer": [
            {"mark": {"type": "line", "strokeDash": [3, 4], "color": plot.CALM}, "encoding": {"y": peak}},
            {"mark": {"type": "line", "color": plot.GAIN, "point": _point(few, plot.GAIN)}, "encoding": {"y": equity}},
            plot.hovered(
                "ds",
                plot.told("ds", "day", "day"),
                plot.told("equity", "equity, USD", plot.USD),
                plot.told("change_usd", "change, USD", plot.SIGNED_USD),
                plot.told("peak_equity", "peak so far, USD", plot.USD),
            ),
        ],
    }


def _drawdown(rows: Sequence[Row]) -> Spec:
    axis = {
        "format": ",.1~f",
        "title": None,
        "labelExpr": "datum.value == 0 ? '0 %' : '\N{MINUS SIGN}' + datum.label + ' %'",
    }
    fallen = plot.field("drawdown_pct", "quantitative", axis=axis, scale={"reverse": True, "domainMin": 0})
    look = {"type": "area", "color": plot.LOSS, "fillOpacity": 0.25, "line": {"color": plot.LOSS}}
    return {
        "height": 120,
        "data": plot.values(rows, "ds", "drawdown_pct"),
        "encoding": {"x": plot.days(rows)},
        "layer": [
            {"mark": {**look, "point": _point(len(rows) <= _FEW, plot.LOSS)}, "encoding": {"y": fallen}},
            plot.hovered(
                "ds", plot.told("ds", "day", "day"), plot.told("drawdown_pct", "below the peak, %", plot.PERCENT)
            ),
        ],
    }


def _point(few: bool, colour: str) -> Spec | bool:  # noqa: FBT001 - private
    return {"color": colour, "filled": True, "size": 36} if few else False
