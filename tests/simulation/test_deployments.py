"""New code is deployed while a run of the old one is under way: every row names the code of the run that made it."""

import pytest

from tests.simulation.listening import Listening
from tests.simulation.network import Fault
from tests.simulation.world import Errand, statuses

OLD, NEW = "old", "new"
KILLS = (Fault.KILLED_BEFORE, Fault.KILLED_AFTER)


@pytest.mark.parametrize("fault", KILLS)
def test_what_a_killed_run_of_old_code_left_is_finished_whole_or_made_anew_whole(fault: Fault) -> None:
    made_by = set()
    for world in Listening.dying_everywhere(of_old_code, fault):
        world.time.sleep(3600)
        world.become(git_hash=NEW)
        assert statuses(world.run(Errand("trades"))) == ["SUCCEEDED"]
        made_by.add(maker_of_every_row(world))
    assert made_by == {OLD, NEW}


def of_old_code() -> Listening:
    return Listening.of_three_trades(git_hash=OLD)


def maker_of_every_row(world: Listening) -> str:
    """Which code made the three rows, as they and the records of their runs agree."""
    runs = {fields["run_id"]: fields["git_hash"] for _, fields in world.documents("job_metadata").values()}
    assert [row["git_hash"] for row in world.rows] == [runs[row["run_id"]] for row in world.rows]
    assert len(world.rows) == 3
    (made_by,) = {str(row["git_hash"]) for row in world.rows}
    return made_by
