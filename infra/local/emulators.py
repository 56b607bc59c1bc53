"""Which Firestore the local stack runs: Google's emulator from the Cloud SDK, from Docker, or the embedded server."""

import shutil
import subprocess
from pathlib import Path
from typing import Literal

Firestore = Literal["sdk", "docker", "embedded"]

IMAGE = "gcr.io/google.com/cloudsdktool/google-cloud-cli:emulators"
_JAR = Path("platform/cloud-firestore-emulator/cloud-firestore-emulator.jar")
_CLASS = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"


class NoEmulatorError(Exception):
    """The Firestore asked for is not on this machine."""


def firestore_kind(wanted: Firestore | None) -> Firestore:
    """Choose: the one asked for, else the Cloud SDK's, else a Docker image that is already here, else embedded.

    Raises:
        NoEmulatorError: The one asked for is missing.
    """
    here: dict[Firestore, bool] = {"sdk": sdk_jar() is not None, "docker": _docker_image_is_here(), "embedded": True}
    if wanted is not None:
        if not here[wanted]:
            raise NoEmulatorError(f"no Firestore emulator of kind {wanted} on this machine; try --firestore embedded")
        return wanted
    return next(kind for kind, there in here.items() if there)


def sdk_jar() -> Path | None:
    """Find Google's emulator in the Cloud SDK, if SDK, emulator and Java are here."""
    gcloud = shutil.which("gcloud")
    if not gcloud or not shutil.which("java"):
        return None
    root = _output([gcloud, "info", "--format=value(installation.sdk_root)"])
    jar = Path(root) / _JAR
    return jar if root and jar.exists() else None


def sdk_command(port: int, exported: Path | None) -> list[str]:
    """Build the command that runs the emulator's jar directly: ending gcloud's wrapper would orphan it."""
    jar = sdk_jar()
    if jar is None:
        raise NoEmulatorError("the Cloud SDK's Firestore emulator is gone")
    options = [f"--import-data={exported}"] if exported else []
    address = ["--host=127.0.0.1", f"--port={port}", "--database-mode=firestore-native"]
    return ["java", "-Xmx2g", "-cp", str(jar), _CLASS, "start", *address, *options]


def docker_command(port: int) -> list[str]:
    """Build the command that runs the emulator's image; its documents end with it."""
    start = ["gcloud", "emulators", "firestore", "start", "--host-port=0.0.0.0:8080"]
    return ["docker", "run", "--rm", "--init", "--pull=never", "-p", f"127.0.0.1:{port}:8080", IMAGE, *start]


def _docker_image_is_here() -> bool:
    docker = shutil.which("docker")
    return bool(docker) and bool(_output([str(docker), "image", "inspect", "--format={{.Id}}", IMAGE]))


def _output(command: list[str]) -> str:
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)  # noqa: S603 - our own command line
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""
