"""Each file is read in a process with limits; whatever that does, its end is one clear line."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from app.services import reading
from app.services.answer import Answer
from app.services.errors import StoppedError
from app.services.limits import Limits, describe_death
from app.services.reading import Request, read_files
from tests.helpers.shell import BACKEND, CLEAN_ENVIRONMENT, run
from tests.helpers.waiting import wait_until

UNRULY = "tests.helpers.unruly_worker"
PATIENT = Limits(seconds=60, memory=400, file_size=1, output=1)
# Runs `fde` with that worker.
FDE = f"""
import sys
from app.services import reading

reading.WORKER = {UNRULY!r}
from app.cli.main import run

sys.exit(run(sys.argv[1:]))
"""


@pytest.fixture(autouse=True)
def _unruly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "WORKER", UNRULY)


def read(folder: Path, *names: str, limits: Limits = PATIENT, jobs: int = 2) -> list[Answer]:
    for name in names:
        (folder / name).write_bytes(b"%PDF-")
    return list(read_files([Request(folder / name) for name in names], limits, jobs))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["stopped", "hang", "loop"])
def test_a_file_that_takes_too_long_is_ended(name: str, tmp_path: Path) -> None:
    """The kernel's clock ends a process also if its parent is gone, but not one that is stopped."""
    (answer,) = read(tmp_path, name, limits=replace(PATIENT, seconds=1))
    assert answer.error is not None
    assert answer.error.code == "time_limit"
    assert answer.error.message == "Reading takes longer than 1 s: allow more with --timeout"


@pytest.mark.slow
def test_each_end_of_a_process_is_named(tmp_path: Path) -> None:
    endings = {
        "memory": ("memory_limit", "needs more than 400 MB of memory: allow more with --memory"),
        "output": ("output_limit", "yields more than 1 MB"),
        "write": ("unreadable", "File too large"),
        "crash": ("crashed", "crashed (SIGSEGV)"),
        "killed": ("killed", "perhaps for lack of memory on this machine"),
        "exit": ("crashed", "ended with exit code 9"),
        "nonsense": ("bad_answer", "no valid answer"),
        "print": ("obeyed", "read print None"),
    }
    answers = read(tmp_path, *endings)
    for (name, (code, message)), answer in zip(endings.items(), answers, strict=True):
        assert answer.error is not None, name
        assert (answer.error.code, message in answer.error.message) == (code, True), (name, answer)
        assert "\n" not in answer.error.message


def test_the_order_is_that_of_the_files_and_several_are_read_at_a_time(tmp_path: Path) -> None:
    started: list[int] = []
    names = [f"f{number}" for number in range(4)]
    for name in names:
        (tmp_path / name).write_bytes(b"%PDF-")
    requests = [Request(tmp_path / name) for name in names]
    requests.insert(2, Request(tmp_path / "missing"))
    answers = read_files(requests, PATIENT, 2, started.append)
    codes = [(answer.error.message if answer.error else "") for answer in answers]
    assert [code.split()[1] for code in codes if "no such file" not in code] == names
    assert "no such file" in codes[2]
    assert started == [0, 1, 3, 4]


def test_a_worker_gets_no_variable_that_may_hold_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:secret@host/name")
    (answer,) = read(tmp_path, "environment")
    assert answer.error is not None
    names = set(answer.error.message.split())
    assert "PYTHONPATH" in names
    assert not {name for name in names if "DATABASE" in name or "PYTEST" in name}


def test_a_slow_reader_of_the_results_makes_no_file_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("first", "note-1", "note-2")
    for name in names:
        (tmp_path / name).write_bytes(b"%PDF-")
    requests = [Request(tmp_path / name) for name in names]
    with closing(read_files(requests, PATIENT, 3)) as answers:
        answer = next(answers)
        for name in names[1:]:
            process = worker_of(tmp_path / name)
            wait_until(partial(is_ended, process))
        now = time.monotonic
        monkeypatch.setattr(time, "monotonic", lambda: now() + PATIENT.seconds)
        codes = [each.error.code if each.error else None for each in (answer, *answers)]
    assert codes == ["obeyed"] * 3


def test_standard_input_is_not_read() -> None:
    (answer,) = read_files([Request(Path("-"))], PATIENT, 1)
    assert answer.error is not None
    assert answer.error.message == "Standard input is not read: save it to a file first"


def is_ended(process: int) -> bool:
    """Return whether a process is gone, or waits for its parent to take note."""
    done = run("ps", "-o", "stat=", "-p", str(process))
    return done.stdout.strip()[:1] in {"", "Z"}


def worker_of(path: Path) -> int:
    """Return the id of the process that reads a file, once it notes it."""
    note = Path(f"{path}.pid")
    wait_until(lambda: note.exists() and note.read_text() != "")
    return int(note.read_text())


def test_closing_the_answers_ends_the_processes(tmp_path: Path) -> None:
    for name in ("first", "hang"):
        (tmp_path / name).write_bytes(b"%PDF-")
    requests = [Request(tmp_path / "first"), Request(tmp_path / "hang")]
    with closing(read_files(requests, Limits(), 2)) as answers:
        next(answers)
        process = worker_of(tmp_path / "hang")
    assert is_ended(process)


def test_another_thread_ends_the_processes(tmp_path: Path) -> None:
    (tmp_path / "hang").write_bytes(b"%PDF-")
    stop = threading.Event()
    answers = read_files([Request(tmp_path / "hang")], PATIENT, 1, stop=stop)
    with ThreadPoolExecutor(1) as pool:
        reading_it = pool.submit(list, answers)
        process = worker_of(tmp_path / "hang")
        stop.set()
        with pytest.raises(StoppedError):
            reading_it.result(5)
    assert is_ended(process)


@pytest.fixture
def fde(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Return `fde read` on a file that takes for ever, and the process that reads it."""
    (tmp_path / "hang").write_bytes(b"%PDF-")
    command = [sys.executable, "-c", FDE, "read", str(tmp_path / "hang")]
    with subprocess.Popen(
        command,
        cwd=BACKEND,
        env=CLEAN_ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process, worker_of(tmp_path / "hang")
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)],
)
def test_an_interrupt_is_one_line_and_leaves_no_process(
    fde: tuple[subprocess.Popen[str], int], number: signal.Signals, code: int
) -> None:
    process, worker = fde
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (code, "", "fde: interrupted\n")
    assert is_ended(worker)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux ends it")
def test_a_killed_command_leaves_no_process(fde: tuple[subprocess.Popen[str], int]) -> None:
    process, worker = fde
    process.kill()
    process.wait()
    wait_until(partial(is_ended, worker))


@pytest.mark.parametrize("number", [signal.SIGALRM, signal.SIGXCPU])
def test_the_kernel_s_clock_is_named_like_the_parent_s(number: signal.Signals) -> None:
    assert describe_death(-number, PATIENT).code == "time_limit"
