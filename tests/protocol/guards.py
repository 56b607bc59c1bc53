"""What the run protocol insists on, one flag per guard, so that a test can take any of them away."""

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Guards:
    """The protocol as designed has every flag set; a mutant has one or two of them cleared."""

    acquire_always_raises_fence: bool = True
    """A retried attempt of the same execution gets a new fence too."""

    fence_names_attempt: bool = True
    """A fence is mine when this attempt raised it. Cleared: when any attempt of my execution did."""

    recovery_happens: bool = True
    """An intent that is found is dealt with before any work."""

    recovery_commits: bool = True
    """A found intent is rolled forward. Cleared: it is struck out and its stream ignored."""

    recovery_commits_before_clearing: bool = True
    """The found intent stands until its stream is settled. Cleared: it is struck out first."""

    known_after_recovery: bool = True
    """The fact table is asked for keys after recovery. Cleared: before."""

    known_is_asked: bool = True
    """Keys in the fact table are not appended again. Cleared: every candidate is new."""

    known_covers_all_partitions: bool = True
    """Keys are sought in every partition. Cleared: only where the document would go now; an edit moves it."""

    finalize_before_intend: bool = True
    """An intended stream can be committed by anybody, so "not finalized" cannot be taken for "gone"."""

    intend_checks_fence: bool = True
    """The intent is written only while the fence is mine."""

    intend_checks_no_intent: bool = True
    """The intent is written only where none stands."""

    intend_is_one_transaction: bool = True
    """Check and write are one transaction. Cleared: the write follows blindly, some time after the check."""

    unanswered_intend_is_read_again: bool = True
    """An intent without an answer counts once it is seen standing. Cleared: it counts at once."""

    commit_before_clear: bool = True
    """My intent stands until my stream is settled. Cleared: it is struck out before the commit is sent."""

    commit_is_proved_by_rows: bool = True
    """Committed means that all n rows carry the run id. Cleared: the status of the answer is believed."""

    not_found_waits_a_day: bool = True
    """A stream not found is gone only when it can no longer be committed. Cleared: at once."""

    failure_leaves_intent: bool = True
    """An attempt that cannot settle its stream leaves the intent standing. Cleared: it tidies up."""

    update_compares_revision: bool = True
    """UPDATE touches a row only when its revision is older. Cleared: the last to arrive wins."""

    update_keeps_run_id: bool = True
    """UPDATE leaves the inserting run's id alone. Cleared: the reviser writes its own."""

    verify_by_key: bool = True
    """The intent is struck out only when each key stands in the table with the revision read."""

    clear_compares_stream: bool = True
    """Clearing strikes out only the intent of the stream that was settled."""

    clear_compares_fence: bool = True
    """Clearing asks whether the fence is mine."""

    retire_has_precondition: bool = True
    """A source document is deleted only at the very revision that the table holds."""

    stream_commits_once: bool = True
    """BigQuery's promise, not ours: committing a committed stream again adds no rows."""

    def without(self, *names: str) -> Self:
        """The same protocol with the named guards taken away."""
        return replace(self, **dict.fromkeys(names, False))
