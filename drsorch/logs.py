"""Log lines: one JSON object each for machines, readable text for a terminal. Neither shows a secret."""

import json
import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

HIDDEN = "[hidden]"
# What every record has; anything else came from `extra=`.
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "context"}
NAMES = (
    r"password|passwd|secret|token|cookie|signature|code_?verifier|sessionid|external_?ids?"
    r"|(?:api|access|private|secret|encryption|signing|session)_?keys?"
)
SECRET_NAME = re.compile(rf"({NAMES}|authorization|credentials?)$", re.IGNORECASE)
SECRET_IN_TEXT = re.compile(
    rf"""(?P<name>(?:{NAMES})["']?\s*[=:]\s*)(?P<value>"[^"]*"|'[^']*'|(?:Bearer\s+|Basic\s+)?[^\s,;&"'}}]+)""",
    re.IGNORECASE,
)
# A signed request's has several parts, so all that is left of the line is hidden.
AUTHORIZATION = re.compile(
    r"""(?P<name>authorization["']?\s*[=:]\s*)(?P<value>"[^"]*"|'[^']*'|[^\n"'}]+)""", re.IGNORECASE
)
# What is a secret wherever it stands: our tokens, JWT, text that is encrypted at rest, a password in an address.
SECRET_SHAPE = re.compile(
    r"(?P<name>\bdrs_\d+_)[\w-]{16,}|(?P<jwt>\beyJ)[\w-]{4,}\.[\w.-]+|(?P<sealed>\bgAAAA)[\w-]{20,}=*"
    r"|(?P<user>://[^/\s:@]*:)[^/\s@]+(?=@)",
    re.ASCII,
)
_context: ContextVar[dict[str, object]] = ContextVar("drsorch_log_context")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, whatever `extra=` added, and the traceback if any."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
        }
        said = _shown_context(record) | extras(record)
        line.update({name: value for name, value in said.items() if name not in line})
        if record.exc_info:
            line["traceback"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(line, default=str, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """The same for people: local time, what was said, and what `extra=` added."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line, with the traceback below it if any."""
        level = "" if record.levelno <= logging.INFO else f"{record.levelname} "
        added = "".join(f" {name}={value}" for name, value in extras(record).items())
        text = f"{self.formatTime(record, '%H:%M:%S')} {level}{without_secrets(record.getMessage())}{added}"
        if record.exc_info:
            text += "\n" + without_secrets(self.formatException(record.exc_info))
        return text


@contextmanager
def about(**facts: object) -> Iterator[dict[str, object]]:
    """Put `facts` into every line that is written inside; more can be added to what is returned."""
    known = _context.get({}) | facts
    token = _context.set(known)
    try:
        yield known
    finally:
        _context.reset(token)


def note(**facts: object) -> None:
    """Add to what is known about the piece of work at hand. Nothing happens outside of one."""
    known = _context.get(None)
    if known is not None:
        known.update(facts)


def _with_context(*args: Any, **kwargs: Any) -> logging.LogRecord:
    record = logging.LogRecord(*args, **kwargs)
    record.context = dict(_context.get({}))
    return record


# When the line is written, not when it is formatted: that may be somewhere else.
logging.setLogRecordFactory(_with_context)


@contextmanager
def timed(logger: logging.Logger, what: str, **facts: object) -> Iterator[dict[str, object]]:
    """Write one line about a piece of work when it has ended: its outcome, its duration, and the facts it may add to.

    The facts given at the start are in the lines of whatever happens inside, too. A failure is raised on, its line is
    an error: whoever catches it says more.
    """
    started, level = time.monotonic(), logging.ERROR
    try:
        with about(**facts):
            yield facts
        level = logging.INFO
    finally:
        outcome = facts.setdefault("outcome", "ok") if level == logging.INFO else "failed"
        facts |= {"outcome": outcome, "duration_ms": round((time.monotonic() - started) * 1000)}
        logger.log(level, "%s: %s in %s ms", what, outcome, facts["duration_ms"], extra=facts)


def extras(record: logging.LogRecord) -> dict[str, object]:
    """Return what `extra=` added to `record`; the value of a name that promises a secret is hidden."""
    return {name: _shown(name, value) for name, value in vars(record).items() if name not in STANDARD}


def without_secrets(text: str) -> str:
    """Return `text` with passwords, tokens and keys hidden: those written as name=value, or known by their shape."""
    for pattern in (AUTHORIZATION, SECRET_IN_TEXT):
        text = pattern.sub(lambda match: match["name"] + HIDDEN, text)
    return SECRET_SHAPE.sub(lambda match: match[match.lastgroup or 0] + HIDDEN, text)


def _shown_context(record: logging.LogRecord) -> dict[str, object]:
    return {name: _shown(name, value) for name, value in getattr(record, "context", {}).items()}


def _shown(name: str, value: object) -> object:
    if SECRET_NAME.search(name):
        return HIDDEN
    if isinstance(value, dict):
        return {key: _shown(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_shown("", inner) for inner in value]
    if isinstance(value, bool | int | float) or value is None:
        return value
    return without_secrets(str(value))
