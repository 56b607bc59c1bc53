"""The strategy dimension: current configurations -> `dim_strategies`, one row per configuration ever seen."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, TypedDict

from schemas.strategies import StrategyDocument, StrategyVersion
from schemas.table import Provenance
from shared.loop import Candidate, Evidence, Loop, Verdict
from shared.settings import Settings
from shared.values import to_json, to_json_for_hash

_IDENTITY = frozenset({"document_id", "strategy_id"})


class Stated(TypedDict):
    """The columns that say what the document says."""

    config_hash: str
    active: bool
    timeframe: str
    asset_class: str | None
    assets: list[str]


def configuration(strategy: StrategyDocument) -> dict[str, Any]:
    """Collect what makes a configuration: every known field that carries a value, but not the strategy's id."""
    # Read by attribute: a dump would take references and points apart.
    values = {name: getattr(strategy, name) for name in StrategyDocument.model_fields if name not in _IDENTITY}
    return {name: value for name, value in values.items() if value is not None}


def config_hash(strategy: StrategyDocument) -> str:
    """Hash the configuration: SHA-256 of its canonical JSON, so that the order of fields does not matter."""
    return hashlib.sha256(to_json_for_hash(configuration(strategy)).encode()).hexdigest()


def key(candidate: Candidate[StrategyDocument]) -> tuple[str, str, datetime]:
    """Strategy, configuration, and the moment the document took it on."""
    return candidate.document.strategy_id, config_hash(candidate.document), candidate.source.update_time


def classify(candidate: Candidate[StrategyDocument], row_key: tuple[Any, ...], _refresh: bool) -> Verdict:  # noqa: FBT001 - a rule with a fixed signature
    """A configuration is new when the latest one on record differs; touching the document changes nothing."""
    history = sorted(candidate.stored, key=lambda one: one.key[2])
    if not history:
        return Verdict.NEW
    _, latest_hash, latest_from = history[-1].key
    changed = row_key[1] != latest_hash and row_key[2] > latest_from
    return Verdict.NEW if changed else Verdict.ALREADY


def build(candidate: Candidate[StrategyDocument], _evidence: Evidence, provenance: Provenance) -> StrategyVersion:
    """Turn a changed configuration into the next version."""
    strategy = candidate.document
    valid_from = candidate.source.update_time
    return StrategyVersion(
        **provenance,
        **stated(strategy),
        ds=valid_from.date(),
        strategy_id=strategy.strategy_id,
        version=len(candidate.stored) + 1,
        config=to_json(configuration(strategy)),
        valid_from=valid_from,
    )


def stated(strategy: StrategyDocument) -> Stated:
    """Name what a row takes from its document as it is."""
    return Stated(
        config_hash=config_hash(strategy),
        active=strategy.active,
        timeframe=strategy.timeframe,
        asset_class=strategy.asset_class,
        assets=strategy.assets,
    )


def follows(version: StrategyVersion, _as_of: datetime | None) -> Mapping[str, object]:
    """Say what the derived columns must be: a version holds from the revision that carried it."""
    return {"ds": version.valid_from.date(), "valid_from": version.source_rev}


def contradictions(versions: Sequence[StrategyVersion]) -> list[str]:
    """Say where the versions of a strategy are not 1 to n by valid_from, each unlike the one before."""
    history = sorted(versions, key=lambda one: one.valid_from)
    numbers = [one.version for one in history]
    wrong = [] if numbers == list(range(1, len(history) + 1)) else [f"its versions are {numbers} by valid_from"]
    same = [after.version for before, after in pairwise(history) if before.config_hash == after.config_hash]
    return wrong + [f"version {number} repeats the configuration before it" for number in same]


def due(_strategy: StrategyDocument, _as_of: datetime, _settings: Settings) -> bool:
    """The current configuration is always due: valid_from is real time, whatever as-of says."""
    return True


LOOP = Loop(
    name="strategies",
    summary="strategy configurations of dim_strategies -> dim_strategies (SCD type 2)",
    schedule="5 0 * * *",
    source="dim_strategies",
    document=StrategyDocument,
    row=StrategyVersion,
    due=due,
    ds=lambda candidate: candidate.source.update_time.date(),
    key=key,
    build=build,
    classify=classify,
    takes_over=stated,
    follows=follows,
    contradictions=contradictions,
    # However often its document is touched, a configuration is the same one.
    recognised_by=lambda row_key, _revision: row_key[:2],
)

if __name__ == "__main__":
    from jobs.entry import main

    main(LOOP)
