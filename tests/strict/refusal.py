"""An answer that BigQuery would have given where the emulator would not."""

from dataclasses import dataclass
from typing import Any

_STATUS = {400: "INVALID_ARGUMENT", 409: "ALREADY_EXISTS", 413: "INVALID_ARGUMENT"}


@dataclass(frozen=True)
class Refusal:
    """One refused request."""

    rule: str
    """Which rule refused it, in a few words; a test that wants the refusal names it."""
    message: str
    """What BigQuery says."""
    reason: str = "invalid"
    """The `reason` of its error."""
    status: int = 400
    faults: tuple[dict[str, Any], ...] = ()
    """Faults by row, where BigQuery answers 200 and lists them."""
    blamed: bool = True
    """Whether whoever sent the request is at fault. Two answers are nobody's: they follow from a request sent twice."""

    def body(self) -> dict[str, Any]:
        """Build the answer's JSON.

        Source: https://cloud.google.com/bigquery/docs/error-messages and, for rows,
        https://cloud.google.com/bigquery/docs/reference/rest/v2/tabledata/insertAll
        """
        if self.faults:
            return {"kind": "bigquery#tableDataInsertAllResponse", "insertErrors": list(self.faults)}
        one = {"reason": self.reason, "message": self.message, "domain": "global"}
        error = {"code": self.status, "message": self.message, "errors": [one], "status": _STATUS[self.status]}
        return {"error": error}
