"""Uploads to a running server: hostile files, clients that go away, kills, and a stop."""

import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx2 as httpx
import psutil
import pytest
from sqlalchemy import URL, Engine, text

from tests.filings.damaged import BROKEN, many_pages
from tests.filings.layout import Layout
from tests.filings.pdf import make_report
from tests.helpers.load import A_MOMENT, on_this_machine
from tests.helpers.running_uploads import SLOWEST, Uploads, answer_of, serving, serving_a_copy
from tests.helpers.upload_desk import form, problem_of
from tests.helpers.waiting import wait_until

pytestmark = pytest.mark.slow

MEGABYTE = 1024**2
READABLE = {"pdf-inside.html"}
KILLS = 6


@pytest.fixture(scope="module")
def shared(
    migration_server: URL, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Uploads]:
    folder = tmp_path_factory.mktemp("uploads")
    with serving_a_copy(migration_server, migrated_template, folder) as uploads:
        yield uploads


@pytest.fixture
def uploads(shared: Uploads) -> Iterator[Uploads]:
    yield shared
    shared.remove_all()


def report(seed: int = 1) -> bytes:
    return make_report(seed, Layout()).data


def has_ended(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE  # its parent is gone, too
    except psutil.NoSuchProcess:
        return True


def test_each_hostile_file_is_one_clear_problem_and_leaves_nothing(uploads: Uploads) -> None:
    def send(name: str) -> tuple[str, httpx.Response, float]:
        started = time.monotonic()
        answer = uploads.send(BROKEN[name](), name)
        return name, answer, time.monotonic() - started

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, BROKEN))
    for name, answer, seconds in answers:
        if name in READABLE:
            assert answer.status_code == 201, answer.text
            continue
        assert answer.status_code in {201, 422}, (name, answer.text)
        assert seconds < SLOWEST, name
        if answer.status_code == 422:
            problem = problem_of(answer)
            assert problem["code"] not in {"internal_error", "bad_answer", "crashed", "killed"}
            assert "--" not in problem["detail"], (name, problem)
    refused = {name for name, answer, _ in answers if answer.status_code == 422}
    assert set(BROKEN) - refused == READABLE
    uploads.check_clean()
    assert uploads.count("documents") == len(READABLE)
    assert "Traceback" not in uploads.server.words


def test_a_large_file_is_not_held_in_memory(uploads: Uploads) -> None:
    uploads.send(b"x")  # all is imported
    before = uploads.server.memory
    zeros = bytes(100 * MEGABYTE)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(uploads.send, [zeros] * 3))
        assert {each.status_code for each in answers} == {422}, [each.text for each in answers]
    assert uploads.server.memory - before < 60 * MEGABYTE
    larger = uploads.send(bytes(100 * MEGABYTE + 1))
    assert (larger.status_code, problem_of(larger)["code"]) == (413, "too_large")
    uploads.check_clean()


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(uploads: Uploads) -> None:
    with uploads.connect() as connection:
        connection.sendall(uploads.head(10**12, "Expect: 100-continue"))
        status, problem = answer_of(connection)
    assert (status, problem["detail"]) == (413, "the body has more than 100 MB")
    with uploads.connect() as connection:
        connection.sendall(uploads.head(10**12) + bytes(MEGABYTE))
        assert answer_of(connection)[0] == 413


def test_a_chunked_body_is_refused_when_it_grows_too_large(uploads: Uploads) -> None:
    piece = f"{MEGABYTE:x}\r\n".encode() + bytes(MEGABYTE) + b"\r\n"
    start = form(('name="file"; filename="a"', b""))[:-8]
    sent = 0
    with uploads.connect() as connection:
        connection.sendall(
            uploads.head("chunked") + f"{len(start):x}\r\n".encode() + start + b"\r\n"
        )
        with suppress(ConnectionError):
            for _ in range(400):
                connection.sendall(piece)
                sent += 1
        status, problem = answer_of(connection)
    assert (status, problem["code"]) == (413, "too_large")
    assert 100 <= sent < 130
    uploads.check_clean()


