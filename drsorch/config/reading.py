"""Read a document that somebody sends: JSON or YAML, plain data only, and nothing that two programs read differently.

YAML is taken from its events rather than loaded: an alias can grow to gigabytes, a tag can name a type, and YAML 1.1
reads `012345670123` as an octal number and `no` as false. All of these are refused with the line they are on.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from drsorch.api.envelope import once
from drsorch.errors import Invalid

LARGEST_BYTES = 256 * 1024
DEEPEST = 12
LARGEST_NUMBER = 2**31 - 1
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)", re.ASCII)
# What YAML 1.1, YAML 1.2 and people do not read alike: octal, hexadecimal, binary, base 60, fractions, 1_000, yes.
DOUBTFUL = re.compile(
    r"[-+]?(0[0-9_]+|0[xob][0-9a-f_]+|[0-9][0-9_]*(:[0-9_]+)+(\.[0-9_]*)?|[0-9_]*\.[0-9_]*(e[-+]?[0-9]+)?"
    r"|[0-9]+e[-+]?[0-9]+|[0-9]+_[0-9_]*|\+[0-9]+|\.inf|\.nan)|y|yes|n|no|on|off|<<|=",
    re.ASCII | re.IGNORECASE,
)
# Control characters but for tab and the two of a line's end; and halves of surrogate pairs, which no database stores.
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def read(text: bytes) -> Any:
    """Return the data of a JSON or YAML document. Raises Invalid with a sentence that says where and why."""
    if len(text) > LARGEST_BYTES:
        raise Invalid(f"The document has {len(text):,} bytes, and {LARGEST_BYTES:,} are read at most. Split it.")
    try:
        written = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("The document is not UTF-8 text. Save it as UTF-8.") from error
    return checked(_json(written) if written.lstrip().startswith("{") else _yaml(written))


def checked(data: Any, where: str = "the document", depth: int = 0) -> Any:
    """Return `data` when it is plain: objects with text as keys, lists, text, whole numbers, true, false, null.

    For data that has been parsed elsewhere, too. Raises Invalid naming the place.
    """
    if depth > DEEPEST:
        raise Invalid(f"{where} is nested more than {DEEPEST} levels deep.")
    if isinstance(data, dict):
        for key, value in data.items():
            if not isinstance(key, str):
                raise Invalid(f"{where} has the key {key!r}. Keys must be text.")
            checked(key, f"a key of {where}", depth)
            checked(value, f"{where}.{key}" if depth else key, depth + 1)
    elif isinstance(data, list):
        for number, value in enumerate(data):
            checked(value, f"{where}[{number}]", depth + 1)
    else:
        _check_scalar(data, where)
    return data


def _check_scalar(data: Any, where: str) -> None:
    if isinstance(data, str):
        if UNPRINTABLE.search(data):
            raise Invalid(f"{where} has characters that cannot be printed. Remove them.")
    elif isinstance(data, float) or (isinstance(data, int) and abs(data) > LARGEST_NUMBER):
        raise Invalid(f"{where} is {str(data)[:20]}, which is no whole number of a usable size.")
    elif not (data is None or isinstance(data, int)):
        raise Invalid(f"{where} is of a kind that is not known here.")


def _json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=once, parse_constant=_no_number)
    except RecursionError as error:
        raise Invalid(f"The document is nested more than {DEEPEST} levels deep.") from error
    except ValueError as error:
        raise Invalid(f"The document is not JSON: {error}.") from error


def _no_number(text: str) -> Any:
    raise Invalid(f"The document has {text}, which is no whole number.")


def _yaml(text: str) -> Any:
    try:
        events: Iterator[Any] = iter(yaml.parse(text, Loader=LOADER))
        next(events)  # the start of the stream
        start = next(events)
        if isinstance(start, yaml.StreamEndEvent):
            raise Invalid("The document is empty.")
        if start.tags or start.version:
            raise _refused(start, "directives are not allowed")
        value = _value(next(events), events, 0)
        next(events)  # the end of the document
        if not isinstance(next(events), yaml.StreamEndEvent):
            raise Invalid("The file has several documents. Send one.")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise Invalid(f"The document is not YAML{where}: {getattr(error, 'problem', None) or error}.") from error
    return value


def _value(event: Any, events: Iterator[Any], depth: int) -> Any:
    if depth > DEEPEST:
        raise _refused(event, f"it is nested more than {DEEPEST} levels deep")
    if isinstance(event, yaml.AliasEvent) or event.anchor:
        raise _refused(event, "anchors and aliases are not allowed")
    if event.tag:
        raise _refused(event, "tags are not allowed")
    if isinstance(event, yaml.ScalarEvent):
        return event.value if event.style else _plain(event)
    if isinstance(event, yaml.SequenceStartEvent):
        items = []
        while not isinstance(item := next(events), yaml.SequenceEndEvent):
            items.append(_value(item, events, depth + 1))
        return items
    found: dict[str, Any] = {}
    while not isinstance(key := next(events), yaml.MappingEndEvent):
        name = _value(key, events, depth + 1)
        if not isinstance(name, str):
            raise _refused(key, "a key must be text")
        if name in found:
            raise _refused(key, f"the key {name!r} is there twice")
        found[name] = _value(next(events), events, depth + 1)
    return found


def _plain(event: Any) -> Any:
    """Return what text without quotes means, when everybody agrees on it."""
    text: str = event.value
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    if NUMBER.fullmatch(text):
        return int(text) if len(text) <= len(str(LARGEST_NUMBER)) + 1 else text
    if DOUBTFUL.fullmatch(text):
        raise _refused(event, f"{text} means different things to different programs. Put quotes around it")
    return text


def _refused(event: Any, why: str) -> Invalid:
    return Invalid(f"The document is refused in line {event.start_mark.line + 1}: {why}.")
