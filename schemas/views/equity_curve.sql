-- How did each account's equity go, and how far below its peak is it?
-- One row per account and day (New York, ending at 16:00). change_usd and return_pct compare with the account's
-- snapshot before, on previous_ds, which a missed day makes an older one; deposits and withdrawals are part of them,
-- for a snapshot does not tell them from gains. peak_equity, drawdown_pct and max_drawdown_pct come from the broker's
-- own history.
-- All of snapshot_accounts is read, whatever ds is asked for: the snapshot before may be any number of days older.
-- The table holds one row per account and day.
SELECT
  ds,
  account_id,
  currency,
  equity,
  cash,
  LAG(ds) OVER days AS previous_ds,
  equity - LAG(equity) OVER days AS change_usd,
  SAFE_DIVIDE(
    CAST(equity - LAG(equity) OVER days AS FLOAT64), CAST(LAG(equity) OVER days AS FLOAT64)
  ) * 100 AS return_pct,
  peak_equity,
  drawdown_pct,
  max_drawdown_pct,
  calmar_ratio,
  net_delta_usd,
  greeks_complete
FROM `{dataset}.snapshot_accounts`
WHERE ds >= DATE '0001-01-01'
WINDOW days AS (PARTITION BY account_id ORDER BY ds)
