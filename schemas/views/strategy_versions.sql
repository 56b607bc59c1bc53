-- Which configuration did each strategy have, and from when to when?
-- One row per version. valid_to is the moment the next version took over, NULL of the current one. ds is the UTC date
-- of valid_from.
-- Every version is read, whatever ds is asked for: the next one ends it, and that may be years later. The table holds
-- a row per change of a configuration, so this is little.
SELECT
  ds,
  strategy_id,
  version,
  valid_from,
  LEAD(valid_from) OVER (PARTITION BY strategy_id ORDER BY valid_from) AS valid_to,
  LEAD(valid_from) OVER (PARTITION BY strategy_id ORDER BY valid_from) IS NULL AS is_current,
  active,
  timeframe,
  asset_class,
  assets,
  config,
  config_hash
FROM `{dataset}.dim_strategies`
WHERE ds >= DATE '0001-01-01'
