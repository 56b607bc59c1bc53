"""The last hops: each view is held to what it must show. Views read tables only, so all they show is of this check."""

import re
from collections.abc import Callable, Mapping
from functools import partial

from jobs.check.compared import require_equal
from jobs.check.expected import Row
from jobs.check.expected_views import ViewRows
from jobs.check.hops import Told
from jobs.check.trip import Trip
from schemas.views import VIEWS, View
from shared import sql

_TABLES = re.compile(r"\{dataset\}\.(\w+)")
_KEYS: Mapping[str, tuple[str, ...]] = {
    "trade_ledger": ("trade_id",),
    "data_freshness": ("job",),
    "quarantine_trend": ("job", "reason"),
}
"""What tells the rows of a view apart, where it is not their day."""
_UNSENT = frozenset({"snapshot_accounts"})
"""Tables that the check writes nothing to."""


def pass_views(trip: Trip, rows: ViewRows) -> None:
    """Ask every view whose tables hold what they must."""
    for view in VIEWS:
        if missing := sorted(set(_TABLES.findall(view.sql)) - trip.sound - _UNSENT):
            trip.hops.pass_over(view.name, f"{', '.join(missing)} does not hold the records")
        else:
            advice = f"Compare schemas/views/{view.name}.sql with what jobs/check/expected_views.py says."
            trip.hops.take(view.name, partial(_shown, trip, view, rows), advice)


def _shown(trip: Trip, view: View, rows: ViewRows) -> Told:
    wanted, settings = _wanted(view.name, rows), trip.parts.settings
    found = list(trip.parts.warehouse.rows(sql.whole_view(settings.project, settings.dataset, view.name)))
    if wanted is None:
        return Told(f"rows: {len(found)}; nothing says what they must be")
    require_equal(view.name, _KEYS.get(view.name, ("ds",)), wanted, found)
    return Told(f"rows: {len(found)}, every value as it must be")


def _wanted(name: str, rows: ViewRows) -> list[Row] | None:
    told: dict[str, Callable[[], Mapping[str, list[Row]]]] = {
        **dict.fromkeys(("trade_ledger", "daily_pnl", "strategy_performance", "fee_reconciliation"), rows.of_trades),
        **dict.fromkeys(("data_freshness", "field_drift", "quarantine_trend"), rows.of_runs),
        "strategy_versions": rows.of_strategies,
        "rejection_value": rows.of_rejections,
        "missed_moonshots": rows.of_expiries,
        "equity_curve": rows.of_accounts,
    }
    return told[name]()[name] if name in told else None
