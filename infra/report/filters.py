"""What each filter cost or saved, by the signals that it refused."""

from collections.abc import Sequence

from infra.report import plot, writing
from infra.report.asking import Answers, Row
from infra.report.parts import Column, Figure, Plot, Section, Table

_COLUMNS = (
    Column("rejection_reason", "reason", writing.text, numeric=False),
    Column("signals", "signals", writing.count),
    Column("winners", "would have won", writing.count),
    Column("losers", "would have lost", writing.count),
    Column("targets", "reached the target", writing.count),
    Column("stops", "hit the stop", writing.count),
    Column("unknown", "unknown", writing.count),
    Column("theoretical_pnl_usd", "would have earned, USD", writing.signed_usd),
)


def valued(answers: Answers) -> list[Row]:
    """Leave out the filters of which no signal could be valued."""
    return [row for row in answers["rejections"] if row["theoretical_pnl_usd"] is not None]


def costliest(answers: Answers) -> Row | None:
    """Find the filter that cost most, if any is known to have cost anything."""
    cost = [row for row in valued(answers) if row["theoretical_pnl_usd"] > 0]
    return max(cost, key=lambda row: row["theoretical_pnl_usd"], default=None)


def section(answers: Answers) -> Section:
    """Show the filters, the costliest first."""
    rows = answers["rejections"]
    known = valued(answers)
    plotted = Plot(
        "filters",
        "What the refused signals would have earned by reason, USD",
        "A bar for each reason: to the right of zero what the filter cost, to the left what it saved.",
        plot.ranked(
            plot.values(known, "rejection_reason", "theoretical_pnl_usd", "signals", "winners", "losers"),
            "rejection_reason",
            "theoretical_pnl_usd",
            [
                plot.told("rejection_reason", "reason"),
                plot.told("theoretical_pnl_usd", "would have earned, USD", plot.SIGNED_USD),
                plot.told("signals", "signals", plot.COUNT),
                plot.told("winners", "would have won", plot.COUNT),
                plot.told("losers", "would have lost", plot.COUNT),
            ],
            plot.cost("theoretical_pnl_usd"),
        ),
    )
    table = Table("Reasons of rejection, the costliest filter first", _COLUMNS, rows)
    return Section(
        "filters",
        "Which filter should go?",
        _words(answers),
        [Figure([plotted], table)] if known else [table] if rows else [],
        "Theoretical results are net of fees, of a simulation over the bars. Signals that no bars could value are "
        "unknown and part of no sum.",
    )


def _words(answers: Answers) -> str:
    rows = answers["rejections"]
    if not rows:
        return "No signal was rejected in these days."
    refused = writing.plural(sum(row["signals"] for row in rows), "signal")
    if not valued(answers):
        return f"{refused} refused; what they would have earned is not known of any."
    return f"{refused} refused. {_cost(costliest(answers))}{_unknown(rows)}."


def _cost(worst: Row | None) -> str:
    if worst is None:
        return "No filter cost anything: whatever they kept out would have earned nothing or lost"
    cost, reason = writing.usd(worst["theoretical_pnl_usd"]), writing.text(worst["rejection_reason"])
    return f"{reason} cost most: what it kept out would have earned {cost} USD"


def _unknown(rows: Sequence[Row]) -> str:
    unknown = sum(row["unknown"] for row in rows)
    return f"; {writing.plural(unknown, 'signal')} could not be valued" if unknown else ""
