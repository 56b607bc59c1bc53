-- What did each strategy earn, by day, symbol and version?
-- One row per day of exit (UTC), strategy, version, symbol and trade_type; EXECUTED and THEORETICAL trades are never
-- added up. pnl_usd = gross_pnl_usd - fees_usd, US dollars. open_fees counts trades whose fees are not final yet.
-- A filter on ds reaches fact_trades.
SELECT
  ds,
  strategy_id,
  strategy_version,
  symbol,
  trade_type,
  COUNT(*) AS trades,
  COUNTIF(pnl_usd > 0) AS wins,
  COUNTIF(pnl_usd < 0) AS losses,
  SUM(gross_pnl_usd) AS gross_pnl_usd,
  SUM(fees_usd) AS fees_usd,
  SUM(pnl_usd) AS pnl_usd,
  COUNTIF(NOT fee_finalized) AS open_fees
FROM `{dataset}.fact_trades`
GROUP BY ds, strategy_id, strategy_version, symbol, trade_type
