"""Whatever writes rows records it, or is named here with the reason why not; this reads the whole product.

Beside the walk of all services: what has no actor changes things, too, and one name is easily taken for another.
"""

import ast
from pathlib import Path

import pytest

from tests.audit.test_every_service import ASKS, with_actor

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("drsorch", "protection", "plans", "executions")
WRITES = {"save", "create", "delete", "update", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
WRITES |= {"execute", "set_password"}
RECORDS = {"record", "record_refusal"}
# Whole modules of which nothing is a decision of somebody.
MACHINERY = {
    **dict.fromkeys(
        (
            *(f"executions.{name}" for name in ("checking", "poll", "pollers", "results", "slots", "survey")),
            *(f"executions.{name}" for name in ("surveying", "sweep", "turn", "models.execution", "models.places")),
            *(f"executions.actions.{name}" for name in ("answers", "begin", "end", "gates", "launch", "look")),
            *(f"executions.actions.{name}" for name in ("progress", "reconcile", "servers", "terminate")),
        ),
        "the engine does what was recorded when it was asked for; its own steps are in the timeline",
    ),
    **dict.fromkeys(("protection.inventory", "protection.quotas", "protection.tasks"), "what AWS says, as it says it"),
    **dict.fromkeys(
        (f"drsorch.audit.{name}" for name in ("anchor", "models", "record", "segments", "triggers")),
        "the evidence itself",
    ),
    **dict.fromkeys(
        (f"drsorch.queue.{name}" for name in ("broker", "enqueue", "group", "models", "schedules")), "tasks, no facts"
    ),
    "drsorch.api.idempotency": "answers of what was recorded",
    "drsorch.access.demo": "the people of a demo, before anybody is there",
    "drsorch.logs": "fields of a log line, no rows",
}
# Functions whose rows are recorded by whoever calls them from another module, or are no evidence.
NAMED = {
    "drsorch.access.oidc.people._describe": "address and names as the provider has them; the sign-in is recorded",
    "drsorch.access.policed.clean": "errors of a form, no rows",
    "drsorch.access.policed.save_model": "calls the service that the page names, which records",
    "drsorch.access.tokens._note_use": "when a token was used; what it did is recorded",
    "drsorch.audit.accounts.in_account": "a query in words of its own, no rows",
    "drsorch.authored.claim_version": "the first statement of changes that record",
    "executions.management.commands.demo._start": "the environment of a process, no rows",
    "executions.progress.watch": "lines of a terminal, no rows",
    "executions.services.holding.hold": "a part of a start and of a retry",
    "executions.services.preempt.make_way": "a part of a start, which records each drill",
    "executions.services.retrying.retry_failed": "a part of a decision",
    "executions.services.second_person.ask_if_wanted": "a part of a start, which records it",
}


def modules():
    """The name and the syntax of each module of the product that people, programs or the clock come to."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if not {"simulator", "migrations"} & set(path.parts):
                yield ".".join(path.relative_to(ROOT).with_suffix("").parts), ast.parse(path.read_text("utf-8"))


def unrecorded(tree):
    """The functions that write rows, and that no function which records reaches within the module."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    told = {function.name for function in functions if RECORDS & plain_names_in(function)}
    while more := {each for function in functions if function.name in told for each in names_in(function)} - told:
        told |= more
    return {function.name for function in functions if function.name not in told and WRITES & called_on(function)}


def plain_names_in(function):
    """Without those after a dot: a turn of the engine records, too, and means its own steps."""
    return {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}


def names_in(function):
    after_dots = {node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute)}
    return plain_names_in(function) | after_dots


def called_on(function):
    """The names of the methods that a function calls."""
    calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return {called.attr for called in calls if isinstance(called, ast.Attribute)}


def test_every_function_that_writes_rows_records_it_or_is_named_here():
    found = {
        module if module in MACHINERY else f"{module}.{name}" for module, tree in modules() for name in unrecorded(tree)
    }

    assert found == MACHINERY.keys() | NAMED.keys()


def test_what_is_taken_for_asking_writes_no_row():
    asking = {(function.__module__, name) for name, function in with_actor() if name in ASKS}
    writing = {
        (module, function.name)
        for module, tree in modules()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and WRITES & called_on(function)
    }

    assert asking & writing == {("executions.progress", "watch")}  # lines of a terminal


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("def forget(since): Row.objects.filter(at__lt=since).delete()", {"forget"}),
        ("def forget(actor):\n row.delete()\n record(actor, 'forget', row)", set()),
        ("def forget(actor):\n _go(row)\n record(actor, 'forget', row)\ndef _go(row): row.delete()", set()),
        ("def forget(actor):\n record(actor, 'forget', row)\ndef _go(row): row.delete()", {"_go"}),
        ("def look(): return Row.objects.filter(at=None)", set()),
    ],
)
def test_what_writes_without_evidence_is_noticed(lines, found):
    assert unrecorded(ast.parse(lines)) == found
