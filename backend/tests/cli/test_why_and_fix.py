"""`fde why` and `fde fix` against a real database: where figures come from, and corrections."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import URL, Engine, text

from app.cli.exit_codes import Exit
from app.cli.main import run as fde
from app.db import base
from app.pipeline.statement import Statement
from tests.helpers.accounts import FLOW, INCOME, SHEET, flow, income, sheet
from tests.helpers.kept import keep_filings, two_reports
from tests.helpers.shell import Done, as_text

Fde = Callable[..., Done]
FIGURE = ("COSTA", "income", "Revenue", "2022")


@pytest.fixture
def call(
    migrated: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Fde]:
    for name in ("engine", "SessionLocal"):
        monkeypatch.delitem(vars(base), name, raising=False)
    monkeypatch.setenv("DATABASE_URL", as_text(migrated.url))

    def call(*arguments: str) -> Done:
        return Done(fde(arguments), *capsys.readouterr())

    yield call
    if "engine" in vars(base):
        base.engine.dispose()


@pytest.fixture
def two(migrated: Engine) -> int:
    return keep_filings(migrated, two_reports())


def answer(done: Done) -> Any:
    assert done.returncode == Exit.OK, done.stderr
    return json.loads(done.stdout)


def raw_data(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return [*connection.execute(text("SELECT id, raw_data::text FROM extractions ORDER BY id"))]


@pytest.mark.usefixtures("two")
def test_why_names_filing_place_proof_and_history(call: Fde) -> None:
    done = call("why", *FIGURE)
    assert done.returncode == Exit.OK
    assert done.stdout.startswith("Costa Verde plc · income statement · Revenue · FY2022\n")
    for each in (
        "44,087 USD million · proved by a sum",
        "2022-01-01 to 2022-12-31",
        "report-2023.pdf · PDF · fiscal year 2023 · verified · document",
        "printed '44087'",
        "15,637 = 44,087 + (28,450) · difference 0",
        "Gross profit = Revenue + Cost of sales",
        "FY2022 report-2022.pdf page 1: 44,087 · first stated here",
        "FY2023 report-2023.pdf page 1: 44,087 · as before ← shown",
    ):
        assert each in done.stdout, done.stdout


@pytest.mark.usefixtures("two")
def test_why_says_as_json_what_it_says_in_words(call: Fde) -> None:
    origin = answer(call("why", *FIGURE, "--json"))
    assert (origin["schema"], origin["v"], origin["value"]) == ("origin/1", "44087", "44087000000")
    assert [each["v"] for each in origin["history"]] == ["44087", "44087"]
    assert origin["filing"]["file"] == "report-2023.pdf"
    terms = [(each["sign"], each["v"]) for each in origin["proofs"][0]["terms"]]
    assert terms == [(1, "44087"), (1, "-28450")]


def test_a_changed_figure_is_answered_for_in_both_views(migrated: Engine, call: Fde) -> None:
    filings = two_reports()
    filings[1][0] = income(restated())
    keep_filings(migrated, filings)
    latest = answer(call("why", *FIGURE, "--json"))
    assert (latest["v"], latest["change"]) == ("44187", "reclassified")
    assert latest["history"][-1]["in_words"] == (
        "reclassified: the sum of its block is the same (+100)"
    )
    original = answer(call("why", *FIGURE, "--view", "original", "--json"))
    assert (original["v"], original["filing"]["file"]) == ("44087", "report-2022.pdf")
    assert [each["shown"] for each in original["history"]] == [True, False]
    assert original["place"]["printed"] == "44087"


def restated() -> str:
    """Return the income statement with 100 moved from costs to revenue in 2022."""
    return INCOME.replace("| 44,087", "| 44,187").replace("| -28,450", "| -28,550")


def tagged(value: str, **changes: Any) -> Statement:
    statement = income(**changes)
    cell = statement.rows[1].cells["p0"]
    statement.rows[1].concept, cell.fact, cell.tagged = "x:CostOfSales", "f-7", Decimal(value)
    cell.at = "id-9"
    statement.source.kind, statement.source.reader = "ixbrl", "ixbrl/1"
    return statement


@pytest.mark.parametrize(
    ("value", "rule", "words"),
    [
        ("-30172000000", "as_tagged", "printed as it is tagged"),
        ("30172000000", "negated", "printed with the other sign"),
        ("30172400000", "rounded_and_negated", "printed rounded, and with the other sign"),
        ("-30171600000", "rounded", "printed rounded"),
        ("30272000000", "differs", "printed otherwise than it is tagged"),
    ],
)
def test_a_tagged_figure_has_its_tag_and_the_sign_rule(
    migrated: Engine, call: Fde, value: str, rule: str, words: str
) -> None:
    keep_filings(migrated, [[tagged(value)]])
    figure = ("COSTA", "income", "cost of sales", "2023")
    place = answer(call("why", *figure, "--json"))["place"]
    assert (place["concept"], place["fact"], place["sign"]) == ("x:CostOfSales", "f-7", rule)
    done = call("why", *figure)
    assert words in " ".join(done.stdout.split())
    assert "element id-9" in done.stdout


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("NONE", "income", "Revenue", "2022"), "there is no company 'NONE'"),
        (("COSTA", "income", "Revenu", "2022"), "no line of the income statement is called"),
        (("COSTA", "income", "Revenue", "1999"), "has no '1999': it has 2023, 2022, 2021"),
        (("COSTA", "profits", "Revenue", "2022"), "'profits' is no statement"),
        (("COSTA", "income", "Revenue", "2022", "--currency", "EUR"), "no income statement in EUR"),
    ],
)
@pytest.mark.parametrize("command", ["why", "fix"])
def test_what_does_not_exist_is_one_clear_line(
    call: Fde, command: str, arguments: tuple[str, ...], message: str
) -> None:
    options = ("--value", "1", "--because", "b") if command == "fix" else ()
    done = call(command, *arguments, *options)
    assert (done.returncode, done.stdout) == (Exit.USAGE, "")
    assert message in done.stderr.splitlines()[0]
    assert all(each.startswith("  ") for each in done.stderr.splitlines()[1:])


def test_lines_of_one_name_are_listed_with_their_ids(migrated: Engine, call: Fde) -> None:
    table = SHEET.replace("Trade receivables", "Other").replace("Trade payables", "Other")
    keep_filings(migrated, [[sheet(table)]])
    done = call("why", "COSTA", "balance", "Other", "2023")
    assert done.returncode == Exit.USAGE
    assert done.stderr.splitlines()[1:] == [
        "  assets-other  Assets > Other",
        "  equity-and-liabilities-other  Equity and liabilities > Other",
    ]
    found = call("why", "COSTA", "balance", "equity and liabilities > other", "2023", "--json")
    assert answer(found)["v"] == "13918"


@pytest.mark.usefixtures("two")
def test_a_correction_is_shown_everywhere_and_what_was_read_stays(
    migrated: Engine, call: Fde
) -> None:
    before = raw_data(migrated)
    done = call("fix", *FIGURE, "--value", "44,099", "--because", "a misprint", "--by", "Ann")
    assert done.returncode == Exit.OK, done.stderr
    assert "44,087 → 44,099 USD million" in done.stdout
    assert "holds no longer: 15,637 = 44,087 + (28,450)" in done.stdout
    assert "10 of 10 figures proved before, 8 of 10 now" in done.stdout
    origin = answer(call("why", *FIGURE, "--json"))
    corrected = {**origin["corrected"], "on": ""}
    assert corrected == {"was": "44087", "because": "a misprint", "by": "Ann", "on": ""}
    assert (origin["v"], origin["history"][-1]["v"]) == ("44099", "44087")
    assert "--withdraw" in call("why", *FIGURE).stdout
    assert raw_data(migrated) == before


@pytest.mark.usefixtures("two")
def test_the_same_correction_twice_is_one_and_a_changed_one_replaces_it(call: Fde) -> None:
    fix = ("fix", *FIGURE, "--because", "b", "--by", "Ann", "--json", "--value")
    first = answer(call(*fix, "1"))
    assert (first["outcome"], first["replaced"]) == ("corrected", None)
    assert answer(call(*fix, "1.0"))["outcome"] == "unchanged"
    second = answer(call(*fix, "2"))
    assert (second["replaced"], second["before"], second["after"]) == (
        first["correction"],
        "1",
        "2",
    )
    assert second["corrected"]["was"] == "44087"
    active = answer(call("fix", "COSTA", "--list", "--json"))["corrections"]
    assert [(each["id"], each["value"]) for each in active] == [(second["correction"], "2")]
    every = answer(call("fix", "COSTA", "--list", "--all", "--json"))["corrections"]
    assert [each["state"] for each in every] == ["withdrawn", "active"]


@pytest.mark.usefixtures("two")
def test_a_withdrawn_correction_gives_the_same_bytes_as_before(migrated: Engine, call: Fde) -> None:
    def digests() -> list[Any]:
        query = text("SELECT statement_type, digest FROM compiled_statements ORDER BY 1")
        with migrated.connect() as connection:
            return [*connection.execute(query)]

    before = digests()
    call("fix", *FIGURE, "--value", "1", "--because", "b")
    assert digests() != before
    done = answer(call("fix", *FIGURE, "--withdraw", "--json"))
    assert (done["outcome"], done["before"], done["after"]) == ("withdrawn", "1", "44087")
    assert digests() == before
    again = call("fix", *FIGURE, "--withdraw")
    assert (again.returncode, again.stdout) == (Exit.USAGE, "")
    assert "is not corrected" in again.stderr


def test_a_correction_of_one_statement_is_none_of_another(migrated: Engine, call: Fde) -> None:
    plain = flow(FLOW.replace("# Operating activities", ""))  # the same line, under no heading
    keep_filings(migrated, [[income(), sheet(), plain]])
    figure = ("COSTA", "income", "Profit for the year", "2023")
    answer(call("fix", *figure, "--value", "1", "--because", "b", "--json"))
    assert answer(call("why", "COSTA", "cashflow", *figure[2:], "--json"))["v"] == "5839"
    assert answer(call("why", *figure, "--json"))["v"] == "1"


def test_a_figure_that_was_not_read_can_be_given(migrated: Engine, call: Fde) -> None:
    filings = two_reports()
    for each in filings:
        each[0].rows[3].cells.pop("p0" if each is filings[0] else "p1")
    keep_filings(migrated, filings)
    figure = ("COSTA", "income", "Selling expenses", "2022")
    done = call("why", *figure)
    assert (done.returncode, done.stdout) == (Exit.USAGE, "")
    assert "no filing states 'Selling expenses' for FY2022" in done.stderr
    fixed = answer(call("fix", *figure, "--value", "(5,988)", "--because", "hidden", "--json"))
    assert (fixed["before"], fixed["after"], fixed["corrected"]["was"]) == (None, "-5988", None)
    assert fixed["holds_now"] or fixed["verified_after"]
    assert answer(call("fix", *figure, "--withdraw", "--json"))["after"] is None


@pytest.mark.usefixtures("two")
def test_a_line_that_no_filing_prints_for_a_year_cannot_be_corrected(
    migrated: Engine, call: Fde
) -> None:
    with migrated.begin() as connection:
        connection.execute(text("DELETE FROM corrections"))
    done = call("fix", "COSTA", "income", "Revenue", "2023", "--value", "48211", "--because", "b")
    assert done.returncode == Exit.UNREADABLE
    assert "'Revenue' is 48,211 already in FY2023" in done.stderr


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*FIGURE, "--value", "1,23", "--because", "b"), "'1,23' is not clear"),
        ((*FIGURE, "--value", "1", "--because", " \t"), "say why with --because"),
        ((*FIGURE, "--value", "1"), "say why with --because"),
        ((*FIGURE, "--because", "b"), "say what is right with --value"),
        ((*FIGURE, "--withdraw", "--value", "1"), "--withdraw goes without --value"),
        (("COSTA", "--value", "1", "--because", "b"), "name the figure"),
        (("COSTA", "--list", "--value", "1"), "--list goes with COMPANY"),
        (("COSTA", "--all"), "--all goes with --list"),
        (("COSTA", "--id", "7"), "--id goes with --withdraw"),
        ((*FIGURE, "--id", "7", "--withdraw"), "--id goes with COMPANY"),
        (("COSTA", "--withdraw", "--id", "7"), "has no active correction 7"),
    ],
)
def test_a_wrong_command_line_changes_nothing(
    migrated: Engine, call: Fde, arguments: tuple[str, ...], message: str
) -> None:
    done = call("fix", *arguments)
    assert (done.returncode, done.stdout) == (Exit.USAGE, "")
    assert len(done.stderr.splitlines()) == 1
    assert message in done.stderr
    with migrated.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM corrections")) == 0


@pytest.mark.usefixtures("two")
def test_a_correction_that_lost_its_cell_is_listed_and_can_be_withdrawn(
    migrated: Engine, call: Fde
) -> None:
    number = answer(call("fix", *FIGURE, "--value", "1", "--because", "b", "--json"))["correction"]
    with migrated.begin() as connection:
        connection.execute(text("UPDATE corrections SET label = 'Turnover'"))
    done = call("fix", "COSTA", "--list")
    assert done.returncode == Exit.DOUBTFUL
    assert "not in force: it finds no cell any more" in done.stdout
    assert call("fix", "COSTA", "--withdraw", "--id", str(number)).returncode == Exit.OK
    assert call("fix", "COSTA", "--list").stdout == "no figure of Costa Verde plc is corrected\n"


@pytest.mark.usefixtures("two")
def test_hostile_reasons_are_refused_or_printed_harmlessly(call: Fde) -> None:
    for reason in ("\x1b[31mred", "a\u202eb", "\udcff", "x" * 3000):
        done = call("fix", *FIGURE, "--value", "1", "--because", reason)
        assert done.returncode == Exit.UNREADABLE
        assert "\x1b" not in done.stderr
    call("fix", *FIGURE, "--value", "1", "--because", "two\nlines  'quoted' %s {0} \\")
    assert "because: two lines 'quoted' %s {0} \\" in call("why", *FIGURE).stdout


def test_no_database_is_one_line_without_the_password(
    monkeypatch: pytest.MonkeyPatch, call: Fde
) -> None:
    url = URL.create("postgresql", "u", "s3cr3t", "127.0.0.1", 1, "n")
    monkeypatch.setenv("DATABASE_URL", as_text(url))
    for command in ("why", "fix"):
        options = ("--value", "1", "--because", "b") if command == "fix" else ()
        done = call(command, *FIGURE, *options)
        assert (done.returncode, done.stdout) == (Exit.DATABASE, "")
        assert len(done.stderr.splitlines()) == 1
        assert "s3cr3t" not in done.stderr
