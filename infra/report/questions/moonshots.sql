-- The highest flights, and how many there are in all.
SELECT
  created_at,
  signal_id,
  strategy_id,
  symbol,
  side,
  pattern_name,
  entry_price,
  max_mfe_pct,
  max_mfe_at,
  would_have_triggered,
  distance_to_trigger_pct,
  COUNT(*) OVER () AS of_moonshots
FROM missed_moonshots
WHERE ds >= @since AND ds <= @until
  AND (ARRAY_LENGTH(@strategies) = 0 OR strategy_id IN UNNEST(@strategies))
ORDER BY max_mfe_pct DESC, signal_id
LIMIT @limit
