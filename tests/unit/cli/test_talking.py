"""How a call talks: logs and progress on stderr, tables on stdout, secrets nowhere."""

import logging
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from connector.cli.logs import log, name_run, start_logging, worker_line
from connector.cli.output import print_error
from connector.cli.progress import PlainLines, show_progress
from connector.cli.tables import print_table
from connector.model.secrets import Scrubber, Secret
from connector.model.texts import Texts
from connector.worker.notify import heartbeat


def english() -> Texts:
    return Texts("connector.cli", "en")


def scrub(text: str) -> str:
    return Scrubber([Secret("planted-token")])(text)


def test_a_log_line_has_its_run_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging(verbose=True, scrub=scrub)
    name_run("r1")
    log("info", "asked", url="https://x/?t=planted-token")
    err = capsys.readouterr().err
    assert "run=r1 event=asked" in err
    assert "planted" not in err


def test_a_traceback_in_a_log_holds_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging(verbose=True, scrub=scrub)
    try:
        _ = {"a": 1}["planted-token"]
    except KeyError:
        log("exception", "failed")
        logging.getLogger("urllib3").exception("failed")
    err = capsys.readouterr().err
    assert err.count("Traceback") == 2
    assert "planted" not in err


class Taking(BaseHTTPRequestHandler):
    """Takes whatever comes."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_not_even_a_verbose_log_shows_where_the_sign_of_life_goes(capsys: pytest.CaptureFixture[str]) -> None:
    with HTTPServer(("127.0.0.1", 0), Taking) as server:
        Thread(target=server.handle_request, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/ping/planted-ping?key=planted-key"
        start_logging(verbose=True, scrub=Scrubber([Secret(address)]))
        assert heartbeat(address, tell=print)
    told = capsys.readouterr()
    assert "planted" not in told.out + told.err


def test_a_line_of_the_worker_or_of_a_library_names_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging(verbose=False, scrub=scrub)
    name_run("r2")
    moment = datetime(2026, 6, 1, 6, tzinfo=UTC)
    assert worker_line("a b", now=moment) == 'timestamp=2026-06-01T06:00:00Z level=info run=r2 event="a b"'
    logging.getLogger("urllib3").warning("away")
    assert "level=WARNING run=r2 logger=urllib3 away" in capsys.readouterr().err


def test_only_warnings_are_told_unless_asked(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging(verbose=False, scrub=scrub)
    log("info", "quiet")
    log("warning", "loud")
    logging.getLogger("urllib3").info("quiet")
    err = capsys.readouterr().err
    assert "quiet" not in err
    assert "loud" in err


def test_progress_without_a_terminal_is_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress(english) as progress:
        for done in range(0, 10_001, 100):
            progress("read deals", done, 10_000)
    out, err = capsys.readouterr()
    assert not out
    assert err.splitlines() == ["read deals: 0 of 10,000", "read deals: 10,000 of 10,000"]


def test_a_step_whose_end_nobody_knew_is_told_with_where_it_came_to(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress(english) as progress:
        for done in (100, 200, 300):
            progress("read deals", done)
    assert capsys.readouterr().err.splitlines() == ["read deals: 100", "read deals: 300"]


def test_long_steps_are_told_every_few_seconds(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter([0.0, 3.0, 6.0])
    monkeypatch.setattr("connector.cli.progress.monotonic", lambda: next(moments))
    lines = PlainLines(english)
    for done in (1, 2, 3):
        lines("write", done)
    assert capsys.readouterr().err.splitlines() == ["write: 1", "write: 3"]


def test_progress_is_told_in_dutch_where_that_is_the_language(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress(lambda: Texts("connector.cli", "nl")) as progress:
        for step in ("read deals", "read tables.invoices", "read tables", "evaluate steps", "write"):
            progress(step, 12_000, 12_000)
        progress("read accounts", 1_200)
    assert capsys.readouterr().err.splitlines() == [
        "deals lezen: 12.000 van 12.000",
        "tables.invoices lezen: 12.000 van 12.000",
        "tabellen lezen: 12.000 van 12.000",
        "stappen beoordelen: 12.000 van 12.000",
        "schrijven: 12.000 van 12.000",
        "accounts lezen: 1.200",
    ]


def test_what_others_typed_breaks_no_line_of_a_table_or_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("name", "now"), [("a\nb\x1b]0;x\x07\u2066", "שלום é 🎉")])
    print_error("no account\x1b[2J here\r\n  second\u202e line")
    told = capsys.readouterr()
    assert told.out == "  name       now\n  a b ]0;x   שלום é 🎉\n"
    assert [line.strip() for line in told.err.splitlines()] == ["error: no account [2J here", "second line"]


def test_tables_are_aligned_into_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("name", "count"), [("a", "1"), ("longer", "12")], right=("count",), title="T")
    assert capsys.readouterr().out == "T\n  name    count\n  a           1\n  longer     12\n"
