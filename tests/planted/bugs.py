"""The bugs: where, what instead of what, and which test must object."""

from tests.planted.planting import Bug

_LEASE = "shared/lease.py"
_LINE = "shared/archival.py"
_GUARDS = "tests/emulator/test_lease_guards.py::test_"
_OVERLAP = "tests/emulator/test_run_overlap.py::test_"
_ONCE = "tests/emulator/test_run_once.py::test_"
_RECOVERY = "tests/emulator/test_run_recovery.py::test_"
_SCAN = "tests/emulator/test_run_scan.py::test_"
_RETIRE = "tests/emulator/test_retire.py::test_"
_SETTLE = "tests/unit/test_settle.py::test_"
_SQL = "tests/unit/test_sql_statements.py::test_"

_STOP = """\
    if stop is not None and (bar.low <= stop if long else bar.high >= stop):
        return stop, "STOP_LOSS"
"""
_TARGET = """\
    if target is not None and (bar.high >= target if long else bar.low <= target):
        return target, "TAKE_PROFIT"
"""

FENCE = (
    Bug(
        "no fence",
        _LEASE,
        "self._require(state.fence == self.fence and state.intent is None)",
        "self._require(state.intent is None)",
        _OVERLAP + "a_run_that_lost_its_lease_before_its_intent_never_commits",
    ),
    Bug(
        "no fence, in the small",
        _LEASE,
        "self._require(state.fence == self.fence and state.intent is None)",
        "self._require(state.intent is None)",
        _GUARDS + "an_intent_under_an_old_fence_is_refused",
    ),
    Bug(
        "fence read and written apart",
        _LEASE,
        "state = self._leases.read(self._reference, transaction)\n            if state.intent is None or",
        "state = self._leases.read(self._reference)\n            if state.intent is None or",
        _GUARDS + "nobody_takes_the_lease_between_the_look_at_the_fence_and_the_intent",
    ),
    Bug(
        "one intent over another",
        _LEASE,
        "self._require(state.fence == self.fence and state.intent is None)",
        "self._require(state.fence == self.fence)",
        _GUARDS + "an_intent_takes_the_place_of_no_other",
    ),
    Bug(
        "an owner takes its lease again under the same fence",
        _LEASE,
        '"fence": state.fence + 1,',
        '"fence": state.fence + (state.owner != owner),',
        _GUARDS + "every_take_raises_the_fence_even_for_the_same_owner",
    ),
    Bug(
        "clear without comparing the stream",
        _LEASE,
        "if state.intent is not None and state.intent.stream == stream:\n                transaction",
        "if state.intent is not None:\n                transaction",
        _GUARDS + "clearing_one_stream_leaves_the_intent_of_another",
    ),
    Bug(
        "clear under an old fence",
        _LEASE,
        "self._require(state.fence == self.fence)\n            if state.intent",
        "if state.intent",
        _GUARDS + "clearing_under_an_old_fence_leaves_the_intent",
    ),
    Bug(
        "release of somebody else's lease",
        _LEASE,
        "if self._leases.read(self._reference, transaction).fence == self.fence:",
        "if self._leases.read(self._reference, transaction).fence:",
        _GUARDS + "a_lease_that_was_lost_is_not_released",
    ),
    Bug(
        "a lost answer taken for a refusal",
        _LEASE,
        "if not done(self._leases.read(self._reference)):\n                raise",
        "raise",
        _GUARDS + "a_write_that_happened_counts_although_its_answer_was_lost",
        error="google.api_core.exceptions.InternalServerError",
    ),
    Bug(
        "a lease per job instead of per table",
        "shared/loop.py",
        'lease per fact table: whatever inserts into it shares it."""\n        return self.row.TABLE.name',
        'lease per job."""\n        return self.name',
        _OVERLAP + "a_run_that_finds_the_lease_held_is_skipped_and_touches_nothing",
    ),
)