def test_a_client_that_expects_100_continue_is_told_to_go_on(uploads: Uploads) -> None:
    body = form(('name="file"; filename="a.pdf"', report()), ('name="same_company"', b"true"))
    with uploads.connect() as connection:
        connection.sendall(uploads.head(len(body), "Expect: 100-continue", "Connection: close"))
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        assert answer_of(connection)[0] == 201
    other = uploads.head(len(body), "Expect: 100-continue").replace(b"/1/", b"/4711/")
    with uploads.connect() as connection:
        connection.sendall(other)
        assert answer_of(connection)[0] == 404
    uploads.check_clean()


def test_a_chunked_form_is_read(uploads: Uploads) -> None:
    body = form(('name="file"; filename="a.pdf"', report()), ('name="same_company"', b"true"))
    pieces = [body[at : at + 1000] for at in range(0, len(body), 1000)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in pieces) + b"0\r\n\r\n"
    with uploads.connect() as connection:
        connection.sendall(uploads.head("chunked", "Connection: close") + chunks)
        assert answer_of(connection)[0] == 201
    uploads.check_clean()


def test_a_slow_client_is_ended(uploads: Uploads) -> None:
    body = form(('name="file"; filename="a.pdf"', bytes(MEGABYTE)))
    started = time.monotonic()
    with uploads.connect() as connection:
        connection.sendall(uploads.head(len(body)) + body[:1000])
        connection.settimeout(1)
        answer = b""
        for at in range(1000, 1060):
            with suppress(TimeoutError):
                answer = connection.recv(1000)
                break
            connection.sendall(body[at : at + 1])
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - started < on_this_machine(20)
    uploads.check_clean()


def test_clients_that_go_away_leave_nothing_and_take_no_place(uploads: Uploads) -> None:
    body = form(('name="file"; filename="a.pdf"', bytes(20 * MEGABYTE)))
    for _ in range(3):
        connections = [uploads.connect() for _ in range(8)]
        for each in connections:
            each.sendall(uploads.head(len(body)) + body[: 3 * MEGABYTE])
        wait_until(lambda: len(uploads.received) == 8)
        assert uploads.send(report()).status_code == 503
        for each in connections:
            each.close()
        wait_until(lambda: not uploads.received)
    assert uploads.send(report()).status_code == 201
    uploads.check_clean()
    assert "Traceback" not in uploads.server.words


@pytest.mark.skipif(sys.platform != "linux", reason="psutil sets this limit on Linux only")
def test_a_full_disk_is_a_problem_and_a_file_that_has_room_is_kept(
    migrated_database: URL, migrated: Engine, tmp_path: Path
) -> None:
    with serving(migrated_database, tmp_path, migrated) as uploads:
        largest = (2 * MEGABYTE, 2 * MEGABYTE)
        psutil.Process(uploads.server.process.pid).rlimit(psutil.RLIMIT_FSIZE, largest)
        answer = uploads.send(bytes(3 * MEGABYTE))
        assert (answer.status_code, problem_of(answer)["code"]) == (503, "no_space")
        assert uploads.send(report()).status_code == 201
        uploads.check_clean()


def test_more_uploads_than_places_are_kept_or_told_to_come_again(uploads: Uploads) -> None:
    reports = [report(seed) for seed in range(1, 13)]
    with ThreadPoolExecutor(60) as pool:
        answers = list(pool.map(uploads.send, reports * 5))
        assert {each.status_code for each in answers} <= {200, 201, 503}
        assert all("retry-after" in each.headers for each in answers if each.status_code == 503)
        for data in reports:
            assert uploads.send(data).status_code in {200, 201}
    assert uploads.count("documents") == len(reports)
    uploads.check_clean()


def test_the_same_file_at_once_is_kept_once(uploads: Uploads) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(uploads.send, [report()] * 6))
    assert sorted(each.status_code for each in answers) == [200] * 5 + [201]
    assert uploads.count("documents") == 1
    uploads.check_clean()


