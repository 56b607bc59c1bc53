-- Fees of executed trades by asset class and how they were found. The view knows no strategies.
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
