"""The daily account state: the broker's account as a document and the `snapshot_accounts` table."""

from schemas.columns import Count, Day, Instant, Integer, Percent, Text, Usd
from schemas.document import Document, Flag, Number, OptionalString, String, Whole
from schemas.table import ArchivedRow, Table


class AccountDocument(Document):
    """The broker's answer for one account. Everything but its identity may be missing."""

    KEY = "account_number"

    account_number: String
    """The broker's number of the account."""
    status: String
    """The broker's status, as it says it."""
    currency: OptionalString = None
    """Currency of all amounts."""
    equity: Number
    """Cash plus positions, US dollars."""
    last_equity: Number | None = None
    """Equity at 16:00 New York of the previous trading day."""
    cash: Number | None = None
    """Cash; negative is a margin loan."""
    long_market_value: Number | None = None
    """Value of long positions."""
    short_market_value: Number | None = None
    """Value of short positions, zero or negative."""
    initial_margin: Number | None = None
    """Reg T initial margin."""
    maintenance_margin: Number | None = None
    """Maintenance margin."""
    buying_power: Number | None = None
    """Buying power."""
    regt_buying_power: Number | None = None
    """Buying power under Reg T."""
    daytrading_buying_power: Number | None = None
    """Buying power for day trades; no longer sent since 2026-07."""
    non_marginable_buying_power: Number | None = None
    """Buying power for what cannot be bought on margin."""
    multiplier: Number | None = None
    """Margin multiplier."""
    sma: Number | None = None
    """Special memorandum account."""
    daytrade_count: Whole | None = None
    """Day trades in five days; no longer sent since 2026-07."""
    pattern_day_trader: Flag | None = None
    """Pattern day trader flag; no longer sent since 2026-07."""
    account_blocked: Flag | None = None
    """Whether the account is blocked."""
    trading_blocked: Flag | None = None
    """Whether trading is blocked."""
    transfers_blocked: Flag | None = None
    """Whether transfers are blocked."""
    trade_suspended_by_user: Flag | None = None
    """Whether the user suspended trading."""


class AccountSnapshot(ArchivedRow):
    """One row of `snapshot_accounts`."""

    TABLE = Table(
        name="snapshot_accounts",
        key=("account_id", "ds"),
        cluster_by=("account_id",),
        description="One row per account and day: equity, margin, drawdown, greeks. A day ends at 16:00 New York, when "
        "the broker strikes last_equity: ds is the New York date of the as-of time less 16 hours, and the first "
        "complete snapshot from 16:00 of ds to 16:00 of the next day wins. It is taken within that day, never after: "
        "the broker tells only what an account holds now.",
    )

    ds: Day
    """Partition: the day in New York, ending at 16:00, that the snapshot closes."""
    account_id: Text
    """Key: the broker's account number."""
    snapshot_at: Instant
    """When the snapshot was really taken: the time of the broker's answer. It lies after 16:00 New York of ds."""
    currency: Text | None
    """Currency of all amounts."""
    status: Text
    """The broker's status."""
    equity: Usd
    """Cash plus positions, US dollars."""
    last_equity: Usd | None
    """Equity at 16:00 New York of the last trading day that the broker's books closed, US dollars."""
    cash: Usd | None
    """Cash, US dollars; negative is a margin loan."""
    long_market_value: Usd | None
    """Value of long positions, US dollars."""
    short_market_value: Usd | None
    """Value of short positions, US dollars, zero or negative."""
    initial_margin: Usd | None
    """Reg T initial margin, US dollars."""
    maintenance_margin: Usd | None
    """Maintenance margin, US dollars."""
    buying_power: Usd | None
    """Buying power, US dollars."""
    regt_buying_power: Usd | None
    """Buying power under Reg T, US dollars."""
    daytrading_buying_power: Usd | None
    """Buying power for day trades, US dollars. NULL since the broker stopped sending it."""
    non_marginable_buying_power: Usd | None
    """Buying power for what cannot be bought on margin, US dollars."""
    multiplier: Usd | None
    """Margin multiplier."""
    sma: Usd | None
    """Special memorandum account, US dollars."""
    daytrade_count: Integer | None
    """Day trades in five days. NULL since the broker stopped sending it."""
    pattern_day_trader: bool | None
    """Pattern day trader flag. NULL since the broker stopped sending it."""
    account_blocked: bool | None
    """Whether the account is blocked."""
    trading_blocked: bool | None
    """Whether trading is blocked."""
    transfers_blocked: bool | None
    """Whether transfers are blocked."""
    trade_suspended_by_user: bool | None
    """Whether the user suspended trading."""
    peak_equity: Usd | None
    """Highest equity of portfolio history, to the close of ds, and of this snapshot, US dollars."""
    drawdown_pct: Percent | None
    """(peak_equity - equity) in percent of the peak."""
    max_drawdown_pct: Percent | None
    """Worst drawdown so far, percent of the peak before it."""
    calmar_ratio: Percent | None
    """Annualised return (365 / calendar days) divided by the worst drawdown. NULL under 30 days or without one."""
    positions_count: Count
    """Open positions."""
    net_delta_usd: Usd | None
    """Sum of delta · signed quantity · contract multiplier · underlying price over options, US dollars.
    NULL when incomplete."""
    net_gamma_usd: Usd | None
    """Change of net_delta_usd per 1 % move of the underlying, US dollars. NULL when incomplete."""
    net_theta_usd: Usd | None
    """Value lost or won per calendar day, US dollars. NULL when incomplete."""
    net_vega_usd: Usd | None
    """Value per volatility point, US dollars. NULL when incomplete."""
    net_rho_usd: Usd | None
    """Value per percentage point of interest, US dollars. NULL when incomplete."""
    option_positions: Count
    """Option positions held."""
    option_positions_with_greeks: Count
    """Option positions for which the broker gave all greeks and the contract's multiplier."""
    greeks_complete: bool
    """Whether the sums cover every option position."""
