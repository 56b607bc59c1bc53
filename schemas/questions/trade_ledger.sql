-- What did we trade, and under which configuration?
-- Trades that closed in these days, in the order in which they did.
-- Without --since: the last 30 days.
SELECT
  exit_time,
  trade_id,
  strategy_id,
  config_version,
  is_current,
  symbol,
  side,
  trade_type,
  qty,
  entry_price,
  exit_price,
  exit_reason,
  gross_pnl_usd,
  fees_usd,
  pnl_usd,
  pnl_pct,
  fee_finalized
FROM trade_ledger
WHERE ds >= @since AND ds <= @until
ORDER BY exit_time, trade_id
