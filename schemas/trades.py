"""Closed positions: the `live_positions` document and the `fact_trades` table."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from schemas.columns import (
    AssetClass,
    BrokerCheck,
    FeeMethod,
    Instant,
    Integer,
    Json,
    PatchedBy,
    Percent,
    PositionTradeType,
    Price,
    Quantity,
    Side,
    Since,
    StrategyCheck,
    Text,
    Usd,
)
from schemas.document import (
    Document,
    DocumentAssetClass,
    DocumentSide,
    FillPrice,
    Map,
    Number,
    OptionalString,
    Positive,
    Stated,
    String,
    Time,
    Whole,
    as_list,
    as_text,
    refuse,
)
from schemas.reasons import Reason
from schemas.symbols import is_symbol
from schemas.table import ArchivedRow, Table


class ScaleOut(BaseModel):
    """One partial exit as the trading engine noted it."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    qty: Positive
    price: Positive
    timestamp: Time


class PositionDocument(Document):
    """A document of `live_positions` with status CLOSED."""

    KEY = "position_id"
    SPELLINGS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "entry_fill_price": ("filled_avg_price",),
        "entry_time": ("filled_at",),
        "entry_order_id": ("alpaca_order_id",),
        "current_stop": ("current_stop_loss",),
    }
    ZERO_IS_UNKNOWN = frozenset({"entry_fill_price"})

    position_id: String
    """Id of the position: the document's id and the entry order's `client_order_id`."""
    signal_id: String
    """The signal that led to the position."""
    account_id: String
    """Whatever the engine calls the account."""
    strategy_id: String
    """The strategy that took the decision."""
    strategy_version: Whole | None = None
    """Version of the strategy as the engine believed it."""
    symbol: String
    """`BTC/USD`, `AAPL` or an OCC option symbol."""
    asset_class: DocumentAssetClass
    """CRYPTO, EQUITY or OPTION."""
    status: Annotated[Literal["CLOSED"], BeforeValidator(as_text)]
    """CLOSED: open positions are not read by any loop."""
    side: DocumentSide
    """LONG or buy, SHORT or sell."""
    qty: Positive
    """Quantity closed, in units, by the engine's account."""
    original_qty: Positive | None = None
    """Quantity opened, before scale-outs."""
    target_entry_price: Positive | None = None
    """Price the strategy wanted."""
    entry_fill_price: FillPrice = None
    """Price the engine believes it entered at; the broker's fill wins."""
    exit_fill_price: FillPrice = None
    """Price the engine believes it left at; the broker's fill wins."""
    entry_time: Time
    """When the entry filled."""
    exit_time: Time
    """When the last exit filled."""
    exit_reason: String
    """Why the engine left."""
    entry_order_id: OptionalString = None
    """The broker's id of the entry order."""
    exit_order_id: OptionalString = None
    """The broker's id of the exit order."""
    tp_order_id: OptionalString = None
    """The broker's id of the take-profit order."""
    sl_order_id: OptionalString = None
    """The broker's id of the stop-loss order."""
    commission: Number | None = None
    """Commission by the engine's account, US dollars; fees come from the broker."""
    current_stop: Positive | None = None
    """Last stop price."""
    scaled_out_qty: Number | None = None
    """Sum of partial exits."""
    scaled_out_price: FillPrice = None
    """Average price of partial exits."""
    scaled_out_prices: Annotated[list[ScaleOut], BeforeValidator(as_list)] | None = None
    """Each partial exit."""
    trailing_stop_final: FillPrice = None
    """Last trailing stop price."""
    trade_type: Annotated[PositionTradeType, BeforeValidator(as_text)] = "EXECUTED"
    """EXECUTED at the broker, or THEORETICAL: paper only, unknown to the broker."""
    discord_thread_id: OptionalString = None
    """Thread that discussed the trade."""
    ds: Stated | None = None
    """The engine's own partition date; ours is computed."""
    price_patch: Map | None = None
    """Which fill prices the price patch put in: old and new value, the broker's order, run and time."""

    @model_validator(mode="after")
    def _symbol_fits_asset_class(self) -> Self:
        if not is_symbol(self.symbol, self.asset_class):
            raise refuse(Reason.BAD_TYPE, f"symbol is not one of asset class {self.asset_class}")
        return self

    @model_validator(mode="after")
    def _exit_follows_entry(self) -> Self:
        if self.exit_time < self.entry_time:
            raise refuse(Reason.EXIT_BEFORE_ENTRY, "exit_time lies before the entry time")
        return self

    @property
    def exit_order_ids(self) -> tuple[str, ...]:
        """Every order that may have closed the position; those without a fill do not count."""
        named = (self.exit_order_id, self.tp_order_id, self.sl_order_id)
        return tuple(dict.fromkeys(order_id for order_id in named if order_id))


