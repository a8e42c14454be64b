"""The setting of where files are kept: what is accepted, and refused without an echo."""

from pathlib import Path

import pytest

from app.errors import SettingsError
from config import load_settings

PASSWORD = "hunter2"


@pytest.mark.parametrize(
    "value",
    [
        ".storage",
        "../files of ours",
        "~/files",
        "/srv/files",
        "file:///srv/files",
        "memory://files",
        f"s3://key:{PASSWORD}@bucket/folder",
        "simplecache::s3://bucket/folder",
        "SFTP://host/folder",
    ],
)
def test_files_are_kept_in_a_folder_or_by_a_url(value: str, tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(f"STORAGE_URL='{value}'\n")
    settings = load_settings(env_file)
    assert settings.storage_url is not None
    assert settings.storage_url.get_secret_value() == value
    assert PASSWORD not in repr(settings)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("a\x00b", "not printable"),
        (f"://{PASSWORD}", "not a URL"),
        ("file://", "names no folder"),
        ("file:///", "names no folder"),
        ("s3://", "names no folder"),
        (f"postgresql://u:{PASSWORD}@h/d", "address of a database"),
        (f"postgresql+psycopg2://u:{PASSWORD}@h/d", "address of a database"),
        (f"https://u:{PASSWORD}@example.com/files", "a web server keeps no files"),
        (f"simplecache::http://u:{PASSWORD}@example.com/files", "a web server keeps no files"),
    ],
)
def test_a_wrong_place_is_refused_without_an_echo(value: str, reason: str, tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(f"STORAGE_URL='{value}'\n")
    with pytest.raises(SettingsError, match=f"STORAGE_URL: .*{reason}") as caught:
        load_settings(env_file)
    assert PASSWORD not in str(caught.value)


def test_the_environment_takes_precedence_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("STORAGE_URL=one\n")
    monkeypatch.setenv("STORAGE_URL", "other")
    settings = load_settings(env_file)
    assert settings.storage_url is not None
    assert settings.storage_url.get_secret_value() == "other"


def test_an_incomplete_database_is_not_blamed_on_the_storage(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("STORAGE_URL=files\nDB_HOST=h\n")
    with pytest.raises(SettingsError, match=r"^DB_HOST set without DB_NAME"):
        load_settings(env_file)


def test_a_database_in_the_environment_stands_in_place_of_that_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("DB_HOST=h\nDB_NAME=n\nDB_USERNAME=u\nDB_PASSWORD=p\nSTORAGE_URL=files\n")
    monkeypatch.setenv("DATABASE_URL", "postgresql://u@h/other")
    settings = load_settings(env_file)
    assert settings.storage_url is not None
    assert settings.storage_url.get_secret_value() == "files"
    assert not settings.has_db_parts


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("short", "fewer than 16 characters"),
        ("fifteen-letters", "fewer than 16 characters"),
        ("correct horse battery staple", "without spaces"),
        ("naïve-token-0123456789", "of ASCII"),
        ("token-0123456789\ttab", "of ASCII"),
    ],
)
def test_a_token_that_can_be_guessed_or_not_be_sent_is_refused_without_an_echo(
    value: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRITE_TOKEN", value)
    with pytest.raises(SettingsError, match=f"^WRITE_TOKEN: .*{reason}") as caught:
        load_settings(tmp_path / ".env")
    assert value not in str(caught.value)


def test_a_token_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRITE_TOKEN", f"{PASSWORD}-0123456789")
    settings = load_settings(tmp_path / ".env")
    assert settings.write_token is not None
    assert settings.write_token.get_secret_value() == f"{PASSWORD}-0123456789"
    assert PASSWORD not in repr(settings) + str(settings)


def test_a_host_that_is_none_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "https://api.example.com")
    with pytest.raises(SettingsError, match=r"^ALLOWED_HOSTS: .*without http://"):
        load_settings(tmp_path / ".env")
