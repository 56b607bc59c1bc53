"""How the venue has been told to behave, and what it has been asked: gone with a restart, unlike its data."""

from dataclasses import dataclass, field

from infra.local.broker.calls import CallLog
from infra.local.broker.faults import FaultPlan


@dataclass(frozen=True)
class Conduct:
    """The faults in force and the calls so far."""

    faults: FaultPlan = field(default_factory=FaultPlan)
    calls: CallLog = field(default_factory=CallLog)

    def clear(self) -> None:
        """Forget both."""
        self.faults.clear()
        self.calls.clear()