class Trade(ArchivedRow):
    """One row of `fact_trades`."""

    TABLE = Table(
        name="fact_trades",
        key=("trade_id",),
        cluster_by=("strategy_id", "symbol"),
        patch_stamp="fee_reconciled_at",
        description="One row per closed position. ds is the UTC date of exit_time.",
    )

    trade_id: Text
    """Key: id of the position."""
    account_id: Text
    """The account as the trading engine names it."""
    signal_id: Text
    """The signal that led to the trade."""
    strategy_id: Text
    """The strategy that took the decision."""
    strategy_version: Integer | None
    """Version the document states; where it states none, the verified one. NULL when neither is known."""
    strategy_config_hash: Text | None
    """Hash of the configuration valid at decision time; joins dim_strategies. NULL when none covers that time."""
    strategy_check: StrategyCheck
    """VERIFIED: one version covers the decision time and the document agrees. MISMATCH: it states another one.
    UNKNOWN_VERSION: no version, or more than one, covers that time."""
    symbol: Text
    """Instrument: BTC/USD, AAPL, or an OCC option symbol."""
    asset_class: AssetClass
    """Kind of instrument."""
    side: Side
    """LONG bought first, SHORT sold first."""
    qty: Quantity
    """Quantity closed: filled quantity of the exit orders, in coins, shares or contracts."""
    contract_multiplier: Quantity
    """Units per contract: 100 for options, else 1."""
    target_entry_price: Price | None
    """Price the strategy wanted, US dollars per unit."""
    entry_price: Price
    """Volume-weighted entry fill, US dollars per unit; the broker's number where it has one."""
    exit_price: Price
    """Volume-weighted exit fill over all exits, US dollars per unit; the broker's number where it has one."""
    reported_entry_price: Price | None
    """Entry price the document states. NULL when it states none."""
    reported_exit_price: Price | None
    """Exit price the document states. NULL when it states none; 0 only of an option that ended without an order."""
    broker_check: BrokerCheck
    """MATCHED: every price the document states equals the broker's. CORRECTED: one differs or is missing.
    NOT_FOUND: the broker does not know the orders (theoretical trades)."""
    entry_time: Instant
    """When the entry filled, by the document."""
    exit_time: Instant
    """When the last exit filled, by the document."""
    trade_duration_s: Quantity
    """Seconds from entry to exit."""
    exit_reason: Text
    """Why the engine left the position."""
    trade_type: PositionTradeType
    """EXECUTED at the broker or THEORETICAL."""
    gross_pnl_usd: Usd
    """s · (exit_price - entry_price) · qty · contract_multiplier, US dollars, before fees."""
    fees_usd: Usd
    """actual_fee_usd where known, else fee_estimate_usd, US dollars."""
    pnl_usd: Usd
    """gross_pnl_usd - fees_usd, US dollars."""
    pnl_pct: Percent
    """pnl_usd in percent of entry_price · qty · contract_multiplier."""
    slippage_pct: Percent | None
    """s · (entry_price - target_entry_price) in percent of the target; positive is a cost. NULL without a target."""
    fee_estimate_usd: Usd
    """Fees by the dated fee table at the lowest tier's taker rate, both sides, US dollars."""
    actual_fee_usd: Annotated[Usd | None, PatchedBy("fee-patch")] = None
    """Fees the broker posted for the trade, US dollars; under NONE_POSTED those that came. NULL until known, and when
    nothing came or executions are missing; 0 is a value."""
    fee_finalized: Annotated[bool, PatchedBy("fee-patch")] = False
    """Whether nothing more is waited for: all fees of both days are in, or were given up (NONE_POSTED). A revision of
    orders, prices or quantity, or a fee that the broker takes back, sets it back."""
    fee_method: Annotated[FeeMethod, PatchedBy("fee-patch")] = "ESTIMATED"
    """ESTIMATED: by the fee table. EXACT: from postings that are this trade's alone. PRORATA: from its share of daily
    postings. NONE_POSTED: a fee that was to come never came; what did come is in actual_fee_usd."""
    fee_tier: Annotated[Text | None, PatchedBy("fee-patch")] = None
    """Lowest volume tier whose rates explain every crypto fee of the trade. NULL for others, and where none does."""
    fee_unattributed_usd: Annotated[Usd | None, PatchedBy("fee-patch")] = None
    """The trade's share, by the same weights, of daily fees that the broker posted for executions not known here, US
    dollars; not part of fees_usd. NULL until reconciled."""
    fee_reconciled_at: Annotated[Instant | None, PatchedBy("fee-patch")] = None
    """When the reading began whose result the fee columns hold. NULL until the first reconciliation."""
    mfe_pct: Percent | None
    """Best excursion in favour over the bars from entry to exit, percent of entry_price, never below 0.
    NULL when closed bars do not reach from entry to exit."""
    mae_pct: Percent | None
    """Worst excursion against, percent of entry_price, never below 0. NULL as mfe_pct."""
    max_favorable_excursion: Price | None
    """Best excursion in favour, US dollars per unit. NULL as mfe_pct."""
    entry_order_id: Text | None
    """The broker's id of the entry order."""
    exit_order_id: Text | None
    """The broker's id of the order that closed the last part. NULL when expiry, assignment or exercise closed all."""
    order_ids: Annotated[Json | None, Since(2)]
    """Broker ids of all that filled, by time: {"entry": [...], "exit": [...]}; an option that ended without an order
    is listed by its activity, whose id contains "::". NULL when the broker knows none (theoretical trades)."""
    discord_thread_id: Text | None
    """Thread that discussed the trade."""
