"""Protection groups: every server exists, in that account and Region, in one group, and nobody changes it in use."""

import uuid

import pytest

from drsorch.access.roles import Role
from drsorch.audit.models import AuditEvent
from drsorch.aws.errors import AwsError
from drsorch.errors import Conflict, Denied, Invalid, VersionMismatch
from protection import services
from protection.models import ProtectionGroup, ServerHold, SourceServer
from tests import factories

INVENTED = "s-00000000000000bad"


@pytest.fixture
def ids(place):
    """Ids of the servers by hostname."""
    return dict(SourceServer.objects.filter(account=place).values_list("hostname", "source_server_id"))


def create(actor, place, *server_ids, name="Databases", region=factories.REGION, **fields):
    return services.create_group(
        actor=actor, account=place, region=region, server_ids=list(server_ids), name=name, **fields
    )


def update(group, actor, *server_ids, **fields):
    return services.update_group(
        group=group, actor=actor, version=group.version, server_ids=list(server_ids) or None, **fields
    )


def hold(server):
    """What a running execution writes."""
    return ServerHold.objects.create(
        server=server, holder=uuid.uuid4(), label="Drill of Billing (1234abcd)", mode="DRILL"
    )


@pytest.mark.django_db
def test_a_group_has_the_chosen_servers_and_says_who_made_it(place, ids, ada):
    group = create(ada, place, ids["target-use1-db-1"], ids["target-use1-db-2"], tier="db", rto_minutes=60)

    assert {server.hostname for server in group.servers.all()} == {"target-use1-db-1", "target-use1-db-2"}
    assert (group.tier, group.rto_minutes, group.version, group.created_by) == ("db", 60, 1, ada.user)
    assert AuditEvent.objects.first().action == "create_group"


@pytest.mark.django_db
def test_a_server_that_drs_has_and_the_inventory_not_yet_can_be_chosen(place, ids, ada):
    SourceServer.objects.filter(hostname="target-use1-db-1").delete()

    group = create(ada, place, ids["target-use1-db-1"])

    assert group.servers.get().hostname == "target-use1-db-1"


WRONG = [
    ([INVENTED], "us-east-1", f"DRS knows no source server {INVENTED} in us-east-1 of Target"),
    (["target-usw2-db-1"], "us-east-1", "is in us-west-2 of Target .*, and this group is in us-east-1"),
    (["target-use1-db-1", INVENTED], "us-east-1", INVENTED),
    ([], "us-east-1", "at least one server"),
    (["target-use1-db-1"], "eu-north-1", "eu-north-1 is not an enabled Region of Target"),
]


@pytest.mark.django_db
def test_a_wrong_choice_is_named_and_nothing_is_written(place, ids, ada):
    before = AuditEvent.objects.count()

    for chosen, region, sentence in WRONG:
        with pytest.raises(Invalid, match=sentence):
            create(ada, place, *(ids.get(name, name) for name in chosen), region=region)

        assert not ProtectionGroup.objects.exists()
        assert not SourceServer.objects.exclude(group=None).exists()
        assert AuditEvent.objects.count() == before


@pytest.mark.django_db
def test_a_server_of_another_group_is_refused_and_that_group_is_named(place, ids, ada):
    create(ada, place, ids["target-use1-db-1"], name="First")

    with pytest.raises(Conflict, match="target-use1-db-1 is in protection group First already") as refusal:
        create(ada, place, ids["target-use1-db-1"], ids["target-use1-db-2"], name="Second")

    assert refusal.value.code == "SERVER_CONFLICT"
    assert refusal.value.details["servers"] == {ids["target-use1-db-1"]: "First"}
    assert ProtectionGroup.objects.get().name == "First"
    assert SourceServer.objects.get(hostname="target-use1-db-2").group is None


def test_of_two_who_want_the_same_server_at_once_one_gets_it(at_once, place, ids, ada):
    server = ids["target-use1-db-1"]

    ends = at_once(
        lambda: create(ada, place, server, ids["target-use1-app-1"], name="First"),
        lambda: create(ada, place, server, ids["target-use1-web-1"], name="Second"),
    )

    made = [end for end in ends if isinstance(end, ProtectionGroup)]
    refused = [end for end in ends if isinstance(end, Conflict)]
    assert len(made) == len(refused) == 1
    assert refused[0].code == "SERVER_CONFLICT"
    assert made[0].name in refused[0].message