def test_requests_are_answered_while_files_are_read(uploads: Uploads) -> None:
    slow = BROKEN["many-pages.pdf"]()
    with ThreadPoolExecutor(6) as pool:
        pending = [pool.submit(uploads.send, slow + bytes([n])) for n in range(6)]
        slowest = 0.0
        while not all(each.done() for each in pending):
            started = time.monotonic()
            for path in ("healthz", "api/v1/companies"):
                answer = httpx.get(f"http://127.0.0.1:{uploads.server.port}/{path}", timeout=10)
                assert answer.status_code == 200
            slowest = max(slowest, time.monotonic() - started)
    assert slowest < on_this_machine(A_MOMENT)
    uploads.check_clean()


def test_a_stop_ends_uploads_and_their_workers(
    migrated_database: URL, migrated: Engine, tmp_path: Path
) -> None:
    patience = {"UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN": "1"}
    body = form(('name="file"', bytes(MEGABYTE)))
    with (
        serving(migrated_database, tmp_path, migrated, **patience) as uploads,
        ThreadPoolExecutor(1) as pool,
        uploads.connect() as half,
    ):
        half.sendall(uploads.head(len(body)) + body[:1000])
        pending = pool.submit(uploads.send, many_pages(1900, "Balance sheet 1,234 " * 500))
        wait_until(lambda: bool(uploads.workers()) and len(uploads.received) == 2)
        (worker,) = uploads.workers()
        started = time.monotonic()
        uploads.server.signal(signal.SIGTERM)
        uploads.server.wait()
        assert time.monotonic() - started < on_this_machine(6)
        with suppress(httpx.TransportError):
            assert pending.result().status_code == 503
        wait_until(lambda: has_ended(worker))
        uploads.check_clean()
        assert uploads.count("documents") == 0


@pytest.mark.long
def test_an_upload_of_a_killed_server_is_finished_by_the_same_one(
    migrated_database: URL, migrated: Engine, tmp_path: Path
) -> None:
    data, found = report(), Counter[tuple[int, int, int]]()
    chance = random.Random(7)  # noqa: S311 points in time, no secrets
    with ThreadPoolExecutor(1) as pool:
        for number in range(KILLS + 1):
            with serving(migrated_database, tmp_path, migrated) as uploads:
                answer = uploads.send(data)
                assert answer.status_code in {200, 201}, answer.text
                assert {each["digest"] is None for each in answer.json()["compiled"]} == {False}
                assert uploads.count("compiled_statements WHERE digest IS NOT NULL") == 3
                uploads.check_clean()
                if number == KILLS:
                    break
                with migrated.begin() as connection:
                    connection.execute(text("DELETE FROM documents"))
                    connection.execute(text("DELETE FROM compiled_statements"))
                pending = pool.submit(uploads.send, data)
                _wait_for_a_moment(uploads, chance)
                workers = uploads.workers()
                uploads.server.signal(signal.SIGKILL)
                uploads.server.wait()
                with suppress(httpx.TransportError):
                    assert pending.result().status_code == 201
                wait_until(lambda: all(map(has_ended, workers)))  # noqa: B023
            state = (
                uploads.count("documents"),
                uploads.count("extractions"),
                uploads.count("compiled_statements"),
            )
            assert state in {(0, 0, 0), (1, 3, 0), (1, 3, 3)}
            found[state] += 1
    assert len(found) > 1, found


def _wait_for_a_moment(uploads: Uploads, chance: random.Random) -> None:
    """Wait until a file is received, is being read, or is kept, and a little longer."""
    until = chance.choice(
        [
            lambda: bool(uploads.received),
            lambda: bool(uploads.workers()),
            lambda: len(uploads.stored) > 0,
            lambda: uploads.count("documents") > 0,
        ]
    )
    wait_until(until)
    time.sleep(chance.uniform(0, 0.03))
