-- What each strategy earned in these days.
SELECT
  strategy_id,
  trade_type,
  SUM(trades) AS trades,
  SUM(wins) AS wins,
  SUM(losses) AS losses,
  SUM(gross_pnl_usd) AS gross_pnl_usd,
  SUM(fees_usd) AS fees_usd,
  SUM(pnl_usd) AS pnl_usd,
  SUM(open_fees) AS open_fees
FROM daily_pnl
WHERE ds >= @since AND ds <= @until
  AND (ARRAY_LENGTH(@strategies) = 0 OR strategy_id IN UNNEST(@strategies))
GROUP BY strategy_id, trade_type
ORDER BY trade_type, pnl_usd DESC, strategy_id
