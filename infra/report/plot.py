"""How plots are put together. Their colours are variables of the page: they follow it into dark and into print."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from infra.report.asking import Row
from infra.report.writing import text

Spec = dict[str, Any]

GAIN, LOSS, CALM, INK = "var(--gain)", "var(--loss)", "var(--calm)", "var(--ink)"
SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right"]
ROOMY: Spec = {"expr": "max(2, floor(width / 90))"}
"""As many ticks along x as a phone, or a desk, has room for."""
USD_AXIS: Spec = {
    "title": None,
    "labelExpr": "format(datum.value, abs(datum.value) < 1000 ? '$,.2~f' : '$,.3~s')",
}
"""$250, $1.25k, $3M."""
_DATES = {"year": "%Y", **dict.fromkeys(("quarter", "month"), "%b"), **dict.fromkeys(("week", "date", "day"), "%b %-d")}


def values(rows: Iterable[Row], *names: str) -> Spec:
    """Take columns of rows as the data of a plot.

    Money becomes a float here: a place on a screen is no amount. Texts are written as tables write them.
    """
    return {"values": [{name: _drawn(row[name]) for name in names} for row in rows]}


def _drawn(value: object) -> object:
    match value:
        case Decimal():
            return float(value)
        case date() | datetime():
            return value.isoformat()
        case str():
            return text(value)
        case _:
            return value


def field(name: str, kind: str, title: str | None = None, **more: Any) -> Spec:
    """Encode a column: `quantitative`, `temporal`, `nominal`."""
    return {"field": name, "type": kind, "title": title, **more}


def days(rows: Sequence[Row], name: str = "ds") -> Spec:
    """Encode a UTC date, or the time of a day, along x, with no more ticks than days."""
    ticks = {"expr": f"max(1, min({_span(rows, name)}, floor(width / 90)))"}
    axis = {"title": None, "format": {**_DATES, "hours": "%H:%M"}, "tickCount": ticks}
    return field(name, "temporal", scale={"type": "utc"}, axis=axis)


def _span(rows: Sequence[Row], name: str) -> int:
    """Count the days from the first to the last; at least one."""
    if not rows:
        return 1
    moments = [row[name] for row in rows]
    return int((max(moments) - min(moments)).days) + 1


def told(name: str, title: str, form: str = "") -> Spec:
    """Tell a column in the tooltip: a number by its format, a date by `day` or `moment`, a text as it is."""
    if form in _TIMES:
        return {"field": name, "type": "temporal", "title": title, "timeUnit": _TIMES[form], "format": _FORMATS[form]}
    if form:
        return {"field": name, "type": "quantitative", "title": title, "format": form}
    return {"field": name, "type": "nominal", "title": title}


_TIMES = {"day": "utcyearmonthdate", "moment": "utcyearmonthdatehoursminutes"}
_FORMATS = {"day": "%Y-%m-%d", "moment": "%Y-%m-%d %H:%M"}
USD, SIGNED_USD, PERCENT, COUNT = ",.2f", "+,.2f", ",.2f", ",d"
"""Formats of tooltips."""


def height(rows: Iterable[Row], name: str, row_px: int) -> int:
    """Make a plot as high as its names need, pixels, and the axis."""
    return 40 + row_px * len({row[name] for row in rows})


def rule(axis: str, datum: float = 0) -> Spec:
    """Draw a line at a value of `x` or `y`."""
    return {"mark": {"type": "rule", "color": INK, "opacity": 0.55}, "encoding": {axis: {"datum": datum}}}


def sign(name: str) -> Spec:
    """Colour by gain or loss, which the side of zero tells too."""
    return {"condition": {"test": f"datum['{name}'] < 0", "value": LOSS}, "value": GAIN}


def cost(name: str) -> Spec:
    """Colour by cost, above zero, or saving."""
    return {"condition": {"test": f"datum['{name}'] > 0", "value": LOSS}, "value": GAIN}


def columns_of(rows: Sequence[Row]) -> Spec:
    """Draw upright bars over days, as wide as the days from the first to the last leave room for."""
    return {"type": "bar", "width": {"expr": f"max(1, min(16, 0.7 * width / {_span(rows, 'ds')}))"}}


def distinct(rows: Iterable[Row], name: str) -> list[str]:
    """List the names of a column, as they are written."""
    return sorted({text(row[name]) for row in rows})


def hovered(x: str, *tooltip: Spec) -> Spec:
    """Tell what stands at the place along x that the pointer is nearest to, with a line there."""
    near = {
        "name": "near",
        "select": {"type": "point", "fields": [x], "nearest": True, "on": "pointerover", "clear": "pointerout"},
    }
    shown = {"condition": {"param": "near", "empty": False, "value": 0.6}, "value": 0}
    return {
        "params": [near],
        "mark": {"type": "rule", "color": INK, "strokeWidth": 1},
        "encoding": {"opacity": shown, "tooltip": list(tooltip)},
    }


def ranked(data: Spec, name: str, amount: str, tooltip: Sequence[Spec], colour: Spec) -> Spec:
    """Draw a bar from zero for each name, in the order of the rows, as long as its amount in US dollars."""
    y = field(name, "nominal", sort=None, axis={"title": None})
    x = field(amount, "quantitative", axis={**USD_AXIS, "tickCount": ROOMY})
    return {
        "height": height(data["values"], name, 34),
        "data": data,
        "encoding": {"y": y, "tooltip": list(tooltip)},
        "layer": [
            {"mark": {"type": "bar", "height": 18}, "encoding": {"x": x, "color": colour}},
            rule("x"),
        ],
    }
