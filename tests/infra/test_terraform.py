"""Terraform itself judges the files: with the provider's schema behind it, and no cloud."""

import base64
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import promql_parser
import pytest

from infra.cli import shards
from infra.needs import SourceUse, needs_of
from jobs import check
from jobs.registry import all_jobs
from schemas.registry import TABLES
from schemas.views import VIEWS, read
from tests.infra import files
from tests.infra.plants import PLANTS, Plant
from tests.infra.provider import schemas
from tests.infra.workspace import MISSING, TERRAFORM, Plan, Workspace

ENVIRONMENTS = ("dev", "paper", "prod")
BUILDER = "builder"
REAL_PROVIDERS = os.environ.get("TF_PLUGIN_CACHE_DIR")
SCHEDULES = {name: job.schedule for name, job in all_jobs().items() if job.schedule} | {check.NAME: check.SCHEDULE}
SCHEDULED = set(SCHEDULES)
DEPLOYED = {*all_jobs(), check.NAME}


@pytest.fixture(scope="module")
def plan(unchanged: Workspace) -> Plan:
    return unchanged.plan("paper")


@pytest.mark.skipif(TERRAFORM is None, reason=MISSING)
def test_the_files_are_formatted(unchanged: Workspace) -> None:
    checked = unchanged.terraform("fmt", "-check", "-recursive", "-diff")

    assert (checked.returncode, checked.stdout) == (0, "")


def test_terraform_finds_the_files_valid(unchanged: Workspace) -> None:
    assert unchanged.validate() == []


@pytest.mark.skipif(TERRAFORM is None or REAL_PROVIDERS is None, reason="no provider in TF_PLUGIN_CACHE_DIR")
def test_the_real_provider_finds_the_files_valid(tmp_path: Path) -> None:
    real = Workspace.of(tmp_path / "real", {})
    real.terraform("init", "-input=false", "-backend=false", f"-plugin-dir={REAL_PROVIDERS}").check_returncode()

    assert json.loads(real.terraform("validate", "-json").stdout)["diagnostics"] == []


@pytest.mark.parametrize("plant", [one for one in PLANTS if one.terraform], ids=lambda plant: plant.name)
def test_terraform_finds_a_planted_mistake_too(plant: Plant, workspace: Workspace) -> None:
    workspace.write(plant.into(files.read()))

    assert any(str(plant.terraform) in " ".join(said.split()) for said in workspace.validate())


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_environment_can_be_planned_from_nothing(environment: str, unchanged: Workspace) -> None:
    planned = unchanged.plan(environment)

    tables, views = {f'table["{row.TABLE.name}"]' for row in TABLES}, {f'view["{view.name}"]' for view in VIEWS}
    assert set(planned.of("google_bigquery_table")) == tables | views
    assert planned.resources["google_bigquery_dataset.trading"]["labels"] == {"environment": environment}
    assert keys(planned, "google_cloud_run_v2_job") == DEPLOYED
    assert ("google_firestore_database.source[0]" in planned.resources) == (environment == "dev")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_planned_value_is_one_that_the_manual_lists(environment: str, unchanged: Workspace) -> None:
    planned = unchanged.plan(environment)
    checked = {
        value: values
        for address, resource in planned.resources.items()
        if not address.startswith("data.")
        for value, values in _limited(resource, schemas().resources[address.partition(".")[0]])
    }

    assert {"FIRESTORE_NATIVE", "POINT_IN_TIME_RECOVERY_ENABLED", "COMPARISON_GT", "CRITICAL"} <= set(checked)
    assert {value: values for value, values in checked.items() if value not in values} == {}


