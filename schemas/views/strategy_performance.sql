-- How good is each strategy?
-- One row per strategy, trade_type and day with an exit: how it stood at the end of that day over all its trades so
-- far.
-- A win earned more than its fees, a loss less; a trade at exactly 0 is neither, and counts as a trade.
-- win_rate = wins / trades. profit_factor = sum of wins / sum of losses. expectancy_usd = pnl_usd / trades.
-- sharpe and sortino are of the daily P&L in US dollars over calendar days (UTC) from first_ds to ds, days without an
-- exit counting as 0; risk-free rate 0; annualised by the square root of 365 days. Dividing by a constant capital
-- would change neither. sharpe = mean / sample standard deviation (n - 1), NULL under two days or where all days are
-- alike. sortino = mean / root of the mean square of the losing days over all n days, NULL without a losing day.
-- max_drawdown_usd = deepest fall of the cumulated P&L at the end of a day below its peak so far, which starts at 0;
-- in dollars, for a strategy has no capital of its own.
-- slippage_pct = plain mean over trades with a target price; positive is a cost. fees_share = fees / sum of the
-- absolute gross P&L of each trade.
-- The figures are those of quantstats and empyrical over daily P&L / capital at 365 periods a year, but for two: the win
-- rate of quantstats leaves trades at 0 out, and the drawdown of both compounds returns, where this one adds dollars.
-- All of fact_trades is read, whatever ds is asked for: each row is about all trades so far.
WITH days AS (
  SELECT
    ds,
    strategy_id,
    trade_type,
    COUNT(*) AS trades,
    COUNTIF(pnl_usd > 0) AS wins,
    COUNTIF(pnl_usd < 0) AS losses,
    SUM(pnl_usd) AS pnl_usd,
    SUM(IF(pnl_usd > 0, pnl_usd, 0)) AS won_usd,
    SUM(IF(pnl_usd < 0, -pnl_usd, 0)) AS lost_usd,
    SUM(fees_usd) AS fees_usd,
    SUM(ABS(gross_pnl_usd)) AS moved_usd,
    SUM(slippage_pct) AS slippage_pct,
    COUNT(slippage_pct) AS targeted
  FROM `{dataset}.fact_trades`
  WHERE ds >= DATE '0001-01-01'
  GROUP BY ds, strategy_id, trade_type
),

so_far AS (
  SELECT
    ds,
    strategy_id,
    trade_type,
    MIN(ds) OVER history AS first_ds,
    SUM(trades) OVER history AS trades,
    SUM(wins) OVER history AS wins,
    SUM(losses) OVER history AS losses,
    SUM(pnl_usd) OVER history AS pnl_usd,
    SUM(won_usd) OVER history AS won_usd,
    SUM(lost_usd) OVER history AS lost_usd,
    SUM(fees_usd) OVER history AS fees_usd,
    SUM(moved_usd) OVER history AS moved_usd,
    SUM(slippage_pct) OVER history AS slippage_pct,
    SUM(targeted) OVER history AS targeted,
    SUM(POW(CAST(pnl_usd AS FLOAT64), 2)) OVER history AS squares,
    SUM(IF(pnl_usd < 0, POW(CAST(pnl_usd AS FLOAT64), 2), 0)) OVER history AS losing_squares
  FROM days
  WINDOW history AS (PARTITION BY strategy_id, trade_type ORDER BY ds)
),

peaks AS (
  SELECT
    *,
    DATE_DIFF(ds, first_ds, DAY) + 1 AS calendar_days,
    GREATEST(MAX(pnl_usd) OVER (PARTITION BY strategy_id, trade_type ORDER BY ds), 0) AS peak_usd
  FROM so_far
),

falls AS (
  SELECT
    *,
    CAST(pnl_usd AS FLOAT64) / calendar_days AS mean_usd,
    squares - POW(CAST(pnl_usd AS FLOAT64), 2) / calendar_days AS spread,
    MAX(peak_usd - pnl_usd) OVER (PARTITION BY strategy_id, trade_type ORDER BY ds) AS max_drawdown_usd
  FROM peaks
)

SELECT
  ds,
  strategy_id,
  trade_type,
  first_ds,
  calendar_days,
  trades,
  wins,
  losses,
  pnl_usd,
  CAST(wins AS FLOAT64) / trades AS win_rate,
  SAFE_DIVIDE(CAST(won_usd AS FLOAT64), CAST(lost_usd AS FLOAT64)) AS profit_factor,
  CAST(pnl_usd AS FLOAT64) / trades AS expectancy_usd,
  IF(
    calendar_days < 2,
    NULL,
    SAFE_DIVIDE(
      mean_usd,
      SQRT(IF(spread > 1e-12 * squares, spread, 0) / NULLIF(calendar_days - 1, 0))
    ) * SQRT(365)
  ) AS sharpe,
  SAFE_DIVIDE(mean_usd, SQRT(losing_squares / calendar_days)) * SQRT(365) AS sortino,
  max_drawdown_usd,
  SAFE_DIVIDE(CAST(slippage_pct AS FLOAT64), targeted) AS slippage_pct,
  fees_usd,
  SAFE_DIVIDE(CAST(fees_usd AS FLOAT64), CAST(moved_usd AS FLOAT64)) AS fees_share
FROM falls
