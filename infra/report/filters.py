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


def costliest(answers: Answers) -> Row | None:
    """Find the filter that cost most, if any cost anything."""
    valued = [row for row in answers["rejections"] if (row["theoretical_pnl_usd"] or 0) > 0]
    return max(valued, key=lambda row: row["theoretical_pnl_usd"]) if valued else None


def section(answers: Answers) -> Section:
    """Show the filters, the costliest first."""
    rows = answers["rejections"]
    valued = [row for row in rows if row["theoretical_pnl_usd"] is not None]
    plotted = Plot(
        "filters",
        "What the refused signals would have earned by reason, USD",
        "A bar for each reason: to the right of zero what the filter cost, to the left what it saved.",
        plot.ranked(
            plot.values(valued, "rejection_reason", "theoretical_pnl_usd", "signals", "winners", "losers"),
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
        _words(rows, costliest(answers)),
        [Figure([plotted], table)] if valued else [],
        "Theoretical results are net of fees, of a simulation over the bars. Signals that no bars could value are "
        "unknown and part of no sum.",
    )


def _words(rows: Sequence[Row], worst: Row | None) -> str:
    if not rows:
        return "No signal was rejected in these days."
    refused = writing.plural(sum(row["signals"] for row in rows), "signal")
    if worst is None:
        return f"{refused} refused. No filter cost anything: whatever they kept out would have earned nothing or lost."
    cost = writing.usd(worst["theoretical_pnl_usd"])
    reason = writing.text(worst["rejection_reason"])
    return f"{refused} refused. {reason} cost most: what it kept out would have earned {cost} USD."
