"""A document that is not right is refused whole, with the place."""

import json

import pytest

from drsorch.access.roles import Role
from drsorch.audit.models import AuditEvent
from drsorch.aws.errors import AwsDenied
from drsorch.errors import Conflict, Denied, Invalid
from executions.configuration import export_configuration, import_configuration
from plans.models import RecoveryPlan
from protection.models import TargetAccount
from tests import factories

pytestmark = pytest.mark.django_db


def test_one_mistake_at_the_end_and_nothing_is_changed(estate, ada, state):
    before = state()
    estate["accounts"][0]["name"] = "Renamed"
    estate["recoveryPlans"][0]["waves"][2]["dependsOnWaves"] = [3]

    with pytest.raises(Invalid, match="wait for each other"):
        import_configuration(actor=ada, document=estate, dry_run=False)
    assert state() == before
    assert not AuditEvent.objects.filter(action="update_account", detail__icontains="Renamed").exists()


def test_an_invented_server_is_refused_because_aws_does_not_know_it(live, ada):
    live["protectionGroups"][0]["serverIds"] = ["s-0123456789abcdef0"]

    with pytest.raises(Invalid, match="DRS knows no source server s-0123456789abcdef0"):
        import_configuration(actor=ada, document=live)


def test_a_role_that_refuses_us_stops_the_import(live, empty, ada):
    with pytest.raises(AwsDenied):
        import_configuration(actor=ada, document=live, dry_run=False)
    assert not TargetAccount.objects.exists()


def test_a_swap_and_a_server_of_a_group_that_is_not_named_are_conflicts(live, ada):
    app, db, web = live["protectionGroups"]
    app["serverIds"][0], web["serverIds"][0] = web["serverIds"][0], app["serverIds"][0]
    with pytest.raises(Conflict, match="Remove it there first"):
        import_configuration(actor=ada, document=live)

    db["serverIds"].append(app["serverIds"][0])
    live["protectionGroups"] = [db]
    with pytest.raises(Conflict, match="Remove it there first"):
        import_configuration(actor=ada, document=live)


def test_a_plan_that_runs_is_not_changed(estate, ada):
    RecoveryPlan.objects.update(active_execution="00000000-0000-0000-0000-000000000001")
    estate["recoveryPlans"][0]["owner"] = "Another team"

    with pytest.raises(Conflict, match="is running now"):
        import_configuration(actor=ada, document=estate)


def test_import_needs_every_permission_and_export_an_auditor(estate, ada, olga, vera, sam):
    auditor = factories.person("ida", Role.AUDITOR)
    for person in (olga, vera, sam, auditor):
        with pytest.raises(Denied, match="Importing a configuration needs every permission"):
            import_configuration(actor=person, document=estate)
    for person in (olga, vera, sam):
        with pytest.raises(Denied, match="for auditors and administrators"):
            export_configuration(actor=person)

    assert export_configuration(actor=auditor) == estate
    event = AuditEvent.objects.first()
    assert (event.action, event.actor) == ("export_configuration", "ida")


def changed(estate, path, value):
    document = json.loads(json.dumps(estate))
    *steps, last = path
    at = document
    for step in steps:
        at = at[step]
    at[last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("format",), "other", "format must be one of drsorch-configuration"),
        (("version",), 2, "version 2, and version 1 is read"),
        (("extra",), 1, "has no 'extra'"),
        (("accounts", 0, "externalId"), "x", "has no 'externalId'"),
        (("accounts", 0, "accountId"), 12345, "the 12 digits of an AWS account, in quotes"),
        (("accounts", 0, "partition"), "aws-us-gov", "role ARN|cannot move"),
        (("accounts", 0, "regions"), ["eu-nowhere-1"], "DRS is not offered in eu-nowhere-1"),
        (("accounts", 0, "tagJobs"), "yes", "must be true or false"),
        (("protectionGroups", 0, "name"), "=cmd|' /C calc'!A0", "a spreadsheet takes for a formula"),
        (("protectionGroups", 0, "description"), "@SUM(A1)", "a spreadsheet takes for a formula"),
        (("protectionGroups", 0, "tier"), "+1", "a spreadsheet takes for a formula"),
        (("protectionGroups", 0, "name"), "DB us-east-1", "has DB us-east-1 twice|has db us-east-1 twice"),
        (("protectionGroups", 0, "name"), "a\nb", "must be on one line"),
        (("protectionGroups", 0, "name"), "x" * 101, "101 characters, and 100 are allowed"),
        (("protectionGroups", 0, "accountId"), "999999999999", "neither registered nor in the document|cannot move"),
        (("protectionGroups", 0, "region"), "us-west-2", "cannot move|DRS knows no|is in"),
        (("protectionGroups", 0, "rtoMinutes"), -1, "whole number, 0 or more"),
        (("protectionGroups", 0, "rtoMinutes"), True, "whole number, 0 or more"),
        (("protectionGroups", 0, "serverIds"), [], "at least one server"),
        (("protectionGroups", 0, "serverIds"), "s-1", "must be a list"),
        (("recoveryPlans", 0, "waves"), [], "at least one wave"),
        (("recoveryPlans", 0, "waves"), None, "must be a list"),
        (("recoveryPlans", 0, "waves", 0, "protectionGroups"), ["nobody"], "nobody, which does not exist"),
        (("recoveryPlans", 0, "waves", 0, "timeoutMinutes"), 4, "5 to 720 minutes"),
        (("recoveryPlans", 0, "waves", 0, "onFailure"), "IGNORE", "must be one of STOP"),
        (("settings", "auditDays"), 30, "90 days at least"),
        (("settings", "fourEyes"), 1, "must be true or false"),
        (("settings", "more"), 30, "has no 'more'"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_changed(estate, ada, path, value, said, state):
    before = state()

    with pytest.raises(Invalid, match=said):
        import_configuration(actor=ada, document=changed(estate, path, value), dry_run=False)
    assert state() == before


@pytest.mark.parametrize("document", [None, [], "text", 1, {}, {"format": "drsorch-configuration"}])
def test_something_that_is_no_document_is_refused(ada, document):
    with pytest.raises(Invalid):
        import_configuration(actor=ada, document=document)


def test_an_external_id_for_an_account_that_is_not_there_is_refused(estate, ada):
    with pytest.raises(Invalid, match="account 999999999999, which is not in the document"):
        import_configuration(actor=ada, document=estate, external_ids={"999999999999": "x"})
