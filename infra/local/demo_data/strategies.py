"""The strategies' current configurations: documents of `dim_strategies`."""

from infra.local.demo_data.course import RISK
from infra.local.demo_data.month import CRYPTO, DESKS, EQUITY, OPTION, Desk
from infra.local.demo_data.spelling import Fields

_TIMEFRAMES = {CRYPTO: "1H", EQUITY: "15Min", OPTION: "1H"}
_CONFLUENCE: dict[Desk, Fields] = {
    CRYPTO: {"ema_fast": 12, "ema_slow": 36, "min_volume_ratio": 1.2, "min_score": 3},
    EQUITY: {"rsi_period": 14, "rsi_oversold": 28, "rsi_overbought": 72, "bollinger_width": 2.0},
    OPTION: {"iv_rank_min": 0.2, "iv_rank_max": 0.6, "delta_target": 0.35},
}
_PATTERNS: dict[Desk, Fields] = {
    CRYPTO: {"breakout": {"min_score": 4}, "pullback": {"enabled": True}},
    EQUITY: {"gap_fade": {"max_gap_pct": 1.8}},
    OPTION: {},
}


def strategies() -> list[tuple[str, Fields]]:
    """One document per desk, by strategy."""
    return [(desk.strategy_id, _strategy(desk)) for desk in DESKS]


def _strategy(desk: Desk) -> Fields:
    (asset_class,) = {each.asset_class for each in desk.instruments}
    risk = RISK[asset_class]
    return {
        "strategy_id": desk.strategy_id,
        "active": True,
        "timeframe": _TIMEFRAMES[desk],
        "asset_class": asset_class,
        "assets": [each.symbol for each in desk.instruments],
        "risk_params": {"stop_loss_pct": float(risk.stop * 100), "take_profit_pct": float(risk.target * 100)},
        "confluence_config": _CONFLUENCE[desk],
        "pattern_overrides": _PATTERNS[desk],
    }
