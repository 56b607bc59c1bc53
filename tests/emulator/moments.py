"""Moments of a run, told by what passes on the wire."""

from tests.emulator.wire import Call, Moment


def _firestore(rpc: str, *texts: str) -> Moment:
    return lambda call: (call.server, call.name) == ("firestore", rpc) and call.mentions(*texts)


def _storage(rpc: str) -> Moment:
    return lambda call: (call.server, call.name) == ("storage", rpc)


def _without(moment: Moment, text: str) -> Moment:
    return lambda call: moment(call) and not call.mentions(text)


def _sql(text: str) -> Moment:
    return lambda call: call.server == "bigquery" and call.name.startswith("POST ") and call.mentions(text)


acquires = _firestore("Commit", "job_leases/", "fence")
records = _firestore("Commit", "job_metadata/")
scans = _firestore("RunQuery", "live_positions")
counts = _firestore("RunAggregationQuery")
quarantines = _firestore("Commit", "quarantine/", "first_seen")
resolves = _without(_firestore("Commit", "quarantine/", "resolved_by"), "first_seen")
opens = _storage("CreateWriteStream")
appends = _storage("AppendRows")
finalizes = _storage("FinalizeWriteStream")
intends = _firestore("Commit", "job_leases/", "created_at")
commits = _storage("BatchCommitWriteStreams")
counts_rows = _sql("COUNT(*)")
revises = _sql("UPDATE `")
clears = _without(_without(_firestore("Commit", "job_leases/", "intent"), "created_at"), "fence")
renews = _without(_without(_firestore("Commit", "job_leases/", "expires_at"), "owner"), "fence")
releases = _without(_firestore("Commit", "job_leases/", "owner", "expires_at"), "fence")


def asks_broker(call: Call) -> bool:
    """A question to the broker."""
    return call.server == "broker"


def writes(call: Call) -> bool:
    """A call that can change something: a Firestore commit, a step of a stream, DML or DDL."""
    if call.server == "bigquery":
        return not call.name.startswith("GET ") and (not call.name.endswith("/jobs") or revises(call))
    return call.server == "storage" or call.name == "Commit"
