"""`--json` of each command: one object a line, nothing else, with the keys that its page names."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from app.cli import adding, removing, rereading
from app.cli.exit_codes import Exit
from app.cli.main import app, run
from tests.helpers.shelf import Shelf
from tests.helpers.shell import BACKEND

PAGE = BACKEND.parent / "docs" / "statements" / "json.md"
ROW = re.compile(r"^\| `fde ([a-z]+(?: --list)?)` \| [^|]+ \| (.*) \|$", re.MULTILINE)
Json = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def fde(shelf: Shelf, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Json:
    """Return a call of the command line on the shelf, which returns what it prints as JSON."""
    monkeypatch.setattr("app.cli.database.base.SessionLocal", shelf.sessions, raising=False)
    for module in (adding, removing, rereading):
        monkeypatch.setattr(module, "open_storage", lambda: shelf.storage)

    def call(*arguments: str) -> list[dict[str, Any]]:
        code = run([*arguments, "--json"])
        done = capsys.readouterr()
        assert (code, done.err) in {(Exit.OK, ""), (Exit.DOUBTFUL, "")}, done.err
        return [json.loads(line) for line in done.out.splitlines()]

    return call


def test_each_command_prints_the_keys_that_its_page_names(shelf: Shelf, fde: Json) -> None:
    told = {
        name: set(re.findall(r"`(\w+)`", keys.partition("more")[0]))
        for name, keys in ROW.findall(PAGE.read_text(encoding="utf-8"))
    }
    path = shelf.file("a.pdf")
    figure = ("ACM", "income", "Revenue", "2023")
    calls = {
        "add": ("add", "--create", "ACM", path),
        "companies": ("companies",),
        "documents": ("documents", "ACM"),
        "statements": ("statements", "ACM", "income"),
        "why": ("why", *figure),
        "check": ("check", "ACM"),
        "compile": ("compile", "ACM"),
        "reread": ("reread", "ACM"),
        "config": ("config",),
        "fix": ("fix", *figure, "--value", "1", "--because", "a test"),
        "fix --list": ("fix", "ACM", "--list"),
    }
    for name, arguments in calls.items():
        (printed,) = fde(*arguments)
        if name != "statements":
            assert told[name] & printed.keys(), name
            inner = [each for each in printed.values() if isinstance(each, list) and each]
            known = printed.keys() | {
                key for each in inner if isinstance(each[0], dict) for key in each[0]
            }
            assert told[name] <= known | {"ok", "warning", "fault"}, name
        if name not in {"statements", "why", "fix"}:
            assert printed.keys() <= told[name], name
    (document,) = fde("documents", "ACM")[0]["documents"]
    (removed,) = fde("remove", str(document["id"]), "--yes")
    assert removed.keys() == told["remove"]
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    assert {name for name in told if " " not in name} == group.commands.keys() - {"schema"}


@pytest.mark.usefixtures("fresh_engine")
@pytest.mark.parametrize(
    "arguments",
    [["companies"], ["check", "SAP"], ["statements", "SAP"], ["remove", "1"], ["reread", "SAP"]],
)
def test_a_failure_prints_nothing_on_standard_output(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hunter2@127.0.0.1:9/d")
    assert run([*arguments, "--json"]) == Exit.DATABASE
    done = capsys.readouterr()
    assert done.out == ""
    assert done.err.startswith("fde: ")
    assert "hunter2" not in done.err
