"""What an audit can find, and what a person does about it."""

from enum import StrEnum


class Kind(StrEnum):
    """One name per thing that an audit can find."""

    DUPLICATES = "duplicates"
    INVALID = "invalid"
    WRONG_SUMS = "wrong_sums"
    MISPLACED = "misplaced"
    ALTERED = "altered"
    AHEAD = "ahead"
    CONTRADICTORY = "contradictory"
    UNEXPLAINED = "unexplained"
    MISCOUNTED = "miscounted"
    LOST = "lost"
    LEADERLESS = "leaderless"
    STRAY_LEASE = "stray_lease"
    STALE_INTENT = "stale_intent"
    LINGERING = "lingering"
    PENDING = "pending"
    ORPHANED = "orphaned"
    NEWER = "newer"
    GONE = "gone"
    PASSED_SINCE = "passed_since"

    @property
    def is_off(self) -> bool:
        """Whether the thread does not hold because of it; the rest is said, and is no error."""
        return self not in _SAID

    def advice(self, *, remade: bool) -> str:
        """What a person does next; `{job}` and `{table}` stand for those of the report.

        `remade` is whether a run makes a row of the table anew that is gone or wrong.
        """
        return _ADVICE[self] if remade else _WITHOUT_A_RUN.get(self, _ADVICE[self])


_SAID = {Kind.LINGERING, Kind.PENDING, Kind.ORPHANED, Kind.NEWER, Kind.GONE, Kind.PASSED_SINCE}

_ADVICE = {
    Kind.DUPLICATES: (
        "Something wrote into {table} beside the jobs: compare run_id of the rows named, delete all but the "
        "newest source_rev of each key by hand, then `golden-thread audit {job}`."
    ),
    Kind.INVALID: (
        "Rows were written or changed by hand: restore their partitions of {table} from time travel, then "
        "`golden-thread audit {job}`."
    ),
    Kind.WRONG_SUMS: (
        "Derived columns were changed by hand: restore the rows from time travel; or change any field of their "
        "documents, which makes a new revision, and `golden-thread run {job}` computes them anew."
    ),
    Kind.MISPLACED: (
        "Rows lie in a partition that the rule for ds does not name, so questions about a day miss them: change any "
        "field of their documents, and `golden-thread run {job}` moves them."
    ),
    Kind.ALTERED: (
        "Rows differ from the very revision they were made of: change any field of their documents, and "
        "`golden-thread run {job}` writes them anew."
    ),
    Kind.AHEAD: (
        "Rows claim a revision that their documents never had, so no run will revise them: change any field of the "
        "documents, and `golden-thread run {job}` brings the rows up to date."
    ),
    Kind.CONTRADICTORY: (
        "Rows of one key do not fit together: rows were added or deleted by hand; restore {table} from time travel."
    ),
    Kind.UNEXPLAINED: (
        "Rows name a run that is not on record for {table}, or another document than their own: if the record was "
        "deleted, restore job_metadata from a backup; else delete those rows whose documents are still there, and "
        "`golden-thread run {job}`."
    ),
    Kind.MISCOUNTED: (
        "Runs archived other numbers of rows than carry their id: rows were deleted, added or restored by hand. "
        "`golden-thread run {job}` archives anew what is missing; then put the record's counts.archived right."
    ),
    Kind.LOST: (
        "Documents were retired and their rows are gone: restore {table} from time travel, or the documents from "
        "the database's point-in-time recovery, then `golden-thread run {job}`."
    ),
    Kind.LEADERLESS: (
        "A run died, for its record says RUNNING and its lease is not held: `golden-thread run {job}` closes it "
        "as ABANDONED and finishes what it began."
    ),
    Kind.STRAY_LEASE: (
        "The lease is held by a run that is not under way, for longer than LEASE_SECONDS, and every other run is "
        "SKIPPED until it expires: if no such run is alive, and LEASE_SECONDS is here what it is for the jobs, set "
        "expires_at of the document in job_leases to now, then `golden-thread run {job}`."
    ),
    Kind.STALE_INTENT: "A commit was announced over a day ago and not settled: `golden-thread run {job}` settles it.",
    Kind.LINGERING: (
        "The lease is held by a run that is just beginning or ending, or that was stopped right then. Nothing to do: "
        "it is given back or expires within LEASE_SECONDS."
    ),
    Kind.PENDING: "No run has dealt with these yet: `golden-thread run {job}`.",
    Kind.ORPHANED: (
        "Their documents were deleted, reopened or are not due at this as-of time; the rows stay. Nothing to do, "
        "unless nobody meant to."
    ),
    Kind.NEWER: "Rows were written under a newer schema than this program knows: audit with a newer program.",
    Kind.GONE: (
        "Documents in quarantine were deleted; their record holds the last copy: `golden-thread quarantine show PATH`."
    ),
    Kind.PASSED_SINCE: (
        "Records of the quarantine are open although the table holds that revision: `golden-thread run {job}` "
        "resolves them; a strategy's that stays open was refused by a stricter schema after it was archived: mend the "
        "document."
    ),
}

_FROM_TIME_TRAVEL = (
    "no run makes a row of {table} anew, for its source tells only what is now: restore the rows from time travel."
)
_WITHOUT_A_RUN = {
    Kind.WRONG_SUMS: f"Derived columns were changed by hand, and {_FROM_TIME_TRAVEL}",
    Kind.MISPLACED: (
        "Rows lie in a partition that the rule for ds does not name, so questions about a day miss them, and "
        f"{_FROM_TIME_TRAVEL}"
    ),
    Kind.ALTERED: (
        f"Rows differ from the very revision they were made of, and {_FROM_TIME_TRAVEL} A change of their documents "
        "would only hide it."
    ),
    Kind.AHEAD: f"Rows claim a revision that their documents never had, and {_FROM_TIME_TRAVEL}",
    Kind.UNEXPLAINED: (
        "Rows name a run that is not on record for {table}, or another source than their own: if the record was "
        "deleted, restore job_metadata from a backup; if the rows were changed, restore them from time travel. Delete "
        "only what is known to be strange, for no run makes it anew."
    ),
    Kind.MISCOUNTED: (
        "Runs archived other numbers of rows than carry their id: rows were deleted, added or restored by hand, and "
        f"{_FROM_TIME_TRAVEL}"
    ),
}
"""Of a table that is the only place where what was is written down."""
