"""How the jobs fare: runs and how they ended, how long they took, what was refused, what arrived unknown."""

from collections.abc import Iterator, Sequence
from typing import Any

from infra.report import plot, writing
from infra.report.asking import Answers, Row
from infra.report.parts import Column, Figure, Plot, Section, Table
from infra.report.plot import Spec

ENDINGS = {"ended_well": "ended well", "failed": "failed", "skipped": "skipped"}
_COLOURS = [plot.GAIN, plot.LOSS, plot.CALM]
_JOBS = (
    Column("job", "job", writing.text, numeric=False),
    Column("last_status", "last run", writing.text, numeric=False),
    Column("last_ended_well_at", "last ended well (UTC)", writing.moment, numeric=False),
    Column("runs", "runs", writing.count),
    Column("failed", "failed", writing.count),
    Column("skipped", "skipped", writing.count),
    Column("blind_spot", "blind spot", writing.count),
    Column("slowest_s", "slowest run", writing.duration),
    Column("archived", "new rows", writing.count),
    Column("revised", "revised", writing.count),
    Column("newest_ds", "newest day", writing.day, numeric=False),
    Column("cost_estimate_usd", "cost, USD", writing.price),
)
_RUNS = (
    Column("ds", "day (UTC)", writing.day, numeric=False),
    Column("job", "job", writing.text, numeric=False),
    Column("runs", "runs", writing.count),
    Column("ended_well", "ended well", writing.count),
    Column("failed", "failed", writing.count),
    Column("skipped", "skipped", writing.count),
    Column("slowest_s", "slowest run", writing.duration),
)
_QUARANTINE = (
    Column("ds", "day (UTC)", writing.day, numeric=False),
    Column("job", "job", writing.text, numeric=False),
    Column("reason", "reason", writing.text, numeric=False),
    Column("refused", "refused", writing.count),
    Column("pending", "pending", writing.count),
)
_WAITING = (
    Column("job", "job", writing.text, numeric=False),
    Column("reason", "reason", writing.text, numeric=False),
    Column("refused", "documents", writing.count),
    Column("ds", "as of (UTC)", writing.day, numeric=False),
)
_DRIFT = (
    Column("job", "job", writing.text, numeric=False),
    Column("field", "field", writing.text, numeric=False),
    Column("documents", "documents", writing.count),
    Column("ds", "met on (UTC)", writing.day, numeric=False),
)


def latest(answers: Answers) -> list[Row]:
    """What each job's last run that ended well refused."""
    return [row for row in answers["quarantine"] if row["latest"]]


def refused(answers: Answers) -> int:
    """Count the documents in quarantine, by the last runs."""
    return sum(row["refused"] for row in latest(answers))


def pending(answers: Answers) -> int:
    """Count the documents left for the next run, by the last runs: a run says so in each of its rows."""
    return sum({row["job"]: row["pending"] for row in latest(answers)}.values())


def section(answers: Answers) -> Section:
    """Show every job, its runs, the quarantine and the fields that no schema knows."""
    rows = answers["jobs"]
    return Section(
        "jobs",
        "How do the jobs fare?",
        _words(answers) if rows else "No run of these days is known.",
        [*_always(answers), *_figures(answers["runs_by_day"], answers["quarantine"])] if rows else [],
        "Known as of the last run of job-runs. A skipped run found another one at work. A blind spot is what a run did "
        "not see of its collection. Fields that no schema knows are kept whole with their rows.",
    )


def _always(answers: Answers) -> Iterator[Table]:
    waiting = [row for row in latest(answers) if row["refused"]]
    yield Table("Each job in these days", _JOBS, answers["jobs"])
    if waiting:
        yield Table("In quarantine, by each job's last run that ended well", _WAITING, waiting)
    if answers["drift"]:
        yield Table("Fields that no schema knows, of each job's last day with any", _DRIFT, answers["drift"])


