"""The CI workflow: its rights, its versions, and the one job that has to be green."""

import os
import subprocess
from typing import Any

import pytest

from tests.helpers.shell import BACKEND, load_yaml

WORKFLOW = BACKEND.parent / ".github" / "workflows" / "ci.yml"


def workflow_jobs() -> dict[str, dict[str, Any]]:
    return dict(load_yaml(WORKFLOW)["jobs"])


def workflow_steps() -> list[dict[str, Any]]:
    return [step for job in workflow_jobs().values() for step in job["steps"]]


def test_workflow_can_only_read() -> None:
    assert load_yaml(WORKFLOW)["permissions"] == {"contents": "read"}
    for name, job in workflow_jobs().items():
        assert job.get("permissions", {}) == {}, name
    checkouts = [
        step for step in workflow_steps() if step.get("uses", "").startswith("actions/checkout@")
    ]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_workflow_puts_no_expression_into_a_shell_command() -> None:
    commands = [step["run"] for step in workflow_steps() if "run" in step]
    assert commands
    assert not any("${{" in command for command in commands)


def test_workflow_ends_superseded_and_stuck_runs() -> None:
    concurrency = load_yaml(WORKFLOW)["concurrency"]
    assert concurrency["cancel-in-progress"] is True
    assert "github.ref" in concurrency["group"]
    assert all(0 < job["timeout-minutes"] <= 30 for job in workflow_jobs().values())


def test_workflow_runs_what_people_run() -> None:
    commands = [step.get("run", "") for step in workflow_jobs()["check"]["steps"]]
    assert "make -C backend check PYTHON=python" in commands


def test_workflow_migrates_as_in_the_guide_and_tests_on_every_version() -> None:
    job = workflow_jobs()["test"]
    matrix = job["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13", "3.14"]
    assert matrix["postgres"] == ["15", "16", "17", "18"]
    assert job["services"]["postgres"]["image"] == "postgres:${{ matrix.postgres }}"
    assert "pg_isready" in job["services"]["postgres"]["options"]
    migrate = next(step for step in job["steps"] if step.get("name") == "Run database migrations")
    assert migrate["run"] == "cd backend\nalembic upgrade head\n"
    assert migrate["env"].keys() == {"DATABASE_URL"}
    test = job["steps"][-1]
    assert test["run"].startswith("make -C backend test-all ")
    assert test["env"].keys() == {"TEST_DATABASE_URL"}


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ("success success success", 0),
        ("success failure success", 1),
        ("success success cancelled", 1),
        ("skipped success success", 1),
    ],
)
def test_gate_is_green_only_when_every_other_job_succeeded(results: str, code: int) -> None:
    jobs = workflow_jobs()
    gate = jobs.pop("ci")
    assert set(gate["needs"]) == set(jobs)
    assert gate["if"] == "always()"
    step = gate["steps"][0]
    assert step["env"] == {"RESULTS": "${{ join(needs.*.result, ' ') }}"}
    done = subprocess.run(
        ["/bin/sh", "-e", "-c", step["run"]],
        check=False,
        capture_output=True,
        env={"PATH": os.defpath, "RESULTS": results},
    )
    assert done.returncode == code
