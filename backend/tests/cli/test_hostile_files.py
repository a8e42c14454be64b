"""Broken, hostile and foreign files: one clear line each, exit code 3, and no traceback."""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.filings.damaged import BROKEN, write_sparse
from tests.helpers.shell import Done, run

# What the line says, of the files that the fast tests read.
FAST = {
    "empty.pdf": "The file is empty: get it again from its source",
    "encrypted.pdf": "encrypted",
    "truncated.pdf": "damaged or cut off",
    "bomb.xhtml": "declares entities",
    "slip.zip": "unsafe name",
}
# Nothing is wrong with it but its name.
READABLE = {"pdf-inside.html"}


class Reading(NamedTuple):
    """What `fde read --json` says of files, by name."""

    done: Done
    lines: dict[str, dict[str, Any]]
    errors: dict[str, str]


def read_all(folder: Path, *names: str) -> Reading:
    paths = [str(folder / name) for name in names]
    done = run("python", "-m", "app", "read", "--json", "--timeout", "60", *paths)
    assert "Traceback" not in done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["file"] for line in lines] == paths
    errors = {}
    for line in done.stderr.splitlines():
        path, _, message = line.removeprefix("fde: ").partition(": ")
        assert Path(path).name not in errors, "one line a file"
        errors[Path(path).name] = message
    by_name = {Path(line["file"]).name: line for line in lines}
    return Reading(Done(done.returncode, done.stdout, done.stderr), by_name, errors)


def assert_is_clear(name: str, reading: Reading) -> None:
    """Check that a file that cannot be read has one line, which is no failure of the program."""
    line = reading.lines[name]
    issue = line["issues"][0]
    assert issue["code"] not in {"internal_error", "bad_answer", "crashed", "killed"}, issue
    assert reading.errors[name].casefold() == issue["message"].casefold()
    assert issue["message"].isprintable()
    assert len(issue["message"]) < 200
    assert line["statements"] == []


@pytest.fixture(scope="module")
def special(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    """Read files that a few processes suffice for, and names that are no regular file."""
    folder = tmp_path_factory.mktemp("hostile")
    for name in FAST:
        (folder / name).write_bytes(BROKEN[name]())
    write_sparse(folder / "sparse.pdf")
    os.mkfifo(folder / "fifo.pdf")
    (folder / "empty-folder").mkdir()
    (folder / "loop.pdf").symlink_to("loop.pdf")
    return read_all(
        folder,
        *FAST,
        *("sparse.pdf", "fifo.pdf", "empty-folder", "loop.pdf", "missing.pdf"),
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        *FAST.items(),
        ("sparse.pdf", "has 2048 MB, more than 512: give the report alone, or allow more with"),
        ("fifo.pdf", "no regular file, but a pipe or a device"),
        ("empty-folder", "no annual report"),
        ("loop.pdf", "Too many levels of symbolic links"),
        ("missing.pdf", "There is no such file: check the path"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_clear_line(
    name: str, said: str, special: Reading
) -> None:
    assert special.done.returncode == 3
    assert_is_clear(name, special)
    assert said in special.errors[name]


@pytest.mark.slow
def test_each_broken_file_is_one_clear_line_or_not_verified(tmp_path: Path) -> None:
    for name, make in BROKEN.items():
        (tmp_path / name).write_bytes(make())
    reading = read_all(tmp_path, *BROKEN)
    assert reading.done.returncode == 3
    for name in BROKEN:
        if name not in reading.errors:
            assert name in READABLE
        else:
            assert_is_clear(name, reading)


@pytest.mark.slow
def test_a_name_that_is_no_utf_8_is_escaped(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"b\xffyte\x1b[31m.pdf")
    path.touch()
    done = run("python", "-m", "app", "read", "--json", str(path))
    assert json.loads(done.stdout)["file"] == str(path)
    assert "\\udcff" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
