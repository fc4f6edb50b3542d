"""The configuration as a document: out, and in again."""

from dataclasses import replace

import pytest
import yaml

from drsorch.audit.models import AuditEvent
from drsorch.config.reading import read
from drsorch.config.services import current_settings, update_settings
from drsorch.errors import Invalid, VersionMismatch
from executions.configuration import as_text, export_configuration, import_configuration
from plans.models import RecoveryPlan
from plans.services import update_plan
from plans.written import definitions_of
from protection.models import ProtectionGroup, SourceServer, TargetAccount
from protection.services import register_account, update_account, update_group
from tests import factories

pytestmark = pytest.mark.django_db
EXTERNAL_IDS = {factories.TARGET: "minimal-external-id"}


def actions(result):
    return [(change.kind, change.action) for change in result.changes if change.action != "unchanged"]


def test_what_goes_out_comes_in_and_goes_out_the_same(live, empty, ada):
    text = as_text(live)

    result = import_configuration(actor=ada, document=read(text.encode()), external_ids=EXTERNAL_IDS, dry_run=False)

    assert result.is_applied
    assert as_text(export_configuration(actor=ada)) == text
    assert TargetAccount.objects.get().external_id == "minimal-external-id"
    assert {change.action for change in result.changes if change.kind != "settings"} == {"create"}


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "@x", "\u200b+1", "a\nb"])
def test_no_service_takes_a_name_that_its_own_document_could_not_be_read_with(live, ada, text):
    account, group, plan = TargetAccount.objects.get(), ProtectionGroup.objects.first(), RecoveryPlan.objects.get()
    waves = [replace(each, name=text) for each in definitions_of(RecoveryPlan.objects.for_detail().get())]
    common = {"actor": ada, "version": None}

    for refused in (
        lambda: register_account(actor=ada, account_id="333333333333", name=text, regions=[]),
        lambda: update_account(
            account=account, name=text, role_arn=account.role_arn, tag_jobs=True, regions=[factories.REGION], **common
        ),
        lambda: update_group(group=group, name=text, description="", tier="", **common),
        lambda: update_group(group=group, name="x", description="", tier=text, **common),
        lambda: update_plan(plan=plan, name=text, waves=waves, **common),
        lambda: update_plan(plan=plan, name="x", waves=waves, **common),
    ):
        with pytest.raises(Invalid, match=r"formula|on one line"):
            refused()
    assert export_configuration(actor=ada) == live


def test_a_list_that_begins_with_a_dash_is_no_formula(live, empty, ada):
    live["recoveryPlans"][0]["runbook"] = "- Call\n- Wait"

    import_configuration(actor=ada, document=live, external_ids=EXTERNAL_IDS, dry_run=False)

    assert export_configuration(actor=ada) == live


def test_the_same_as_yaml(live, empty, ada):
    written = yaml.safe_dump(live, allow_unicode=True, sort_keys=True)

    import_configuration(actor=ada, document=read(written.encode()), external_ids=EXTERNAL_IDS, dry_run=False)

    assert as_text(export_configuration(actor=ada)) == as_text(live)


def test_no_secret_is_in_it(estate):
    assert TargetAccount.objects.get().external_id not in as_text(estate)


def test_the_order_is_by_name_whatever_the_order_of_making(estate, ada):
    for before, after in (("App", "b"), ("db us-east-1", "C"), ("web us-east-1", "a")):
        ProtectionGroup.objects.filter(name=before).update(name=after)
    groups = list(ProtectionGroup.objects.all())
    for name, group in zip(("z", "Y", "x"), groups, strict=True):
        factories.plan(ada, group, name=name)

    document = export_configuration(actor=ada)
    assert [group["name"] for group in document["protectionGroups"]] == ["a", "b", "C"]
    assert [plan["name"] for plan in document["recoveryPlans"]] == ["Three tiers", "x", "Y", "z"]


def test_the_same_document_again_changes_nothing(estate, ada, state):
    before = state()

    result = import_configuration(actor=ada, document=estate, dry_run=False)

    assert actions(result) == []
    assert state() == before


def test_a_dry_run_says_what_would_change_and_changes_nothing(estate, ada, state):
    before, events = state(), AuditEvent.objects.count()
    estate["protectionGroups"][0]["tier"] = "silver"
    plan = estate["recoveryPlans"][0]
    estate["recoveryPlans"].append(plan | {"name": "Second", "waves": plan["waves"][:1]})

    result = import_configuration(actor=ada, document=estate)

    assert actions(result) == [("protectionGroup", "update"), ("recoveryPlan", "create")]
    group = next(change for change in result.changes if change.kind == "protectionGroup" and change.members)
    assert (group.name, group.members) == ("App", {"tier": ("gold", "silver")})
    assert not result.is_applied
    assert (state(), AuditEvent.objects.count()) == (before, events)

    done = import_configuration(actor=ada, document=estate, dry_run=False, fingerprint=result.fingerprint)
    assert done.changes == result.changes
    assert RecoveryPlan.objects.count() == 2


def test_what_changed_since_the_dry_run_is_looked_at_again(estate, ada):
    result = import_configuration(actor=ada, document=estate)
    update_settings(actor=ada, version=None, drill_days=130)

    with pytest.raises(VersionMismatch, match="since the dry run"):
        import_configuration(actor=ada, document=estate, dry_run=False, fingerprint=result.fingerprint)
    assert current_settings().drill_days == 130


def test_every_object_is_recorded_and_the_import_last(live, empty, ada):
    events = AuditEvent.objects.count()

    import_configuration(actor=ada, document=live, external_ids=EXTERNAL_IDS, dry_run=False)

    told = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))[events:]
    assert told == ["update_settings", "register_account", *["create_group"] * 3, "create_plan", "import_configuration"]


def test_servers_move_between_groups_in_one_import(live, ada):
    # "App" is written first, and takes what "web" still has.
    app, web = live["protectionGroups"][0], live["protectionGroups"][2]
    moved = web["serverIds"].pop()
    app["serverIds"].append(moved)
    live["recoveryPlans"] = []

    result = import_configuration(actor=ada, document=live, dry_run=False)

    assert actions(result) == [("protectionGroup", "update")] * 2
    assert SourceServer.objects.get(source_server_id=moved).group.name == "App"
