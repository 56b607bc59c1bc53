"""Every finding of the audit: exactly that wrong is planted into the stores, and the audit names it.

Plants that do not meddle with each other's counts share a history, each on a row of its own.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from infra.cli import main
from infra.local.fixtures import write_broker
from jobs.registry import all_jobs
from shared import audit_leases, audit_pages
from shared.quarantine import record_id
from tests.emulator.builders import PAPER, account, position, put, strategy
from tests.stack import AS_OF, LocalStack

OFF, HOLDS = 3, 0
LONG_AGO, FAR_AHEAD = datetime(2021, 9, 1, tzinfo=UTC), datetime(2062, 1, 1, tzinfo=UTC)
ROWS, SPOILT = range(1, 21), range(21, 25)
"""Numbers of the positions that are archived, and of those in quarantine."""

Do = Callable[[LocalStack], object]


def paper(number: int, **changes: Any) -> dict[str, Any]:
    """A position that the broker need not know."""
    return position(number, **{**PAPER, **changes})


def path(number: int) -> str:
    return f"live_positions/position-{number:04}"


def audit(stack: LocalStack, *names: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Audit by the real command line: its exit code, and its reports by job."""
    arguments = ["audit", *names, "--as-of", AS_OF, "--json"]
    done = CliRunner().invoke(main, arguments, env=dict(stack.environment))
    assert done.stdout, done.stderr
    return done.exit_code, {report["job"]: report for report in json.loads(done.stdout)}


def found(report: Mapping[str, Any]) -> dict[str, int]:
    """Count each thing that a report names."""
    return {name: value["count"] for name, value in report.items() if isinstance(value, dict) and value.get("count")}


def row(number: int, assignments: str) -> Do:
    """Change one row by hand."""
    where = f"ds >= '2000-01-01' AND trade_id = 'position-{number:04}'"
    text = f"UPDATE fact_trades SET {assignments} WHERE {where}"  # noqa: S608 - our own words
    return lambda stack: stack.parts().warehouse.change(text)


def write(name: str, **fields: Any) -> Do:
    """Change one document by hand."""
    return lambda stack: stack.firestore.document(name).set(fields, merge=True)


def edit(number: int, **changes: Any) -> Do:
    """Let the engine write a position."""
    return lambda stack: put(stack, "live_positions", paper(number, **changes))


def delete(number: int) -> Do:
    return lambda stack: stack.firestore.document(path(number)).delete()


def sql(text: str) -> Do:
    return lambda stack: stack.parts().warehouse.change(text)


def run_id(stack: LocalStack) -> str:
    (found_row,) = stack.rows("SELECT DISTINCT run_id FROM fact_trades WHERE ds >= '2000-01-01'")
    return str(found_row["run_id"])


def forget_the_run(stack: LocalStack) -> None:
    stack.firestore.document(f"job_metadata/{run_id(stack)}").delete()


def overstate_the_run(stack: LocalStack) -> None:
    stack.firestore.document(f"job_metadata/{run_id(stack)}").update({"counts.archived": 99})


def reopen_the_record(number: int) -> Do:
    def reopen(stack: LocalStack) -> None:
        source = stack.firestore.document(path(number)).get()
        record = {"path": path(number), "job": "trades", "source_rev": source.update_time, "resolved_at": None}
        stack.firestore.document(f"quarantine/{record_id(path(number))}").set(record)

    return reopen


def announced(days: int) -> dict[str, Any]:
    return {"stream": "s", "run_id": "gone", "n": 7, "created_at": datetime.now(UTC) - timedelta(days=days)}


@dataclass(frozen=True)
class Plant:
    """Something wrong, what must be found because of it, and how the finding names it."""

    do: Do
    finding: str
    example: str
    count: int = 1
    also: Mapping[str, int] = field(default_factory=dict)
    """What else must be found because of it."""
    history: str = "rows"
    """Plants of one history are made together."""

    @property
    def counts(self) -> Counter[str]:
        return Counter({self.finding: self.count}) + Counter(self.also)


