-- Which fees are settled, and how far off was the estimate?
-- One row per day of exit (UTC), asset class, fee_method and fee_finalized; executed trades only. estimated_usd and
-- actual_usd are sums over the same trades, those whose fee is known, so difference_usd = actual_usd - estimated_usd
-- compares like with like; awaited_usd is the estimate of the others. unattributed_usd is what the broker posted for
-- executions not known here, shared out by the same weights; it is part of no trade's fees. US dollars.
-- A filter on ds reaches fact_trades.
SELECT
  ds,
  asset_class,
  fee_method,
  fee_finalized,
  COUNT(*) AS trades,
  COUNT(actual_fee_usd) AS known,
  SUM(IF(actual_fee_usd IS NULL, NULL, fee_estimate_usd)) AS estimated_usd,
  SUM(actual_fee_usd) AS actual_usd,
  SUM(actual_fee_usd - fee_estimate_usd) AS difference_usd,
  SUM(IF(actual_fee_usd IS NULL, fee_estimate_usd, NULL)) AS awaited_usd,
  SUM(fee_unattributed_usd) AS unattributed_usd,
  MAX(fee_reconciled_at) AS reconciled_at
FROM `{dataset}.fact_trades`
WHERE trade_type = 'EXECUTED'
GROUP BY ds, asset_class, fee_method, fee_finalized
