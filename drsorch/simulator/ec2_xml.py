"""EC2's answers as XML, written as xmltodict writes them for moto but without its events, checks and options."""

from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from moto.core.serialize import EC2Serializer

DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'
ATTRIBUTE = "@"


def install() -> None:
    """Let moto's EC2 write this way. Doing it again changes nothing."""
    EC2Serializer._serialize_body = lambda _self, body: document(body)


def document(body: dict[str, Any]) -> str:
    """The document of one root: names that begin with `@` are attributes, all others elements."""
    parts = [DECLARATION]
    for name, value in body.items():
        _write(name, value, parts.append)
    return "".join(parts)


def _write(name: str, value: Any, write: Callable[[str], None]) -> None:
    """An element, or one for each item of a list; what is empty has no end tag."""
    if isinstance(value, list):
        for item in value:
            _write(name, item, write)
    elif isinstance(value, dict):
        _write_map(name, value, write)
    else:
        text = escape(_text(value))
        write(f"<{name}>{text}</{name}>" if text else f"<{name}/>")


def _write_map(name: str, members: dict[str, Any], write: Callable[[str], None]) -> None:
    begin, children = f"<{name}", []
    for member, value in members.items():
        if member.startswith(ATTRIBUTE):
            begin += f" {member.removeprefix(ATTRIBUTE)}={quoteattr(_text(value))}"
        elif value != []:
            children.append((member, value))
    write(f"{begin}>" if children else f"{begin}/>")
    for member, value in children:
        _write(member, value, write)
    if children:
        write(f"</{name}>")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
