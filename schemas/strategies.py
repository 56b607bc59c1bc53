"""Strategy configurations: the `dim_strategies` document and the slowly changing dimension of the same name."""

from schemas.columns import Instant, Integer, Json, Text
from schemas.document import Document, Flag, Map, OptionalString, String, Strings
from schemas.table import ArchivedRow, Table


class StrategyDocument(Document):
    """A document of `dim_strategies`: the current configuration of one strategy."""

    KEY = "strategy_id"

    strategy_id: String
    """Id of the strategy: the document's id."""
    active: Flag
    """Whether the strategy trades."""
    timeframe: String
    """Bar size the strategy works on."""
    asset_class: OptionalString = None
    """Kind of instrument, as the engine writes it."""
    assets: Strings
    """Symbols the strategy watches."""
    risk_params: Map | None = None
    """Risk settings."""
    confluence_config: Map | None = None
    """Indicator settings."""
    pattern_overrides: Map | None = None
    """Settings by pattern."""


class StrategyVersion(ArchivedRow):
    """One row of `dim_strategies`."""

    TABLE = Table(
        name="dim_strategies",
        key=("strategy_id", "config_hash", "valid_from"),
        cluster_by=("strategy_id",),
        description="Slowly changing dimension, type 2: one row per configuration ever seen. Append-only; "
        "ds is the UTC date of valid_from.",
    )

    strategy_id: Text
    """Key: id of the strategy."""
    version: Integer
    """1, 2, … per strategy in order of valid_from."""
    config_hash: Text
    """Key: SHA-256 of the configuration in canonical JSON, hexadecimal."""
    config: Json
    """The whole configuration."""
    active: bool
    """Whether the strategy trades under this configuration."""
    timeframe: Text
    """Bar size the strategy works on."""
    asset_class: Text | None
    """Kind of instrument, as the engine writes it."""
    assets: list[Text]
    """Symbols the strategy watches."""
    valid_from: Instant
    """Key: update time of the document that carried this configuration. Valid until the next row's."""
