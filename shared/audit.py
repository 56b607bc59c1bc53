"""The audit: source = archived + quarantined + pending, keys unique, rows valid, sums right. It changes nothing.

It reads whole tables and collections and holds little of them: names in order, side by side (`shared.audit_contents`),
some look-ups at a time (`shared.audit_elsewhere`), counts by run (`shared.audit_runs`) and digests
(`shared.audit_digest`).
"""

from datetime import datetime

from shared.audit_contents import Contents
from shared.audit_leases import check_leases
from shared.audit_report import Report
from shared.jobs import Job
from shared.loop import Loop
from shared.parts import Parts


class Audit:
    """Audits one job at one moment. A job that archives nothing has a lease and run records to audit."""

    def __init__(self, job: Job, parts: Parts, as_of: datetime | None) -> None:
        """Audit `job` as of a moment; None means now."""
        self._job = job
        self._parts = parts
        read_time = parts.documents.server_time()
        # Where a document's name tells whether it is archived, the next run archives what is gone or has changed.
        remade = job.is_keyed_by_name if isinstance(job, Loop) else True
        self.report = Report(job.name, job.table, as_of or read_time, read_time, remade)

    def check(self) -> Report:
        """Read everything and compare it.

        Raises:
            GoogleAPICallError: A store does not answer.
            OutOfOrderError: A store answers in another order than that of names.
        """
        if isinstance(self._job, Loop):
            Contents(self._job, self._parts, self.report).check()
        check_leases(self._job.lease, self._parts, self.report)
        return self.report