def _limited(block: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the values of which the manual lists all there are, with that list."""
    for name, attribute in schema["attributes"].items():
        if isinstance(value := block.get(name), str) and "values" in attribute:
            yield value, attribute["values"]
    for name, nested in schema["block_types"].items():
        for one in block.get(name) or [] if nested["nesting_mode"] == "list" else []:
            yield from _limited(one, nested["block"])


@pytest.mark.parametrize(
    ("name", "value", "objection"),
    [
        ("project", "My Project", "Write a project id"),
        ("environment", "test", "dev, paper or prod"),
        ("image", "gcr.io/my-project/golden-thread:latest", "Name the image by digest"),
        ("dataset", "trading-paper", "letters, digits and underscores"),
        ("source_database", "Engine", "Write the database's id"),
        ("bookkeeping_database", "(default)", "lower-case letters, digits and hyphens"),
        ("bookkeeping_database", "engine-paper", "Keep the books in another database"),
        ("broker_url", "https://paper-api.alpaca.markets/v2", "scheme and host only"),
        ("broker_url", "https://api.alpaca.markets", "Only prod trades real money"),
        ("broker_accounts", ["One-Two"], "account names in lower-case"),
        ("secret_versions", {"ALPACA_API_KEY": "latest"}, "Pin a version by number"),
        ("settings", {"ALPACA_SECRET_KEY": "abc"}, "belong into Secret Manager"),
        ("max_retries", 0, "Between 1 and 10"),
        ("monthly_budget_usd", 0.5, "Write whole dollars"),
    ],
)
def test_a_wrong_variable_is_refused_with_a_reason(name: str, value: Any, objection: str, unchanged: Workspace) -> None:
    assert objection in unchanged.refusal("paper", **{name: value})


def keys(plan: Plan, kind: str, name: str = "") -> set[str]:
    """The keys of the resources of a kind."""
    return {match[1] for one in plan.of(kind) if (match := re.fullmatch(rf'{name or "[a-z_]+"}\["(.+)"\]', one))}


def test_a_job_runs_its_module_from_the_image_by_digest_as_itself(plan: Plan) -> None:
    for name, job in plan.of("google_cloud_run_v2_job").items():
        task = job["template"][0]["template"][0]
        module = name.removeprefix('job["').removesuffix('"]').replace("-", "_")
        assert task["containers"][0]["command"] == ["python", "-m", f"jobs.{module}"]
        assert "@sha256:" in task["containers"][0]["image"]
        assert task["max_retries"] >= 1
        assert job["template"][0]["task_count"] == 1


def test_one_limit_of_one_job_can_be_raised(unchanged: Workspace) -> None:
    plan = unchanged.plan("paper", limits={"trades": {"memory": "2Gi"}})
    tasks = {
        name: plan.resources[f'google_cloud_run_v2_job.job["{name}"]']["template"][0]["template"][0]
        for name in ("trades", "strategies")
    }
    found = {name: (task["timeout"], *_limits(task)) for name, task in tasks.items()}

    assert found == {"trades": ("3600s", "1", "2Gi"), "strategies": ("3600s", "1", "512Mi")}


def test_a_job_has_as_many_tasks_as_it_is_given(unchanged: Workspace) -> None:
    plan = unchanged.plan("paper", limits={"trades": {"tasks": 4}})
    jobs = {name: plan.resources[f'google_cloud_run_v2_job.job["{name}"]'] for name in ("trades", "retire")}
    assert {name: job["template"][0]["task_count"] for name, job in jobs.items()} == {"trades": 4, "retire": 1}
    assert "limits = { trades = { tasks = 4 } }" in str(shards.command.help)


def _limits(task: Mapping[str, Any]) -> tuple[str, str]:
    limits = task["containers"][0]["resources"][0]["limits"]
    return limits["cpu"], limits["memory"]


def test_only_jobs_that_ask_the_broker_get_its_keys(plan: Plan) -> None:
    asking = {name for name, job in all_jobs().items() if needs_of(job).broker} | {check.NAME}

    assert {key.partition(":")[0] for key in keys(plan, "google_secret_manager_secret_iam_member")} == asking
    assert {name for name in DEPLOYED if "ALPACA_API_KEY" in _variables(plan, name)} == asking
    assert {name for name in DEPLOYED if "ALPACA_BASE_URL" in _variables(plan, name)} == asking


def _variables(plan: Plan, job: str) -> Mapping[str, Any]:
    task = plan.resources[f'google_cloud_run_v2_job.job["{job}"]']["template"][0]["template"][0]
    return {one["name"]: one for one in task["containers"][0]["env"]}


def test_several_broker_accounts_have_secrets_of_their_own(unchanged: Workspace) -> None:
    plan = unchanged.plan("paper", broker_accounts=["main", "hedge"], secret_versions={"ALPACA_API_KEY_MAIN": "3"})
    variables = _variables(plan, "trades")

    assert variables["ALPACA_ACCOUNTS"]["value"] == "hedge,main"
    assert {name for name in variables if name.endswith(("_MAIN", "_HEDGE"))} == {
        f"ALPACA_{kind}_KEY_{account}" for kind in ("API", "SECRET") for account in ("MAIN", "HEDGE")
    }
    pinned = {
        name: variables[name]["value_source"][0]["secret_key_ref"][0]["version"]
        for name in variables
        if "_KEY_" in name
    }
    assert {name for name, version in pinned.items() if version == "3"} == {"ALPACA_API_KEY_MAIN"}


def test_each_job_may_write_the_tables_it_declares_and_read_those(plan: Plan) -> None:
    needs = {name: needs_of(job) for name, job in all_jobs().items()}
    writes = {f"{name}:{table}" for name, one in needs.items() for table in one.writes}
    reads = {f"{name}:{table}" for name, one in needs.items() for table in one.reads}

    assert keys(plan, "google_bigquery_table_iam_member", "writes") == writes
    assert keys(plan, "google_bigquery_table_iam_member", "reads") == reads


def test_no_role_of_ours_lets_a_job_that_only_archives_touch_the_sources(plan: Plan) -> None:
    changing = {"datastore.entities.create", "datastore.entities.update", "datastore.entities.delete"}
    roles = {
        name: set(role["permissions"]) & changing for name, role in plan.of("google_project_iam_custom_role").items()
    }
    may = {
        SourceUse.READS: "roles/datastore.viewer",
        SourceUse.MENDS: None,  # a role made here, whose id only the service tells
        SourceUse.DELETES: None,
    }

    assert roles["mender"] == {"datastore.entities.update"}
    assert roles["retirer"] == changing
    assert roles["bookkeeper"] == changing - {"datastore.entities.delete"}
    for name, job in all_jobs().items():
        source = plan.resources[f'google_project_iam_member.source["{name}"]']
        assert source.get("role") == may[needs_of(job).source], name
        assert 'databases/engine-paper"' in source["condition"][0]["expression"]
        books = plan.resources[f'google_project_iam_member.bookkeeper["{name}"]']
        assert 'databases/golden-thread-paper"' in books["condition"][0]["expression"]


def test_the_check_may_touch_its_own_corner_and_nothing_else(plan: Plan) -> None:
    mine = f'["{check.NAME}"]'
    granted = {
        (address, values["role"])
        for kind in {name.partition(".")[0] for name in plan.resources if "_iam_member." in name}
        for address, values in plan.of(kind).items()
        if address.endswith(mine) and BUILDER not in address
    }
    corner = plan.resources[f"google_project_iam_member.corner{mine}"]

    assert granted == {
        (f"corner{mine}", "roles/bigquery.dataEditor"),
        (f"corner{mine}", "roles/datastore.user"),
        (f"queries{mine}", "roles/bigquery.jobUser"),
        (f"scheduler{mine}", "roles/run.invoker"),
    }
    assert 'databases/gt-paper-check"' in corner["condition"][0]["expression"]
    edited = plan.resources[f"google_bigquery_dataset_iam_member.corner{mine}"]
    assert edited["dataset_id"] == _variables(plan, check.NAME)["CHECK_DATASET"]["value"] == "trading_paper_check"


def test_nothing_is_granted_to_a_job_on_the_project_without_a_condition_but_queries(plan: Plan) -> None:
    members = plan.of("google_project_iam_member").items()
    free = {values.get("role") for name, values in members if not values["condition"] and BUILDER not in name}

    assert free == {"roles/bigquery.jobUser"}


def test_the_builder_may_push_scan_and_roll_forward_and_reads_no_row(plan: Plan) -> None:
    granted = {
        (kind.removeprefix("google_"), values["role"])
        for kind in {name.partition(".")[0] for name in plan.resources if "_iam_member." in name}
        for name, values in plan.of(kind).items()
        if BUILDER in name
    }

    assert granted == {
        ("artifact_registry_repository_iam_member", "roles/artifactregistry.writer"),
        ("bigquery_dataset_iam_member", "roles/bigquery.metadataViewer"),
        ("cloud_run_v2_job_iam_member", "roles/run.developer"),
        ("project_iam_member", "roles/logging.logWriter"),
        ("project_iam_member", "roles/ondemandscanning.admin"),
        ("project_iam_member", "roles/storage.objectViewer"),
        ("service_account_iam_member", "roles/iam.serviceAccountUser"),
    }
    assert keys(plan, "google_cloud_run_v2_job_iam_member", BUILDER) == DEPLOYED


def test_the_builder_reads_the_sources_that_are_submitted_and_no_other_bucket(plan: Plan) -> None:
    (condition,) = plan.resources["google_project_iam_member.builder_source"]["condition"]

    # With the stroke behind it: other buckets begin with the same letters.
    assert condition["expression"] == 'resource.name.startsWith("projects/_/buckets/my-project_cloudbuild/")'


def test_the_scheduler_starts_what_has_a_schedule_and_nothing_else(plan: Plan) -> None:
    assert keys(plan, "google_cloud_scheduler_job") == SCHEDULED
    assert keys(plan, "google_cloud_run_v2_job_iam_member", "scheduler") == SCHEDULED
    starting = plan.of("google_cloud_run_v2_job_iam_member").items()
    assert {values["role"] for name, values in starting if BUILDER not in name} == {"roles/run.invoker"}
    for name, schedule in plan.of("google_cloud_scheduler_job").items():
        assert schedule["schedule"] == SCHEDULES[name.split('"')[1]]
        assert (schedule["time_zone"], _body(schedule)) == ("Etc/UTC", {})


def _body(schedule: Mapping[str, Any]) -> Any:
    return json.loads(base64.b64decode(schedule["http_target"][0]["body"]))


def test_retire_deletes_on_a_schedule_only_where_told_so(unchanged: Workspace) -> None:
    plan = unchanged.plan("paper", retire_schedule="0 3 * * 0")
    schedule = plan.resources['google_cloud_scheduler_job.schedule["retire"]']

    assert _body(schedule) == {"overrides": {"containerOverrides": [{"args": ["--delete"]}]}}
    assert schedule["schedule"] == "0 3 * * 0"
    roles = {name: one["role"] for name, one in plan.of("google_cloud_run_v2_job_iam_member").items()}
    assert {name for name, role in roles.items() if role.endswith("WithOverrides")} == {'scheduler["retire"]'}


def test_each_scheduled_job_is_missed_when_it_stays_silent(plan: Plan) -> None:
    policies = plan.of("google_monitoring_alert_policy")

    assert keys(plan, "google_monitoring_alert_policy", "silent") == SCHEDULED
    assert set(policies) - {f'silent["{name}"]' for name in SCHEDULED} == {
        "failed",
        "quarantine",
        "unbalanced",
        "blind_spot",
        "broken",
    }
    for name in SCHEDULED:
        query = policies[f'silent["{name}"]']["conditions"][0]["condition_prometheus_query_language"][0]["query"]
        assert f'job_name="gt-paper-{name}"' in query
        assert "[26h]" in query


def test_nobody_is_told_of_silence_while_the_schedules_stand_still(plan: Plan, unchanged: Workspace) -> None:
    paused = unchanged.plan("paper", paused=True).of("google_monitoring_alert_policy")

    silent = {f'silent["{name}"]' for name in SCHEDULED}
    assert {name for name, policy in paused.items() if policy["enabled"] is False} == silent
    assert all(policy["enabled"] is not False for policy in plan.of("google_monitoring_alert_policy").values())


def test_the_queries_of_alerts_are_promql_that_yields_series(plan: Plan) -> None:
    conditions = [one for policy in plan.of("google_monitoring_alert_policy").values() for one in policy["conditions"]]
    queries = [query["query"] for one in conditions for query in one["condition_prometheus_query_language"]]

    assert len(queries) == len(SCHEDULED) + 1
    assert {type(promql_parser.parse(query)) for query in queries} == {promql_parser.BinaryExpr}


def test_a_budget_is_watched_where_there_is_a_billing_account(plan: Plan, unchanged: Workspace) -> None:
    billed = unchanged.plan("paper", billing_account="012345-678901-ABCDEF", monthly_budget_usd=120)
    amount = billed.resources["google_billing_budget.month[0]"]["amount"][0]["specified_amount"][0]

    assert plan.of("google_billing_budget") == {}
    assert amount == {"currency_code": "USD", "units": "120", "nanos": None}


def test_a_job_whose_name_is_too_long_for_an_account_is_refused(workspace: Workspace) -> None:
    jobs = json.loads(files.read()["infra/gcp/jobs.json"])
    jobs["signals-of-the-day-before"] = jobs["trades"]
    workspace.write({"infra/gcp/jobs.json": json.dumps(jobs)})

    assert "give signals-of-the-day-before a shorter name" in workspace.refusal("paper")


def test_views_are_made_of_the_files_there_are_as_schema_apply_makes_them(workspace: Workspace) -> None:
    folder = workspace.root / "schemas" / "views"
    comment = "-- Which fees are open?\n-- One row per\n-- trade.\n"
    text = f"{comment}SELECT trade_id -- the key\nFROM `{{dataset}}.fact_trades`\n-- all\n"
    (folder / "open_fees.sql").write_text(text, encoding="utf-8")
    planned = workspace.plan("paper").of("google_bigquery_table")

    made = {values["table_id"]: values for address, values in planned.items() if address.startswith("view[")}
    wanted = {view.name: view for view in (*VIEWS, read(folder / "open_fees.sql"))}
    assert made.keys() == wanted.keys()
    assert made["open_fees"]["description"] == "Which fees are open? One row per trade."
    for name, view in wanted.items():
        assert made[name]["description"] == view.description
        assert made[name]["view"][0]["query"] == view.query("my-project.trading_paper")
        assert made[name]["view"][0]["use_legacy_sql"] is False
