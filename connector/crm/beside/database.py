"""A table beside the CRM that is the answer of a database to one query."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine, exc, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from connector.crm.beside.table import Inspection, asked, broken, counted
from connector.crm.said import say
from connector.errors import ConnectorError
from connector.ports import Finding, Read

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from sqlalchemy import URL, Connection

    from connector.crm.beside.table import Terms
    from connector.ports import Clock, Progress

    Columns = Mapping[str, Sequence[str | None]]

ROWS = 10_000
TRUTHS: Mapping[int | Decimal, str] = {0: "false", 1: "true"}
"""How databases without booleans tell what is true (SQLite, MySQL, Oracle), and how files do."""
CONNECT_SECONDS = 10
SERVERS = ("postgresql", "mysql", "mariadb")
"""Databases whose drivers take `connect_timeout`."""


class DatabaseTable:
    """The port `Source` on one query; what it answers is of today, unless a column says otherwise.

    The query runs in a transaction that is rolled back. The address is secret: no message holds any part of it.
    In a column among `booleans`, named as the query names it, 0 and 1 are false and true.
    """

    def __init__(
        self, url: Callable[[], str], query: str, terms: Terms, *, clock: Clock, booleans: Collection[str] = ()
    ) -> None:
        self.name, self.join = terms.name, terms.join
        self._url, self._query, self._terms, self._clock = url, query, terms, clock
        self._booleans = frozenset(booleans)

    def read(self, wanted: Sequence[str], deliver: Callable[[Columns], None], progress: Progress) -> Read:
        """Ask, and read the whole answer."""
        return self._read(wanted, deliver, progress)[0]

    def look(self, wanted: Sequence[str]) -> Finding:
        """Ask, and tell how many rows came and of when they are."""
        subject = f"tables.{self.name}"
        try:
            found, there = self._read(wanted, lambda _: None, lambda *_: None)
        except ConnectorError as error:
            return Finding("bad", subject, str(error).removeprefix(f"{subject}: "), error.hint)
        absent = [name for name in wanted if self.join.columns.get(name, name) not in there]
        return counted(self.name, say("query"), found, absent)

    def _read(
        self, wanted: Sequence[str], deliver: Callable[[Columns], None], progress: Progress
    ) -> tuple[Read, tuple[str, ...]]:

        zone = ZoneInfo(self._terms.time_zone)
        inspection = Inspection(self._terms, until=self._clock().astimezone(zone).date())
        with self._connected() as connection, self._in_our_words():
            answer = connection.execution_options(stream_results=True).execute(text(self._query))
            there = tuple(answer.keys())
            if twice := sorted({name for name in there if there.count(name) > 1}):
                raise broken(self.name, f"the query gives {', '.join(twice)} twice", hint="name it anew: select a as b")
            names = asked(self._terms, wanted, there)
            for rows in answer.mappings().partitions(ROWS):
                columns = {name: [self._cell(row[name], name, zone) for row in rows] for name in names}
                inspection.pass_on(columns)
                deliver(columns)
                progress(f"read tables.{self.name}", inspection.rows)
        if inspection.rows == 0:
            deliver({name: [] for name in names})
        made_on = inspection.day()
        progress(f"read tables.{self.name}", inspection.rows, inspection.rows)
        return Read(inspection.rows, made_on), there

    @contextmanager
    def _connected(self) -> Iterator[Connection]:

        with self._in_our_words():
            url = make_url(self._url())
            self._refuse_new_file(url)
            patience = {"connect_timeout": CONNECT_SECONDS} if url.get_backend_name() in SERVERS else {}
            engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=patience)
            connection = engine.connect()
        try:
            yield connection
        finally:
            connection.close()
            engine.dispose()

    def _refuse_new_file(self, url: URL) -> None:
        """SQLite would make a file that is not there, and answer that it has no table."""
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
            raise broken(
                self.name, "the SQLite file of url is not there", hint="its path is relative to the settings file"
            )

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        """Say what went wrong by its kind alone: drivers put addresses, users and passwords into their texts."""
        hint = f"try the query of [tables.{self.name}] with the database's own tool"
        try:
            yield
        except exc.OperationalError as error:
            what = "the database does not answer, or refuses the query"
            raise broken(self.name, f"{what} ({type(error.orig).__name__})", hint=hint) from None
        except (ModuleNotFoundError, exc.NoSuchModuleError) as error:
            missing = getattr(error, "name", None) or "its driver"
            raise broken(self.name, f"{missing} is not installed", hint="pip install the database's driver") from None
        except exc.ArgumentError:
            raise broken(self.name, "url is not a database URL", hint="like postgresql+psycopg://…") from None
        except exc.SQLAlchemyError as error:
            kind = type(getattr(error, "orig", None) or error).__name__
            raise broken(self.name, f"the query failed ({kind})", hint=hint) from None

    def _cell(self, value: object, column: str, zone: ZoneInfo) -> str | None:
        """Write a value as a CSV file would have it; a time without a zone is one of the business time zone."""
        if value is None or value == "":
            return None
        if isinstance(value, bool):
            return str(value).lower()
        if column in self._booleans and isinstance(value, int | Decimal) and value in TRUTHS:
            return TRUTHS[value]
        if isinstance(value, str | int):
            return str(value)
        if isinstance(value, float | Decimal):
            return _plain(value)
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=zone)).isoformat()
        if isinstance(value, date | time):
            return value.isoformat()
        return self._refuse(value, column)

    def _refuse(self, value: Any, column: str) -> str:
        hint = "cast it to text, a number or a date in the query"
        raise broken(self.name, f"the column {column!r} holds {type(value).__name__}", hint=hint)


def _plain(value: float | Decimal) -> str | None:
    """Write a number without exponent; not-a-number is a missing value."""
    if not isfinite(value):
        return None
    return format(value if isinstance(value, Decimal) else Decimal(repr(value)), "f").removesuffix(".0")
