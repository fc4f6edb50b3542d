"""The settings of the installation through the API."""

import pytest

from drsorch.access.roles import Role
from drsorch.audit.models import AuditEvent
from drsorch.config.services import current_settings
from tests import factories

pytestmark = pytest.mark.django_db
PATH = "/config/settings"
DAYS = {"drillDays": 120, "recoveryDays": 730, "timelineDays": 90, "jobLogDays": 91, "auditDays": 400}
EYES = {"fourEyes": True, "initiatorMayNotAnswer": False}
ALL = DAYS | EYES


def test_they_are_read_and_changed_with_the_version_they_are_based_on(calling, ada):
    ask = calling(ada)
    read = ask.ask("GET", PATH)
    assert (read["ETag"], read.json()["data"]["drillDays"]) == ('"1"', 365)

    changed = ask.data("PUT", PATH, ALL, version=1)

    assert {name: changed[name] for name in ALL} == ALL
    assert (changed["version"], ask.ask("GET", PATH)["ETag"]) == (2, '"2"')
    event = AuditEvent.objects.first()
    assert (event.action, event.actor, event.source) == ("update_settings", "ada", "API")
    assert ask.refusal("PUT", PATH, ALL, version=1, status=412)["code"] == "VERSION_MISMATCH"
    assert ask.refusal("PUT", PATH, ALL, status=428)["code"] == "PRECONDITION_REQUIRED"


def test_nobody_else_changes_them_and_each_is_told_so_before(calling, olga, vera):
    for person in (olga, vera):
        [offer] = calling(person).data("GET", PATH)["allowedActions"]
        error = calling(person).refusal("PUT", PATH, ALL, version=1, status=403)

        assert (offer["action"], offer["allowed"], offer["reason"]) == ("update", False, error["message"])
        assert error["message"].startswith("Changing the settings needs every permission")
    assert current_settings().version == 1


def test_they_are_out_of_sight_for_whoever_is_granted_single_objects_only(calling):
    gina = factories.person("gina", Role.RECOVERY_MANAGER, everywhere=False)
    assert calling(gina).refusal("GET", PATH, status=404)["code"] == "NOT_FOUND"
    assert calling(gina).refusal("PUT", PATH, ALL, version=1, status=404)["code"] == "NOT_FOUND"
    assert current_settings().version == 1


@pytest.mark.parametrize("value", [89, 36_501, -1, "120", 120.5, True, None])
def test_a_number_that_is_none_or_too_small_is_named(calling, ada, value):
    error = calling(ada).refusal("PUT", PATH, ALL | {"jobLogDays": value}, version=1, status=400)

    assert error["code"] == "VALIDATION_FAILED"
    assert list(error["details"]["fields"]) == ["jobLogDays"]
    assert current_settings().version == 1


def test_a_put_says_everything(calling, ada):
    error = calling(ada).refusal("PUT", PATH, {"drillDays": 120}, version=1, status=400)
    assert error["details"]["fields"].keys() == ALL.keys() - {"drillDays"}


@pytest.mark.parametrize("value", [1, 0, "true", None])
def test_what_takes_a_second_person_is_said_with_true_or_false(calling, ada, value):
    error = calling(ada).refusal("PUT", PATH, ALL | {"fourEyes": value}, version=1, status=400)

    assert list(error["details"]["fields"]) == ["fourEyes"]
    assert not current_settings().four_eyes
