"""What the settings reach, and whether it is as it should be: one finding per thing looked at. It changes nothing.

The one trace it leaves, for whoever may write, is an empty write stream, which is never committed and which BigQuery
forgets.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from google.api_core.exceptions import Forbidden

from jobs.entry import EXPECTED
from jobs.registry import all_jobs, loops
from schemas.registry import TABLES
from schemas.run_record import Status
from schemas.views import VIEWS
from shared.broker_account import TradingAccount
from shared.dataset import Dataset
from shared.environment import is_live
from shared.jobs import Job
from shared.loop import Origin
from shared.parts import Parts
from shared.settings import Settings
from shared.shards import is_of

HASTE = {"retry_seconds": 2.0, "call_timeout_s": 15.0, "broker_attempts": 2}
"""What does not answer soon is reported, not waited for; seconds."""
OVERDUE = timedelta(hours=26)
"""How long after its last good run a daily job is late: a day, and two hours for a run that is slow or retried."""
MAX_SKEW = timedelta(seconds=5)
"""Between this machine's clock and the service's. Runs read the service's clock; people and logs read this one."""
ENDED_WELL = (Status.SUCCEEDED, Status.PARTIAL)


class State(StrEnum):
    """How something is."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: State
    detail: str
    advice: str = ""
    """What to do; empty when there is nothing."""


Check = Callable[[Parts], Iterator[Finding]]


def examine(parts: Parts) -> Iterator[Finding]:
    """Look at everything; what cannot be reached is a finding, and the rest is looked at nevertheless."""
    for what, check, advice in CHECKS:
        try:
            yield from check(parts)
        except EXPECTED as error:
            text = parts.settings.redacted(f"{type(error).__name__}: {error}".splitlines()[0])
            yield Finding(what, State.FAILED, text, advice)


def in_haste(settings: Settings) -> Settings:
    """Shorten the patience of some settings."""
    return settings.model_copy(update=HASTE)


def stated(settings: Settings) -> dict[str, str]:
    """Name every setting by its variable; of a secret, whether it is there."""
    public = settings.public()
    return {
        field.alias or name: ("set" if getattr(settings, name) else "not set") if name not in public else _text(value)
        for name, field in Settings.model_fields.items()
        for value in [public.get(name)]
    }


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(one["name"] if isinstance(one, dict) else one) for one in value)
    return "" if value is None else str(value)


def _environment(parts: Parts) -> Iterator[Finding]:
    settings = parts.settings
    parts.tables.require_environment()
    money = "real money" if any(is_live(one.base_url) for one in settings.accounts) else "no real money"
    named = settings.environment or "not named"
    yield Finding("environment", State.OK, f"{named}; {settings.project}, dataset {settings.dataset}, {money}")


def _sources(parts: Parts) -> Iterator[Finding]:
    before = parts.clock()
    moment = parts.documents.server_time()
    read = (loop for loop in loops().values() if loop.origin is Origin.FIRESTORE and not loop.bookkeeping)
    sources = dict.fromkeys(loop.source for loop in read)
    held = ", ".join(f"{parts.documents.count(name, moment)} {name}" for name in sources)
    yield Finding("source documents", State.OK, f"database {parts.settings.firestore_database}: {held}")
    if abs(skew := moment - before) > MAX_SKEW:
        detail = f"this machine's clock is {abs(skew.total_seconds()):.0f} s {'behind' if skew > MAX_SKEW else 'ahead'}"
        yield Finding("clock", State.WARNING, detail, "Set the clock: times in logs and records will be wrong.")


def _bookkeeping(parts: Parts) -> Iterator[Finding]:
    open_records = len(parts.quarantine.records())
    detail = f"database {parts.settings.bookkeeping_database}: {open_records} documents in quarantine"
    yield Finding("bookkeeping", State.OK, detail)


def _tables(parts: Parts) -> Iterator[Finding]:
    off = Dataset(parts.warehouse.client, parts.settings).differences()
    for one in off:
        advice = "`golden-thread schema apply` puts it right." if one.additive else "It needs a migration by hand."
        yield Finding("tables", State.FAILED, str(one), advice)
    if not off:
        detail = f"all {len(TABLES)} are as their models say, all {len(VIEWS)} views as their files"
        yield Finding("tables", State.OK, detail)


def _appending(parts: Parts) -> Iterator[Finding]:
    row = next((row for row in TABLES if parts.tables.exists(row)), None)
    if row is None:
        return
    try:
        parts.streams.open(row)
    except Forbidden:
        # As it should be for a person who looks: nobody needs the right to write for that.
        detail = f"you may look at {row.TABLE.name}, not write to it"
        yield Finding("Storage Write API", State.WARNING, detail, f"Nothing, unless jobs run as you. {_WRITES_ROWS}")
    else:
        yield Finding("Storage Write API", State.OK, f"takes rows for {row.TABLE.name}")


def _broker(parts: Parts) -> Iterator[Finding]:
    for account in parts.broker.accounts:
        yield _account(account, parts.settings)


def _account(account: TradingAccount, settings: Settings) -> Finding:
    what = f"broker account {account.name}".rstrip()
    access = next(one for one in settings.accounts if one.name == account.name)
    if not (access.api_key and access.secret_key):
        return Finding(what, State.WARNING, "no keys", "Set ALPACA_API_KEY and ALPACA_SECRET_KEY for jobs that ask it.")
    found = account.account()
    detail = f"{access.base_url}: …{str(found.get('account_number'))[-4:]}, {found.get('status')}"
    if found.get("status") != "ACTIVE":
        return Finding(what, State.WARNING, detail, "The broker has not opened this account for trading, or closed it.")
    return Finding(what, State.OK, detail)


def _market(parts: Parts) -> Iterator[Finding]:
    if not any(one.api_key for one in parts.settings.accounts):
        return
    last = parts.documents.server_time()
    bars = parts.broker.bars("CRYPTO", ["BTC/USD"], "1Day", last - timedelta(days=7), last)["BTC/USD"]
    yield Finding("market data", State.OK, f"{parts.settings.alpaca_data_url}: {len(bars)} daily bars of BTC/USD")


def _leases(parts: Parts) -> Iterator[Finding]:
    leases = dict.fromkeys(job.lease for job in all_jobs().values())
    for name, state in (held for lease in leases for held in parts.leases.states(lease).items()):
        free = state.free_for("")
        if state.intent is not None and free:
            detail = f"{name}: the commit of run {state.intent.run_id} ({state.intent.n} rows) is not settled"
            yield Finding("lease", State.WARNING, detail, "The next run of its job settles it.")
        elif not free:
            yield Finding("lease", State.OK, f"{name}: held by {state.owner}")


def _last_runs(parts: Parts) -> Iterator[Finding]:
    now = parts.documents.server_time()
    late = [finding for job in all_jobs().values() if job.schedule for finding in _late(job, now, parts)]
    yield from late or [Finding("last runs", State.OK, "every scheduled job ended well within 26 hours")]


def _late(job: Job, now: datetime, parts: Parts) -> Iterator[Finding]:
    """Look at each shard of the job's table by itself, for the runs of one say nothing of another."""
    records = parts.runs.recent(1000, job.name)
    good = [one for one in records if one["status"] in ENDED_WELL and not (one.get("dry_run") or one.get("narrowed"))]
    newest = {one["lease"]: one["started_at"] for one in reversed(good) if is_of(job.lease, one["lease"])}
    leases = [shard.of(job.lease) for shard in parts.leases.of(job.lease)]
    for lease in leases:
        name = job.name if lease == job.lease else f"{job.name}, shard {lease}"
        last = _last_look(lease, job.lease, newest, leases)
        if last is None:
            yield Finding("last runs", State.WARNING, f"{name}: never ended well", f"`golden-thread run {job.name}`")
        elif now - last > OVERDUE:
            detail = f"{name}: ended well last at {last:%Y-%m-%d %H:%M} UTC"
            advice = f"`golden-thread runs --job {job.name}` says what happened since."
            yield Finding("last runs", State.WARNING, detail, advice)