COMMIT = (
    Bug(
        "intent after commit",
        _LINE,
        "self._lease.intend(self._stream.name, self._stream.n)\n"
        "        self._settle(Intent(self._stream.name, self._record.run_id, self._stream.n, self._lease.now()))\n",
        "self._settle(Intent(self._stream.name, self._record.run_id, self._stream.n, self._lease.now()))\n"
        "        self._lease.intend(self._stream.name, self._stream.n)\n",
        _OVERLAP + "a_run_that_lost_its_lease_before_its_intent_never_commits",
    ),
    Bug(
        "recovery that aborts instead of rolling forward",
        _LINE,
        "outcome = self._settle(intent)\n",
        "outcome = Outcome.GONE\n",
        _RECOVERY + "an_unreachable_write_service_leaves_the_intent_for_the_next_run",
    ),
    Bug(
        "an undecided intent cleared",
        _LINE,
        "        if outcome is Outcome.UNKNOWN or",
        "        if outcome is Outcome.UNKNOWN:\n            self._lease.clear(intent.stream)\n"
        "        if outcome is Outcome.UNKNOWN or",
        _RECOVERY + "a_stream_that_may_still_appear_is_waited_for",
    ),
    Bug(
        "partial commit taken for done",
        "shared/settle.py",
        "if visible == intent.n:",
        "if visible:",
        _SETTLE + "any_other_number_of_rows_is_an_alarm",
    ),
    Bug(
        "an error code believed",
        "shared/settle.py",
        "return CommitAnswer(missing=False, detail=str(error))",
        "return CommitAnswer(missing=True, detail=str(error))",
        _SETTLE + "an_error_code_alone_settles_nothing",
    ),
    Bug(
        "the answer believed before the rows are counted",
        "shared/settle.py",
        "        visible = count()\n",
        "        visible = count() if answer.missing else intent.n\n",
        _SETTLE + "the_rows_in_the_table_decide",
    ),
    Bug(
        "a young stream taken for gone",
        "shared/settle.py",
        "if answer.missing and intent.created_at <= gone_before:",
        "if answer.missing:",
        _SETTLE + "the_rows_in_the_table_decide",
    ),
    Bug(
        "rows of a stream not counted before its commit",
        "shared/stream.py",
        "if counted != self.n:",
        "if counted < 0:",
        "tests/emulator/test_run_killed.py::test_a_stream_that_holds_rows_of_somebody_else_is_not_committed",
    ),
)

KEYS = (
    Bug(
        "no look whether the table holds the key",
        "shared/survey.py",
        "tuple(stored.get(key[0], ()))",
        "()",
        _ONCE + "a_second_run_changes_nothing",
    ),
    Bug(
        "a look into the document's own partition only",
        "shared/survey.py",
        "tuple(stored.get(key[0], ()))",
        "tuple(old for old in stored.get(key[0], ()) if old.ds == self._loop.ds(one))",
        _ONCE + "a_revision_may_move_a_row_to_another_day",
    ),
    Bug(
        "run_id overwritten by a revision",
        "shared/sql.py",
        'INSERT_ONLY = frozenset({"run_id", "archived_at"})',
        'INSERT_ONLY = frozenset({"archived_at"})',
        _SQL + "a_revision_writes_every_column_but_the_key_and_who_inserted_it",
    ),
    Bug(
        "revise without the revision guard",
        "shared/sql.py",
        '    matches.append("t.source_rev < r.source_rev")\n',
        "",
        _OVERLAP + "a_late_revision_does_not_undo_a_newer_one",
    ),
    Bug(
        "revise without the revision guard, in the statement",
        "shared/sql.py",
        '    matches.append("t.source_rev < r.source_rev")\n',
        "",
        _SQL + "a_revision_touches_only_older_rows_of_the_same_key",
    ),
    Bug(
        "the moment of the run as the partition",
        "jobs/trades.py",
        "        ds=position.exit_time.date(),",
        "        ds=datetime.now(position.exit_time.tzinfo).date(),",
        "tests/unit/test_trades_rules.py::test_the_partition_is_the_utc_date_of_the_exit",
    ),
    Bug(
        "a split taken for a loss",
        "jobs/rejected_signals.py",
        "evidence.market.bars_as_of(signal.created_at, window)",
        "evidence.market.bars(window)",
        "tests/emulator/test_splits.py::test_a_rejected_signal_is_walked_as_if_there_had_been_no_split",
    ),
    Bug(
        "due by the clock of the machine",
        "shared/records.py",
        "record.as_of = record.read_time",
        "record.as_of = parts.clock()",
        "tests/simulation/test_client_clocks.py::"
        "test_whatever_the_clock_of_the_machine_says_the_same_happens_and_the_same_rows_stand",
    ),
    Bug(
        "a resumed scan that repeats",
        "shared/documents.py",
        "left, after, waits = left - 1, document.name, self._waits()",
        "left, waits = left - 1, self._waits()",
        _SCAN + "a_scan_broken_at_any_message_of_any_page_loses_and_repeats_nothing",
    ),
    Bug(
        "a cursor that meets its last document again",
        "shared/documents.py",
        "query.start_at.values.add(reference_value=after)",
        "query.start_at.before = bool(query.start_at.values.add(reference_value=after))",
        _SCAN + "a_scan_yields_every_document_once_in_the_order_of_names",
        error="shared.documents.OutOfOrderError",
    ),
    Bug(
        "a scan that ends with its first page",
        "shared/documents.py",
        "if seen < PAGE:",
        "if seen <= PAGE:",
        _SCAN + "a_scan_yields_every_document_once_in_the_order_of_names",
    ),
)

