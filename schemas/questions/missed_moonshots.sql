-- Which signals expired unfilled and then flew?
-- Signals of these days, the highest flight first.
-- Without --since: the last 90 days.
SELECT
  ds,
  signal_id,
  strategy_id,
  symbol,
  side,
  entry_price,
  max_mfe_pct,
  max_mfe_at,
  would_have_triggered,
  distance_to_trigger_pct
FROM missed_moonshots
WHERE ds >= @since AND ds <= @until
ORDER BY max_mfe_pct DESC, signal_id
