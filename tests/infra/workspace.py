"""Terraform at work on a copy of the files, with a provider that needs no account."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.infra.extract import PROJECT

TERRAFORM = shutil.which("terraform")
MISSING = "terraform is not on the path"
DIGEST = "us-central1-docker.pkg.dev/my-project/gt-dev/golden-thread@sha256:" + 64 * "0"
GIVEN: Mapping[str, Any] = {"project": "my-project", "image": DIGEST, "alert_emails": ["on-call@example.com"]}
"""What no environment's file can say."""
_QUIET = {"CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull, "TF_IN_AUTOMATION": "1"}


@dataclass(frozen=True)
class Plan:
    """What Terraform would make."""

    resources: Mapping[str, Mapping[str, Any]]
    """Address → values, as far as they are known before the service has spoken."""

    def of(self, kind: str) -> dict[str, Mapping[str, Any]]:
        """Pick the resources of one kind: name with key → values."""
        return {address.removeprefix(f"{kind}."): values for address, values in self._of(kind)}

    def _of(self, kind: str) -> list[tuple[str, Mapping[str, Any]]]:
        return [(address, values) for address, values in self.resources.items() if address.startswith(f"{kind}.")]


@dataclass(frozen=True)
class Workspace:
    """A copy of a project's Terraform files, and the environment that Terraform runs in."""

    root: Path
    environment: Mapping[str, str]

    @classmethod
    def of(cls, root: Path, environment: Mapping[str, str], project: Path = PROJECT) -> "Workspace":
        """Copy what Terraform reads of a project."""
        shutil.copytree(project / "infra" / "gcp", root / "infra" / "gcp", ignore=shutil.ignore_patterns(".terraform*"))
        shutil.copytree(project / "schemas", root / "schemas", ignore=shutil.ignore_patterns("__pycache__"))
        return cls(root, environment)

    def write(self, files: Mapping[str, str]) -> None:
        """Put texts in the place of files: path below the project → text."""
        for path, text in files.items():
            (self.root / path).write_text(text, encoding="utf-8")

    def terraform(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Terraform on the files."""
        environment = {**os.environ, **_QUIET, **self.environment}
        command = [str(TERRAFORM), f"-chdir={self.root / 'infra' / 'gcp'}", *arguments]
        return subprocess.run(  # noqa: S603 - the machine's own Terraform
            command, env=environment, capture_output=True, text=True, check=False, timeout=120
        )

    def validate(self) -> list[str]:
        """List what `terraform validate` objects to."""
        judged = json.loads(self._initialised.terraform("validate", "-json").stdout)
        return [f"{one['summary']}: {one.get('detail', '')}" for one in judged["diagnostics"]]

    def plan(self, environment: str, /, **given: Any) -> Plan:
        """Plan an environment from nothing."""
        done = self._planned(environment, given)
        if done.returncode:
            raise RuntimeError(done.stderr)
        shown = json.loads(self.terraform("show", "-json", "plan").stdout)
        resources = shown["planned_values"]["root_module"]["resources"]
        return Plan({one["address"]: one["values"] for one in resources})

    def refusal(self, environment: str, /, **given: Any) -> str:
        """Say why an environment cannot be planned, in one line; empty when it can."""
        done = self._planned(environment, given)
        return " ".join(done.stderr.split()) if done.returncode else ""

    def _planned(self, environment: str, given: Mapping[str, Any]) -> subprocess.CompletedProcess[str]:
        values = {**GIVEN, **given}
        told = [f"-var={name}={one if isinstance(one, str) else json.dumps(one)}" for name, one in values.items()]
        file = f"-var-file=environments/{environment}.tfvars"
        return self._initialised.terraform("plan", "-no-color", "-input=false", "-out=plan", file, *told)

    @cached_property
    def _initialised(self) -> "Workspace":
        self.terraform("init", "-no-color", "-input=false", "-backend=false").check_returncode()
        return self
