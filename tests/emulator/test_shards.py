"""A table in shards: several processes fill it at once, each row once; splitting waits until nobody is under way."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from jobs.entry import execute, records_of
from jobs.registry import loops
from schemas.run_record import RunRecord, Status
from shared.lease import LeaseLostError, SplitError
from shared.log import Log
from shared.run import run
from shared.shards import Shard, shards
from shared.survey import Options
from tests.emulator.builders import position, put
from tests.emulator.job_process import errors_of, start_job
from tests.emulator.moments import intends
from tests.emulator.promises import Promises, read_table
from tests.emulator.test_doctor import findings
from tests.emulator.wire import PATIENCE_S, Gate, Wire
from tests.stack import AS_OF, LocalStack

WHOLE_RUN = Options(as_of=datetime.fromisoformat(AS_OF))
NUMBERS = range(1, 41)


@pytest.fixture
def split(stack: LocalStack) -> LocalStack:
    """Forty positions, one of them broken, and a table in three shards."""
    put(stack, "live_positions", *(position(number, trade_type="THEORETICAL") for number in NUMBERS))
    put(stack, "live_positions", position(41, qty="NaN"))
    parts = stack.parts()
    for row in (loops()["trades"].row, *loops()["trades"].reads):
        parts.tables.hold(row)
    parts.leases.split("fact_trades", 3)
    return stack


def archive(stack: LocalStack, shard: Shard) -> RunRecord:
    return run(loops()["trades"], replace(WHOLE_RUN, shard=shard), stack.parts())


def counted(stack: LocalStack, name: str) -> int:
    return sum(one["counts"][name] for one in Promises(stack).runs)


def test_three_tasks_at_once_archive_everything_once(split: LocalStack, tmp_path: Path) -> None:
    tasks = [
        start_job(split.changed(CLOUD_RUN_TASK_INDEX=str(task), CLOUD_RUN_TASK_COUNT="3"), tmp_path / str(task))
        for task in range(3)
    ]
    for number, task in enumerate(tasks):
        task.join(PATIENCE_S * 2)
        assert task.exitcode == 0, errors_of(tmp_path / str(number)).read_text(encoding="utf-8")
    promises = Promises(split)
    promises.assert_kept({"live_positions/position-0041": "NOT_FINITE"})
    assert {one["lease"] for one in promises.runs} == {"fact_trades-0", "fact_trades-1", "fact_trades-2"}
    assert all(one["counts"]["archived"] for one in promises.runs)
    assert (counted(split, "archived"), counted(split, "quarantined"), counted(split, "read")) == (40, 1, 41)
    assert [one["blind_spot"] for one in promises.runs] == [0, 0, 0]


def test_one_task_takes_all_shards_and_a_task_too_many_none(split: LocalStack, tmp_path: Path) -> None:
    extra = start_job(split.changed(CLOUD_RUN_TASK_INDEX="3", CLOUD_RUN_TASK_COUNT="4"), tmp_path / "extra")
    extra.join(PATIENCE_S)
    assert extra.exitcode == 0
    assert "nothing for this task" in (tmp_path / "extra").read_text(encoding="utf-8")
    assert Promises(split).runs == []
    alone = start_job(split, tmp_path / "alone")
    alone.join(PATIENCE_S * 2)
    assert len(Promises(split).runs) == 3
    assert counted(split, "archived") == 40


def test_a_healed_document_leaves_quarantine_by_the_run_of_its_shard(split: LocalStack) -> None:
    for shard in shards(3):
        archive(split, shard)
    put(split, "live_positions", position(41, trade_type="THEORETICAL"))
    for shard in shards(3):
        archive(split, shard)
    Promises(split).assert_kept()
    assert counted(split, "already") == 40


def test_a_limit_and_a_refresh_keep_to_the_shard(split: LocalStack) -> None:
    own = next(one for one in shards(3) if one.holds("position-0001"))
    record = run(loops()["trades"], replace(WHOLE_RUN, shard=own, limit=5), split.parts())
    assert record.counts.archived == 5
    assert all(own.holds(row["trade_id"]) for row in read_table(split))


def ran(stack: LocalStack, options: Options, **task: str) -> list[RunRecord]:
    """What one task does."""
    return records_of(list(execute([loops()["trades"]], options, stack.settings(**task), Log(stack.log))))


@pytest.mark.parametrize("limit", [1, 20, 40, 41, 1000])
def test_a_limit_is_that_of_a_task_whatever_the_table_is_split_into(split: LocalStack, limit: int) -> None:
    options = replace(WHOLE_RUN, limit=limit)
    (foreseen,) = ran(split, replace(options, dry_run=True))

    done = ran(split, options)

    assert sum(one.counts.read for one in done) == foreseen.counts.read == min(limit, 41)
    assert all(one.counts.read for one in done)
    assert len(read_table(split)) == sum(one.counts.archived for one in done)


def test_a_limit_that_several_tasks_would_have_to_share_is_refused(split: LocalStack) -> None:
    tasks = {"CLOUD_RUN_TASK_INDEX": "1", "CLOUD_RUN_TASK_COUNT": "3"}
    with pytest.raises(click.UsageError, match="3 tasks fill fact_trades, which has 3 shards; start one task"):
        ran(split, replace(WHOLE_RUN, limit=5), **tasks)
    assert ran(split, WHOLE_RUN, **tasks)[0].counts.archived
    split.parts().leases.split("fact_trades", 1)
    assert ran(split, replace(WHOLE_RUN, limit=5), **tasks) == []
    assert len(ran(split, replace(WHOLE_RUN, limit=5), **{**tasks, "CLOUD_RUN_TASK_INDEX": "0"})) == 1


@pytest.mark.parametrize("shard", [Shard(), Shard(0, 2)], ids=["whole", "of two"])
def test_a_run_that_believes_in_another_division_moves_nothing(split: LocalStack, shard: Shard) -> None:
    record = archive(split, shard)
    assert record.error is not None
    assert (record.status, record.error.type) == (Status.FAILED, "SplitError")
    assert "fact_trades has 3 shards" in record.error.message


def test_a_table_cannot_be_split_while_a_run_holds_a_part_of_it(split: LocalStack) -> None:
    leases = split.parts().leases
    held = leases.acquire("fact_trades", "run-1", Shard(1, 3))
    assert held is not None
    with pytest.raises(SplitError, match="fact_trades-1 is not free: run run-1"):
        leases.split("fact_trades", 1)
    held.intend("a-stream", 1)
    held.release()
    with pytest.raises(SplitError, match="its commit is not settled"):
        leases.split("fact_trades", 1)
    assert len(leases.of("fact_trades")) == 3


def test_a_run_that_lost_its_lease_unknowingly_cannot_commit_after_a_split(stack: LocalStack) -> None:
    leases = stack.parts().leases
    zombie = leases.acquire("fact_trades", "run-1")
    assert zombie is not None
    stack.firestore.document("job_leases/fact_trades").update({"expires_at": datetime.fromisoformat(AS_OF)})
    leases.split("fact_trades", 2)
    with pytest.raises(LeaseLostError):
        zombie.intend("a-stream", 1)


def test_a_run_whose_table_is_split_under_it_is_in_the_way_of_it(
    stack: LocalStack, wired: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    put(stack, "live_positions", *(position(number, trade_type="THEORETICAL") for number in NUMBERS))
    gate = Gate(intends)
    wire.set(before=gate)
    job = start_job(wired, tmp_path / "run")
    with gate.held(), pytest.raises(SplitError, match="is under way"):
        stack.parts().leases.split("fact_trades", 2)
    job.join(PATIENCE_S)
    assert job.exitcode == 0
    Promises(stack).assert_kept()


def test_joined_again_the_table_is_one_and_nothing_is_archived_anew(split: LocalStack) -> None:
    for shard in shards(3):
        archive(split, shard)
    split.parts().leases.split("fact_trades", 1)
    record = archive(split, Shard())
    assert (record.counts.already, record.counts.archived) == (40, 0)


def test_the_command_shows_and_changes_the_number_of_shards(stack: LocalStack) -> None:
    done = stack.command("shards", "fact_trades", "4", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [{"table": "fact_trades", "shards": 4}]), done.stderr
    assert "fact_signals_expired" in stack.command("shards").stdout
    assert "there are: dim_strategies, fact_trades" in stack.command("shards", "facts", "2").stderr


def test_a_split_table_is_audited_and_seen_by_the_doctor_whole(split: LocalStack) -> None:
    for shard in shards(3):
        archive(split, shard)
    put(split, "live_positions", position(41, trade_type="THEORETICAL"))
    for shard in shards(3):
        archive(split, shard)
    assert split.command("audit", "trades", "--as-of", AS_OF).returncode == 0
    held = split.parts().leases.acquire("fact_trades", "run-1", Shard(1, 3))
    assert held is not None
    assert "fact_trades-1: held by run-1" in split.command("doctor").stdout


def test_the_doctor_names_the_shard_that_never_ended_well(split: LocalStack) -> None:
    for shard in (Shard(0, 3), Shard(2, 3)):
        archive(split, shard)
    assert named_late(split) == ["trades, shard fact_trades-1: never ended well"]
    archive(split, Shard(1, 3))
    assert named_late(split) == []


def test_a_run_from_before_the_table_was_split_counts_for_every_shard(split: LocalStack) -> None:
    leases = split.parts().leases
    leases.split("fact_trades", 1)
    archive(split, Shard())
    leases.split("fact_trades", 3)
    assert named_late(split) == []


def test_runs_from_before_a_table_was_joined_count_for_the_whole_since_the_oldest_of_them(split: LocalStack) -> None:
    for shard in shards(3):
        archive(split, shard)
    split.parts().leases.split("fact_trades", 1)
    assert named_late(split) == []

    stalest = next(one for one in split.firestore.collection("job_metadata").stream() if one.get("lease")[-1] == "1")
    stalest.reference.update({"started_at": datetime(2021, 9, 1, tzinfo=UTC)})
    assert named_late(split) == ["trades: ended well last at 2021-09-01 00:00 UTC"]


def named_late(stack: LocalStack) -> list[str]:
    return [detail for _, detail in findings(stack)["last runs"] if detail.startswith("trades")]


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_run_that_died_before_the_table_was_divided_anew_is_found_and_closed(split: LocalStack, count: int) -> None:
    put(split, "live_positions", position(41, trade_type="THEORETICAL"))
    split.put("job_metadata", [{"lease": "fact_trades-2", "status": "RUNNING", "table": "fact_trades"}], "lease")
    split.parts().leases.split("fact_trades", count)

    def audit() -> tuple[int, list[str]]:
        done = split.command("audit", "trades", "--as-of", AS_OF, "--json")
        (report,) = json.loads(done.stdout)
        return done.returncode, report["leaderless"]["examples"]

    assert audit() == (3, ["fact_trades-2"])
    for shard in shards(count):
        archive(split, shard)
    assert audit() == (0, [])
