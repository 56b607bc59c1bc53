"""What a person does next about an error that ended a run or a command, by the error's type.

The runbook (infra/README.md) says the same at more length; a test holds the two to the same errors.
"""

from collections.abc import Mapping

_DOCTOR = "`golden-thread doctor` shows what the settings reach, and which role is missing."
_AGAIN = "`golden-thread run` it again: what it did not finish is pending."
_IMPOSSIBLE = "Pause the schedule, keep the record, and see `golden-thread audit`: this should be impossible."
_LOG_IN = "`gcloud auth application-default login`, or a stack of your own: `golden-thread local up`."
_STEPS: Mapping[str, str] = {
    "SettingsError": "Set the variables it names (shared/settings.py says what each means), or bring up a stack of "
    "your own: `golden-thread local up`.",
    "SchemaDriftError": "`golden-thread schema check` lists the differences, `schema apply` adds what is missing.",
    "MixedEnvironmentsError": "Mend the settings, which `golden-thread doctor` shows; nothing was moved.",
    "UntraceableCodeError": "Execute the job that Terraform made (`gcloud run jobs execute`), or run a clean checkout; "
    "nothing was moved.",
    "BrokerError": "401 or 403: compare keys and host with `golden-thread doctor`. Otherwise run the job again: "
    "everything is pending.",
    "PermissionDenied": _DOCTOR,
    "Forbidden": _DOCTOR,
    "Unauthenticated": _LOG_IN,
    "DefaultCredentialsError": _LOG_IN,
    "RefreshError": f"{_LOG_IN} In the cloud the metadata server had no token: {_AGAIN}",
    "NotFound": "`golden-thread schema check` tells whether a table or view is missing; `doctor`, a database.",
    "UndecidedError": "Nobody can tell yet whether a commit happened. The next run settles it, within 24 h.",
    "SplitError": "`golden-thread shards` shows the parts of each table. Wait until none of them is being filled.",
    "LeaseLostError": "Another run took over; nothing of this one was committed after that. See `golden-thread runs`.",
    "PartialCommitError": _IMPOSSIBLE,
    "BalanceError": _IMPOSSIBLE,
    "FeeRateUnknownError": "Add the rate to shared/fee_rates.json, with its source, and run the job again.",
    "NoSuchDocumentError": "`golden-thread quarantine list --job trades` names the positions that lack a price.",
    "OutOfOrderError": _AGAIN,
    "IncompleteError": _AGAIN,
    "NoRevisionError": _AGAIN,
    "InterruptedRunError": _AGAIN,
}


def next_step(error: str) -> str:
    """Say what to do about an error of a type, which is named without its module."""
    return _STEPS.get(error, f"{_AGAIN} If it fails again: {_DOCTOR}")


def known() -> frozenset[str]:
    """List the types with a step of their own."""
    return frozenset(_STEPS)
