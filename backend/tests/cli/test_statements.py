"""`fde statements`: formats, files, views, and why there is nothing to show."""

import csv
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook
from pyarrow import parquet
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.cli.exit_codes import Exit
from app.cli.main import run as fde
from app.db.models import Company, CompiledStatement
from app.pipeline.compiled import Compiled, digest_of
from app.pipeline.statement import StatementName
from tests.helpers.compiled_years import typed_years
from tests.helpers.shell import Done

pytestmark = pytest.mark.usefixtures("fresh_engine", "on_migrated")
TEXT = "Sales | 500 | 450 | 390 < 400 restated\nCost | 300 | 260 | 240\n=Margin | 200 | 190 | 150"
SUMS = {"Margin": ["Sales", "-Cost"]}
Command = Callable[..., Done]


def store(engine: Engine, *statements: Compiled) -> None:
    """Store statements as those of Example plc."""
    with Session(engine) as session, session.begin():
        company = Company(name="Example plc", primary_ticker="EX")
        session.add(company)
        session.flush()
        session.add_all(
            CompiledStatement(
                company_id=company.id,
                statement_type=each.statement,
                data=each.as_json(),
                digest=digest_of(each.as_json()),
            )
            for each in statements
        )


def compiled(name: StatementName = "income_statement") -> Compiled:
    other = typed_years("Umsatz | 9", years=[2020], framework="ifrs", currency="EUR")
    others = [other] if name == "income_statement" else []
    return typed_years(TEXT, SUMS, statement=name, others=others)


@pytest.fixture
def one(migrated: Engine) -> None:
    store(migrated, compiled())


@pytest.fixture
def three(migrated: Engine) -> None:
    store(migrated, compiled(), compiled("balance_sheet"), compiled("cash_flow_statement"))


@pytest.fixture
def command(capsysbinary: pytest.CaptureFixture[bytes]) -> Command:
    """Return `fde statements` as a function."""

    def call(*arguments: str) -> Done:
        code = fde(["statements", *arguments])
        out, err = capsysbinary.readouterr()
        return Done(code, out.decode(errors="replace"), err.decode())

    return call


@pytest.mark.usefixtures("three")
def test_all_three_statements_stand_below_each_other(command: Command) -> None:
    done = command("ex")
    assert (done.returncode, done.stderr) == (Exit.OK, "")
    titles = [line for line in done.stdout.splitlines() if line.startswith("Example plc · ")]
    assert len(titles) == 3
    assert "\x1b" not in done.stdout


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("name", ["balance", "balance_sheet", "Balance-Sheet"])
def test_one_statement_is_chosen_by_its_names(command: Command, name: str) -> None:
    done = command("Example plc", name, "--json")
    assert json.loads(done.stdout)["statement"] == "balance_sheet"


@pytest.mark.usefixtures("one")
def test_json_is_the_form_that_is_stored(command: Command) -> None:
    done = command("EX", "income", "--json", "--years", "all")
    assert json.loads(done.stdout) == compiled().as_json()
    assert command("EX", "income", "--format", "json", "--years", "all").stdout == done.stdout


@pytest.mark.usefixtures("three")
def test_json_of_three_statements_is_an_object_a_line(command: Command) -> None:
    lines = command("EX", "--json", "--years", "2").stdout.splitlines()
    assert [len(json.loads(line)["periods"]) for line in lines] == [2, 2, 2]


@pytest.mark.usefixtures("one")
def test_views_choose_years_and_reports(command: Command) -> None:
    done = command("EX", "income", "--years", "3", "--view", "original", "--format", "csv")
    header, *rows = csv.reader(io.StringIO(done.stdout))
    assert header[-3:] == ["2023", "2022", "2021"]
    assert rows[0][-3:] == ["500", "450", "400"]


@pytest.mark.usefixtures("one")
def test_another_framework_is_shown_when_asked(command: Command) -> None:
    assert "also IFRS in EUR, FY2020: --framework ifrs" in command("EX", "income").stdout
    shown = command("EX", "income", "--framework", "IFRS", "--currency", "eur")
    assert "EUR million · IFRS" in shown.stdout


@pytest.mark.usefixtures("one")
def test_a_framework_that_does_not_exist_is_wrong(command: Command) -> None:
    done = command("EX", "income", "--currency", "GBP")
    assert (done.returncode, done.stdout) == (Exit.USAGE, "")
    assert done.stderr == (
        "fde: no income statement in GBP: it was compiled in us-gaap (USD) and ifrs (EUR)\n"
    )


@pytest.mark.usefixtures("one")
def test_statements_that_are_missing_are_named_and_the_others_shown(command: Command) -> None:
    done = command("EX")
    assert done.returncode == Exit.DOUBTFUL
    assert done.stdout.count("Example plc · ") == 1
    assert len(done.stderr.splitlines()) == 2


