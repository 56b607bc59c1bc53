"""In which order an attempt takes its steps."""

from tests.protocol.guards import Guards
from tests.protocol.state import AttemptAt, Phase, Plan


class Order:
    """Which step follows; the guards that are about order live here."""

    def __init__(self, guards: Guards, *, revises_first: bool = False) -> None:
        self._guards = guards
        self._revises_first = revises_first

    def after_acquire(self) -> int:
        """Recovery comes before anything is read."""
        return Phase.LOOK if self._guards.known_after_recovery else Phase.READ

    def after_recovery(self, state: bytes, me: AttemptAt) -> int:
        """The source is read, unless that is done already."""
        return Phase.READ if self._guards.known_after_recovery else self._work(state, me)

    def after_known(self, state: bytes | bytearray, me: AttemptAt) -> int:
        """Append what is new, else revise what is older, else close."""
        return self._work(state, me) if self._guards.known_after_recovery else Phase.LOOK

    def after_intent(self) -> int:
        """The commit, and nothing before it."""
        if not self._guards.finalize_before_intend:
            return Phase.FINALIZE
        return Phase.COMMIT if self._guards.commit_before_clear else Phase.CLEAR_EARLY

    def after_commit(self, state: bytes, me: AttemptAt) -> int:
        """Older rows are revised once the new ones are safe, unless that is done already."""
        return Phase.REVISE if _revises(state, me) and not self._revises_first else Phase.VERIFY

    def after_revise(self, state: bytes, me: AttemptAt) -> int:
        """What was revised is verified, once new rows are in the table as well."""
        return Phase.APPEND if self._revises_first and _appends(state, me) else Phase.VERIFY

    def _work(self, state: bytes | bytearray, me: AttemptAt) -> int:
        if _revises(state, me) and (self._revises_first or not _appends(state, me)):
            return Phase.REVISE
        return Phase.APPEND if _appends(state, me) else Phase.CLOSE


def _appends(state: bytes | bytearray, me: AttemptAt) -> bool:
    return any(state[place] & Plan.NEW for place in me.plan)


def _revises(state: bytes | bytearray, me: AttemptAt) -> bool:
    return any(state[place] & Plan.REVISED for place in me.plan)