PLANTS: Mapping[str, Plant] = {
    "a word the schema does not know": Plant(
        row(1, "broker_check = 'MAYBE'"), "invalid", "position-0001: broker_check"
    ),
    "a value in a column that came after the row's schema": Plant(
        row(2, "schema_version = '1', order_ids = JSON '{}'"), "invalid", "position-0002: order_ids"
    ),
    "a schema version that is none": Plant(
        row(3, "schema_version = 'new'"), "invalid", "position-0003: schema_version"
    ),
    "a row without a revision": Plant(
        row(4, "source_rev = NULL"),
        "invalid",
        "position-0004: no key or no revision",
        also={"pending": 1},
    ),
    "a profit that is not gross less fees": Plant(
        row(5, "pnl_usd = pnl_usd + 1"), "wrong_sums", "position-0005: pnl_usd, pnl_pct"
    ),
    "a duration that is not exit less entry": Plant(
        row(6, "trade_duration_s = 1"), "wrong_sums", "position-0006: trade_duration_s"
    ),
    "an entry at nothing": Plant(
        row(7, "entry_price = 0"), "wrong_sums", "position-0007: cannot be computed (DivisionByZero)"
    ),
    "a row in another day's partition": Plant(
        row(8, "ds = DATE_ADD(ds, INTERVAL 1 DAY)"), "misplaced", "position-0008: 2021-09-02"
    ),
    "a row that says what its document does not": Plant(
        row(9, "exit_reason = 'MOON'"), "altered", "live_positions/position-0009: exit_reason"
    ),
    "a revision the document never had": Plant(
        row(10, "source_rev = TIMESTAMP_ADD(source_rev, INTERVAL 1 MICROSECOND)"), "ahead", f"{path(10)}: "
    ),
    "a reviser that is not on record": Plant(row(11, "revised_by = 'ghost'"), "unexplained", "run ghost"),
    "another document than the row's own": Plant(
        row(12, f"source_path = '{path(13)}'"), "unexplained", "position-0012: source_path"
    ),
    "a retired document without a row": Plant(
        write(
            f"retired/{record_id(path(99))}",
            path=path(99),
            table="fact_trades",
            key=["position-0099"],
            source_rev=LONG_AGO,
        ),
        "lost",
        path(99),
    ),
    "a run under way without a lease": Plant(
        write("job_metadata/dead", lease="fact_trades", status="RUNNING", table="fact_trades"), "leaderless", "dead"
    ),
    "a commit announced long ago": Plant(
        write("job_leases/fact_trades", intent=announced(days=2)), "stale_intent", "7 rows of run gone, stream s"
    ),
    "a row twice": Plant(
        sql("INSERT INTO fact_trades SELECT * FROM fact_trades WHERE trade_id = 'position-0001' AND ds > '2000-01-01'"),
        "duplicates",
        "position-0001",
        also={"miscounted": 1},
        history="a row too many",
    ),
    "a lease that nobody's run holds": Plant(
        write("job_leases/fact_trades", owner="ghost", expires_at=FAR_AHEAD),
        "stray_lease",
        "ghost",
        history="a row too many",
    ),
    "a row deleted": Plant(
        sql("DELETE FROM fact_trades WHERE trade_id = 'position-0001' AND ds > '2000-01-01'"),
        "miscounted",
        f": counted {len(ROWS)}, the table holds {len(ROWS) - 1}",
        also={"pending": 1},
        history="a row too few",
    ),
    "a run under way whose lease has expired": Plant(
        lambda stack: (
            write("job_metadata/dead", lease="fact_trades", status="RUNNING", table="fact_trades")(stack),
            write("job_leases/fact_trades", owner="dead", expires_at=LONG_AGO)(stack),
        ),
        "leaderless",
        "dead",
        history="a row too few",
    ),
    "a run that counted more than it left": Plant(
        overstate_the_run, "miscounted", f": counted 99, the table holds {len(ROWS)}", history="a wrong count"
    ),
    "a run that is not on record": Plant(
        forget_the_run, "unexplained", "run trades-", count=len(ROWS), history="a lost record"
    ),
}

SAID: Mapping[str, Plant] = {
    "a document that no run has seen": Plant(edit(50), "pending", path(50)),
    "an archived document edited since": Plant(edit(1, exit_reason="SL"), "pending", path(1)),
    "a refused document edited since": Plant(
        edit(21, qty="Infinity"), "pending", f"{path(21)} (edited since it was refused)"
    ),
    "a refused document whose record was resolved": Plant(
        write(f"quarantine/{record_id(path(22))}", resolved_at=LONG_AGO), "pending", path(22)
    ),
    "a document deleted": Plant(delete(2), "orphaned", path(2)),
    "a position opened again": Plant(edit(3, status="OPEN"), "orphaned", f"{path(3)} (not due)"),
    "a row of a schema to come": Plant(
        row(4, "schema_version = '99', broker_check = 'MAYBE'"), "newer", "position-0004: schema version 99"
    ),
    "a refused document deleted": Plant(delete(23), "gone", path(23)),
    "an open record of a document that is archived": Plant(reopen_the_record(5), "passed_since", path(5)),
}
"""What is no error, and is said."""


class Histories:
    """Audits a history for each group of plants, once."""

    def __init__(self, servers: LocalStack) -> None:
        self._servers = servers
        self._audited: dict[str, tuple[int, dict[str, Any]]] = {}

    def audited(self, name: str, plants: Mapping[str, Plant]) -> tuple[int, dict[str, Any]]:
        """Archive, plant, audit: the exit code and the report on trades."""
        if name not in self._audited:
            stack = self._servers.fresh()
            put(stack, "live_positions", *map(paper, ROWS), *(paper(number, qty="NaN") for number in SPOILT))
            assert stack.run("trades").counts.archived == len(ROWS)
            for plant in plants.values():
                plant.do(stack)
            code, reports = audit(stack, "trades")
            self._audited[name] = code, reports["trades"]
        return self._audited[name]


