"""The versions that matter for a report of a fault."""

import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = {
    "alembic-zero-downtime": "alembic-zero-downtime",
    "Alembic": "alembic",
    "SQLAlchemy": "sqlalchemy",
    "psycopg2": "psycopg2-binary",
}


def describe_versions(program: str) -> str:
    """Return the versions of the packages, of libpq and of Python on one line."""
    found = [f"{title} {package_version(package)}" for title, package in PACKAGES.items()]
    python = f"Python {platform.python_version()}"
    return f"{program}: {', '.join([*found, f'libpq {libpq_version()}', python])}"


def package_version(package: str) -> str:
    """Return the version of an installed package."""
    try:
        return version(package)
    except PackageNotFoundError:  # psycopg2 may be built from source, under another name
        return "not known"


def libpq_version() -> str:
    """Return the version of PostgreSQL's client library, as loaded by the driver."""
    from psycopg2.extensions import libpq_version as read_version  # noqa: PLC0415

    major, minor = divmod(read_version(), 10000)
    return f"{major}.{minor}"
