-- What each filter cost (above 0) or saved (below 0).
SELECT
  rejection_reason,
  SUM(signals) AS signals,
  SUM(unknown) AS unknown,
  SUM(winners) AS winners,
  SUM(losers) AS losers,
  SUM(targets) AS targets,
  SUM(stops) AS stops,
  SUM(theoretical_pnl_usd) AS theoretical_pnl_usd
FROM rejection_value
WHERE ds >= @since AND ds <= @until
  AND (ARRAY_LENGTH(@strategies) = 0 OR strategy_id IN UNNEST(@strategies))
GROUP BY rejection_reason
ORDER BY theoretical_pnl_usd DESC, rejection_reason
