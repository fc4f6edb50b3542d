"""IAM policy documents, as far as the simulator imitates them: effect, action, resource, string conditions.

Whatever is not understood does not allow: an unknown condition operator or key makes an Allow miss.
"""

import json
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

STRING_CONDITIONS = {"StringEquals", "StringLike", "ForAnyValue:StringEquals", "ForAnyValue:StringLike"}


@lru_cache(maxsize=512)
def read_document(text: str) -> tuple[dict[str, Any], ...]:
    """The statements of a policy document."""
    statements = json.loads(text)["Statement"]
    return tuple(statements if isinstance(statements, list) else [statements])


def is_allowed(documents: Iterable[str], action: str, resource: str, context: dict[str, str]) -> bool:
    """Whether the policies allow `action`, a Deny beating every Allow."""
    allowed = False
    for document in documents:
        for statement in read_document(document):
            if not _names(statement, "Action", action, ignore_case=True) or not _names(statement, "Resource", resource):
                continue
            if not conditions_hold(statement.get("Condition", {}), context):
                continue
            if statement["Effect"] == "Deny":
                return False
            allowed = True
    return allowed


def _names(statement: dict[str, Any], element: str, value: str, *, ignore_case: bool = False) -> bool:
    def matches(patterns: Any) -> bool:
        return any(
            fnmatchcase(value.lower(), pattern.lower()) if ignore_case else fnmatchcase(value, pattern)
            for pattern in as_list(patterns)
        )

    if element in statement:
        return matches(statement[element])
    return f"Not{element}" in statement and not matches(statement[f"Not{element}"])


def conditions_hold(conditions: dict[str, dict[str, Any]], context: dict[str, str]) -> bool:
    """Whether every condition holds for the context keys we know."""
    for operator, wanted in conditions.items():
        if operator not in STRING_CONDITIONS:
            return False
        for key, values in wanted.items():
            if not _condition_holds(operator, context.get(key.lower()), as_list(values)):
                return False
    return True


def _condition_holds(operator: str, actual: str | None, wanted: list[str]) -> bool:
    if actual is None:
        return False
    if operator.endswith("StringLike"):
        return any(fnmatchcase(actual, pattern) for pattern in wanted)
    return actual in wanted


def as_list(value: Any) -> list[Any]:
    """IAM lets a list of one be written without brackets."""
    return value if isinstance(value, list) else [value]
