"""The documents of all collections, the good ones and the spoilt ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from infra.local.demo_data.cast import Cast
from infra.local.demo_data.dirty import POSITION_FAULTS, SIGNAL_FAULTS, Fault
from infra.local.demo_data.live import LiveSignals, live_documents
from infra.local.demo_data.positions import position
from infra.local.demo_data.rejected import Rejections, rejected_documents
from infra.local.demo_data.seeding import stream
from infra.local.demo_data.spelling import Fields
from infra.local.demo_data.strategies import strategies
from schemas.reasons import Reason


@dataclass
class Collection:
    """The documents of one collection and what is wrong with some of them."""

    name: str
    documents: dict[str, Fields] = field(default_factory=dict)
    reasons: dict[str, Reason] = field(default_factory=dict)
    """Path of each document that must not pass, and why."""

    def add(self, document_id: str, fields: Fields, reason: Reason | None = None) -> None:
        """Put a document in, with the reason if it must not pass."""
        self.documents[document_id] = fields
        if reason:
            self.reasons[f"{self.name}/{document_id}"] = reason

    def add_spoilt(self, faults: Sequence[Fault], documents: Iterable[tuple[str, Fields]]) -> None:
        """Spoil one document per fault and put it in."""
        for fault, (document_id, fields) in zip(faults, documents, strict=True):
            self.add(document_id, fault.spoil(fields), fault.reason)


def position_collection(seed: int, cast: Cast) -> Collection:
    """`live_positions`."""
    chance = stream(seed, "positions")
    collection = Collection("live_positions")
    for trade in (*cast.clean, *cast.open):
        collection.add(trade.position_id, position(chance, trade))
    for misfit in cast.misfits:
        collection.add(misfit.trade.position_id, position(chance, misfit.trade), misfit.reason)
    collection.add_spoilt(POSITION_FAULTS, ((trade.position_id, position(chance, trade)) for trade in cast.spoilt))
    return collection


def rejected_collection(seed: int, plan: Rejections) -> Collection:
    """`rejected_signals`."""
    chance = stream(seed, "rejected documents")
    good = rejected_documents(chance, (*plan.due, *plan.without_bars, *plan.young))
    collection = Collection("rejected_signals", dict(good))
    collection.add_spoilt(SIGNAL_FAULTS, rejected_documents(chance, plan.spoilt))
    return collection


def live_collection(seed: int, plan: LiveSignals) -> Collection:
    """`live_signals`."""
    chance = stream(seed, "live documents")
    good = live_documents(chance, (*plan.expired, *plan.just_expired, *plan.others))
    collection = Collection("live_signals", dict(good))
    collection.add_spoilt(SIGNAL_FAULTS, live_documents(chance, plan.spoilt))
    return collection


def strategy_collection() -> Collection:
    """`dim_strategies`."""
    return Collection("dim_strategies", dict(strategies()))
