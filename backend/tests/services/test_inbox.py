"""Folders for files that are being received."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.services.errors import UnavailableError
from app.services.inbox import new_place, sweep
from tests.helpers.shell import BACKEND


def test_a_place_is_private_and_is_gone_in_the_end(tmp_path: Path) -> None:
    root = tmp_path / "inbox"
    with new_place(root) as path:
        path.write_bytes(b"x")
        assert root.stat().st_mode == path.parent.stat().st_mode == 0o40700
    assert list(root.iterdir()) == []


def test_a_place_in_use_is_not_swept(tmp_path: Path) -> None:
    with new_place(tmp_path / "inbox") as path:
        path.write_bytes(b"x")
        assert sweep(tmp_path / "inbox") == 0
        assert path.exists()


def test_the_place_of_a_killed_process_is_swept(tmp_path: Path) -> None:
    root = tmp_path / "inbox"
    code = (
        "import os, pathlib, sys\n"
        "from app.services.inbox import new_place\n"
        "with new_place(pathlib.Path(sys.argv[1])) as path:\n"
        "    path.write_bytes(b'x')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    command = [sys.executable, "-c", code, str(root)]
    done = subprocess.run(command, cwd=BACKEND, check=False)
    assert done.returncode == -9
    assert len(list(root.glob("*/file"))) == 1
    assert sweep(root) == 1
    assert list(root.iterdir()) == []


def test_a_folder_that_others_can_use_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "inbox"
    root.mkdir(mode=0o777)
    root.chmod(0o777)
    with pytest.raises(UnavailableError, match="not private"), new_place(root):
        pass
    link = tmp_path / "link"
    (tmp_path / "private").mkdir(mode=0o700)
    link.symlink_to(tmp_path / "private")
    with pytest.raises(UnavailableError, match="not private"), new_place(link):
        pass


def test_sweeping_follows_no_link_and_leaves_files(tmp_path: Path) -> None:
    root, other = tmp_path / "inbox", tmp_path / "other"
    with new_place(root):
        pass
    other.mkdir()
    (other / "file").write_bytes(b"x")
    (root / "link").symlink_to(other)
    (root / "note").write_bytes(b"x")
    assert sweep(root) == 0
    assert os.listdir(other) == ["file"]  # noqa: PTH208
    assert sweep(tmp_path / "missing") == 0
