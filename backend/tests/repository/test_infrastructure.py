"""The development services do what people rely on.

Docker itself is played by a small program that writes down how it was called.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
import yaml

from tests.helpers.shell import BACKEND, load_yaml

INFRASTRUCTURE = BACKEND.parent / "infrastructure"
DEPLOYMENT_PAGE = BACKEND.parent / "docs" / "infrastructure" / "deployment.md"
COMPOSE_FILE = INFRASTRUCTURE / "docker" / "docker-compose.dev.yml"

NEEDS_DOCKER = ("up-dev", "down-dev", "destroy-dev", "ps", "logs", "psql", "health")
COMPOSE = "compose --env-file ../backend/{} --file docker/docker-compose.dev.yml"
PASSWORD = "hunter2"

# Called with the word REFUSED among its arguments, it complains and fails.
PRETEND_DOCKER = """#!/bin/sh
printf '%s\\n' "$*" >>"$0.log"
case " $* " in *" $REFUSED "*) echo "docker: no" >&2 && exit 1 ;; esac
"""


class Infrastructure:
    """A copy of what the infrastructure's Makefile reads, and a PATH with nothing else on it."""

    def __init__(self, directory: Path) -> None:
        self.root = directory / "a checkout"  # the space is on purpose
        self.env_example = self.root / "backend" / ".env.example"
        self.env_file = self.root / "backend" / ".env"
        self.programs = directory / "bin"
        self.docker = self.programs / "docker"
        shutil.copytree(INFRASTRUCTURE, self.root / "infrastructure")
        (self.root / "backend" / "scripts").mkdir(parents=True)
        for name in (".env.example", "scripts/help.awk"):
            shutil.copy(BACKEND / name, self.root / "backend" / name)
        self.programs.mkdir()
        for name in ("awk", "dirname", "make", "sh"):
            self._write_program(name, f'#!/bin/sh\nexec "{shutil.which(name)}" "$@"\n')
        self._write_program("docker", PRETEND_DOCKER)

    def _write_program(self, name: str, text: str) -> None:
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    def make(
        self,
        *arguments: str,
        answer: bytes | None = None,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> subprocess.CompletedProcess[str]:
        """Run make in infrastructure/; with an answer, on a terminal where the test types it."""
        person, terminal = os.openpty()
        try:
            os.write(person, answer or b"")
            return subprocess.run(
                [self.programs / "make", *arguments],
                check=False,
                capture_output=True,
                text=True,
                timeout=60,
                cwd=self.root / "infrastructure",
                env={"PATH": str(self.programs), **variables},
                stdin=subprocess.DEVNULL if answer is None else terminal,
            )
        finally:
            os.close(person)
            os.close(terminal)

    @property
    def compose_calls(self) -> list[str]:
        """What `docker compose` was told to do, without the checks before it."""
        log = self.programs / "docker.log"
        calls = log.read_text().splitlines() if log.exists() else []
        return [call for call in calls if call not in {"info", "compose version"}]


@pytest.fixture
def infrastructure(tmp_path: Path) -> Infrastructure:
    return Infrastructure(tmp_path)


def make_targets(makefile: Path) -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", makefile.read_text(encoding="utf-8"), re.MULTILINE))


# --- Without Docker ---------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["command", "engine", "plugin"])
@pytest.mark.parametrize("target", NEEDS_DOCKER)
def test_target_without_docker_names_an_alternative_in_one_line(
    infrastructure: Infrastructure, target: str, missing: str
) -> None:
    if missing == "command":
        infrastructure.docker.unlink()
    refused = {"command": "", "engine": "info", "plugin": "compose"}[missing]

    done = infrastructure.make(target, "FORCE=1", variables={"REFUSED": refused})

    said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert done.returncode != 0
    assert len(said) == 1, done.stderr
    assert said[0].startswith(f"{target}: ")
    assert missing in said[0] or missing == "command"
    named = re.findall(r"make -C \.\./backend ([a-z-]+)", said[0])
    assert named or "backend/.postgres/server.log" in said[0]
    assert set(named) <= make_targets(BACKEND / "Makefile")
    assert infrastructure.compose_calls == []
    assert not infrastructure.env_file.exists()  # the embedded server stays the one in use


def test_every_other_target_works_without_docker(infrastructure: Infrastructure) -> None:
    infrastructure.docker.unlink()
    others = make_targets(INFRASTRUCTURE / "Makefile") - set(NEEDS_DOCKER)
    assert others == {"help", "url"}
    for target in others:
        assert infrastructure.make(target).returncode == 0, target


def test_make_alone_lists_every_target(infrastructure: Infrastructure) -> None:
    listed = re.findall(r"^  ([a-z-]+) +\S", infrastructure.make().stdout, re.MULTILINE)
    assert set(listed) == make_targets(INFRASTRUCTURE / "Makefile") >= set(NEEDS_DOCKER)


# --- With Docker ------------------------------------------------------------------------------


def test_first_up_dev_makes_the_backend_use_the_server(infrastructure: Infrastructure) -> None:
    done = infrastructure.make("up-dev")
    assert done.returncode == 0, done.stderr
    call = COMPOSE.format(".env.example") + " up --build --detach --wait"
    assert infrastructure.compose_calls == [call]
    assert infrastructure.env_file.read_text() == infrastructure.env_example.read_text()
    assert "Created backend/.env from .env.example" in done.stdout
    assert done.stderr == ""


def test_up_dev_takes_its_values_from_an_existing_env_and_leaves_it_alone(
    infrastructure: Infrastructure,
) -> None:
    settings = infrastructure.env_example.read_text().replace("5432", "6000")
    infrastructure.env_file.write_text(settings)
    done = infrastructure.make("up-dev", "API=1")
    assert done.returncode == 0, done.stderr
    call = COMPOSE.format(".env") + " --profile backend up --build --detach --wait"
    assert infrastructure.compose_calls == [call]
    assert infrastructure.env_file.read_text() == settings
    assert "Created" not in done.stdout
    assert "127.0.0.1:6000/" in done.stdout


def test_up_dev_on_a_chosen_port_writes_it_down_for_the_backend(
    infrastructure: Infrastructure,
) -> None:
    done = infrastructure.make("up-dev", "DB_PORT=5433")
    assert done.returncode == 0, done.stderr
    expected = infrastructure.env_example.read_text().replace("DB_PORT=5432", "DB_PORT=5433")
    assert infrastructure.env_file.read_text() == expected
    assert "127.0.0.1:5433/" in done.stdout


def test_up_dev_on_another_port_than_the_existing_env_is_pointed_out(
    infrastructure: Infrastructure,
) -> None:
    shutil.copy(infrastructure.env_example, infrastructure.env_file)
    done = infrastructure.make("up-dev", "DB_PORT=5433")
    assert "DB_PORT is 5432 in backend/.env and 5433 here" in done.stderr


def test_up_dev_that_fails_leaves_the_backend_where_it_was(infrastructure: Infrastructure) -> None:
    assert infrastructure.make("up-dev", variables={"REFUSED": "up"}).returncode != 0
    assert not infrastructure.env_file.exists()


def test_down_dev_keeps_the_data_and_says_how_to_go_back(infrastructure: Infrastructure) -> None:
    infrastructure.make("up-dev")
    done = infrastructure.make("down-dev")
    assert done.returncode == 0, done.stderr
    assert infrastructure.compose_calls[-1] == COMPOSE.format(".env") + " --profile backend down"
    assert "rm ../backend/.env" in done.stdout


def test_destroy_dev_refuses_without_a_terminal(infrastructure: Infrastructure) -> None:
    done = infrastructure.make("destroy-dev")
    assert done.returncode != 0
    assert "FORCE=1" in done.stderr
    assert infrastructure.compose_calls == []


@pytest.mark.parametrize("answer", [b"no\n", b"\n", b"y\n", b"\x04"])
def test_destroy_dev_changes_nothing_unless_the_answer_is_yes(
    infrastructure: Infrastructure, answer: bytes
) -> None:
    done = infrastructure.make("destroy-dev", answer=answer)
    assert done.returncode != 0
    assert "nothing was changed" in done.stderr
    assert infrastructure.compose_calls == []


@pytest.mark.parametrize(("force", "answer"), [("FORCE=1", None), ("FORCE=", b"yes\n")])
def test_destroy_dev_removes_the_data_and_says_how_to_go_back(
    infrastructure: Infrastructure, force: str, answer: bytes | None
) -> None:
    infrastructure.make("up-dev")
    done = infrastructure.make("destroy-dev", force, answer=answer)
    assert done.returncode == 0, done.stderr
    call = COMPOSE.format(".env") + " --profile backend down --volumes"
    assert infrastructure.compose_calls[-1] == call
    assert "rm ../backend/.env" in done.stdout


@pytest.mark.parametrize(("answer", "option"), [(None, "exec -T db"), (b"", "exec db")])
def test_psql_asks_for_a_terminal_only_where_there_is_one(
    infrastructure: Infrastructure, answer: bytes | None, option: str
) -> None:
    done = infrastructure.make("psql", "ARGS=--list", answer=answer)
    assert done.returncode == 0, done.stderr
    assert option in infrastructure.compose_calls[-1]
    assert infrastructure.compose_calls[-1].endswith(" psql --list")


def test_health_says_whether_the_server_answers(infrastructure: Infrastructure) -> None:
    assert infrastructure.make("health").stdout == "PostgreSQL is healthy.\n"
    away = infrastructure.make("health", variables={"REFUSED": "exec"})
    assert away.returncode != 0
    assert away.stdout == ""
    assert "make up-dev" in away.stderr


# --- Addresses --------------------------------------------------------------------------------


def test_url_shows_every_address_and_no_password(infrastructure: Infrastructure) -> None:
    infrastructure.env_file.write_text(
        "DB_HOST=localhost\nexport DB_PORT = 6000  # ours\nDB_NAME='the data'\n"
        f'DB_USERNAME="analyst"\nDB_PASSWORD={PASSWORD}\n'
    )
    done = infrastructure.make("url")
    assert "postgresql://analyst:***@127.0.0.1:6000/the data\n" in done.stdout
    for address in ("", "/docs", "/readyz"):
        assert re.search(rf"http://127\.0\.0\.1:8000{address}(\s|$)", done.stdout), address
    assert done.stderr == ""
    assert PASSWORD not in done.stdout


@pytest.mark.parametrize(
    ("env_file", "variables", "reason"),
    [
        (None, {}, "there is no backend/.env yet"),
        (f"DATABASE_URL=postgresql://u:{PASSWORD}@h/d", {}, "backend/.env sets DATABASE_URL"),
        (
            "DB_HOST=127.0.0.1",
            {"DATABASE_URL": f"postgresql://u:{PASSWORD}@h/d", "DB_PASSWORD": PASSWORD},
            "DATABASE_URL is set in this shell",
        ),
        (f"DB_HOST=db.example\nDB_PASSWORD={PASSWORD}", {}, "DB_HOST is db.example"),
        ("DB_HOST=::1", {}, "DB_HOST is ::1"),
        (f"DB_HOST=postgresql://u:{PASSWORD}@h/d", {}, "DB_HOST is ***"),
        (
            f"DB_HOST=localhost\nDB_NAME='dbname=d password={PASSWORD}'\nDB_USERNAME=u:{PASSWORD}",
            {},
            "",
        ),
        ("DB_HOST=localhost\nDB_PORT=1", {"DB_PORT": f"1;password={PASSWORD}"}, "and *** here"),
    ],
)
def test_url_says_when_the_backend_goes_elsewhere(
    infrastructure: Infrastructure, env_file: str | None, variables: dict[str, str], reason: str
) -> None:
    if env_file is not None:
        infrastructure.env_file.write_text(env_file)
    done = infrastructure.make("url", variables=variables)
    assert done.returncode == 0
    assert reason in done.stderr
    assert PASSWORD not in done.stdout + done.stderr


# --- The compose file -------------------------------------------------------------------------


def test_services_are_published_on_this_machine_only() -> None:
    for name, service in load_yaml(COMPOSE_FILE)["services"].items():
        assert service["ports"], name
        assert all(port.startswith("127.0.0.1:") for port in service["ports"]), name
        assert "network_mode" not in service, name


def test_compose_defaults_are_those_of_the_example_settings() -> None:
    example = (BACKEND / ".env.example").read_text(encoding="utf-8")
    settings = dict(re.findall(r"^(DB_\w+)=(.*)$", example, re.MULTILINE))
    defaults = re.findall(r"\$\{(\w+):-([^}]*)\}", COMPOSE_FILE.read_text(encoding="utf-8"))
    of_database = [each for each in defaults if each[0].startswith("DB_")]
    assert {name for name, _ in of_database} == settings.keys() - {"DB_HOST"}
    assert all(settings[name] == value for name, value in of_database)
    others = {("WRITE_TOKEN", ""), ("ALLOWED_HOSTS", "")}  # which means: not set
    assert set(defaults) - set(of_database) == others
    assert all(f"# {name}=" in example for name, _ in others)
    assert settings["DB_HOST"] == "127.0.0.1"


def test_database_keeps_its_data_in_a_volume_and_is_healthy_only_when_set_up() -> None:
    compose = load_yaml(COMPOSE_FILE)
    db = compose["services"]["db"]
    assert db["image"] == "postgres:18"
    volume, _, place = db["volumes"][0].partition(":")
    assert volume in compose["volumes"]
    assert place == "/var/lib/postgresql"  # the volume of the image from 18 on
    assert db["healthcheck"]["test"].startswith("pg_isready ")
    assert "--host=127.0.0.1" in db["healthcheck"]["test"]  # not the socket: it answers too early


def test_compose_backend_keeps_files_in_a_volume_where_the_image_does() -> None:
    compose = load_yaml(COMPOSE_FILE)
    volume, _, place = compose["services"]["backend"]["volumes"][0].partition(":")
    assert volume in compose["volumes"]
    assert volume not in compose["services"]["db"]["volumes"][0]
    dockerfile = (BACKEND / "Dockerfile").read_text(encoding="utf-8")
    assert f"ENV STORAGE_URL={place}\n" in dockerfile
    assert "STORAGE_URL" not in compose["services"]["backend"]["environment"]


def test_compose_backend_migrates_first_and_gets_the_password_as_it_is() -> None:
    backend = load_yaml(COMPOSE_FILE)["services"]["backend"]
    assert backend["profiles"] == ["backend"]
    assert backend["command"] == (
        'sh -c "alembic upgrade head && uvicorn app.main:app --host 0.0.0.0 --port 8000"'
    )
    assert "entrypoint" not in backend  # the image's, which passes signals on
    health = "CMD python -m app.container.health --wait http://127.0.0.1:8000/readyz"
    assert backend["healthcheck"]["test"] == health.split()
    assert backend["healthcheck"]["timeout"] == "24h"  # it waits for the migration
    assert backend["depends_on"] == {"db": {"condition": "service_healthy"}}
    assert "DATABASE_URL" not in backend["environment"]  # would need percent-encoding
    assert backend["environment"]["DB_PASSWORD"] == "${DB_PASSWORD:-financial}"
    assert (COMPOSE_FILE.parent / backend["build"]).resolve() == BACKEND


# --- The examples of the documentation --------------------------------------------------------


def test_deployment_page_starts_and_probes_the_image_as_the_image_does() -> None:
    dockerfile = (BACKEND / "Dockerfile").read_text(encoding="utf-8")
    start, health = (
        json.loads(re.findall(rf"{word} (\[.*\])$", dockerfile, re.MULTILINE)[-1])
        for word in ("^CMD", "^ +CMD")
    )
    page = DEPLOYMENT_PAGE.read_text(encoding="utf-8")
    compose, kubernetes = map(
        yaml.safe_load, re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    )
    development = load_yaml(COMPOSE_FILE)["services"]["backend"]
    assert compose["backend"]["command"] == development["command"]
    assert compose["backend"]["healthcheck"].items() <= development["healthcheck"].items()
    container = kubernetes["spec"]["containers"][0]
    assert container["args"] == start
    for probe in ("startupProbe", "livenessProbe"):
        assert container[probe]["exec"]["command"] == health