@pytest.fixture(scope="module")
def histories(servers: LocalStack) -> Iterator[Histories]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(audit_leases, "A_MOMENT", 0.0)
        patched.setattr(audit_pages, "PAGE", 7)
        yield Histories(servers)


def of_history(name: str) -> dict[str, Plant]:
    return {what: plant for what, plant in PLANTS.items() if plant.history == name}


def assert_named(report: Mapping[str, Any], plant: Plant, *, off: bool) -> None:
    finding = report[plant.finding]
    assert [example for example in finding["examples"] if plant.example in example]
    assert finding["off"] is off
    assert finding["advice"]


@pytest.mark.parametrize("what", PLANTS)
def test_what_is_off_is_named_with_advice(what: str, histories: Histories) -> None:
    plant = PLANTS[what]
    _, report = histories.audited(plant.history, of_history(plant.history))
    assert_named(report, plant, off=True)


@pytest.mark.parametrize("name", dict.fromkeys(plant.history for plant in PLANTS.values()))
def test_nothing_else_is_found_and_the_exit_code_is_3(name: str, histories: Histories) -> None:
    plants = of_history(name)
    code, report = histories.audited(name, plants)
    assert found(report) == sum((plant.counts for plant in plants.values()), Counter())
    assert (code, report["passed"]) == (OFF, False)


@pytest.mark.parametrize("what", SAID)
def test_what_is_no_error_is_said(what: str, histories: Histories) -> None:
    _, report = histories.audited("said", SAID)
    assert_named(report, SAID[what], off=False)


def test_nothing_else_is_said_and_the_exit_code_is_0(histories: Histories) -> None:
    code, report = histories.audited("said", SAID)
    assert found(report) == sum((plant.counts for plant in SAID.values()), Counter())
    assert (code, report["passed"], report["unbalanced"]) == (HOLDS, True, False)


def test_a_note_that_somebody_left_in_the_quarantine_is_no_refused_document(stack: LocalStack) -> None:
    stack.run("trades")
    write("quarantine/note", job="trades", resolved_at=None)(stack)

    code, reports = audit(stack, "trades")

    assert (code, found(reports["trades"])) == (HOLDS, {})
    assert stack.quarantined() == {}


def test_a_row_ahead_of_its_document_breaks_the_balance(histories: Histories) -> None:
    _, report = histories.audited("rows", of_history("rows"))
    archived = len(ROWS) - len(["ahead", "without a revision"])
    assert report["unbalanced"]
    assert (report["due"], report["archived"]) == (len(ROWS) + len(SPOILT), archived)
    assert (report["quarantined"], report["pending"]["count"]) == (len(SPOILT), 1)


def test_versions_of_a_strategy_that_make_no_history_are_named(
    stack: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_pages, "PAGE", 1)
    for timeframe in ("1Hour", "4Hour"):
        put(stack, "dim_strategies", *(strategy(number, timeframe=timeframe) for number in (1, 2, 3)))
        stack.run("strategies")
    sql(
        "UPDATE dim_strategies SET version = 3 WHERE ds > '2000-01-01' AND strategy_id = 'strategy-0001' "
        "AND version = 2"
    )(stack)
    sql("UPDATE dim_strategies SET config_hash = 'x' WHERE ds > '2000-01-01' AND strategy_id = 'strategy-0002'")(stack)

    code, reports = audit(stack, "strategies")

    assert code == OFF
    assert reports["strategies"]["contradictory"]["examples"] == [
        "strategy-0001: its versions are [1, 3] by valid_from",
        "strategy-0002: version 2 repeats the configuration before it",
    ]


def test_a_snapshot_that_was_given_to_another_account_is_named(stack: LocalStack, tmp_path: Path) -> None:
    write_broker(tmp_path, {"account": account("100")})
    stack.seed(tmp_path)
    stack.run("account-snapshot")
    sql("UPDATE snapshot_accounts SET account_id = 'PA9' WHERE ds > '2000-01-01'")(stack)

    code, reports = audit(stack, "account-snapshot")

    assert (code, found(reports["account-snapshot"])) == (OFF, {"unexplained": 1})
    assert reports["account-snapshot"]["unexplained"]["examples"] == ["PA9, 2026-10-14: source_path"]


def test_jobs_with_a_lease_of_their_own_are_audited_too(stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_leases, "A_MOMENT", 0.0)
    jobs = {name for name, job in all_jobs().items() if job.lease == name}
    for job in jobs:
        write(f"job_metadata/dead-{job}", lease=job, status="RUNNING")(stack)
        write(f"job_leases/{job}", owner="ghost", expires_at=FAR_AHEAD)(stack)

    code, reports = audit(stack)

    assert (code, jobs >= {"fee-patch", "price-patch", "retire"}) == (OFF, True)
    assert {name: found(report) for name, report in reports.items() if found(report)} == {
        job: {"leaderless": 1, "stray_lease": 1} for job in jobs
    }
    code, reports = audit(stack, "retire")
    assert (code, set(reports), reports["retire"]["leaderless"]["examples"]) == (OFF, {"retire"}, ["dead-retire"])
