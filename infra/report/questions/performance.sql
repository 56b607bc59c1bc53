-- How each strategy stood on its last day with an exit in these days, over all its trades so far.
SELECT
  strategy_id,
  trade_type,
  first_ds,
  ds AS last_ds,
  trades,
  pnl_usd,
  win_rate,
  profit_factor,
  expectancy_usd,
  sharpe,
  sortino,
  max_drawdown_usd,
  slippage_pct,
  fees_share
FROM strategy_performance
WHERE ds >= @since AND ds <= @until
  AND (ARRAY_LENGTH(@strategies) = 0 OR strategy_id IN UNNEST(@strategies))
QUALIFY ROW_NUMBER() OVER (PARTITION BY strategy_id, trade_type ORDER BY ds DESC) = 1
ORDER BY trade_type, pnl_usd DESC, strategy_id