def test_nothing_compiled_says_why_and_what_to_do(command: Command) -> None:
    done = command("SAP")
    assert (done.returncode, done.stdout) == (Exit.USAGE, "")
    assert done.stderr == "fde: SAP SE has no documents yet: fde add SAP FILE...\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["NO SUCH"], "there is no company 'NO SUCH'"),
        (["SAP", "profit"], "is no statement"),
        (["SAP", "--years", "0"], "neither a number of years nor 'all'"),
        (["SAP", "--years", "ten"], "neither a number of years nor 'all'"),
        (["SAP", "--json", "--format", "csv"], "choose one of --json and --format csv"),
        (["SAP", "--format", "pdf"], "'pdf'"),
    ],
)
def test_wrong_arguments_are_refused_in_one_line(
    command: Command, arguments: list[str], words: str
) -> None:
    done = command(*arguments)
    assert (done.returncode, done.stdout) == (Exit.USAGE, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.usefixtures("one")
@pytest.mark.parametrize(
    "name", ["a.xlsx", "a.parquet", "a.csv", "a.json", "a.txt", "a b", "A.XLSX"]
)
def test_the_name_of_the_file_tells_the_format(command: Command, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    done = command("EX", "income", "--output", str(file))
    assert (done.returncode, done.stdout) == (Exit.OK, "")
    assert done.stderr == f"written: {file}\n"
    match file.suffix.lower():
        case ".xlsx":
            assert "Sources" in load_workbook(file).sheetnames
        case ".parquet":
            assert parquet.read_table(file).num_rows > 6
        case ".csv":
            assert file.read_text().startswith("company,")
        case ".json":
            assert json.loads(file.read_text())["schema"] == "compiled/1"
        case _:
            assert file.read_text().startswith("Example plc · ")
    assert [each.name for each in tmp_path.iterdir()] == [name]


@pytest.mark.usefixtures("one")
def test_a_name_of_no_known_format_is_refused(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "years.doc"
    done = command("EX", "income", "--output", str(file))
    assert (done.returncode, done.stdout, file.exists()) == (Exit.USAGE, "", False)
    assert "tells no format: end it in .csv, .json" in done.stderr
    assert command("EX", "income", "--output", str(file), "--format", "csv").returncode == Exit.OK


@pytest.mark.usefixtures("one")
def test_long_csv_has_a_line_for_each_figure(command: Command) -> None:
    done = command("EX", "income", "--format", "long-csv", "--output", "-")
    assert len(list(csv.DictReader(io.StringIO(done.stdout)))) == 9


@pytest.mark.usefixtures("one")
def test_binary_formats_go_to_a_pipe_and_not_to_a_terminal(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command("EX", "income", "--format", "xlsx").stdout.startswith("PK")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    done = command("EX", "income", "--format", "xlsx")
    assert (done.returncode, done.stdout) == (Exit.USAGE, "")
    assert "--output FILE" in done.stderr


@pytest.mark.usefixtures("one")
def test_a_file_is_replaced_whole_and_keeps_its_mode_and_links(
    command: Command, tmp_path: Path
) -> None:
    file, link = tmp_path / "a.csv", tmp_path / "link.csv"
    file.write_text("before")
    file.chmod(0o640)
    link.symlink_to(file)
    assert command("EX", "income", "--output", str(link)).returncode == Exit.OK
    assert link.is_symlink()
    assert file.read_text().startswith("company,")
    assert file.stat().st_mode & 0o777 == 0o640


@pytest.mark.usefixtures("one")
def test_a_full_disk_leaves_the_file_as_it_was(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.csv"
    file.write_text("before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    done = command("EX", "income", "--output", str(file))
    assert done.returncode == Exit.UNREADABLE
    assert done.stderr == f"fde: cannot use {file}: No space left on device\n"
    assert file.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.usefixtures("one")
@pytest.mark.parametrize("name", ["", "missing/a.csv"])
def test_a_place_that_cannot_be_written_is_one_line(
    command: Command, tmp_path: Path, name: str
) -> None:
    done = command("EX", "income", "--output", str(tmp_path / name))
    assert done.returncode == Exit.UNREADABLE
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.usefixtures("one")
def test_a_device_is_written_to(command: Command) -> None:
    done = command("EX", "income", "--format", "csv", "--output", "/dev/null")
    assert done.returncode == Exit.OK


@pytest.mark.usefixtures("one")
def test_a_terminal_has_its_width_and_colours_unless_told_otherwise(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert "\x1b[32m✓\x1b[0m" in command("EX", "income").stdout
    monkeypatch.setenv("NO_COLOR", "1")
    plain = command("EX", "income").stdout
    assert "\x1b" not in plain
    assert max(map(len, plain.splitlines())) <= 50


@pytest.mark.usefixtures("one")
def test_parquet_without_pyarrow_says_how_to_install_it(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    done = command("EX", "income", "--format", "parquet")
    assert done.returncode == Exit.USAGE
    assert done.stdout == ""
    assert done.stderr.startswith("fde: parquet needs pyarrow")
    assert done.stderr.count("\n") == 1
