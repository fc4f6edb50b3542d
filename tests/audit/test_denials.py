"""A change that is refused is evidence: one event for each call, in a transaction of its own."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from drsorch.access.denials import note_refusal
from drsorch.access.requests import client_address
from drsorch.audit.models import AuditEvent
from drsorch.audit.verify import verify
from drsorch.errors import Denied
from executions import services
from executions.configuration import as_text, export_configuration
from protection.services import register_account
from tests import factories
from tests.access.conftest import staff

pytestmark = pytest.mark.django_db
SIGN_IN = "/account/sign-in"


@pytest.fixture
def plan(ada, place):
    """A plan that may be started by some."""
    return factories.plan(ada, factories.group(ada, place, "db"))


@pytest.fixture
def drill(plan, olga):
    """A drill that runs."""
    return services.start_execution(plan=plan, actor=olga)


def as_(client, person):
    client.force_login(person.user)
    return client


def denials():
    """The events of refusals, oldest first."""
    return list(AuditEvent.objects.filter(outcome="DENIED").order_by("sequence"))


@pytest.mark.parametrize(
    ("verb", "sent"),
    [("pause", {}), ("cancel", {}), ("terminate", {}), ("withdraw", {})],
)
def test_a_button_that_one_may_not_press_is_recorded_once(client, vera, drill, verb, sent):
    as_(client, vera).post(reverse(f"executions:{verb}", args=[drill.pk]), sent)

    (event,) = denials()
    services = {"terminate": "terminate_instances", "withdraw": "withdraw_termination"}
    service = services.get(verb, f"{verb}_execution")
    assert (event.actor, event.actor_kind, event.source, event.action) == ("vera", "PERSON", "UI", service)
    assert (event.object_kind, event.object_id, event.object_name) == ("execution", str(drill.pk), str(drill))
    assert (event.account, event.address) == (factories.TARGET, "127.0.0.1")
    assert event.detail["code"] == "INSUFFICIENT_PERMISSIONS"
    assert event.detail["permission"].startswith("drs:")
    assert event.request_id
    assert verify().is_good


def test_a_start_that_one_may_not_make_is_recorded_once(client, vera, plan):
    as_(client, vera).post(reverse("executions:start", args=[plan.pk]), {"action": "start", "mode": "DRILL"})

    (event,) = denials()
    assert (event.action, event.object_kind, event.object_id) == ("start_execution", "recoveryplan", str(plan.pk))


def test_a_check_that_one_may_not_have_made_is_recorded(client, vera, plan):
    as_(client, vera).post(reverse("executions:start", args=[plan.pk]), {"action": "check", "mode": "DRILL"})

    assert [event.action for event in denials()] == ["check_start"]


def test_something_out_of_sight_is_recorded_by_what_was_asked_for(client, sam, drill):
    answer = as_(client, sam).post(reverse("executions:pause", args=[drill.pk]))

    assert answer.status_code == 404
    (event,) = denials()
    assert (event.actor, event.action, event.object_id) == ("sam", "executions:pause", str(drill.pk))
    assert (event.object_kind, event.object_name, event.detail["code"]) == ("", "", "NOT_FOUND")


def test_to_look_and_be_refused_is_no_event(client, sam, drill):
    assert as_(client, sam).get(reverse("executions:detail", args=[drill.pk])).status_code == 404
    assert not denials()


def test_a_moment_that_is_wrong_is_a_failure_and_no_denial(client, olga, drill):
    for _ in range(2):
        as_(client, olga).post(reverse("executions:cancel", args=[drill.pk]))

    failed, done = AuditEvent.objects.filter(action="cancel_execution")
    assert (done.outcome, failed.outcome) == ("ALLOWED", "FAILED")
    assert (failed.detail["code"], failed.object_id) == ("INVALID_STATE", str(drill.pk))
    assert "has cancelled the execution already" in failed.detail["sentence"]


def test_input_that_breaks_a_rule_was_never_tried(client, olga, ada, plan):
    before = AuditEvent.objects.count()
    answer = as_(client, olga).post(reverse("executions:start", args=[plan.pk]), {"mode": "RECOVERY"})

    assert answer.status_code == 400
    assert AuditEvent.objects.count() == before


def test_one_call_is_one_refusal_however_often_its_parts_are_refused(rf, vera, drill):
    request = rf.post("/anything")
    request.user, request.resolver_match = vera.user, None

    for _ in range(2):
        note_refusal(request, Denied("You may not."), action="validate_account", obj=drill)

    assert [event.action for event in denials()] == ["validate_account"]


@pytest.mark.parametrize("form", ["add", "change", "delete"])
def test_the_admin_site_records_what_it_does_not_permit(client, place, form):
    auditor = staff(factories.person("anton", "DRSAuditor"))
    arguments = [] if form == "add" else [place.pk]
    answer = as_(client, auditor).post(reverse(f"admin:protection_targetaccount_{form}", args=arguments), {})

    assert answer.status_code == 403
    (event,) = denials()
    assert (event.source, event.action) == ("ADMIN", f"admin:protection_targetaccount_{form}")
    assert event.object_id == ("" if form == "add" else str(place.pk))


def test_who_is_not_staff_and_posts_to_the_admin_site_is_recorded(client, olga, place):
    as_(client, olga).post(reverse("admin:protection_targetaccount_change", args=[place.pk]), {})

    (event,) = denials()
    assert (event.actor, event.source, event.object_id) == ("olga", "ADMIN", str(place.pk))


def test_a_command_that_the_policy_refuses_is_recorded(vera, plan):
    with pytest.raises(CommandError, match="ExecuteRecovery"):
        call_command("run_plan", plan.name, "--as", "vera", "--drill")

    (event,) = denials()
    assert (event.actor, event.source, event.action) == ("vera", "CLI", "start_execution")
    assert event.detail["plan"] == plan.name


@pytest.mark.parametrize(
    ("command", "action"),
    [
        (("configuration", "export"), "export_configuration"),
        (("configuration", "import", "DOCUMENT"), "import_configuration"),
        (("configuration", "import", "DOCUMENT", "--apply"), "import_configuration"),
        (("keys", "rotate"), "rotate_secret"),
    ],
)
def test_a_command_that_only_administrators_may_use_is_recorded(olga, tmp_path, command, action):
    document = tmp_path / "document.json"
    document.write_text("{}")
    given = [str(document) if word == "DOCUMENT" else word for word in command]

    with pytest.raises(CommandError, match="administrator"):
        call_command(*given, "--as", "olga")

    (event,) = denials()
    assert (event.actor, event.source, event.action) == ("olga", "CLI", action)


def configured(ada):
    """The configuration with one account, as a file."""
    register_account(actor=ada, account_id=factories.TARGET, name="Target", regions=[factories.REGION])
    return SimpleUploadedFile("c.json", as_text(export_configuration(actor=ada)).encode())


def test_an_import_at_the_admin_site_that_has_become_outdated_is_a_failure(ada_online, ada):
    sent = {"file": configured(ada), "fingerprint": "of another configuration"}
    ada_online.post(reverse("admin:config_settings_import"), sent)

    event = AuditEvent.objects.get(outcome="FAILED")
    assert (event.actor, event.source, event.action) == ("ada", "ADMIN", "import_configuration")
    assert "Look at it again" in event.detail["sentence"]


def test_an_import_at_the_admin_site_that_one_may_not_make_is_recorded_as_one(client, ada, olga):
    as_(client, staff(olga)).post(reverse("admin:config_settings_import"), {"file": configured(ada)})

    (event,) = denials()
    assert (event.actor, event.source, event.action) == ("olga", "ADMIN", "import_configuration")


def test_signing_in_and_out_are_recorded(client, olga):
    client.post(SIGN_IN, {"username": "olga", "password": "a-long-password"}, REMOTE_ADDR="192.0.2.7")
    client.post("/account/sign-out")

    out, into = AuditEvent.objects.all()
    assert (into.action, into.actor, into.user, into.address) == ("sign_in", "olga", olga.user, "192.0.2.7")
    assert (out.action, out.actor, out.outcome) == ("sign_out", "olga", "ALLOWED")


def test_a_wrong_password_is_recorded_with_the_person_whose_it_is_not(client, olga):
    client.post(SIGN_IN, {"username": "olga", "password": "canary-guess"})

    (event,) = denials()
    assert (event.action, event.actor, event.user, event.object_name) == ("sign_in", "anonymous", None, "olga")
    assert "canary" not in str(AuditEvent.objects.values())


def test_a_name_that_nobody_has_is_not_kept_because_it_may_be_a_password(client, olga):
    client.post(SIGN_IN, {"username": "canary-my-password", "password": "olga"})

    (event,) = denials()
    assert (event.object_kind, event.object_name) == ("user", "")
    assert "canary" not in str(AuditEvent.objects.values())


FORWARDED = [
    (0, "203.0.113.9", "10.0.0.1"),  # nobody is trusted: the header is only a claim
    (1, "203.0.113.9", "203.0.113.9"),
    (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),  # what the client wrote itself comes first
    (2, "6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
    (2, "203.0.113.9", "10.0.0.1"),  # it has not passed them all
    (1, "", "10.0.0.1"),
    (1, "nonsense", "10.0.0.1"),
    (1, "2001:DB8::7", "2001:db8::7"),
]


@pytest.mark.parametrize(("proxies", "header", "address"), FORWARDED)
def test_the_address_is_what_our_own_proxies_say_and_nothing_else(rf, settings, proxies, header, address):
    settings.TRUSTED_PROXIES = proxies
    request = rf.get("/", headers={"X-Forwarded-For": header}, REMOTE_ADDR="10.0.0.1")
    request.user = AnonymousUser()

    assert client_address(request) == address
