"""The configuration as a document through the API."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from drsorch.access.roles import Permission, Role
from drsorch.access.tokens import issue_token
from drsorch.api.models import KeptAnswer
from drsorch.audit.models import AuditEvent
from executions.configuration import as_text
from protection.models import ProtectionGroup, TargetAccount
from tests import factories
from tests.api.conftest import Caller

pytestmark = pytest.mark.django_db
EXPORT, IMPORT = "/config/export", "/config/import"
SECRET = "minimal-external-id"


def test_what_is_exported_is_the_document_in_its_order(estate, ada):
    data = Caller(ada).ask("GET", EXPORT).json()["data"]

    assert as_text(data) == as_text(estate)
    event = AuditEvent.objects.first()
    assert (event.action, event.source) == ("export_configuration", "API")


def test_a_dry_run_says_what_differs_and_its_fingerprint_applies_it(estate, ada):
    ask = Caller(ada)
    estate["protectionGroups"][0]["tier"] = "silver"

    seen = ask.data("POST", IMPORT, {"document": estate})

    assert not seen["applied"]
    [change] = [each for each in seen["changes"] if each["action"] != "unchanged"]
    members = [{"name": "tier", "before": "gold", "after": "silver"}]
    assert change == {"kind": "protectionGroup", "name": "App", "action": "update", "members": members}
    assert ProtectionGroup.objects.get(name="App").tier == "gold"

    apply = {"document": estate, "dryRun": False, "fingerprint": seen["fingerprint"]}
    done = ask.data("POST", IMPORT, apply)
    assert (done["applied"], done["changes"]) == (True, seen["changes"])
    assert ProtectionGroup.objects.get(name="App").tier == "silver"
    assert ask.refusal("POST", IMPORT, apply, status=412)["code"] == "VERSION_MISMATCH"


def test_nothing_is_applied_that_nobody_has_looked_at(estate, ada, state):
    before = state()
    estate["protectionGroups"][0]["tier"] = "silver"

    error = Caller(ada).refusal("POST", IMPORT, {"document": estate, "dryRun": False}, status=400)

    assert "fingerprint" in error["details"]["fields"]
    assert state() == before


def test_an_external_id_goes_in_and_never_comes_out(live, empty, ada):
    ask = Caller(ada)
    sent = {"document": live, "externalIds": {factories.TARGET: SECRET}}
    seen = ask.data("POST", IMPORT, sent)

    answer = ask.ask("POST", IMPORT, sent | {"dryRun": False, "fingerprint": seen["fingerprint"]}, key="once")

    assert answer.status_code == 200, answer.content
    assert TargetAccount.objects.get().external_id == SECRET
    everything = [seen, answer.json(), ask.data("GET", EXPORT), *KeptAnswer.objects.values("body")]
    everything += AuditEvent.objects.values_list("detail", flat=True)
    assert SECRET not in json.dumps(everything)


def test_import_needs_every_permission_and_export_an_auditor(estate, ada, olga, vera):
    ida = factories.person("ida", Role.AUDITOR)
    assert Caller(ida).data("GET", EXPORT) == estate
    for person in (olga, vera, ida):
        assert "every permission" in Caller(person).refusal("POST", IMPORT, {"document": estate}, status=403)["message"]
    for person in (olga, vera):
        assert "auditors" in Caller(person).refusal("GET", EXPORT, status=403)["message"]


def test_a_token_that_is_narrowed_neither_exports_nor_imports(estate, ada):
    estate["protectionGroups"][0]["tier"] = "silver"
    seen = Caller(ada).data("POST", IMPORT, {"document": estate})
    apply = {"document": estate, "dryRun": False, "fingerprint": seen["fingerprint"]}
    exports = AuditEvent.objects.filter(action="export_configuration", outcome="ALLOWED").count()
    soon = timezone.now() + timedelta(days=1)
    for name, narrowed, said in (
        ("scopes", {"scopes": [Permission.VIEW_RESOURCES, Permission.MANAGE_ACCOUNTS]}, "every permission"),
        ("accounts", {"scopes": list(Permission), "account_ids": [factories.TARGET]}, "access to everything"),
    ):
        _, text = issue_token(owner=ada.user, actor=ada, name=name, expires_at=soon, **narrowed)
        caller = Caller()
        caller.client = APIClient(HTTP_AUTHORIZATION=f"Bearer {text}")

        assert said in caller.refusal("POST", IMPORT, apply, status=403)["message"]
        assert "auditors" in caller.refusal("GET", EXPORT, status=403)["message"]
    assert ProtectionGroup.objects.get(name="App").tier == "gold"
    assert AuditEvent.objects.filter(action="export_configuration", outcome="ALLOWED").count() == exports


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "document"),
        ({"document": []}, "document"),
        ({"document": "format: drsorch-configuration"}, "document"),
        ({"document": None}, "document"),
        ({"document": {"format": "other", "version": 1}}, "must be one of drsorch-configuration"),
        ({"document": {"format": "drsorch-configuration", "version": 1.0}}, "no whole number"),
        ({"document": {"format": "drsorch-configuration", "version": 1, "accounts": {"a": 1}}}, "must be a list"),
        ({"document": {}, "dryRun": "yes"}, "dryRun"),
        ({"document": {}, "externalIds": {"1": 5}}, "externalIds"),
        ({"document": {}, "externalIds": {"999999999999": "x"}}, "needs format"),
    ],
)
def test_what_is_no_document_is_refused(ada, sent, said):
    error = Caller(ada).refusal("POST", IMPORT, sent, status=400)
    assert error["code"] == "VALIDATION_FAILED"
    assert said in error["message"]
