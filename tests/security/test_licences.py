"""Every package that a lock names is under a licence that asks nothing of those who run this.

The packages' own metadata is read, as they are installed here or in an environment beneath this one, if need be that of
another version; what none of its three places states is listed by hand. What is not installed cannot be read: then the
tests say so.
"""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

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

LOCKS = sorted(lock.name for lock in ROOT.glob("requirements*.txt"))
HERE = {"requirements.txt", "requirements-dev.txt", "requirements-local.txt", "requirements-openapi.txt"}
"""What `make test` installs, or the like of it; every package of them has to be there."""

Pin = tuple[str, Version]


def locked(lock: str) -> Iterator[Pin]:
    """The packages that a lock names for this platform."""
    for line in (ROOT / lock).read_text(encoding="utf-8").splitlines():
        if re.match(r"[A-Za-z0-9]", line):
            wanted = Requirement(line.rstrip(" \\"))
            if wanted.marker is None or wanted.marker.evaluate():
                (pin,) = wanted.specifier
                yield canonicalize_name(wanted.name), Version(pin.version)


def stated(package: Distribution) -> str:
    """The licence, from where the package states it: the SPDX expression, the classifiers, the free text."""
    told = package.metadata.json
    classifiers = [one for one in told.get("classifier", []) if one.startswith("License ::")]
    free = str(told.get("license", "")).strip().splitlines()
    return " ".join([str(told.get("license_expression", "")), *classifiers, *free[:1]]).strip()


class Shelf:
    """What is installed in this environment and in those that `make` puts beneath it, for tools of their own."""

    def __init__(self) -> None:
        beneath = map(str, Path(sys.prefix).glob("*/lib/python*/site-packages"))
        self._pins: dict[Pin, Distribution] = {}
        self._names: dict[str, Distribution] = {}
        for one in (*distributions(path=list(beneath)), *distributions()):
            name = canonicalize_name(one.metadata["Name"])
            self._pins[name, Version(one.version)] = self._names[name] = one

    def find(self, pin: Pin) -> Distribution | None:
        """The package in this version, else in another."""
        return self._pins.get(pin, self._names.get(pin[0]))


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return Shelf()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_licence_is_permissive(lock: str, shelf: Shelf) -> None:
    wanted = {pin[0]: shelf.find(pin) for pin in locked(lock)}
    licences = {name: stated(found) or UNSTATED.get(name, "") for name, found in wanted.items() if found}
    absent = wanted.keys() - licences.keys()
    strange = {
        name: licence
        for name, licence in licences.items()
        if not (PERMISSIVE.search(licence) and not RECIPROCAL.search(licence))
        and not (name in FILE_WISE and re.search("MPL|Mozilla", licence))
    }
    assert strange == {}
    assert wanted
    assert not (lock in HERE and absent)
    if absent:
        pytest.skip(f"{len(absent)} of {len(wanted)} packages of {lock} are not installed: their licences are not read")
