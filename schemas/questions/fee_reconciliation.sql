-- Which fees are settled, and how far off was the estimate?
-- Trades that closed in these days, by asset class and how their fees were found.
-- Without --since: the last 90 days.
SELECT
  asset_class,
  fee_method,
  fee_finalized,
  SUM(trades) AS trades,
  SUM(known) AS known,
  SUM(estimated_usd) AS estimated_usd,
  SUM(actual_usd) AS actual_usd,
  SUM(difference_usd) AS difference_usd,
  SUM(awaited_usd) AS awaited_usd,
  SUM(unattributed_usd) AS unattributed_usd
FROM fee_reconciliation
WHERE ds >= @since AND ds <= @until
GROUP BY asset_class, fee_method, fee_finalized
ORDER BY asset_class, fee_method, fee_finalized
