"""What is mutated, and the tests that have to notice."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Group:
    """Files that make one promise together."""

    files: tuple[str, ...]
    tests: tuple[str, ...]
    """Files of tests, of a kind that needs no servers of its own process."""


ABOUT_THE_TEXT = ("tests/unit/test_sql_statements.py::test_every_function_that_builds_sql_is_tested_here",)
"""Tests that look at the code, where of course they find mutants."""


def _shared(*names: str) -> tuple[str, ...]:
    return tuple(f"shared/{name}.py" for name in names)


def _unit(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/unit/test_{name}.py" for name in names)


GROUPS = {
    "guardian": Group(
        ("schemas/document.py", *_shared("guardian", "values")),
        _unit("document_values", "documents", "guardian", "guardian_reasons", "refusals_say_why", "values"),
    ),
    "formulae": Group(
        (*_shared("formulae", "bar_store", "bars", "fills", "greeks"), "jobs/account_snapshot.py"),
        _unit(
            *("formulae", "drawdown", "bar_store", "bars", "bar_walk", "bar_series", "fills"),
            *("account_greeks", "account_rules", "audit_rows"),
            *("expired_rules", "signal_rules", "trades_fills", "trades_rules"),
        ),
    ),
    "fees": Group(
        _shared(
            *("activities", "apportion", "assignment", "crypto_fees", "day_fees", "fee_table", "fees", "postings"),
            *("reconciliation", "trade_fees", "volume_tiers"),
        ),
        (
            *_unit("apportion", "assignment", "crypto_fees", "day_fees", "executions", "fee_patch_rules", "fees"),
            *_unit("option_events", "postings"),
            "tests/mutation/single_books.py",
        ),
    ),
    "protocol": Group(
        _shared(
            *("archival", "lease", "retirement", "reviser", "revision", "settle", "sql", "stream", "table_patch"),
            "transaction",
        ),
        (
            "tests/emulator/test_lease_guards.py",
            "tests/emulator/test_lease_splitting.py",
            *_unit("settle", "sql_statements", "stream_answers", "trades_revision"),
            "tests/simulation/test_page_by_page.py",
            "tests/simulation/test_retirement_page_by_page.py",
            "tests/simulation/test_scripts.py",
            "tests/simulation/test_streams.py",
            "tests/simulation/test_what_runs_say.py",
            "tests/mutation/single_histories.py",
        ),
    ),
}
