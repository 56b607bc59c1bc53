-- Which signals expired unfilled and then flew?
-- One row per expired signal whose best excursion reached the setting (MOONSHOT_PCT). max_mfe_pct is in percent of
-- the entry. Where would_have_triggered is true, price traded through the entry: an order at it would have filled;
-- where it is false, distance_to_trigger_pct says how much closer the entry had to be. ds is the UTC date of
-- created_at.
-- A filter on ds reaches fact_signals_expired.
SELECT
  ds,
  signal_id,
  strategy_id,
  symbol,
  side,
  pattern_name,
  created_at,
  valid_until,
  entry_price,
  max_mfe,
  max_mfe_pct,
  max_mfe_at,
  would_have_triggered,
  distance_to_trigger_pct,
  window_complete
FROM `{dataset}.fact_signals_expired`
WHERE moonshot
