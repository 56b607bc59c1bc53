"""The reader of source collections: whole, in order, as of one moment, whatever breaks on the way."""

from collections.abc import Callable
from datetime import datetime
from itertools import count

import pytest
from google.api_core.exceptions import GoogleAPICallError, InvalidArgument, ServiceUnavailable

from shared import documents
from shared.documents import Documents
from tests.emulator.wire import Call, CutError, Wire, cut, nth
from tests.stack import LocalStack

PAGE = 4
IDS = sorted(
    ("a", "a b", "A", "Z", "0", "~", "é", "\N{GRINNING FACE}", "日本", "x" * 1500, "quo\"te'", "per%cent", "_", "a.b"),
    key=str.encode,
)
"""In the order of Firestore: by bytes."""


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "PAGE", PAGE)


def fill(stack: LocalStack, *ids: str) -> None:
    client = stack.firestore
    batch = client.batch()
    for name in ids:
        batch.set(client.collection("things").document(name), {"name": name})
    batch.commit()


def reader(stack: LocalStack, **changes: str) -> Documents:
    return Documents(stack.settings(**changes))


def names(source: Documents, moment: datetime | None = None) -> list[str]:
    return [one.fields["name"] for one in source.scan("things", moment or source.server_time())]


def is_page(call: Call) -> bool:
    return call.name == "RunQuery"


@pytest.mark.parametrize("size", [0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, len(IDS)])
def test_a_scan_yields_every_document_once_in_the_order_of_names(
    size: int, stack: LocalStack, wired: LocalStack, wire: Wire
) -> None:
    fill(stack, *IDS[:size])
    source = reader(wired)
    moment = source.server_time()
    assert [one.id for one in source.scan("things", moment)] == IDS[:size]
    assert source.count("things", moment) == size
    assert sum(map(is_page, wire.calls)) == size // PAGE + 1


def test_a_scan_broken_at_any_message_of_any_page_loses_and_repeats_nothing(
    stack: LocalStack, wired: LocalStack, wire: Wire
) -> None:
    fill(stack, *IDS)
    source = reader(wired)
    for page in count(1):
        for messages in range(PAGE + 1):
            wire.set(after=cut(nth(page, is_page), messages))
            assert names(source) == IDS, (page, messages)
        if sum(map(is_page, wire.calls)) < page:
            break
    assert page > len(IDS) // PAGE


def test_a_scan_that_breaks_after_every_document_still_ends(stack: LocalStack, wired: LocalStack, wire: Wire) -> None:
    fill(stack, *IDS)
    source = reader(wired, RETRY_SECONDS="0.5")

    def cut_when_more_than_one(call: Call) -> None:
        if is_page(call) and call.answer.count(b"/things/") > 1:
            raise CutError(messages=1)

    wire.set(after=cut_when_more_than_one)
    assert names(source) == IDS
    assert sum(map(is_page, wire.calls)) >= len(IDS)


def test_a_scan_without_progress_gives_up_when_the_retry_time_is_over(
    stack: LocalStack, wired: LocalStack, wire: Wire
) -> None:
    fill(stack, *IDS)
    source = reader(wired, RETRY_SECONDS="0.3")
    wire.set(before=cut(nth_and_later(3)))
    read: list[str] = []
    with pytest.raises(ServiceUnavailable):
        read += (one.id for one in source.scan("things", source.server_time()))
    assert 1 < sum(map(is_page, wire.calls)) < 20


def nth_and_later(number: int) -> Callable[[Call], bool]:
    """Every page from the n-th on."""
    first = nth(number, is_page)
    reached: list[bool] = []

    def chosen(call: Call) -> bool:
        if first(call):
            reached.append(True)
        return bool(reached) and is_page(call)

    return chosen


def test_a_refusal_is_final_and_not_tried_again(wired: LocalStack, wire: Wire) -> None:
    source = reader(wired)
    moment = source.server_time()
    with pytest.raises(GoogleAPICallError):
        list(source.scan("__reserved__", moment))
    assert sum(map(is_page, wire.calls)) == 1


def test_a_scan_sees_one_moment_whatever_is_written_while_it_reads(
    stack: LocalStack, wired: LocalStack, wire: Wire
) -> None:
    fill(stack, *IDS)
    source = reader(wired)
    moment = source.server_time()
    things = stack.firestore.collection("things")

    def write_behind_and_ahead(call: Call) -> None:
        if is_page(call):
            things.document("0").set({"name": "changed"})
            things.document(IDS[-1]).delete()
            fill(stack, f"new-{call.number}", f"~new-{call.number}")

    wire.set(before=write_behind_and_ahead)
    assert names(source, moment) == IDS
    assert source.count("things", moment) == len(IDS)
    wire.set()
    later = names(source)
    assert "changed" in later
    assert IDS[-1] not in later
    assert len(later) == source.count("things", source.server_time()) > len(IDS)


def test_the_revision_of_a_document_is_its_update_time_to_the_microsecond(stack: LocalStack) -> None:
    fill(stack, "one")
    source = reader(stack)
    (document,) = source.scan("things", source.server_time())
    written = stack.firestore.document("things/one").get().update_time
    assert document.update_time == written
    assert (document.path, document.id, document.fields) == ("things/one", "one", {"name": "one"})


def test_a_fetch_takes_any_text_for_an_id_and_finds_what_exists(stack: LocalStack) -> None:
    fill(stack, *IDS)
    stack.firestore.document("things/a").update({"wanted": 5})
    source = reader(stack)
    odd = ["", ".", "..", "a/b", "a/b/c", "__reserved__", "x" * 1501, "0'; DROP TABLE x; --", "\x00", "absent"]
    odd += [f"__id{number}__" for number in ("", 0, "007", "+7", "\N{ARABIC-INDIC DIGIT SEVEN}", 2**63, "9" * 1400)]
    odd += [f"__id{number}__" for number in (7, -5, 2**63 - 1)]
    found = source.fetch("things", [*odd, *IDS], ["wanted"], source.server_time())
    assert found == {name: {"wanted": 5} if name == "a" else {} for name in IDS}


def test_documents_whose_ids_datastore_made_from_numbers_are_found_like_others(stack: LocalStack) -> None:
    numbered = [f"__id{number}__" for number in (-5, 7, 10, 2**63 - 1)]
    try:
        fill(stack, *numbered, "a")
    except InvalidArgument:
        pytest.skip("the stand-in makes no such documents, and neither does Firestore")
    source = reader(stack)
    moment = source.server_time()
    ids = [one.id for one in source.scan("things", moment)]
    assert ids == [*numbered, "a"]
    assert sorted(one.id for one in source.named("things", ids, moment)) == sorted(ids)
    assert source.fetch("things", ids, ["name"], moment).keys() == set(ids)


def test_a_fetch_sees_the_moment_it_is_asked_for(stack: LocalStack) -> None:
    fill(stack, "a", "b")
    source = reader(stack)
    moment = source.server_time()
    stack.firestore.document("things/a").delete()
    stack.firestore.document("things/b").set({"name": "changed"})
    assert source.fetch("things", ["a", "b"], ["name"], moment) == {"a": {"name": "a"}, "b": {"name": "b"}}
