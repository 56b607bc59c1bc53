"""The venue: finds the route, guards the door, answers in JSON."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import uuid4

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from infra.local import exact_json
from infra.local.broker.call import Call, Door
from infra.local.broker.conduct import Conduct
from infra.local.broker.errors import ApiError, method_not_allowed, not_found, rate_limited
from infra.local.broker.limits import RateLimit
from infra.local.broker.query import Query
from infra.local.broker.routes import Route
from infra.local.broker.spoiled import JSON
from infra.local.broker.store import Store

NOTHING_TO_SAY = 204
"""The status of an answer without a body."""


class Venue:
    """The stand-in broker over a store."""

    def __init__(
        self,
        store: Store,
        conduct: Conduct,
        limit: RateLimit,
        routes: Sequence[Route],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._conduct = conduct
        self._limit = limit
        self._clock = clock
        rules = [Rule(route.rule, methods=[route.method], endpoint=route) for route in routes]
        # A doubled slash is an unknown path at the venue, not a redirect.
        self._paths = Map(rules, merge_slashes=False)

    def respond(self, request: Request) -> Response:
        """Answer one request."""
        headers = {"x-request-id": uuid4().hex}
        try:
            route, name = self._find(request)
            headers |= self._admit(route.door, request)
            body = route.handler(self._call(route.door, request, name))
            status = NOTHING_TO_SAY if body is None else 200
        except ApiError as error:
            status, body = error.status, error.body
            headers |= error.headers
        return Response("" if status == NOTHING_TO_SAY else exact_json.dumps(body), status, headers, content_type=JSON)

    def _find(self, request: Request) -> tuple[Route, str]:
        try:
            route, parts = self._paths.bind_to_environ(request.environ).match()
        except NotFound as error:
            raise not_found("endpoint not found.") from error
        except MethodNotAllowed as error:
            raise method_not_allowed() from error
        return route, parts.get("name", "")

    def _admit(self, door: Door, request: Request) -> dict[str, str]:
        """The headers that tell where the caller's minute stands."""
        key = door.admit(request)
        if door.host is None:
            return {}
        allowance = self._limit.take(door.host, key)
        if allowance.exceeded:
            raise rate_limited(allowance.headers())
        return allowance.headers()

    def _call(self, door: Door, request: Request, name: str) -> Call:
        return Call(
            store=self._store,
            conduct=self._conduct,
            ledger=self._store.ledger,
            query=Query(request.args, door.complaint),
            name=name,
            body=request.get_data(),
            now=self._clock(),
        )
