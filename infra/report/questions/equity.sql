-- Each account's evenings, the oldest first.
SELECT
  ds,
  account_id,
  currency,
  equity,
  change_usd,
  return_pct,
  peak_equity,
  drawdown_pct,
  max_drawdown_pct
FROM equity_curve
WHERE ds >= @since AND ds <= @until
ORDER BY account_id, ds
