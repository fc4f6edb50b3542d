"""Log lines: one JSON object each for machines, readable text for a terminal. Neither shows a secret."""

import json
import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

HIDDEN = "[hidden]"
# What every record has; anything else came from `extra=`.
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
SECRET_NAME = re.compile(
    r"(password|passwd|secret|token|authorization|cookie|credentials?|(?:api|access|private|secret)_?key|external_?id)$",
    re.IGNORECASE,
)
SECRET_IN_TEXT = re.compile(
    r"""(?P<name>(?:password|passwd|secret|token|authorization|cookie|(?:api|access|private|secret)_?key|external_?id)
        ["']?\s*[=:]\s*)(?P<value>"[^"]*"|'[^']*'|(?:Bearer\s+|Basic\s+)?[^\s,;&"'}]+)""",
    re.IGNORECASE | re.VERBOSE,
)


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
        line.update({name: value for name, value in extras(record).items() if name not in line})
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
def timed(logger: logging.Logger, what: str, **facts: object) -> Iterator[dict[str, object]]:
    """Write one line about a piece of work when it has ended: its outcome, its duration, and the facts it may add to.

    A failure is raised on, its line is an error: whoever catches it says more.
    """
    started, level = time.monotonic(), logging.ERROR
    try:
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
    """Return `text` with the values of passwords, tokens and keys hidden where they are written as name=value."""
    return SECRET_IN_TEXT.sub(lambda match: match["name"] + HIDDEN, text)


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
