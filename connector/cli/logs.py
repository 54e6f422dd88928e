"""Logs: one line per event on stderr, with the run's id, and no secret in any of them."""

import logging
import sys
from collections.abc import Callable, MutableMapping
from datetime import datetime
from typing import Any

_RUN: dict[str, str] = {}


_LINES: dict[str, Callable[[], Any]] = {}


def start_logging(*, verbose: bool, scrub: Callable[[str], str]) -> None:
    """Send our own lines and the libraries' logging to stderr; warnings and worse, everything when verbose.

    What urllib3 says of each call stays out: it holds paths, and that of a sign of life or of an alert is a secret.
    """
    level = logging.DEBUG if verbose else logging.WARNING
    _LINES["logger"] = lambda: _logger(level, scrub)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(ScrubbedFormatter(scrub))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("urllib3").setLevel(logging.WARNING)


def log(level: str, event: str, **facts: object) -> None:
    """Log one line; before `start_logging` nobody listens."""
    if "logger" in _LINES:
        getattr(_LINES["logger"](), level)(event, **facts)


def _logger(level: int, scrub: Callable[[str], str]) -> Any:
    """Return the logger; most calls have nothing to log, and structlog takes a tenth of a second to load."""
    import structlog

    structlog.configure(
        processors=[
            _with_run,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "run", "event"], drop_missing=True),
            Scrubbed(scrub),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    _LINES["logger"] = structlog.get_logger
    return structlog.get_logger()


def name_run(run: str) -> None:
    """Put this run's id on every line from now on, whichever thread writes it."""
    _RUN["run"] = run


def worker_line(event: str, *, now: datetime) -> str:
    """Return one line of the worker's own log, as logfmt, with the id of the run it is about."""
    from structlog.processors import LogfmtRenderer

    render = LogfmtRenderer(key_order=["timestamp", "level", "run", "event"], drop_missing=True)
    return render(None, "info", {"timestamp": f"{now:%Y-%m-%dT%H:%M:%SZ}", "level": "info", "event": event, **_RUN})


def _with_run(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    line.update(_RUN)
    return line


class Scrubbed:
    """The last step of a structlog line: what is printed holds no secret."""

    def __init__(self, scrub: Callable[[str], str]) -> None:
        self._scrub = scrub

    def __call__(self, _logger: Any, _method: str, line: MutableMapping[str, Any] | str) -> str:
        """Return the line to print."""
        return self._scrub(str(line))


class ScrubbedFormatter(logging.Formatter):
    """The libraries' lines, tracebacks included, without secrets."""

    def __init__(self, scrub: Callable[[str], str]) -> None:
        super().__init__("%(asctime)s level=%(levelname)s %(run)slogger=%(name)s %(message)s")
        self._scrub = scrub

    def format(self, record: logging.LogRecord) -> str:
        """Return the line to print."""
        record.run = f"run={_RUN['run']} " if _RUN else ""
        return self._scrub(super().format(record))
