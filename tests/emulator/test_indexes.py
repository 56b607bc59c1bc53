"""The service refuses a query without its index; the emulators answer it. So no job may send one."""

from collections.abc import Iterator

from google.cloud.firestore_v1.types import RunAggregationQueryRequest, RunQueryRequest, StructuredQuery

from jobs.registry import all_jobs
from tests.emulator import builders
from tests.emulator.wire import Wire
from tests.stack import LocalStack
from tests.strict.indexes import needs_composite_index


def test_no_query_of_any_job_needs_a_composite_index(wired: LocalStack, wire: Wire) -> None:
    builders.put(wired, "live_positions", builders.position(1), builders.position(2, qty="NaN"))
    jobs = set(all_jobs()) - {"price-patch"}
    for job in sorted(jobs):
        wired.run(job, position=None)
    wired.parts().runs.recent(5)
    wired.parts().runs.recent(5, "trades")
    sent = list(_queries(wire))
    assert {query.from_[0].collection_id for query in sent} >= {"live_positions", "quarantine", "job_metadata"}
    assert [query for query in sent if needs_composite_index(query)] == []


def _queries(wire: Wire) -> Iterator[StructuredQuery]:
    for call in wire.calls:
        if call.name == "RunQuery":
            yield RunQueryRequest.deserialize(call.request).structured_query
        elif call.name == "RunAggregationQuery":
            counted = RunAggregationQueryRequest.deserialize(call.request).structured_aggregation_query
            yield counted.structured_query
