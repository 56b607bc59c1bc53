"""The first screen: is the thread whole, and how are we doing?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby

from infra.report import fees, filters, jobs, slippage, writing
from infra.report.asking import Answers, Row
from jobs.job_runs import LOOP as JOB_RUNS
from jobs.registry import all_jobs

_OVERDUE = timedelta(hours=48)
"""Every schedule is daily: by then a job missed its turn, and the one after it."""
_FAILED = frozenset({"FAILED", "INTERRUPTED", "ABANDONED"})


@dataclass(frozen=True)
class Verdict:
    """Whether the thread is whole, as far as the records of runs tell."""

    state: str
    """`whole`, `look` or `unknown`."""
    words: str
    faults: tuple[str, ...] = ()
    """What to look at, each with the command that tells more."""


@dataclass(frozen=True)
class Figure:
    """One key figure."""

    title: str
    value: str
    words: str
    tone: str = ""
    """`gain`, `loss`, or nothing."""


def verdict(answers: Answers, now: datetime) -> Verdict:
    """Judge the thread by the last runs of these days."""
    rows = answers["jobs"]
    if not rows:
        return Verdict("unknown", "No run of these days is known, so nobody can tell yet.")
    faults = tuple(_faults(answers, rows, now))
    waiting = (
        f"{writing.plural(jobs.refused(answers), 'document')} in quarantine with a reason each, "
        f"{writing.count(jobs.pending(answers))} left for the next run."
    )
    if faults:
        return Verdict("look", f"Not known to be whole. {waiting}", faults)
    return Verdict("whole", f"The last run of every job ended well and saw its whole source. {waiting}")


def _faults(answers: Answers, rows: Sequence[Row], now: datetime) -> Iterator[str]:
    end = min(now, datetime.combine(answers.scope.until + timedelta(days=1), datetime.min.time(), now.tzinfo))
    known = {row["job"]: row for row in rows}
    for name, job in all_jobs().items():
        row = known.pop(name, None)
        if row is not None:
            yield from _faults_of(row)
        if job.schedule and name != JOB_RUNS.name:  # Its own record is known by its next run only.
            yield from _missed(name, row, end)
    for row in known.values():  # Jobs that this version does not know.
        yield from _faults_of(row)


def _faults_of(row: Row) -> Iterator[str]:
    job = writing.text(row["job"])
    if row["last_status"] in _FAILED:
        yield f"{job}: the last run ended {row['last_status']}; `golden-thread runs --job {job}` tells why"
    if row["blind_spot"]:
        unseen = writing.plural(row["blind_spot"], "document")
        yield f"{job}: the last runs did not see {unseen} of their source; `golden-thread audit` names them"


def _missed(name: str, row: Row | None, end: datetime) -> Iterator[str]:
    ended = row["last_ended_well_at"] if row is not None else None
    if ended is None:
        yield f"{name}: no run that ended well is known of these days; `golden-thread run {name}`"
    elif end - ended > _OVERDUE:
        yield f"{name}: ended well last on {writing.moment(ended)} UTC; `golden-thread run {name}`"


def figures(answers: Answers) -> list[Figure]:
    """Pick the few numbers that tell how we are doing; those that nobody knows are left out."""
    found = (
        *_earned(answers),
        *_equity(answers),
        *_lost_to_filters(answers),
        *_missed_flights(answers),
        *_fees(answers),
        *_slippage(answers),
    )
    return list(found)


def _earned(answers: Answers) -> Iterator[Figure]:
    rows = [row for row in answers["pnl_by_strategy"] if row["trade_type"] == "EXECUTED"]
    if rows:
        net = sum((row["pnl_usd"] for row in rows), Decimal(0))
        trades, won = (sum(row[name] for row in rows) for name in ("trades", "wins"))
        words = f"of {writing.plural(trades, 'executed trade')} after fees; {writing.count(won)} won"
        yield Figure("Net result, USD", writing.signed_usd(net), words, _tone(net))


def _equity(answers: Answers) -> Iterator[Figure]:
    for account, rows in groupby(answers["equity"], lambda row: row["account_id"]):
        last = list(rows)[-1]
        words = (
            f"account {writing.text(account)} on {last['ds']}; {writing.percent(last['drawdown_pct'])} below its peak"
        )
        yield Figure("Equity, USD", writing.usd(last["equity"]), words)


def _lost_to_filters(answers: Answers) -> Iterator[Figure]:
    if not filters.valued(answers):
        return
    worst = filters.costliest(answers)
    if worst is None:
        yield Figure("Costliest filter", "none", "no filter kept out more gain than loss", "gain")
    else:
        words = f"USD that signals refused for {writing.text(worst['rejection_reason'])} would have earned"
        yield Figure("Costliest filter", writing.signed_usd(worst["theoretical_pnl_usd"]), words, "loss")


def _missed_flights(answers: Answers) -> Iterator[Figure]:
    if rows := answers["moonshots"]:
        words = f"expired unfilled; the highest flew {writing.percent(rows[0]['max_mfe_pct'])}"
        yield Figure("Moonshots missed", writing.count(rows[0]["of_moonshots"]), words)


def _fees(answers: Answers) -> Iterator[Figure]:
    rows = answers["fees"]
    if rows:
        trades = sum(row["trades"] for row in rows)
        final = sum(row["trades"] for row in rows if row["fee_finalized"])
        words = f"posted by the broker, USD; final for {writing.count(final)} of {writing.plural(trades, 'trade')}"
        yield Figure("Fees", writing.usd(fees.total(rows, "actual_usd")), words)


def _slippage(answers: Answers) -> Iterator[Figure]:
    if worst := slippage.dearest(answers):
        words = f"of the wanted price on average, {writing.text(worst['strategy_id'])}; the dearest strategy"
        yield Figure("Slippage", writing.fine_percent(worst["slippage_pct"]), words)


def _tone(value: Decimal) -> str:
    return "gain" if value > 0 else "loss" if value < 0 else ""
