"""The Terraform files, and every check of them that needs no Terraform."""

from collections.abc import Iterator, Mapping

from infra.generate import generated
from tests.infra import conformance, references
from tests.infra.extract import PROJECT
from tests.infra.hcl import parse
from tests.infra.provider import schemas

FOLDER = "infra/gcp"


def read() -> dict[str, str]:
    """Read all that Terraform reads: path below the project → text."""
    found = (
        path for pattern in ("*.tf", "*.json", "environments/*.tfvars") for path in (PROJECT / FOLDER).glob(pattern)
    )
    return {str(path.relative_to(PROJECT)): path.read_text(encoding="utf-8") for path in sorted(found)}


def checked(files: Mapping[str, str]) -> dict[str, list[str]]:
    """Run every check over the texts of files: check → what it found."""
    terraform = {path: text for path, text in files.items() if path.endswith(".tf")}
    blocks = [block for text in terraform.values() for block in parse(text)]
    return {
        "schema": [problem for block in blocks for problem in conformance.problems(block, schemas())],
        "references": list(references.dangling(terraform, blocks, schemas())),
        "unused": list(references.unused(terraform, blocks)),
        "descriptions": list(references.undescribed(blocks)),
        "layout": list(_layout(files)),
        "freshness": list(_stale(files)),
    }


def _layout(files: Mapping[str, str]) -> Iterator[str]:
    """Hold to what `terraform fmt` would write, as far as single lines tell."""
    for path, text in files.items():
        if not text.endswith("\n") or text.endswith("\n\n"):
            yield f"{path}: ends otherwise than with one line end"
        for number, line in enumerate(text.splitlines(), 1):
            indented = len(line) - len(line.lstrip(" "))
            if "\t" in line or line != line.rstrip() or indented % 2:
                yield f"{path}:{number}: tabs, trailing blanks or an odd indentation"


def _stale(files: Mapping[str, str]) -> Iterator[str]:
    for path, text in generated().items():
        if path.startswith(FOLDER) and files.get(path) != text:
            yield f"{path} is stale; run `golden-thread schema docs`"
