-- What did each filter cost or save: which one should go?
-- Signals of these days by reason; theoretical_pnl_usd above 0 is what the filter cost, below 0 what it saved.
-- Without --since: the last 90 days.
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
GROUP BY rejection_reason
ORDER BY theoretical_pnl_usd DESC, rejection_reason
