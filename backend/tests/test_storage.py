"""Files of documents by content hash: whole or not there, for their owner, idempotent."""

import errno
import fcntl
import hashlib
import os
import stat
from pathlib import Path
from uuid import uuid4

import pytest
from fsspec.core import url_to_fs

from app import BACKEND, storage
from app.storage import SourceError, Storage, StorageError

CONTENT = b"an annual report" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.pdf"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture(params=["folder", "file URL", "memory"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    folder = tmp_path / "deep" / "storage"
    urls = {
        "folder": str(folder),
        "file URL": f"file://{folder}",
        "memory": f"memory://{uuid4()}/files",
    }
    return Storage(urls[request.param])


def test_a_file_is_kept_by_its_digest_until_it_is_deleted(files: Storage, report: Path) -> None:
    assert list(files.list()) == []
    stored = files.put(report, SHA256)
    assert stored == f"{SHA256[:2]}/{SHA256}"
    assert files.put(report, SHA256) == stored
    assert list(files.list()) == [stored]
    assert files.exists(stored)
    with files.open(stored) as file:
        assert file.read() == CONTENT
    with files.local_copy(stored) as path:
        assert path.read_bytes() == CONTENT
    files.delete(stored)
    files.delete(stored)
    assert not files.exists(stored)
    assert list(files.list()) == []
    with pytest.raises(StorageError, match="cannot use the storage of files"):
        files.open(stored)


def test_a_file_that_was_changed_meanwhile_is_not_stored(files: Storage, report: Path) -> None:
    report.write_bytes(b"another")
    with pytest.raises(SourceError, match="was changed"):
        files.put(report, SHA256)
    assert list(files.list()) == []
    assert leftovers(files) == []


def leftovers(files: Storage) -> list[str]:
    system, root = url_to_fs(files.name)
    return [each.rpartition("/")[2] for each in system.ls(f"{root}/.tmp", detail=False)]


def test_only_its_owner_reads_it(report: Path, tmp_path: Path) -> None:
    files = Storage(str(tmp_path / "deep" / "storage"))
    stored = files.put(report, SHA256)
    path = tmp_path / "deep" / "storage" / stored
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_damaged_file_is_replaced_when_it_is_stored_again(report: Path, tmp_path: Path) -> None:
    files = Storage(str(tmp_path / "storage"))
    path = tmp_path / "storage" / files.put(report, SHA256)
    path.write_bytes(CONTENT[:-1] + b"?")
    files.put(report, SHA256)
    assert path.read_bytes() == CONTENT


def test_abandoned_files_are_swept_and_those_being_written_are_not(
    report: Path, tmp_path: Path
) -> None:
    files = Storage(str(tmp_path / "storage"))
    assert files.sweep() == 0
    stored = files.put(report, SHA256)
    folder = tmp_path / "storage" / ".tmp"
    (folder / "1-abandoned").write_bytes(b"half")
    (folder / "2-written").write_bytes(b"half")
    with (folder / "2-written").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert files.sweep() == 1
    assert leftovers(files) == ["2-written"]
    assert files.sweep() == 1
    assert list(files.list()) == [stored]


def test_a_temporary_file_that_is_swept_before_it_is_locked_is_made_again(
    report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = Storage(str(tmp_path / "storage"))
    lock = fcntl.flock
    swept: list[int] = []

    def sweep_first(descriptor: int, operation: int) -> None:
        if operation == fcntl.LOCK_EX and not swept:
            swept.append(files.sweep())
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", sweep_first)
    stored = files.put(report, SHA256)
    assert swept == [1]
    assert (tmp_path / "storage" / stored).read_bytes() == CONTENT


def test_only_old_temporary_files_of_a_server_are_swept(report: Path) -> None:
    files = Storage(f"memory://{uuid4()}/files")
    files.put(report, SHA256)
    system, root = url_to_fs(files.name)
    for began in ("1000", "99999999999"):
        system.pipe(f"{root}/.tmp/{began}-abc-def", b"half")
    assert files.sweep() == 1
    assert leftovers(files) == ["99999999999-abc-def"]


def test_a_full_disk_leaves_nothing(
    report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = Storage(str(tmp_path / "storage"))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match=r"storage of files /.*: No space left on device"):
        files.put(report, SHA256)
    assert list(files.list()) == []
    assert leftovers(files) == []


def test_a_pipe_in_place_of_the_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match="no regular file"):
        Storage(str(tmp_path / "storage")).put(tmp_path / "pipe", SHA256)
    with pytest.raises(SourceError, match="No such file"):
        Storage(str(tmp_path / "storage")).put(tmp_path / "missing", SHA256)


@pytest.mark.parametrize("stored", ["", "../secret", "ab/../../x", "/etc/passwd", f"aa/{SHA256}"])
def test_no_other_path_is_opened(files: Storage, stored: str) -> None:
    for use in (files.open, files.delete, files.exists):
        with pytest.raises(StorageError, match="no path of a stored file"):
            use(stored)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("nonsense://user:s3cr3t@host/a?key=s3cr3t", "Protocol not known"),
        ("abfs://user:s3cr3t@host/a", "install"),
    ],
)
def test_an_unknown_url_is_one_line_without_the_password(url: str, reason: str) -> None:
    with pytest.raises(StorageError, match=r"(?i)" + reason) as caught:
        Storage(url)
    assert "s3cr3t" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_the_settings_choose_the_storage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STORAGE_URL", str(tmp_path))
    assert storage.open_storage().name == str(tmp_path)
    monkeypatch.setenv("STORAGE_URL", "files")
    assert storage.open_storage().name == str(BACKEND / "files")
    monkeypatch.delenv("STORAGE_URL")
    assert storage.open_storage().name == str(storage.DEFAULT)