def _words(answers: Answers) -> str:
    rows = answers["jobs"]
    runs, failed = (sum(row[name] for row in rows) for name in ("runs", "failed"))
    fields = len(answers["drift"])
    return (
        f"{writing.plural(runs, 'run')} of {writing.plural(len(rows), 'job')}, {writing.count(failed)} failed. "
        f"{writing.plural(refused(answers), 'document')} in quarantine, {writing.count(pending(answers))} left for the "
        f"next run. {writing.plural(fields, 'field')} that no schema knows."
    )


def _figures(runs: Sequence[Row], quarantine: Sequence[Row]) -> list[Figure]:
    plots = [
        Plot("runs", "Runs by day", "A column for each day, parted by how the runs ended.", _endings(runs)),
        Plot(
            "durations",
            "How long the slowest good run of each day took, seconds",
            "A tick for each day in the row of the job.",
            _durations(runs),
        ),
    ]
    figures = [Figure(plots, Table("Runs by day and job, the newest day first", _RUNS, runs[::-1]))]
    if refusals := [row for row in quarantine if row["reason"] is not None]:
        level = Plot(
            "quarantine",
            "Documents in quarantine by day and reason",
            "A mark for each day in the row of the reason: the more the day's last runs refused, the stronger.",
            _levels(refusals),
        )
        caption = "What the last run of each day refused, the newest day first"
        figures.append(Figure([level], Table(caption, _QUARANTINE, quarantine[::-1])))
    return figures


def _endings(rows: Sequence[Row]) -> Spec:
    names = list(ENDINGS.values())
    return {
        "height": 160,
        "data": plot.values(rows, "ds", *ENDINGS),
        "transform": [
            {"aggregate": [{"op": "sum", "field": key, "as": key} for key in ENDINGS], "groupby": ["ds"]},
            {"fold": list(ENDINGS), "as": ["ending", "runs"]},
            {"calculate": "replace(datum.ending, '_', ' ')", "as": "ending"},
            {"filter": "datum.runs > 0"},
        ],
        "mark": plot.columns_of(rows),
        "encoding": {
            "x": plot.days(rows),
            "y": plot.field("runs", "quantitative", "runs", axis={"format": ",d", "tickMinStep": 1}),
            "color": plot.field("ending", "nominal", scale={"domain": names, "range": _COLOURS}),
            "order": {"field": "ending"},
            "tooltip": [
                plot.told("ds", "day", "day"),
                plot.told("ending", "runs that"),
                plot.told("runs", "number", ",d"),
            ],
        },
    }


def _durations(rows: Sequence[Row]) -> Spec:
    axis = {"title": "seconds", "format": "~s", "tickCount": plot.ROOMY}
    timed: list[dict[str, Any]] = [dict(row) for row in rows if row["slowest_s"] is not None]
    return {
        "height": plot.height(timed, "job", 26),
        "data": plot.values(timed, "ds", "job", "slowest_s"),
        "mark": {"type": "tick", "thickness": 2, "height": 16, "opacity": 0.7, "color": plot.GAIN},
        "encoding": {
            "y": plot.field("job", "nominal", axis={"title": None}),
            "x": plot.field("slowest_s", "quantitative", axis=axis, scale={"zero": True}),
            "tooltip": [
                plot.told("job", "job"),
                plot.told("ds", "day", "day"),
                plot.told("slowest_s", "slowest, s", ",.1f"),
            ],
        },
    }


def _levels(rows: Sequence[Row]) -> Spec:
    shade = {"domain": [0, max(row["refused"] for row in rows)], "range": [0.1, 1]}
    return {
        "height": plot.height(rows, "reason", 26),
        "data": plot.values(rows, "ds", "reason", "refused"),
        "transform": [
            {"aggregate": [{"op": "sum", "field": "refused", "as": "refused"}], "groupby": ["ds", "reason"]},
        ],
        "mark": {**plot.columns_of(rows), "type": "rect", "height": 20, "color": plot.LOSS},
        "encoding": {
            "x": plot.days(rows),
            "y": plot.field("reason", "nominal", axis={"title": None}),
            "opacity": plot.field("refused", "quantitative", scale=shade, legend=None),
            "tooltip": [
                plot.told("ds", "day", "day"),
                plot.told("reason", "reason"),
                plot.told("refused", "refused", ",d"),
            ],
        },
    }
