"""A client that openapi-python-client makes of the document works against a running server."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import URL

from app.main import create_app
from tests.filings.layout import Layout
from tests.filings.pdf import make_report
from tests.helpers.api_server import api_server
from tests.helpers.shell import run

if TYPE_CHECKING:
    from types import ModuleType

pytestmark = pytest.mark.slow

PACKAGE = "generated_client"
TOKEN = "0123456789abcdef-fedcba9876543210"
SUITES = {
    "companies": ("create_company", "delete_company", "get_company", "list_companies"),
    "documents": ("upload_document", "list_documents", "get_document_file", "delete_document"),
    "extractions": ("list_extractions", "get_extraction", "put_extraction"),
    "statements": ("get_statement", "explain_figure", "list_statements", "compile_statements"),
    "corrections": ("create_correction", "list_corrections", "withdraw_correction"),
}


class Generated:
    """The generated package, with a client of a server."""

    def __init__(self, address: str, token: str) -> None:
        package = importlib.import_module(PACKAGE)
        self.models = importlib.import_module(f"{PACKAGE}.models")
        self.types = importlib.import_module(f"{PACKAGE}.types")
        self._client = package.AuthenticatedClient(address, token)
        self._routes: dict[str, ModuleType] = {
            name: importlib.import_module(f"{PACKAGE}.api.{tag}.{name}")
            for tag, names in SUITES.items()
            for name in names
        }

    def call(self, name: str, *arguments: Any, status: int = 200, **named: Any) -> Any:
        """Call an operation, and return what the client makes of the answer."""
        answer = self._routes[name].sync_detailed(*arguments, client=self._client, **named)
        assert answer.status_code == status, answer.content
        return answer.parsed

    def close(self) -> None:
        self._client.get_httpx_client().close()

    def file(self, content: bytes) -> Any:
        return self.types.File(payload=BytesIO(content), file_name="report.pdf")


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Generate the package, without a warning, and let it be imported."""
    folder = tmp_path_factory.mktemp("client")
    document = folder / "openapi.json"
    document.write_text(json.dumps(create_app().openapi()))
    command = ("python", "-m", "openapi_python_client", "generate", "--meta=none")
    options = (f"--path={document}", f"--output-path={folder / PACKAGE}", "--fail-on-warning")
    done = run(*command, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    for name in [each for each in sys.modules if each.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture
def api(generated: Path, migrated_database: URL, tmp_path: Path) -> Iterator[Generated]:
    del generated
    with api_server(migrated_database, tmp_path, WRITE_TOKEN=TOKEN) as server:
        generated_api = Generated(f"http://127.0.0.1:{server.port}", TOKEN)
        yield generated_api
        generated_api.close()


def test_a_company_is_made_read_and_deleted(api: Generated) -> None:
    models = api.models
    body = models.CompanyCreate(name="Client plc", lei="529900D6BF99LW9R2E68")
    made = api.call("create_company", body=body, status=201)
    assert (made.name, made.lei) == ("Client plc", "529900D6BF99LW9R2E68")
    assert api.call("get_company", made.id) == made
    page = api.call("list_companies", q="client")
    assert ([each.id for each in page.items], page.next_) == ([made.id], None)
    first = api.call("list_companies", limit=2)
    second = api.call("list_companies", limit=2, after=first.next_)
    names = [each.name for each in (*first.items, *second.items)]
    assert names == sorted(names, key=str.casefold)
    assert len(set(names)) == 4
    assert api.call("delete_company", made.id).name == "Client plc"
    problem = api.call("get_company", made.id, status=404)
    assert (problem.status, problem.code) == (404, "no_such_company")


def test_a_filing_is_uploaded_read_corrected_and_deleted(api: Generated) -> None:
    models = api.models
    content = make_report(1, Layout()).data
    company = api.call(
        "create_company", body=models.CompanyCreate(name="Client plc"), status=201
    ).id
    upload = models.UploadDocumentForm(file=api.file(content), same_company=True)
    added = api.call("upload_document", company, body=upload, status=201)
    assert added.outcome == "added"
    again = models.UploadDocumentForm(file=api.file(content), same_company=True)
    assert api.call("upload_document", company, body=again).id == added.id
    (listed,) = api.call("list_documents", company=company).items
    assert (listed.id, listed.sha256) == (added.id, added.sha256)
    assert api.call("get_document_file", added.id).payload.read() == content

    income = models.GetStatementStatement.INCOME_STATEMENT
    assert len(api.call("list_statements", company).items) == 3
    statement = api.call("get_statement", company, income)
    row = next(each for each in statement.rows if each.label and each.cells)
    year, cell = next(iter(row.cells.additional_properties.items()))
    origin = api.call("explain_figure", company, income, line=row.label, year=year)
    assert (origin.label, origin.v) == (row.label, cell.v)

    body = models.CorrectionCreate(
        statement=models.CorrectionCreateStatement.INCOME_STATEMENT,
        line=row.label,
        year=year,
        value="12345",
        because="printed so",
        by="a test",
    )
    corrected = api.call("create_correction", company, body=body, status=201)
    (correction,) = api.call("list_corrections", company).items
    assert correction.value == "12345"
    assert corrected is not None
    api.call("withdraw_correction", company, correction.id)
    assert not api.call("list_corrections", company).items

    read = api.call("list_extractions", added.id).items
    assert {each.status for each in read} == {"verified"}
    extraction = api.call("get_extraction", read[0].id)
    assert [each.cells for each in extraction.rows]
    extraction.source.kind = models.SourceKind.MANUAL
    extraction.source.reader = "a test"
    put = api.call(
        "put_extraction",
        added.id,
        models.PutExtractionStatement(read[0].statement.value),
        body=extraction,
        status=201,
    )
    assert put.outcome

    api.call("compile_statements", company)
    assert api.call("delete_document", added.id)
    assert not api.call("list_documents", company=company).items


@pytest.mark.usefixtures("generated")
def test_a_wrong_token_is_a_problem_that_the_client_knows(
    migrated_database: URL, tmp_path: Path
) -> None:
    with api_server(migrated_database, tmp_path, WRITE_TOKEN=TOKEN) as server:
        stranger = Generated(f"http://127.0.0.1:{server.port}", "another-token-of-32-characters-x")
        body = stranger.models.CompanyCreate(name="Client plc")
        problem = stranger.call("create_company", body=body, status=401)
        stranger.close()
    assert problem.code == "invalid_write_token"


def test_the_client_is_valid_python(generated: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "compileall", "-q", str(generated / PACKAGE)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