RETIREMENT = (
    Bug(
        "retire without the precondition",
        "shared/retirement.py",
        "batch.delete(client.document(one.path), option=client.write_option(last_update_time=one.revision))",
        "batch.delete(client.document(one.path))",
        _RETIRE + "a_document_edited_between_look_and_delete_stays",
    ),
    Bug(
        "retire by key alone",
        "shared/retirement.py",
        "if (key, one.source.update_time) in held:",
        "if key in {name for name, _ in held}:",
        _RETIRE + "an_edited_document_is_never_deleted_before_the_table_held_its_revision_long_enough",
    ),
    Bug(
        "retire by the caller's clock",
        "shared/retirement.py",
        "now = min(self._record.as_of, self._moment)",
        "now = self._record.as_of",
        _RETIRE + "a_day_too_young_is_too_young_whatever_the_caller_calls_now",
    ),
)

DATA = (
    Bug(
        "NaN mended by guessing",
        "schemas/document.py",
        '        raise refuse(Reason.NOT_FINITE, "expected a finite number")\n    return',
        "        return Decimal(0)\n    return",
        "tests/unit/test_document_values.py::test_nan_and_infinity_are_refused_in_every_spelling",
    ),
    Bug(
        "a naive time taken for UTC",
        "schemas/document.py",
        '    if value.tzinfo is None:\n        raise refuse(Reason.NAIVE_TIME, "the time has no offset from UTC")',
        "    if value.tzinfo is None:\n        value = value.replace(tzinfo=UTC)",
        "tests/unit/test_document_values.py::test_a_time_without_an_offset_is_refused",
    ),
    Bug(
        "a quarantine that failed, swallowed as done",
        _LINE,
        "            counts.pending += len(rejects)\n            return\n",
        "",
        "tests/emulator/test_run_dirty.py::test_documents_stay_pending_while_the_quarantine_cannot_be_written",
    ),
    Bug(
        "target before stop in one bar",
        "shared/bars.py",
        _STOP + _TARGET,
        _TARGET + _STOP,
        "tests/unit/test_bar_walk.py::test_a_long_walks_from_100_between_94_and_110",
    ),
)

FEES = (
    Bug(
        "fees += instead of absolute",
        "shared/sql.py",
        'assignments = ", ".join(f"{name} = r.{name}" for name in columns_set)',
        'assignments = ", ".join(\n        f"{name} = IFNULL(t.{name}, 0) + r.{name}" if name == "actual_fee_usd" '
        'else f"{name} = r.{name}"\n        for name in columns_set\n    )',
        "tests/emulator/test_fee_patch.py::test_a_correction_restates_what_was_final",
    ),
    Bug(
        "fees += in the statement",
        "shared/sql.py",
        'assignments = ", ".join(f"{name} = r.{name}" for name in columns_set)',
        'assignments = ", ".join(f"{name} = t.{name} + r.{name}" for name in columns_set)',
        _SQL + "a_patch_sets_its_columns_under_every_guard_and_none_else",
    ),
    Bug(
        "an older reading over a newer one",
        "shared/sql.py",
        '"t.source_rev = r.source_rev", f"(t.{stamp} IS NULL OR t.{stamp} < r.{stamp})", ',
        '"t.source_rev = r.source_rev", ',
        "tests/emulator/test_fee_patch.py::test_a_paused_older_reading_never_overwrites_a_newer_one",
    ),
    Bug(
        "a patch computed from a row that was revised meanwhile",
        "shared/sql.py",
        '"t.source_rev = r.source_rev", f"(t.{stamp}',
        'f"(t.{stamp}',
        "tests/emulator/test_fee_patch.py::test_a_trade_revised_while_its_fees_are_read_is_left_to_the_next_run",
    ),
    Bug(
        "a revision that undoes a reconciled fee",
        "jobs/trades.py",
        '"actual_fee_usd": stored.actual_fee_usd,',
        '"actual_fee_usd": new.actual_fee_usd,',
        "tests/unit/test_trades_revision.py::"
        "test_a_revision_keeps_what_the_patch_wrote_and_takes_the_rest_from_the_document",
    ),
    Bug(
        "fees final although the fills changed",
        "jobs/trades.py",
        "stored.fee_finalized and same_fills",
        "stored.fee_finalized",
        "tests/unit/test_trades_revision.py::test_fees_are_open_again_when_what_they_were_found_for_changed",
    ),
    Bug(
        "a revision over a patch that came in between",
        "shared/sql.py",
        "    if stamp := row.TABLE.patch_stamp:\n",
        "    if (stamp := row.TABLE.patch_stamp) and not stamp:\n",
        _ONCE + "a_patch_that_races_with_a_revision_is_not_undone",
    ),
)

BUGS = (*FENCE, *COMMIT, *KEYS, *RETIREMENT, *DATA, *FEES)
_QUICK = {
    "no fence, in the small",
    "clear without comparing the stream",
    "partial commit taken for done",
    "an error code believed",
    "revise without the revision guard, in the statement",
    "the moment of the run as the partition",
    "NaN mended by guessing",
    "target before stop in one bar",
    "fees += in the statement",
}
QUICK = [bug for bug in BUGS if bug.name in _QUICK]
"""Those that the default lane plants; the nightly lane plants the rest."""
