-- What did we trade, under which configuration, and is it still the current one?
-- One row per closed position. valid_from, valid_to and is_current are those of the configuration that
-- strategy_config_hash names: of the versions with that hash the latest one from before the entry; NULL where no
-- version covers the decision (strategy_check UNKNOWN_VERSION). valid_to is NULL of the configuration that still
-- holds.
-- A filter on ds reaches fact_trades; the versions are read whole, for the next one ends each.
WITH versions AS (
  SELECT
    strategy_id,
    config_hash,
    version,
    valid_from,
    LEAD(valid_from) OVER (PARTITION BY strategy_id ORDER BY valid_from) AS valid_to,
    LEAD(valid_from) OVER (PARTITION BY strategy_id, config_hash ORDER BY valid_from) AS again_from
  FROM `{dataset}.dim_strategies`
  WHERE ds >= DATE '0001-01-01'
)

SELECT
  t.ds,
  t.trade_id,
  t.account_id,
  t.signal_id,
  t.strategy_id,
  t.strategy_version,
  t.strategy_check,
  v.version AS config_version,
  v.valid_from,
  v.valid_to,
  IF(v.version IS NULL, NULL, v.valid_to IS NULL) AS is_current,
  t.symbol,
  t.asset_class,
  t.side,
  t.trade_type,
  t.qty,
  t.entry_time,
  t.exit_time,
  t.entry_price,
  t.exit_price,
  t.exit_reason,
  t.broker_check,
  t.gross_pnl_usd,
  t.fees_usd,
  t.pnl_usd,
  t.pnl_pct,
  t.slippage_pct,
  t.mfe_pct,
  t.mae_pct,
  t.fee_method,
  t.fee_finalized,
  t.run_id
FROM `{dataset}.fact_trades` AS t
LEFT JOIN versions AS v
  ON v.strategy_id = t.strategy_id
  AND v.config_hash = t.strategy_config_hash
  AND v.valid_from <= t.entry_time
  AND (v.again_from IS NULL OR t.entry_time < v.again_from)
