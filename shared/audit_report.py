"""What an audit says: how much of everything there is, what was found, and what to do about each finding."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from shared.audit_digest import Digest
from shared.audit_findings import Kind

EXAMPLES = 20
"""Offenders named per finding; all are counted."""


@dataclass
class Finding:
    """Something the audit counted, with examples."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, example: str, count: int = 1) -> None:
        """Count some more."""
        self.count += count
        if len(self.examples) < EXAMPLES:
            self.examples.append(example)


@dataclass
class Report:
    """What an audit of one job found."""

    job: str
    table: str
    as_of: datetime
    read_time: datetime
    """The moment the source was read at; the table was read right after it."""
    remade: bool = True
    """Whether a run makes a row of the table anew that is gone or wrong."""
    rows: int = 0
    due: int = 0
    """Documents that are due, or too broken to tell: archived + quarantined + pending."""
    archived: int = 0
    quarantined: int = 0
    retired: int = 0
    """Documents that were deleted because the table holds them."""
    source_digest: Digest = field(default_factory=Digest)
    """Over the due documents, by what they are recognised by."""
    archived_digest: Digest = field(default_factory=Digest)
    """Over the rows that answer for them, as the table states it."""
    quarantined_digest: Digest = field(default_factory=Digest)
    """Over the records of the quarantine that answer for them, as those state it."""
    pending_digest: Digest = field(default_factory=Digest)
    findings: dict[Kind, Finding] = field(default_factory=lambda: {kind: Finding() for kind in Kind})

    def add(self, kind: Kind, example: str, count: int = 1) -> None:
        """Count something found."""
        self.findings[kind].add(example, count)

    def advice(self, kind: Kind) -> str:
        """Say what to do next about a finding."""
        return kind.advice(remade=self.remade).format(job=self.job, table=self.table)

    @property
    def unbalanced(self) -> bool:
        """Whether source = archived + quarantined + pending does not hold, by count or by digest."""
        parts = self.archived + self.quarantined + self.findings[Kind.PENDING].count
        digest = self.archived_digest + self.quarantined_digest + self.pending_digest
        return self.due != parts or self.source_digest != digest

    @property
    def passed(self) -> bool:
        """Whether nothing is off."""
        return not self.unbalanced and not any(found.count for kind, found in self.findings.items() if kind.is_off)

    def as_dict(self) -> dict[str, Any]:
        """Turn it into JSON values."""
        counted = {name: getattr(self, name) for name in ("rows", "due", "archived", "quarantined", "retired")}
        digests = {part: str(getattr(self, f"{part}_digest")) for part in PARTS}
        found = {
            kind.value: {**asdict(finding), "off": kind.is_off, "advice": self.advice(kind)}
            for kind, finding in self.findings.items()
        }
        moments = {"as_of": self.as_of, "read_time": self.read_time}
        verdict = {"unbalanced": self.unbalanced, "passed": self.passed}
        return {"job": self.job, "table": self.table, **moments, **counted, "digests": digests, **found, **verdict}


PARTS = ("source", "archived", "quarantined", "pending")
"""What the balance is made of."""
