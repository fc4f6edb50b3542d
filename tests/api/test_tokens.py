"""Programs with a token: what it may, what it may not, and what is kept of it."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from drsorch.access.models import ApiToken
from drsorch.audit.models import AuditEvent
from executions.models import Execution
from tests import factories

pytestmark = pytest.mark.django_db
SOON = f"{timezone.now() + timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}"
VIEWING = {"name": "Reports", "scopes": ["drs:ViewResources"], "expiresAt": SOON}


@pytest.fixture
def program(calling):
    """Ask with a token instead of a session."""

    def make(text):
        caller = calling()
        caller.client = APIClient(HTTP_AUTHORIZATION=f"Bearer {text}")
        return caller

    return make


def test_a_token_is_made_with_a_session_and_shown_once(calling, olga, program):
    ask = calling(olga)

    made = ask.data("POST", "/users/tokens", VIEWING, status=201, key="k")
    text = made["token"]

    assert text.startswith(f"drs_{made['tokenId']}_")
    assert text not in ask.ask("GET", "/users/tokens").content.decode()
    assert ask.refusal("POST", "/users/tokens", VIEWING, status=409, key="k")["code"] == "NAME_TAKEN"
    assert program(text).data("GET", "/users/profile")["permissions"] == ["drs:ViewResources"]
    program(text).refusal("POST", "/users/tokens", VIEWING | {"name": "Other"}, status=403)
    assert ApiToken.objects.count() == 1


def test_a_token_gives_no_more_than_its_scopes_and_needs_no_csrf(calling, olga, ada, place, program):
    plan = factories.plan(ada, factories.group(ada, place), name="Billing")
    body = {"planId": str(plan.pk), "executionType": "DRILL"}
    viewing = program(calling(olga).data("POST", "/users/tokens", VIEWING, status=201)["token"])
    scopes = {"name": "Starter", "scopes": ["drs:ViewResources", "drs:ExecuteRecovery", "drs:ManageAccounts"]}
    scopes["sources"] = ["SSM"]
    starting = program(calling(olga).data("POST", "/users/tokens", VIEWING | scopes, status=201)["token"])

    assert viewing.data("GET", "/recovery-plans")["count"] == 1
    error = viewing.refusal("POST", "/executions", body, status=403, key="k")
    assert error["details"]["permission"] == "drs:ExecuteRecovery"
    assert starting.refusal("POST", "/accounts", {}, status=403)["details"]["permission"] == "drs:ManageAccounts"
    starting.client.handler.enforce_csrf_checks = True
    made = starting.data("POST", "/executions", body, status=202, key="k", headers={"X-Invocation-Source": "SSM"})
    assert (made["initiatedBy"], made["invocationSource"]) == ("olga", "SSM")
    assert AuditEvent.objects.get(action="start_execution", outcome="ALLOWED").source == "SSM"


def test_a_source_is_said_by_programs_only_and_must_be_known(calling, olga, program):
    said = {"X-Invocation-Source": "SSM"}
    text = calling(olga).data("POST", "/users/tokens", VIEWING, status=201)["token"]

    error = calling(olga).refusal("GET", "/users/profile", status=400, headers=said)
    assert error["message"] == "X-Invocation-Source is for programs, which send a token. Leave it out."
    error = program(text).refusal("GET", "/users/profile", status=400, headers={"X-Invocation-Source": "ADMIN"})
    assert error["message"].startswith("X-Invocation-Source is one of CLI, SSM,")
    assert program(text).data("GET", "/users/profile", headers=said)["username"] == "olga"


@pytest.mark.parametrize(
    ("allowed", "kept"), [([], "API"), (["CLI"], "API"), (["SSM", "STEPFUNCTIONS"], "STEPFUNCTIONS")]
)
def test_a_source_that_the_token_may_not_name_is_not_kept(calling, ada, place, program, allowed, kept):
    body = VIEWING | {"scopes": ["drs:ViewResources", "drs:ManageAccounts"], "sources": allowed}
    made = calling(ada).data("POST", "/users/tokens", body, status=201)
    assert made["sources"] == allowed
    said = {"X-Invocation-Source": "STEPFUNCTIONS"}

    program(made["token"]).data("POST", f"/accounts/{place.account_id}/validate", headers=said)

    assert AuditEvent.objects.filter(action="validate_account").first().source == kept


def test_no_token_may_name_a_source_that_is_none(calling, olga):
    for wrong in (["API"], ["ADMIN"], ["SCHEDULE"]):
        error = calling(olga).refusal("POST", "/users/tokens", VIEWING | {"sources": wrong}, status=400)
        assert list(error["details"]["fields"]) == ["sources[0]"]


@pytest.mark.parametrize("text", ["", "drs_1_x", "drs_999_" + "a" * 43, "eyJhbGciOiJub25lIn0.e30.", "drs_1_\u00e9"])
def test_what_is_no_token_is_a_401(program, text):
    answer = program(text).ask("GET", "/executions")

    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")


def test_a_wrong_token_is_refused_whatever_cookie_comes_with_it(calling, ada):
    ask = calling(ada)
    error = ask.refusal("GET", "/executions", status=401, headers={"Authorization": "Bearer drs_1_x"})

    assert error["code"] == "UNAUTHENTICATED"
    assert error["message"].startswith("This is not a valid API token.")
    assert ask.data("GET", "/executions")["count"] == 0  # the cookie alone is right


def test_a_revoked_token_is_over_and_stays_in_the_list(calling, olga, vera, program):
    ask = calling(olga)
    made = ask.data("POST", "/users/tokens", VIEWING, status=201)
    path = f"/users/tokens/{made['tokenId']}"

    calling(vera).refusal("DELETE", path, status=404)
    assert ask.ask("DELETE", path).status_code == 204
    assert ask.refusal("DELETE", path, status=409)["code"] == "INVALID_STATE"
    assert "is revoked" in program(made["token"]).refusal("GET", "/users/profile", status=401)["message"]
    assert [each["isUsable"] for each in ask.data("GET", "/users/tokens")["items"]] == [False]
    assert calling(vera).data("GET", "/users/tokens")["count"] == 0


def test_two_who_use_the_same_key_are_two(calling, olga, oscar, ada, place, program):
    plans = [
        factories.plan(ada, factories.group(ada, place, tier), name=tier, w1={"checks": "NONE"})
        for tier in ("db", "app")
    ]

    for actor, plan in zip((olga, oscar), plans, strict=True):
        body = {"planId": str(plan.pk), "executionType": "DRILL"}
        assert calling(actor).data("POST", "/executions", body, status=202, key="1")["planName"] == plan.name
    assert Execution.objects.count() == 2
