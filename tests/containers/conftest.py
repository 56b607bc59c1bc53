"""The compose file brought up by pytest-docker, once; skipped with the reason where that cannot be."""

import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from tests.containers.engine import FILES, GIT_HASH, IMAGE, PROJECT, docker, missing
from tests.containers.stack import LOCALHOST, Containers

READY_WITHIN_S = 90
HERE = __name__.rpartition(".")[0].replace(".", "/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.as_posix():
            item.add_marker(pytest.mark.container)


@pytest.fixture(scope="session")
def _engine() -> None:
    if lack := missing():
        pytest.skip(f"{lack}: the containers are not tested")


@pytest.fixture(scope="session")
def image(_engine: None) -> str:
    """The image of the jobs, built from this very tree by the classic builder; Compose builds the other one."""
    arguments = ("build", "--build-arg", f"GIT_HASH={GIT_HASH}", "--tag", IMAGE, ".")
    built = docker(*arguments, DOCKER_BUILDKIT="0")
    assert built.returncode == 0, built.stdout + built.stderr
    return IMAGE


@pytest.fixture(scope="session")
def docker_compose_file() -> list[str]:
    """The project's file, and what tests lay over it."""
    return list(map(str, FILES))


@pytest.fixture(scope="session")
def docker_compose_project_name() -> str:
    """Always the same name: what an interrupted session left behind is found again."""
    return PROJECT


@pytest.fixture(scope="session")
def docker_setup(image: str) -> list[str]:  # noqa: ARG001 - jobs run in it
    """Remove leftovers, then build and start."""
    return ["--profile '*' down --volumes --remove-orphans", "build --quiet bigquery", "up --no-build --wait"]


@pytest.fixture(scope="session")
def docker_cleanup() -> list[str]:
    """Remove containers of all profiles, network and volume."""
    return ["--profile '*' down --volumes --remove-orphans --timeout 3"]


@pytest.fixture(scope="session")
def containers(docker_setup: list[str], request: pytest.FixtureRequest) -> Containers:  # noqa: ARG001 - skips before anything is started
    """The servers, up and responsive."""
    services: Any = request.getfixturevalue("docker_services")
    published = {"firestore": 8080, "rest": 9050, "grpc": 9060, "broker": 9080}
    owners = {"rest": "bigquery", "grpc": "bigquery"}
    ports = {name: services.port_for(owners.get(name, name), port) for name, port in published.items()}
    for name, path in {"firestore": "/", "rest": "/healthz", "broker": "/v2/account"}.items():
        address = f"http://{LOCALHOST}:{ports[name]}{path}"
        services.wait_until_responsive(check=answers(address), timeout=READY_WITHIN_S, pause=0.2)
    return Containers(ports)


def answers(address: str) -> Callable[[], bool]:
    """Make a check whether something speaks HTTP at an address, be it to refuse."""

    def check() -> bool:
        try:
            urllib.request.urlopen(address, timeout=5).close()  # noqa: S310 - a loopback address
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    return check
