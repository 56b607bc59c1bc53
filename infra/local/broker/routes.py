"""Every path the venue serves, in one table."""

from dataclasses import dataclass

from infra.local.broker import account, activities, admin, bars, contracts, orders, placing, sessions, snapshots
from infra.local.broker.call import ADMIN, DATA, OPEN_DATA, TRADING, Door, Handler


@dataclass(frozen=True)
class Route:
    """One path: `<name>` in the rule is the variable part that a handler is given."""

    method: str
    rule: str
    door: Door
    handler: Handler


ROUTES = (
    Route("GET", "/v2/account", TRADING, account.account),
    Route("GET", "/v2/account/portfolio/history", TRADING, account.portfolio_history),
    Route("GET", "/v2/account/activities", TRADING, activities.activities),
    Route("GET", "/v2/account/activities/<name>", TRADING, activities.activities_of_type),
    Route("GET", "/v2/positions", TRADING, account.positions),
    Route("GET", "/v2/positions/<path:name>", TRADING, account.position),
    Route("GET", "/v2/orders", TRADING, orders.orders),
    Route("GET", "/v2/orders:by_client_order_id", TRADING, orders.order_by_client_id),
    Route("GET", "/v2/orders/<name>", TRADING, orders.order_by_id),
    Route("POST", "/v2/orders", TRADING, placing.place),
    Route("DELETE", "/v2/orders/<name>", TRADING, placing.cancel),
    Route("GET", "/v2/calendar", TRADING, sessions.calendar),
    Route("GET", "/v2/clock", TRADING, sessions.clock),
    Route("GET", "/v2/options/contracts", TRADING, contracts.contracts),
    Route("GET", "/v2/options/contracts/<name>", TRADING, contracts.contract),
    Route("GET", "/v2/stocks/bars", DATA, bars.stock_bars),
    Route("GET", "/v1beta1/options/bars", DATA, bars.option_bars),
    Route("GET", "/v1beta1/options/snapshots", DATA, snapshots.snapshots),
    Route("GET", "/v1beta1/options/snapshots/<name>", DATA, snapshots.chain),
    Route("GET", "/v1beta3/crypto/<name>/bars", OPEN_DATA, bars.crypto_bars),
    Route("GET", "/_admin/health", ADMIN, admin.health),
    Route("POST", "/_admin/seed", ADMIN, admin.seed),
    Route("POST", "/_admin/reset", ADMIN, admin.reset),
    Route("POST", "/_admin/faults", ADMIN, admin.faults),
    Route("GET", "/_admin/calls", ADMIN, admin.calls),
)
