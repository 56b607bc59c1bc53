import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pytest
from pydantic import BaseModel

import jobs
import schemas
import shared
from jobs import check
from jobs.registry import ONLY_BY_NAME, RUN_ALL, all_jobs, loops
from schemas.registry import TABLES
from shared.loop import Loop, Origin
from tests.unit.samples import SAMPLES, candidate

LAYERS: dict[str, set[str]] = {
    "schemas": {"schemas"},
    "shared": {"schemas", "shared"},
    "jobs": {"schemas", "shared", "jobs"},
    "infra": {"schemas", "shared", "jobs", "infra"},
}
"""What each package of ours may import of ours."""
PROJECT = Path(schemas.__file__).parent.parent
CLIENTS = {"alpaca", "google", "grpc", "requests", "urllib", "http", "socket", "os", "subprocess"}
NOT_JOBS = {"entry.py", "registry.py", "__init__.py"}
"""How jobs are started and found."""


def sources(package: str) -> list[Path]:
    return sorted((PROJECT / package).rglob("*.py"))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[str]:
    """Every module a file imports, anywhere in it."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


def roots(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports(path)}


@pytest.mark.parametrize("package", LAYERS)
def test_imports_go_one_way(package: str) -> None:
    ours = {*LAYERS, "tests"}
    wrong = {
        f"{path.relative_to(PROJECT)} imports {root}"
        for path in sources(package)
        for root in (roots(path) & ours) - LAYERS[package]
    }

    assert wrong == set()


JOB_FILES = [path for path in sorted((PROJECT / "jobs").glob("*.py")) if path.name not in NOT_JOBS]


@pytest.mark.parametrize("path", JOB_FILES, ids=lambda path: path.stem)
def test_a_job_holds_no_client_and_reads_no_environment(path: Path) -> None:
    assert roots(path) & CLIENTS == set()


@pytest.mark.parametrize("path", JOB_FILES, ids=lambda path: path.stem)
def test_a_job_asks_no_clock(path: Path) -> None:
    asked = {node.attr for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)}

    assert asked & {"now", "utcnow", "today", "time_ns", "monotonic"} == set()
    assert "time" not in roots(path)


def test_starting_a_job_needs_no_client_either() -> None:
    clients = {name for path in sources("jobs") for name in imports(path) if name.partition(".")[0] in CLIENTS}

    assert {name for name in clients if not name.endswith(".exceptions")} == set()


def test_schemas_know_no_service() -> None:
    assert {root for path in sources("schemas") for root in roots(path)} & CLIENTS == set()


def names_in(node: ast.AST | None) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)} if node else set()


def floats(path: Path) -> Iterator[int]:
    """Lines with a float literal, a call of float(), or float in an annotation."""
    for node in ast.walk(tree(path)):
        literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
        called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"
        annotated = (
            (isinstance(node, ast.AnnAssign) and "float" in names_in(node.annotation))
            or (isinstance(node, ast.arg) and "float" in names_in(node.annotation))
            or (isinstance(node, ast.FunctionDef) and "float" in names_in(node.returns))
        )
        if literal or called or annotated:
            yield getattr(node, "lineno", 0)


_MONEY_MODULES = (
    *("apportion", "assignment", "bars", "crypto_fees", "day_fees", "fee_table", "fees", "fills", "formulae"),
    *("ledger", "market", "postings", "reconciliation", "table_patch"),
)
MONEY = [
    *sources("schemas"),
    *JOB_FILES,
    *(PROJECT / "shared" / f"{name}.py" for name in _MONEY_MODULES),
]


@pytest.mark.parametrize("path", MONEY, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_no_money_is_ever_a_float(path: Path) -> None:
    assert list(floats(path)) == []


def modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(found.name)


def models() -> set[type[BaseModel]]:
    return {
        value
        for module in modules(schemas)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, BaseModel) and value.__module__.startswith("schemas.")
    }


def parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from parts(part)


def test_no_model_has_a_float_however_deep() -> None:
    found = {
        f"{model.__name__}.{name}"
        for model in models()
        for name, field in model.model_fields.items()
        if float in set(filter(lambda part: isinstance(part, type), parts(field.annotation)))
    }

    assert len(models()) > 10
    assert found == set()


def test_every_file_of_a_job_is_found_and_spells_its_name() -> None:
    files = {path.stem.replace("_", "-") for path in JOB_FILES}

    assert set(all_jobs()) == files
    assert all(name == job.name for name, job in all_jobs().items())


def test_jobs_are_listed_in_the_order_of_run_all() -> None:
    known = [name for name in all_jobs() if name in RUN_ALL]

    assert known == list(RUN_ALL)


def test_only_a_job_that_runs_by_name_has_no_schedule() -> None:
    assert {name for name, job in all_jobs().items() if not job.schedule} <= ONLY_BY_NAME


every_loop = pytest.mark.parametrize("loop", loops().values(), ids=lambda loop: loop.name)


@every_loop
def test_a_job_is_a_form_filled_in(loop: Loop[Any, Any]) -> None:
    assert loop.row in TABLES
    assert loop.document in SAMPLES
    assert loop.summary
    assert len(loop.schedule.split()) == 5
    assert (loop.origin is Origin.FIRESTORE) == (not loop.source.startswith("/"))


@every_loop
def test_a_jobs_key_is_its_tables(loop: Loop[Any, Any]) -> None:
    key = loop.key(candidate(loop.document))

    assert len(key) == len(loop.row.TABLE.key)
    assert key[0] == SAMPLES[loop.document][loop.document.KEY]


def test_no_two_jobs_run_at_the_same_minute() -> None:
    schedules = [job.schedule for job in all_jobs().values() if job.schedule] + [check.SCHEDULE]

    assert len(set(schedules)) == len(schedules)


@pytest.mark.parametrize("package", [schemas, shared, jobs], ids=lambda package: package.__name__)
def test_every_module_can_be_imported_by_itself(package: ModuleType) -> None:
    assert all(module.__doc__ for module in modules(package))