@pytest.mark.django_db
def test_a_name_is_taken_without_regard_to_case(place, ids, ada):
    create(ada, place, ids["target-use1-db-1"], name="Databases")

    with pytest.raises(Conflict, match="named DATABASES already") as refusal:
        create(ada, place, ids["target-use1-db-2"], name="DATABASES")
    assert refusal.value.code == "NAME_TAKEN"
    assert SourceServer.objects.get(hostname="target-use1-db-2").group is None


@pytest.mark.django_db
def test_a_change_replaces_the_servers_and_raises_the_version(place, ids, ada):
    group = create(ada, place, ids["target-use1-db-1"])

    update(group, ada, ids["target-use1-db-2"], name="Renamed")

    assert group.servers.get().hostname == "target-use1-db-2"
    assert (group.name, group.version) == ("Renamed", 2)


@pytest.mark.django_db
def test_a_change_without_servers_leaves_them_and_asks_aws_nothing(aws, place, ids, ada):
    group = create(ada, place, ids["target-use1-db-1"])
    aws.reset_requests()

    update(group, ada, description="Only words")

    assert group.servers.count() == 1
    assert aws.requests()["total"] == {}


@pytest.mark.django_db
def test_a_stale_version_changes_nothing(place, ids, ada):
    group = create(ada, place, ids["target-use1-db-1"])
    update(group, ada, name="First")

    with pytest.raises(VersionMismatch, match="Reload it"):
        services.update_group(group=group, actor=ada, version=1, server_ids=None, name="Second")
    assert ProtectionGroup.objects.get().name == "First"


@pytest.mark.django_db
def test_a_group_in_use_cannot_be_changed_or_deleted_and_the_execution_is_named(place, ids, ada):
    group = create(ada, place, ids["target-use1-db-1"])
    held = hold(group.servers.get())

    for refused in (
        lambda: update(group, ada, name="New"),
        lambda: services.delete_group(group=group, actor=ada),
    ):
        with pytest.raises(Conflict, match=r"in use by Drill of Billing \(1234abcd\)") as refusal:
            refused()
        assert refusal.value.code == "ACTIVE_EXECUTION"
        assert refusal.value.details == {"executionId": str(held.holder)}
        group.refresh_from_db()
        assert (group.name, group.version) == ("Databases", 1)


@pytest.mark.django_db
def test_deleting_a_group_frees_its_servers(place, ids, ada):
    group = create(ada, place, ids["target-use1-db-1"])

    services.delete_group(group=group, actor=ada)

    assert SourceServer.objects.get(hostname="target-use1-db-1").group is None
    assert AuditEvent.objects.first().object_name == "Databases"


@pytest.mark.django_db
def test_a_group_that_plans_use_is_not_deleted_and_the_plans_are_named(place, ids, ada):
    group = create(ada, place, ids["target-use1-db-1"])
    factories.plan(ada, group, name="Billing")
    factories.plan(ada, group, name="Payroll")

    with pytest.raises(Conflict, match="still used by plan Billing, wave 1; plan Payroll, wave 1") as refusal:
        services.delete_group(group=group, actor=ada)
    assert refusal.value.code == "IN_USE"
    assert ProtectionGroup.objects.get().version == 1


@pytest.mark.django_db
def test_an_unreachable_aws_is_an_error_with_the_operation_and_nothing_is_written(aws, place, ids, ada):
    aws.fault(kind="denied", operation="DescribeSourceServers")

    with pytest.raises(AwsError, match="DescribeSourceServers"):
        create(ada, place, ids["target-use1-db-1"])
    assert not ProtectionGroup.objects.exists()


@pytest.mark.django_db
def test_who_lacks_the_permission_is_refused_before_anything_is_asked(aws, place, ids, olga, vera, sam):
    aws.reset_requests()

    for actor in (olga, vera, sam):
        with pytest.raises(Denied, match="drs:CreateProtectionGroup"):
            create(actor, place, ids["target-use1-db-1"])
    assert aws.requests()["total"] == {}


@pytest.mark.django_db
def test_a_plan_manager_changes_groups_and_may_not_delete_them(place, ids):
    paula = factories.person("paula", Role.PLAN_MANAGER)
    group = create(paula, place, ids["target-use1-db-1"])
    update(group, paula, name="Renamed")

    with pytest.raises(Denied, match="drs:DeleteProtectionGroup"):
        services.delete_group(group=group, actor=paula)
