"""Every package that the locks name is under a licence that asks nothing of those who run this.

The packages' own metadata is read, as they are installed here; what none of its three places states is listed by hand.
"""

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PERMISSIVE = re.compile(
    r"MIT|MIT-0|Apache|BSD|0BSD|ISC|ISCL|PSF|PSFL|Python Software Foundation|Unlicense|CC0|Zlib|CNRI", re.IGNORECASE
)
RECIPROCAL = re.compile(r"GPL|AGPL|SSPL|BUSL|Commons Clause|EUPL|CDDL|non.?commercial|proprietary", re.IGNORECASE)
FILE_WISE = {"certifi", "hypothesis", "pathspec"}
"""Under MPL-2.0, which asks something only of those who change the package's own files; nobody does here."""

UNSTATED = {
    "axe-playwright-python": "MIT, and MPL-2.0 of the axe-core that it carries: as FILE_WISE, and it leaves no test",
    "promql-parser": "MIT",
}
"""Only in the licence text that the package carries."""


def locked(lock: str) -> Iterator[str]:
    """The packages that a lock names for this platform."""
    for line in (ROOT / lock).read_text(encoding="utf-8").splitlines():
        if re.match(r"[A-Za-z0-9]", line):
            wanted = Requirement(line.rstrip(" \\"))
            if wanted.marker is None or wanted.marker.evaluate():
                yield canonicalize_name(wanted.name)


def stated(package: Distribution) -> str:
    """The licence, from where the package states it: the SPDX expression, the classifiers, the free text."""
    told = package.metadata.json
    classifiers = [one for one in told.get("classifier", []) if one.startswith("License ::")]
    free = str(told.get("license", "")).strip().splitlines()
    return " ".join([str(told.get("license_expression", "")), *classifiers, *free[:1]]).strip()


@pytest.fixture(scope="module")
def installed() -> dict[str, Distribution]:
    return {canonicalize_name(one.metadata["Name"]): one for one in distributions()}


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_every_licence_is_permissive(lock: str, installed: dict[str, Distribution]) -> None:
    licences = {name: stated(installed[name]) or UNSTATED.get(name, "") for name in locked(lock)}
    strange = {
        name: licence
        for name, licence in licences.items()
        if not (PERMISSIVE.search(licence) and not RECIPROCAL.search(licence))
        and not (name in FILE_WISE and re.search("MPL|Mozilla", licence))
    }
    assert strange == {}
    assert len(licences) > 50
