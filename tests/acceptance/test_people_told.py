"""Who hears of a run: alerts once per cause and once when it is right again, and a sign of life after good runs."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from connector.cli.ending import run
from connector.model.fields import Table
from connector.wiring import wire

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # apprise's own import
ROOT = Path(__file__).parents[2]


@contextmanager
def listener() -> Iterator[tuple[int, list[str], list[str]]]:
    """A web server that takes everything; gives its port, what arrived in order, and the texts of the POSTs.

    Of a GET the path arrives, of a POST the title.
    """
    heard: list[str] = []
    texts: list[str] = []

    class Ear(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._take(self.path)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            texts.append(json.loads(body)["message"])
            self._take(json.loads(body)["title"])

        def _take(self, what: str) -> None:
            heard.append(what)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Ear) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server.server_address[1], heard, texts
        server.shutdown()
        thread.join()


@pytest.fixture
def ears(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[list[str], list[str]]]:
    monkeypatch.chdir(tmp_path)
    Path("accounts.csv").write_text("account_id,name\n1,a\n")
    Path("deals.csv").write_text("deal_id,account_id,amount,is_won,is_closed,close_date\n")
    with listener() as (port, heard, texts):
        Path("settings.toml").write_text(
            f'[crm]\nkind = "files"\npath = "."\n[rules]\ndirectory = "{ROOT / "rules"}"\n'
            '[run]\nlanguage = "en"\nhome_currency = "EUR"\n'
            f'[alerts]\nurls = ["json://127.0.0.1:{port}/alert"]\nheartbeat_url = "http://127.0.0.1:{port}/alive"\n'
        )
        yield heard, texts


@pytest.fixture
def heard(ears: tuple[list[str], list[str]]) -> list[str]:
    return ears[0]


@pytest.fixture
def texts(ears: tuple[list[str], list[str]]) -> list[str]:
    return ears[1]


def told(heard: list[str], *arguments: str, code: int) -> list[str]:
    heard.clear()
    assert run(arguments) == code
    return [text.partition(" (")[0] for text in heard]


def test_a_held_run_is_told_once_and_once_that_it_is_right_again(heard: list[str]) -> None:
    assert told(heard, "plan", code=0) == []
    assert told(heard, "sync", code=3) == ["tiersync: run held"]
    assert told(heard, "sync", code=3) == []
    assert told(heard, "sync", "--yes", code=0) == ["tiersync: right again", "/alive"]
    assert told(heard, "sync", code=0) == ["/alive"]


def test_people_are_told_in_dutch_unless_settings_say_otherwise(heard: list[str], texts: list[str]) -> None:
    said = Path("settings.toml").read_text().replace('language = "en"\n', "")
    Path("settings.toml").write_text(said)
    assert told(heard, "sync", code=3) == ["tiersync: run wacht op goedkeuring"]
    assert "Vrijgeven: tiersync approve " in texts[-1]
    assert told(heard, "sync", "--yes", code=0) == ["tiersync: weer in orde", "/alive"]


def test_a_failed_run_is_told_and_gives_no_sign_of_life(heard: list[str]) -> None:
    Path("deals.csv").unlink()
    assert told(heard, "sync", code=1) == ["tiersync: run failed"]
    assert told(heard, "plan", code=1) == []


DEALS = "deal_id,account_id,amount,is_won,is_closed,close_date,stage,currency\n"


def with_digest() -> None:
    Path("settings.toml").write_text(Path("settings.toml").read_text() + "digest = true\n")
    Path("accounts.csv").write_text("account_id,name,owner_id\n1,Acme,anna\n2,Bolt,anna\n3,Cork,\n4,Dome,bert\n")


def won(*rows: str) -> None:
    Path("deals.csv").write_text(DEALS + "".join(f"d{row},true,true,2026-03-01,won,EUR\n" for row in rows))


def test_a_digest_names_who_moved_owner_by_owner_and_a_first_assignment_is_no_move(
    heard: list[str], texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIERSYNC_NOW", "2026-03-02T06:00:00+00:00")
    with_digest()
    won("1,1,9000")
    assert told(heard, "sync", "--yes", code=0) == ["/alive"]
    won("1,1,9000", "2,2,8000", "3,3,7000")
    monkeypatch.setenv("TIERSYNC_NOW", "2026-03-03T06:00:00+00:00")
    assert told(heard, "sync", code=0) == ["/alive", "tiersync: 2 accounts moved"]
    lines = texts[-1].splitlines()
    assert lines[0] == "anna: 1 moved, 0 of them by say-no"
    assert lines[1].startswith("  Bolt: ")
    assert " → " in lines[1]
    assert "without an owner: 1 moved, 0 of them by say-no" in lines
    assert lines[-1].startswith("See: tiersync runs show ")
    assert told(heard, "sync", code=0) == ["/alive"]


def test_without_the_setting_nobody_gets_a_digest(heard: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIERSYNC_NOW", "2026-03-02T06:00:00+00:00")
    with_digest()
    Path("settings.toml").write_text(Path("settings.toml").read_text().replace("digest = true\n", ""))
    assert told(heard, "sync", "--yes", code=0) == ["/alive"]
    won("1,1,9000")
    assert told(heard, "sync", code=0) == ["/alive"]


def test_a_digest_that_cannot_be_made_is_said_and_undoes_nothing(
    heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIERSYNC_NOW", "2026-03-02T06:00:00+00:00")
    with_digest()
    won("1,1,9000")
    assert told(heard, "sync", "--yes", code=0) == ["/alive"]
    won("1,1,9000", "2,2,8000")
    said: list[str] = []
    with closing(wire(Path("settings.toml"), as_of=None, overrides={})) as wiring:
        result = wiring.walk(lambda *_: None).sync()
        snapshot = wiring.store.mirror.current()
        assert snapshot is not None
        for file in snapshot.files[Table.ACCOUNTS]:
            file.write_bytes(b"no Parquet any more")
        wiring.tell(result, say=said.append)
    assert result.exit_code == 0
    (line,) = said
    assert line.startswith(f"no digest of run {result.run}: ")
    assert "accounts" in line, "what cannot be read is named"
