"""What the objects of a configuration document look like, and the sentences for those that do not."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from drsorch.errors import Invalid
from drsorch.spreadsheets import is_formula

# Returns the value as it is kept, or raises Invalid; the second argument is where the value stands.
Kind = Callable[[Any, str], Any]
NEEDED: Any = object()


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an object. Without it, the object has `default`; NEEDED: it must be there."""

    kind: Kind
    default: Any = NEEDED


Shape = Mapping[str, Member]


def fitted(shape: Shape, data: Any, where: str) -> dict[str, Any]:
    """Return `data` with every member of `shape`, in that order. Raises Invalid for what does not belong there."""
    if not isinstance(data, dict):
        raise Invalid(f"{where} must be an object with members.")
    unknown = sorted(data.keys() - shape.keys())
    if unknown:
        raise Invalid(f"{where} has no {unknown[0]!r}. It may have {', '.join(shape)}.")
    missing = [name for name, member in shape.items() if member.default is NEEDED and name not in data]
    if missing:
        raise Invalid(f"{where} needs {', '.join(missing)}.")
    return {
        name: member.kind(data[name], f"{where}.{name}") if name in data else member.default
        for name, member in shape.items()
    }


def all_fitted(shape: Shape, data: Any, where: str, *, key: str) -> list[dict[str, Any]]:
    """Return a list of such objects, each named once by its `key` without regard to case. Raises Invalid."""
    if not isinstance(data, list):
        raise Invalid(f"{where} must be a list.")
    entries = [fitted(shape, entry, f"{where}[{number}]") for number, entry in enumerate(data)]
    seen: set[str] = set()
    for entry in entries:
        name = entry[key].lower()
        if name in seen:
            raise Invalid(f"{where} has {entry[key]} twice. Remove one of them.")
        seen.add(name)
    return entries


def line(longest: int, *, may_be_empty: bool = False) -> Kind:
    """Text on one line, that no spreadsheet takes for a formula."""

    def kind(value: Any, where: str) -> str:
        text = _text(value, where, longest)
        if not (text.strip() or may_be_empty):
            raise Invalid(f"{where} must not be empty.")
        if "\n" in text or "\r" in text:
            raise Invalid(f"{where} must be on one line.")
        return text

    return kind


def prose(value: Any, where: str) -> str:
    """Text of any length that a document may have, on several lines."""
    return _text(value, where, longest=None)


def _text(value: Any, where: str, longest: int | None) -> str:
    if not isinstance(value, str):
        raise Invalid(f"{where} must be text. Put quotes around it.")
    if longest is not None and len(value) > longest:
        raise Invalid(f"{where} has {len(value)} characters, and {longest} are allowed.")
    if is_formula(value):
        raise Invalid(f"{where} begins with what a spreadsheet takes for a formula. Begin it otherwise.")
    return value


def matching(pattern: str, description: str) -> Kind:
    """Text of a form that `description` names."""
    form = re.compile(pattern, re.ASCII)

    def kind(value: Any, where: str) -> str:
        if not isinstance(value, str) or not form.fullmatch(value):
            raise Invalid(f"{where} must be {description}, in quotes.")
        return value

    return kind


def whole(value: Any, where: str) -> int:
    """A whole number that is not negative. What it may be beyond that, the model says."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Invalid(f"{where} must be a whole number, 0 or more.")
    return value


def flag(value: Any, where: str) -> bool:
    """Yes or no."""
    if not isinstance(value, bool):
        raise Invalid(f"{where} must be true or false.")
    return value


def one_of(allowed: Collection[str]) -> Kind:
    """One of these words."""

    def kind(value: Any, where: str) -> str:
        if value not in allowed or not isinstance(value, str):
            raise Invalid(f"{where} must be one of {', '.join(allowed)}.")
        return value

    return kind


def or_null(kind: Kind) -> Kind:
    """The same, or null."""
    return lambda value, where: None if value is None else kind(value, where)


def several(kind: Kind, *, in_order: bool = False) -> Kind:
    """A list, each value in it once; sorted, unless its order means something."""

    def of(value: Any, where: str) -> list[Any]:
        if not isinstance(value, list):
            raise Invalid(f"{where} must be a list.")
        found = [kind(each, f"{where}[{number}]") for number, each in enumerate(value)]
        if len(set(found)) < len(found):
            raise Invalid(f"{where} has {next(each for each in found if found.count(each) > 1)} twice.")
        return found if in_order else sorted(found)

    return of
