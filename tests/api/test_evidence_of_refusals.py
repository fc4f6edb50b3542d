"""What the API refuses is evidence, under the name that the service gives the change, and whoever asks by whatever."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from drsorch.access.tokens import issue_token
from drsorch.audit.models import AuditEvent
from drsorch.audit.verify import verify
from executions import services
from tests import factories
from tests.access.conftest import staff
from tests.api.routes import ROUTES
from tests.audit.cases import CASES, recorded_as

pytestmark = pytest.mark.django_db
ASKED = {"check_start", "resolve_tags", "verify_audit"}  # these ask, and change nothing
SEVERAL = {"import_configuration", "receive_event"}  # one event more than what they change: tested with them


@pytest.fixture
def drill(ada, place, olga):
    """A drill that runs."""
    plan = factories.plan(ada, factories.group(ada, place, "db"))
    return services.start_execution(plan=plan, actor=olga)


@pytest.fixture
def program(calling, vera):
    """Ask with a token of vera's."""
    tomorrow = timezone.now() + timedelta(days=1)
    token, text = issue_token(
        owner=vera.user,
        actor=vera,
        name="Nightly",
        scopes=["drs:ViewResources"],
        sources=["SSM"],
        expires_at=tomorrow,
    )
    caller = calling()
    caller.client, caller.token = APIClient(HTTP_AUTHORIZATION=f"Bearer {text}"), token
    return caller


def refusals():
    """The events of refusals, oldest first."""
    return list(AuditEvent.objects.exclude(outcome="ALLOWED").order_by("sequence"))


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_every_endpoint_that_changes_something_says_what_its_service_records(route):
    assert bool(route.spec.action) == route.is_write
    assert route.spec.action in {"", *ASKED, *SEVERAL, *map(recorded_as, CASES)}


EXPORTS = {
    "/audit/events?format=csv": "export_audit",
    "/config/export": "export_configuration",
    "/reports/executions?format=csv": "export_executions",
}


@pytest.mark.parametrize(("path", "action"), EXPORTS.items(), ids=EXPORTS.values())
def test_an_export_that_is_refused_is_evidence_though_it_is_a_get(calling, sam, path, action):
    calling(sam).refusal("GET", path, status=403)

    (event,) = refusals()
    assert (event.action, event.actor, event.outcome) == (action, "sam", "DENIED")
    calling(sam).refusal("GET", "/audit/events", status=403)  # to read is no export
    calling(sam).refusal("GET", "/reports/executions", status=403)
    assert len(refusals()) == 1


def test_an_export_that_the_administration_refuses_is_evidence_too(client, vera):
    client.force_login(staff(vera).user)

    assert client.get("/admin/audit/auditevent/export.csv").status_code == 403

    (event,) = refusals()
    assert (event.actor, event.source, event.outcome) == ("vera", "ADMIN", "DENIED")


def test_a_person_who_may_not_is_named_with_what_and_why(calling, vera, drill):
    error = calling(vera).refusal("POST", f"/executions/{drill.pk}/pause", status=403)

    (event,) = refusals()
    assert (event.actor, event.actor_kind, event.source, event.outcome) == ("vera", "PERSON", "API", "DENIED")
    assert (event.action, event.object_kind, event.object_id) == ("pause_execution", "execution", str(drill.pk))
    assert (event.account, event.object_name) == (factories.TARGET, str(drill))
    assert (event.detail["sentence"], event.detail["code"]) == (error["message"], "INSUFFICIENT_PERMISSIONS")
    assert event.request_id == error["requestId"]
    assert verify().is_good


def test_a_program_is_known_by_its_token_and_by_what_it_says_of_its_source(program, drill):
    headers = {"X-Invocation-Source": "SSM"}
    program.refusal("POST", f"/executions/{drill.pk}/cancel", status=403, headers=headers)

    (event,) = refusals()
    assert (event.actor, event.actor_kind, event.token) == ("vera", "TOKEN", str(program.token.pk))
    assert (event.source, event.action) == ("SSM", "cancel_execution")


def test_what_is_out_of_sight_is_denied_and_what_is_not_possible_now_has_failed(calling, ada, drill):
    ask = calling(ada)
    ask.refusal("DELETE", "/recovery-plans/999999999", status=404, version=1)
    ask.data("POST", f"/executions/{drill.pk}/cancel")
    ask.refusal("POST", f"/executions/{drill.pk}/cancel", status=409)

    unseen, late = refusals()
    assert (unseen.outcome, unseen.action, unseen.object_id) == ("DENIED", "delete_plan", "999999999")
    assert (late.outcome, late.action, late.object_id) == ("FAILED", "cancel_execution", str(drill.pk))


def test_a_wrong_token_is_denied_as_often_as_it_is_tried_and_not_as_often_as_it_is_told_to_wait(calling, settings):
    settings.API_STRANGERS_PER_5_MINUTES = 2
    guess = {"Authorization": "Bearer drs_1_canary"}

    answers = [calling().ask("POST", "/drs/sync", {}, headers=guess).status_code for _ in range(4)]

    assert answers == [401, 401, 429, 429]
    assert [(event.actor, event.outcome, event.source) for event in refusals()] == [("anonymous", "DENIED", "API")] * 2
    assert "canary" not in str(AuditEvent.objects.values())


def test_a_wrong_token_is_not_in_evidence_as_of_the_person_whose_cookie_comes_with_it(calling, ada):
    calling(ada).refusal("POST", "/drs/sync", {}, status=401, headers={"Authorization": "Bearer drs_1_x"})

    (event,) = refusals()
    assert (event.actor, event.token, event.outcome) == ("anonymous", "", "DENIED")


def test_reading_and_input_that_breaks_a_rule_are_no_evidence(calling, ada, vera, sam):
    calling(sam).refusal("GET", "/executions", status=403)
    calling(vera).refusal("GET", "/recovery-plans/999999999", status=404)
    calling(ada).refusal("POST", "/accounts", {"name": ""}, status=400)
    calling(ada).refusal("DELETE", "/recovery-plans/999999999", status=428)

    assert refusals() == []
