"""People to whom single accounts are granted: what they may run, and what they are not told."""

import pytest

from drsorch.access import policy
from drsorch.access.grants import grant
from drsorch.access.requests import actor_named
from drsorch.access.roles import Permission, Role
from drsorch.errors import Conflict, Denied, NotFound
from executions import services
from executions.models import Execution
from protection.services import delete_group, update_group
from tests import factories

P = Permission


@pytest.fixture
def oscar(ada, place):
    """Operates the target account."""
    person = factories.person("oscar", Role.RECOVERY_MANAGER, everywhere=False)
    grant(to=person.user, obj=place, level="operate", actor=ada)
    return actor_named("oscar")


@pytest.fixture
def hidden(ada, olga, small):
    """An execution that holds the servers of `small` and is out of oscar's sight."""
    secret = factories.plan(ada, *small.waves.get().groups.all(), name="Secret plan")
    execution = services.start_execution(plan=secret, actor=olga)
    Execution.objects.filter(pk=execution.pk).update(ran_in=None)
    return execution


def test_who_operates_the_account_starts_sees_and_stops_what_runs_in_it(small, oscar, place):
    execution = services.start_execution(plan=small, actor=oscar)

    assert list(execution.ran_in.accounts.all()) == [place]
    assert list(policy.scope(oscar, Execution.objects.all())) == [execution]
    services.cancel_execution(execution=execution, actor=oscar)


def test_who_views_the_account_is_told_which_access_is_missing(client, small, ada, place):
    person = factories.person("nina", Role.RECOVERY_MANAGER, everywhere=False)
    grant(to=person.user, obj=place, level="view", actor=ada)
    client.force_login(person.user)

    sentence = "does not include “operate”"
    assert sentence in client.get(f"/plans/{small.pk}/").content.decode()
    with pytest.raises(Denied, match=sentence):
        services.start_execution(plan=small, actor=person)


def test_who_is_granted_another_account_finds_no_plan_and_no_execution(client, small, olga, ada, aws):
    execution = services.start_execution(plan=small, actor=olga)
    person = factories.person("nina", Role.RECOVERY_MANAGER, everywhere=False)
    grant(to=person.user, obj=factories.account(ada, factories.HUB), level="manage", actor=ada)
    client.force_login(person.user)

    for address in (f"/plans/{small.pk}/", f"/plans/{small.pk}/start", execution.get_absolute_url()):
        assert client.get(address).status_code == 404
    for page in ("/plans/", "/executions/", "/plans/?q=Small", "/executions/?q=Small"):
        assert "Small</a>" not in client.get(page).content.decode()
    for attempt in (services.cancel_execution, services.terminate_instances):
        with pytest.raises(NotFound):
            attempt(execution=execution, actor=person)


def test_a_refused_start_does_not_name_who_is_out_of_sight(client, small, hidden, oscar):
    with pytest.raises(Conflict, match="in use by an execution that you may not see") as refusal:
        services.start_execution(plan=small, actor=oscar)
    assert refusal.value.details["servers"] == refusal.value.details["statuses"] == {}
    assert "Secret" not in refusal.value.message

    client.force_login(oscar.user)
    page = client.get(f"/plans/{small.pk}/start").content.decode()
    assert "in use by an execution that you may not see" in page
    assert "Secret plan" not in page
    assert str(hidden.pk) not in page


def test_the_same_refusal_names_it_to_who_sees_it(small, hidden, olga):
    with pytest.raises(Conflict, match="in use by Drill of Secret plan"):
        services.start_execution(plan=small, actor=olga)


def test_changing_a_group_does_not_name_what_is_out_of_sight(small, hidden, ada, place):
    person = factories.person("paula", Role.ADMIN, everywhere=False)
    manager = factories.person("pia", Role.PLAN_MANAGER, everywhere=False)
    grant(to=manager.user, obj=place, level="manage", actor=ada)
    group = small.waves.get().groups.get()

    with pytest.raises(Conflict, match=r"in use by an execution\. Wait") as refusal:
        update_group(group=group, actor=manager, version=None, name="Renamed")
    assert refusal.value.details == {}
    with pytest.raises(Conflict, match="in use by Drill of Secret plan"):
        delete_group(group=group, actor=person)


def test_servers_of_a_group_out_of_sight_are_refused_without_its_name(ada, place):
    mine, other = factories.group(ada, place, "db"), factories.group(ada, place, "app", name="Secret group")
    manager = factories.person("pia", Role.PLAN_MANAGER, everywhere=False)
    grant(to=manager.user, obj=mine, level="manage", actor=ada)
    wanted = [server.source_server_id for group in (mine, other) for server in group.servers.all()]

    with pytest.raises(Conflict, match="is in a protection group that you may not see already") as refusal:
        update_group(group=mine, actor=manager, version=None, server_ids=wanted)
    assert refusal.value.details == {"servers": {}}


def test_a_person_whose_rights_were_taken_goes_on_with_nothing(small, olga, oscar, ada, place):
    execution = services.start_execution(plan=small, actor=olga)
    grant(to=oscar.user, obj=place, level="view", actor=ada)

    for attempt in (services.pause_execution, services.cancel_execution, services.resume_execution):
        with pytest.raises(Denied, match="does not include “operate”"):
            attempt(execution=execution, actor=actor_named("oscar"))
