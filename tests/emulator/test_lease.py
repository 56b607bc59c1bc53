"""What the lease makes of a Firestore that is contended or away."""

from collections.abc import Iterator

import pytest
from google.api_core.exceptions import Aborted, ServiceUnavailable

from schemas.run_record import Status
from shared.lease import Leases
from tests.emulator.moments import acquires, clears, intends, releases, renews
from tests.emulator.wire import RefusedError, Wire, cut, once
from tests.stack import LocalStack


@pytest.fixture
def contended(stack: LocalStack) -> Iterator[LocalStack]:
    """A stack where a transaction that nobody will end has read the lease document."""
    client = stack.firestore
    reference = client.document("job_leases/fact_trades")
    reference.set({"fence": 1, "owner": None, "expires_at": None, "intent": None})
    dead = client.transaction()
    dead._begin()  # noqa: SLF001 - a client that died in the middle
    reference.get(transaction=dead)
    yield stack
    dead._rollback()  # noqa: SLF001 - as above


def test_a_dead_transaction_on_the_lease_document_aborts_the_take_over(contended: LocalStack) -> None:
    with pytest.raises(Aborted):
        Leases(contended.firestore, contended.settings(RETRY_SECONDS="0")).acquire("fact_trades", "run-1")


def test_a_contended_lease_fails_the_run_and_says_so(contended: LocalStack) -> None:
    record = contended.run("trades", RETRY_SECONDS="0")
    assert record.status is Status.FAILED
    assert record.error is not None
    assert record.error.type == "Aborted"


def test_a_firestore_that_cannot_begin_a_transaction_is_named_as_the_cause(
    wired: LocalStack, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    leases = wired.parts(RETRY_SECONDS="0").leases
    transport = leases.client._firestore_api.transport  # noqa: SLF001 - see below
    begin = transport._wrapped_methods[transport.begin_transaction]  # noqa: SLF001 - see below
    monkeypatch.setattr(begin, "_retry", None)  # the client's own deadline of 60 s is too long for a test
    wire.set(before=cut(lambda call: call.name == "BeginTransaction"))
    with pytest.raises(ServiceUnavailable):
        leases.acquire("fact_trades", "run-1")


TRANSACTIONS = {"acquire": acquires, "renew": renews, "intend": intends, "clear": clears, "release": releases}


@pytest.mark.parametrize("what", TRANSACTIONS)
def test_one_internal_error_of_firestore_costs_a_lease_nothing(what: str, wired: LocalStack, wire: Wire) -> None:
    def refuse() -> None:
        raise RefusedError("INTERNAL")

    wire.set(before=once(TRANSACTIONS[what], refuse))
    lease = wired.parts().leases.acquire("fact_trades", "run-1")
    assert lease is not None
    assert lease.renew()
    lease.intend("stream", 1)
    lease.clear("stream")
    lease.release()
    assert wired.parts().leases.peek("fact_trades").owner is None
