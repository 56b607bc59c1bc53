-- How good is each strategy?
-- Each strategy as it stood on its last day with an exit in these days, over all its trades since first_ds; one that
-- had no exit in them is left out.
-- Without --since: the last 365 days.
SELECT
  strategy_id,
  trade_type,
  first_ds,
  ds AS last_ds,
  calendar_days,
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
QUALIFY ROW_NUMBER() OVER (PARTITION BY strategy_id, trade_type ORDER BY ds DESC) = 1
ORDER BY pnl_usd DESC, strategy_id, trade_type
