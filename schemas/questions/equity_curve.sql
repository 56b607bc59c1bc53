-- How did each account's equity go, and how far below its peak is it?
-- The snapshots of these days.
-- Without --since: the last 90 days.
SELECT
  ds,
  account_id,
  equity,
  change_usd,
  return_pct,
  peak_equity,
  drawdown_pct,
  max_drawdown_pct,
  calmar_ratio
FROM equity_curve
WHERE ds >= @since AND ds <= @until
ORDER BY account_id, ds
