-- What did each strategy earn, by day, symbol and version?
-- The rows of the view, the newest day first.
-- Without --since: the last 30 days.
SELECT
  ds,
  strategy_id,
  strategy_version,
  symbol,
  trade_type,
  trades,
  wins,
  losses,
  gross_pnl_usd,
  fees_usd,
  pnl_usd,
  open_fees
FROM daily_pnl
WHERE ds >= @since AND ds <= @until
ORDER BY ds DESC, strategy_id, symbol, strategy_version, trade_type
