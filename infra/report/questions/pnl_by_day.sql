-- What each day earned, and how it added up since the first of these days.
SELECT
  ds,
  trade_type,
  SUM(trades) AS trades,
  SUM(wins) AS wins,
  SUM(losses) AS losses,
  SUM(gross_pnl_usd) AS gross_pnl_usd,
  SUM(fees_usd) AS fees_usd,
  SUM(pnl_usd) AS pnl_usd,
  SUM(SUM(pnl_usd)) OVER (PARTITION BY trade_type ORDER BY ds) AS total_usd,
  SUM(open_fees) AS open_fees
FROM daily_pnl
WHERE ds >= @since AND ds <= @until
  AND (ARRAY_LENGTH(@strategies) = 0 OR strategy_id IN UNNEST(@strategies))
GROUP BY ds, trade_type
ORDER BY trade_type, ds
