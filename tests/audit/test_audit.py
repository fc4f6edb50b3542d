"""Evidence: written with the change, never changed, and missing from no service."""

import ast
import inspect
import json

import pytest
from django.db import transaction

import executions.services
import protection.services
from drsorch.access.models import User
from drsorch.audit.actor import ENGINE
from drsorch.audit.models import AuditEvent
from drsorch.audit.record import record
from plans import services as plan_services
from protection.services import register_account
from tests import factories

READS = {"choices_of", "offered_regions", "offers", "own_account", "plan_named", "require", "warnings"}
READS |= {"resolve_tags", "running_sentence"}
# The second halves of start_execution, delete_executions and request_sync, which ask the policy; these record.
INNER = {"create_execution", "delete_execution", "start_sync"}
# Services that are another one, said otherwise: that one asks and records.
OTHERWISE = {"copy_plan": "create_plan", "retry_wave": "decide_gate", "terminate_named": "terminate_instances"}


@pytest.fixture
def event(ada):
    """Some evidence."""
    with transaction.atomic():
        return record(ada, "create_plan", ada.user, waves=3)


@pytest.mark.django_db
def test_an_event_says_who_did_what_to_which_object_through_which_door(ada, event):
    assert (event.actor, event.user, event.source) == ("ada", ada.user, "UI")
    assert (event.action, event.object_kind, event.object_id, event.object_name) == (
        "create_plan",
        "user",
        str(ada.user.pk),
        "ada",
    )
    assert (event.outcome, event.detail) == ("ALLOWED", {"waves": 3})


@pytest.mark.django_db
def test_the_installation_itself_acts_without_a_user(ada):
    with transaction.atomic():
        event = record(ENGINE, "finish_execution", ada.user)

    assert (event.actor, event.user, event.source) == ("engine", None, "ENGINE")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "attempt",
    [
        lambda event: event.save(),
        lambda event: event.delete(),
        lambda event: AuditEvent.objects.update(actor="mallory"),
        lambda event: AuditEvent.objects.filter(pk=event.pk).update(actor="mallory"),
        lambda event: AuditEvent.objects.all().delete(),
        lambda event: AuditEvent.objects.bulk_update([event], ["actor"]),
        lambda event: AuditEvent.objects.bulk_create([AuditEvent(actor="mallory")]),
        lambda event: AuditEvent.objects.update_or_create(pk=event.pk, defaults={"actor": "mallory"}),
        lambda event: AuditEvent._base_manager.filter(pk=event.pk).update(actor="mallory"),
        lambda event: event.user.auditevent_set.all().delete(),
        lambda event: event.user.auditevent_set.update(actor="mallory"),
    ],
)
def test_evidence_is_neither_changed_nor_deleted_in_any_way_that_django_offers(event, attempt):
    event.actor = "mallory"

    with pytest.raises(TypeError, match="Audit events"), transaction.atomic():
        attempt(event)

    assert list(AuditEvent.objects.values_list("actor", flat=True)) == ["ada"]


@pytest.mark.django_db(transaction=True)
def test_evidence_without_the_transaction_of_its_change_is_refused(ada):
    with pytest.raises(transaction.TransactionManagementError, match="create_plan must be recorded in the transaction"):
        record(ada, "create_plan", ada.user)


@pytest.mark.django_db
def test_a_change_that_is_rolled_back_leaves_no_evidence(ada):
    with pytest.raises(RuntimeError), transaction.atomic():
        record(ada, "create_plan", ada.user)
        raise RuntimeError
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db
def test_a_deleted_person_stays_named_in_the_evidence(event):
    User.objects.filter(username="ada").delete()

    assert AuditEvent.objects.get().actor == "ada"


@pytest.mark.django_db
def test_no_secret_is_in_the_evidence(ada):
    account = register_account(
        actor=ada, account_id=factories.TARGET, name="T", regions=["us-east-1"], external_id="canary-5x7"
    )

    assert account.external_id == "canary-5x7"
    assert "canary" not in json.dumps(list(AuditEvent.objects.values()), default=str)


def service_functions():
    """Every service of all apps: what doors may call. Of a package that is what it exports, not its inner parts."""
    modules = {plan_services: dir(plan_services)}
    modules |= {package: package.__all__ for package in (protection.services, executions.services)}
    return [
        pytest.param(getattr(module, name), id=f"{module.__name__}.{name}")
        for module, names in modules.items()
        for name in names
        if inspect.isfunction(getattr(module, name))
        and (module is not plan_services or inspect.getmodule(getattr(module, name)) is module)
        and not name.startswith("_")
        and name not in READS
    ]


def called(function):
    """The names that the function calls."""
    tree = ast.parse(inspect.getsource(inspect.unwrap(function)))
    return {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }


@pytest.mark.parametrize("function", service_functions())
def test_every_service_that_changes_something_records_it(function):
    assert called(function) & {"record", *INNER, OTHERWISE.get(function.__name__)}


@pytest.mark.parametrize("function", service_functions())
def test_every_service_asks_the_policy_first(function):
    asking = {"require", "require_administrator", "is_administrator", OTHERWISE.get(function.__name__)}
    assert called(function) & asking or function.__name__ in INNER


def test_the_services_are_found():
    assert len(service_functions()) >= 14