def _last_look(lease: str, whole: str, newest: Mapping[str, datetime], division: Sequence[str]) -> datetime | None:
    """Find the last good run that saw what a lease guards, by the newest one of each lease that the table ever had.

    A run from before the table was split saw all of it; from before it was joined, all its parts together did. A lease
    of today's division tells nothing of another one.
    """
    own = [newest[name] for name in (lease, whole) if name in newest]
    others = [started for name, started in newest.items() if name not in division]
    return max(own) if own else min(others, default=None)


_WRITES_ROWS = "A job's account needs gt_<environment>_table_writer on the table (infra/gcp/iam_bigquery.tf)."
_LOOKS_AT_TABLES = (
    "Who looks needs roles/bigquery.dataViewer on the dataset, a job's account roles/bigquery.metadataViewer."
)
_READS_SOURCES = (
    "Who looks needs roles/datastore.viewer on this database, and so does a job's account; that of price-patch "
    "gt_<environment>_mender, that of retire gt_<environment>_retirer (infra/gcp/iam_firestore.tf)."
)
_KEEPS_BOOKS = (
    "Who looks needs roles/datastore.viewer on the bookkeeping database, a job's account gt_<environment>_bookkeeper "
    "(infra/gcp/iam_firestore.tf)."
)

CHECKS: tuple[tuple[str, Check, str], ...] = (
    ("environment", _environment, "Use the dataset of this environment, or the settings of the dataset's."),
    ("source documents", _sources, _READS_SOURCES),
    ("bookkeeping", _bookkeeping, _KEEPS_BOOKS),
    ("tables", _tables, _LOOKS_AT_TABLES),
    ("Storage Write API", _appending, _WRITES_ROWS),
    ("broker", _broker, "Compare keys and host: paper keys work at the paper host alone, live keys at the live one."),
    ("market data", _market, "Compare ALPACA_DATA_URL and the keys of the first account."),
    ("leases", _leases, _KEEPS_BOOKS),
    ("last runs", _last_runs, _KEEPS_BOOKS),
)
"""What is looked at, how, and what helps when it cannot be reached."""
