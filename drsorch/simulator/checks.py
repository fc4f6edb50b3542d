"""Strict checks of values against botocore's shapes: stricter than boto3, which skips enums, patterns and maxima.

Each shape becomes one function that returns None when the value is right, or a list of problems (path, message).
Paths are only put together when something is wrong, so that checking a large answer stays cheap.
"""

import math
import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from botocore.model import Shape


class Problem(NamedTuple):
    """One member that breaks the model."""

    path: str
    message: str


Problems = list[Problem] | None
Check = Callable[[Any], Problems]

# Ids, names and states come again in every answer: strings found to be right are remembered, so many for each shape.
MOST_REMEMBERED = 10_000
# Real DRS writes `…+00:00` although its own pattern says `…Z`, so answers may break that one pattern.
PATTERN_FREE_IN_ANSWERS = {"ISO8601DatetimeString"}
# The model allows a volume id 19 characters although every volume id of today, and its own pattern, has 21.
LENGTH_FREE_IN_ANSWERS = {"EbsVolumeID"}


# Unicode classes that some services' patterns use and Python's expressions do not have.
LETTERS_AND_NUMBERS = r"\p{L}\p{Z}\p{N}"


def check_input(shape: Shape | None, value: dict[str, Any]) -> list[Problem]:
    """All the ways in which a request breaks its shape; empty when it is right."""
    return _problems(shape, value, is_answer=False)


def check_output(shape: Shape | None, value: dict[str, Any]) -> list[Problem]:
    """All the ways in which an answer of ours breaks its shape; each one is a bug of the simulator."""
    return _problems(shape, value, is_answer=True)


def _problems(shape: Shape | None, value: dict[str, Any], *, is_answer: bool) -> list[Problem]:
    if shape is None:
        return [Problem(name, "is not known to this operation") for name in value]
    return compile_check(shape, is_answer)(value) or []


@cache
def compile_check(shape: Shape, is_answer: bool) -> Check:
    """The check of one shape, made once; no DRS shape contains itself."""
    return COMPILERS[shape.type_name](shape, is_answer)


def _one(message: str) -> list[Problem]:
    return [Problem("", message)]


def _below(name: str, problems: list[Problem]) -> list[Problem]:
    return [Problem(_join(name, problem.path), problem.message) for problem in problems]


def _join(name: str, rest: str) -> str:
    if not rest:
        return name
    return f"{name}{rest}" if rest.startswith("[") else f"{name}.{rest}"


def _structure(shape: Shape, is_answer: bool) -> Check:
    members = {name: compile_check(member, is_answer) for name, member in shape.members.items()}
    required = frozenset(shape.required_members)

    def check(value: Any) -> Problems:
        if not isinstance(value, dict):
            return _one(f"must be a map, not {_kind(value)}")
        problems: list[Problem] = []
        if not required <= value.keys():
            problems = [Problem(name, "is required") for name in shape.required_members if name not in value]
        for name, item in value.items():
            member = members.get(name)
            found = member(item) if member else _one("is not known to this operation")
            if found:
                problems += _below(str(name), found)
        return problems or None

    return check


def _list(shape: Shape, is_answer: bool) -> Check:
    check_item = compile_check(shape.member, is_answer)
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max", math.inf)

    def check(value: Any) -> Problems:
        if not isinstance(value, list):
            return _one(f"must be a list, not {_kind(value)}")
        if not low <= len(value) <= high:
            return _one(f"must hold {low} to {high} items, not {len(value)}")
        problems: list[Problem] = []
        for index, item in enumerate(value):
            found = check_item(item)
            if found:
                problems += _below(f"[{index}]", found)
        return problems or None

    return check


def _map(shape: Shape, is_answer: bool) -> Check:
    check_key, check_value = compile_check(shape.key, is_answer), compile_check(shape.value, is_answer)
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max", math.inf)

    def check(value: Any) -> Problems:
        if not isinstance(value, dict):
            return _one(f"must be a map, not {_kind(value)}")
        if not low <= len(value) <= high:
            return _one(f"must hold {low} to {high} entries, not {len(value)}")
        problems: list[Problem] = []
        for key, item in value.items():
            found = [*(check_key(key) or ()), *(check_value(item) or ())]
            if found:
                problems += _below(str(key), found)
        return problems or None

    return check


def _string(shape: Shape, is_answer: bool) -> Check:
    rules = shape.metadata
    low, high = rules.get("min", 0), rules.get("max", math.inf)
    allowed = frozenset(rules.get("enum", ()))
    pattern = rules.get("pattern")
    if is_answer and shape.name in PATTERN_FREE_IN_ANSWERS:
        pattern = None
    if is_answer and shape.name in LENGTH_FREE_IN_ANSWERS:
        high = math.inf
    matches = re.compile(pattern.replace(LETTERS_AND_NUMBERS, r"\w\s")).fullmatch if pattern else None

    def check(value: Any) -> Problems:
        if not isinstance(value, str):
            return _one(f"must be a string, not {_kind(value)}")
        if allowed and value not in allowed:
            return _one(f"must be one of {', '.join(sorted(allowed))}")
        if not low <= len(value) <= high:
            return _one(f"must be {low} to {high} characters long, not {len(value)}")
        if matches and not matches(value):
            return _one(f"must match {pattern}")
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            return _one("must not hold half of a surrogate pair")
        return None

    return _remembering(check)


def _remembering(check: Check) -> Check:
    right: set[str] = set()

    def remembered(value: Any) -> Problems:
        if type(value) is str and value in right:
            return None
        problems = check(value)
        if problems is None and len(right) < MOST_REMEMBERED:
            right.add(value)
        return problems

    return remembered


def _whole_number(shape: Shape, _is_answer: bool) -> Check:
    widest = 2**31 if shape.type_name == "integer" else 2**63
    low, high = shape.metadata.get("min", -widest), shape.metadata.get("max", widest - 1)

    def check(value: Any) -> Problems:
        if isinstance(value, bool) or not isinstance(value, int):
            return _one(f"must be a whole number, not {_kind(value)}")
        if not low <= value <= high:
            return _one(f"must be {low} to {high}")
        return None

    return check


def _number(shape: Shape, _is_answer: bool) -> Check:
    low, high = shape.metadata.get("min", -math.inf), shape.metadata.get("max", math.inf)

    def check(value: Any) -> Problems:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return _one(f"must be a number, not {_kind(value)}")
        return None if low <= value <= high else _one(f"must be {low} to {high}")

    return check


def _boolean(_shape: Shape, _is_answer: bool) -> Check:
    def check(value: Any) -> Problems:
        return None if isinstance(value, bool) else _one(f"must be true or false, not {_kind(value)}")

    return check


def _timestamp(_shape: Shape, _is_answer: bool) -> Check:
    def check(value: Any) -> Problems:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if is_number else _one(f"must be seconds since 1970, not {_kind(value)}")

    return check


def _kind(value: Any) -> str:
    names = {dict: "a map", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


COMPILERS: dict[str, Callable[[Shape, bool], Check]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "integer": _whole_number,
    "long": _whole_number,
    "boolean": _boolean,
    "double": _number,
    "timestamp": _timestamp,
}
