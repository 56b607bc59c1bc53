"""One invented month, all of it."""

from dataclasses import dataclass

from infra.local.demo_data.cast import Cast, make_cast
from infra.local.demo_data.dirty import SIGNAL_FAULTS
from infra.local.demo_data.documents import (
    Collection,
    live_collection,
    position_collection,
    rejected_collection,
    strategy_collection,
)
from infra.local.demo_data.live import LiveSignals, plan_live
from infra.local.demo_data.market import Market, make_market
from infra.local.demo_data.rejected import Rejections, plan_rejections


@dataclass(frozen=True)
class Demo:
    """The market, the plans, and the documents made of them."""

    market: Market
    cast: Cast
    rejections: Rejections
    live: LiveSignals
    collections: tuple[Collection, ...]


def make_demo(seed: int) -> Demo:
    """Invent the month that belongs to a seed."""
    market = make_market(seed)
    cast = make_cast(seed, market)
    rejections = plan_rejections(seed, market, len(SIGNAL_FAULTS))
    live = plan_live(seed, market, (*cast.clean, *cast.open), len(SIGNAL_FAULTS))
    collections = (
        strategy_collection(),
        position_collection(seed, cast),
        rejected_collection(seed, rejections),
        live_collection(seed, live),
    )
    return Demo(market, cast, rejections, live, collections)
