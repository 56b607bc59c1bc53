"""The course of one check, hop by hop: the broker, hot storage, loops, tables, views; and away with all of it."""

from decimal import Decimal

from jobs.check.cold import BOOKS, READ, pass_books, pass_strand
from jobs.check.expected import Expected
from jobs.check.expected_views import ViewRows
from jobs.check.hops import HopError, NotCheckedError, Told
from jobs.check.hot import SOURCES, write_all
from jobs.check.marked import Marked
from jobs.check.order import require_paper, round_trip
from jobs.check.prices import Path, ask
from jobs.check.shown import pass_views
from jobs.check.times import Times, times_before
from jobs.check.trip import Trip
from shared.namespace import Namespace

AHEAD = ("market data", "paper order", "hot write", *READ, BOOKS)
"""The hops that cannot be taken when the first one is broken."""


def pass_through(trip: Trip) -> None:
    """Take every hop that can be taken, and remove what was written."""
    settings = trip.parts.settings
    namespace = Namespace(trip.parts, dict.fromkeys(SOURCES.values()))
    advice = f"See that this account may edit dataset {settings.dataset} and database {settings.firestore_database}."

    def make_ready() -> Told:
        namespace.furnish()
        left = namespace.clear()
        return Told(f"{left} documents of an earlier check removed" if left else "no document was left there")

    if not trip.hops.take("make ready", make_ready, advice):
        pass_over(trip, "the corner could not be made ready")
        return
    _there(trip)
    away = f"{advice} The next check removes what is left."
    trip.hops.take("clean up", lambda: Told(f"{namespace.clear()} documents removed, and all rows"), away)


def pass_over(trip: Trip, why: str) -> None:
    """Note that nothing could be sent."""
    for name in AHEAD:
        trip.hops.pass_over(name, why)


def _there(trip: Trip) -> None:
    """Send the records and look for them everywhere."""
    settings = trip.parts.settings
    times = times_before(trip.parts.clock(), settings)
    path = _market(trip, times)
    _order(trip, path)
    known = path or Path(settings.check_symbol, settings.bar_timeframe)
    marked = Marked(trip.check_id, times, known)
    if not write_all(trip, marked):
        for job in (*READ, BOOKS):
            trip.hops.pass_over(job, "nothing was written to hot storage")
        return
    expected = Expected(marked, settings, trip.sent)
    for job in READ:
        pass_strand(trip, job, expected, reached=path is not None)
    pass_views(trip, ViewRows(expected, pass_books(trip)))


def _market(trip: Trip, times: Times) -> Path | None:
    """Ask for the price path; None where the jobs that need one could not get it either."""
    settings, found = trip.parts.settings, list[Path]()

    def hop() -> Told:
        if not trip.has_keys:
            raise NotCheckedError("the broker has no keys: set ALPACA_API_KEY and ALPACA_SECRET_KEY")
        path = ask(trip.parts.broker, settings.check_symbol, settings.bar_timeframe, times.whole)
        if not path.bars and not settings.on_emulator:
            raise HopError(f"bars of {path.symbol}", "none", "Name a coin that is traded in CHECK_SYMBOL.")
        found.append(path)
        return Told(f"{len(path.bars)} bars of {path.symbol}, {path.timeframe}")

    trip.hops.take("market data", hop, "Compare ALPACA_DATA_URL and the keys of the first account.")
    return found[0] if found else None


def _order(trip: Trip, path: Path | None) -> None:
    """Place an order far off the last price and cancel it; only on paper."""
    price: Decimal | None = path.last if path and path.bars else None

    def hop() -> Told:
        require_paper(trip.parts.settings)
        if price is None:
            raise NotCheckedError("no price is known that an order could be far off from")
        return round_trip(trip, price)

    target = trip.parts.settings.check_order_ms / 1000
    trip.hops.take("paper order", hop, "Look at the account and its open orders at the broker.", target)
