"""A copy of the project in which some files hold all their mutants, dormant, as mutmut writes them."""

import difflib
from pathlib import Path

from mutmut.mutation.file_mutation import MutatedFile, mutate_file_contents

from tests.mutation.groups import Group
from tests.mutation.mutant import Mutant
from tests.planted.nursery import CHECKOUT
from tests.planted.planting import copy_project

_SQL = "shared/sql.py"
"""Where case means nothing."""


def prepare(group: Group, target: Path) -> list[Mutant]:
    """Copy the project and write the mutants of a group into it."""
    copy_project(target)
    return [mutant for file in group.files for mutant in _mutate(file, target)]


def _mutate(file: str, target: Path) -> list[Mutant]:
    made = mutate_file_contents(file, (CHECKOUT / file).read_text(encoding="utf-8"))
    (target / file).write_text(made.code, encoding="utf-8")
    module = file.removesuffix(".py").replace("/", ".")
    mutants = [Mutant(f"{module}.{name}", _change(made, name)) for name in made.mutant_names]
    return [one for one in mutants if file != _SQL or not one.in_case_only]


def _change(made: MutatedFile, name: str) -> str:
    original = f"{name.partition('__mutmut_')[0]}__mutmut_orig"
    before, after = (_body(made, one) for one in (original, name))
    return "\n".join(line for line in difflib.unified_diff(before, after, n=0, lineterm="") if line[:3] not in _HEADS)


_HEADS = {"---", "+++", "@@ "}


def _body(made: MutatedFile, function: str) -> list[str]:
    span = made.line_span_by_function_name[function]
    lines = made.code.splitlines()[span.start : span.end]
    return [line.strip().replace(function, function.partition("__mutmut_")[0]) for line in lines]
