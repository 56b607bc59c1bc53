-- The newest trades, and how many there are in all.
SELECT
  exit_time,
  trade_id,
  strategy_id,
  symbol,
  side,
  trade_type,
  exit_reason,
  gross_pnl_usd,
  fees_usd,
  pnl_usd,
  pnl_pct,
  mfe_pct,
  mae_pct,
  slippage_pct,
  COUNT(*) OVER () AS of_trades
FROM trade_ledger
WHERE ds >= @since AND ds <= @until
  AND (ARRAY_LENGTH(@strategies) = 0 OR strategy_id IN UNNEST(@strategies))
ORDER BY exit_time DESC, trade_id
LIMIT @limit
