-- What did each filter cost or save: which one should go?
-- One row per day of the signal (UTC), reason and strategy. theoretical_pnl_usd is what the rejected signals would
-- have earned, US dollars, net of fees, on notional_usd: below 0 the filter saved that much, above 0 it cost that
-- much. unknown counts signals that no bars could value; they are part of neither sum.
-- A filter on ds reaches fact_rejected_signals.
SELECT
  ds,
  rejection_reason,
  strategy_id,
  COUNT(*) AS signals,
  COUNTIF(theoretical_pnl_usd IS NULL) AS unknown,
  COUNTIF(theoretical_pnl_usd > 0) AS winners,
  COUNTIF(theoretical_pnl_usd < 0) AS losers,
  COUNTIF(theoretical_exit_reason = 'TAKE_PROFIT') AS targets,
  COUNTIF(theoretical_exit_reason = 'STOP_LOSS') AS stops,
  SUM(theoretical_pnl_usd) AS theoretical_pnl_usd,
  SUM(IF(theoretical_pnl_usd IS NULL, NULL, notional_usd)) AS notional_usd
FROM `{dataset}.fact_rejected_signals`
GROUP BY ds, rejection_reason, strategy_id
