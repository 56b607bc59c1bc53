-- Which configurations came in, and which are current?
-- Versions that began in these days, by strategy.
-- Without --since: the last 3650 days.
SELECT
  strategy_id,
  version,
  valid_from,
  valid_to,
  is_current,
  active,
  timeframe,
  assets,
  config
FROM strategy_versions
WHERE ds >= @since AND ds <= @until
ORDER BY strategy_id, valid_from
