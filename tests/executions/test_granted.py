"""People to whom single accounts are granted: what they may run, and what they are not told."""

import pytest

from drsorch.access import policy
from drsorch.access.grants import grant
from drsorch.access.requests import actor_named
from drsorch.access.roles import Permission, Role
from drsorch.errors import Conflict, Denied, Invalid, NotFound
from executions import services
from executions.models import Execution, ServerRun
from protection.models import ServerHold
from protection.services import delete_group, groups, update_group
from tests import factories
from tests.access.conftest import staff
from tests.executions.starting import recover

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
    servers = ServerRun.objects.values_list("wave__execution", "plan", "ran_in")
    assert set(servers) == {(execution.pk, small.pk, execution.ran_in.pk)}
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


def test_the_page_of_a_plan_names_who_has_a_server_only_where_that_is_in_sight(client, small, hidden, oscar, olga):
    client.force_login(oscar.user)
    page = client.get(f"/plans/{small.pk}/").content.decode()
    assert page.count("An execution that you may not see") == 2
    assert "Secret plan" not in page
    assert str(hidden.pk) not in page

    client.force_login(olga.user)
    page = client.get(f"/plans/{small.pk}/").content.decode()
    assert page.count(f'<a href="{hidden.get_absolute_url()}">Drill of Secret plan') == 2


def test_the_page_of_a_plan_names_its_own_execution_to_who_operates_the_account(client, small, oscar):
    execution = services.start_execution(plan=small, actor=oscar)
    client.force_login(oscar.user)

    page = client.get(f"/plans/{small.pk}/").content.decode()
    assert f'<a href="{execution.get_absolute_url()}">Drill of Small' in page


def test_a_recovery_does_not_name_the_drill_out_of_sight_that_made_way(client, small, hidden, oscar, ada, olga):
    recovery = recover(small, ada, preempt=True)

    page = page_of(client, oscar, recovery)
    assert "A drill that you may not see made way for this recovery" in page
    assert "A drill of another plan was cancelled to make way" in page
    assert not any(name in page for name in ("Secret", hidden.short_id))
    named = f'<a href="{hidden.get_absolute_url()}">Drill of Secret plan ({hidden.short_id})</a> made way'
    assert named in page_of(client, olga, recovery)


def test_a_drill_does_not_name_the_recovery_out_of_sight_that_it_made_way_for(client, small, drill, oscar, ada, olga):
    secret = factories.plan(ada, small.waves.get().groups.get(), name="Secret plan")
    recovery = recover(secret, ada, preempt=True)
    Execution.objects.filter(pk=recovery.pk).update(ran_in=None)

    page = page_of(client, oscar, drill)
    assert "Made way for a recovery that you may not see" in page
    assert "ada started a recovery of another plan" in page
    assert not any(name in page for name in ("Secret", recovery.short_id))
    assert f"Recovery of Secret plan ({recovery.short_id})</a>, which needs" in page_of(client, olga, drill)


def page_of(client, person, execution):
    """The page of an execution as this person reads it."""
    client.force_login(person.user)
    return client.get(execution.get_absolute_url()).content.decode()


def test_the_administration_names_who_has_a_server_only_where_that_is_in_sight(client, small, hidden, ada, olga, place):
    manager = staff(factories.person("pia", Role.PLAN_MANAGER, everywhere=False))
    grant(to=manager.user, obj=place, level="manage", actor=ada)
    hold, group = ServerHold.objects.first(), small.waves.get().groups.get()
    holds, of_group = "/admin/protection/serverhold/", f"/admin/protection/protectiongroup/{group.pk}/change/"
    pages = (holds, f"{holds}{hold.pk}/change/", of_group)

    client.force_login(manager.user)
    for page in pages:
        text = client.get(page).content.decode()
        assert "an execution" in text, page
        assert not any(name in text for name in ("Secret", str(hidden.pk), hidden.short_id)), page
    assert "0 server holds" in client.get(f"{holds}?q=Secret").content.decode()

    client.force_login(staff(ada).user)
    for page in pages:
        assert "Drill of Secret plan" in client.get(page).content.decode(), page
    assert "2 server holds" in client.get(f"{holds}?q=Secret").content.decode()


def test_the_administration_names_what_a_drill_made_way_for_only_where_that_is_in_sight(
    client, small, drill, oscar, ada
):
    recovery = recover(small, ada, preempt=True)
    Execution.objects.filter(pk=recovery.pk).update(plan=None, ran_in=None)
    page = f"/admin/executions/execution/{drill.pk}/change/"

    client.force_login(staff(oscar).user)
    text = client.get(page).content.decode()
    assert "a recovery that you may not see" in text
    assert str(recovery.pk) not in text
    client.force_login(staff(ada).user)
    assert str(recovery.pk) in client.get(page).content.decode()


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


@pytest.fixture
def mine(ada, place):
    """A group of the databases."""
    return factories.group(ada, place, "db")


@pytest.fixture
def keeper(ada, mine):
    """Manages that group, and nothing else."""
    person = factories.person("pia", Role.PLAN_MANAGER, everywhere=False)
    grant(to=person.user, obj=mine, level="manage", actor=ada)
    return person


def ids_of(*groups):
    """The ids of the servers of these groups."""
    return [server.source_server_id for group in groups for server in group.servers.all()]


def test_who_manages_a_group_takes_no_server_out_of_sight_and_learns_of_none(ada, place, mine, keeper):
    other = factories.group(ada, place, "app", name="Secret group")
    free = factories.servers(place, tier="-web-1")[0].source_server_id

    for wanted in (*ids_of(other), free, "s-00000000000000000"):
        with pytest.raises(Invalid) as refusal:
            update_group(group=mine, actor=keeper, version=None, server_ids=[*ids_of(mine), wanted])
        assert (
            refusal.value.message
            == f"DRS knows no source server {wanted} in us-east-1 of Target (222222222222). Check the id."
        )
    assert mine.servers.count() == 2


def test_who_manages_a_group_leaves_servers_out_and_with_the_account_in_sight_adds_some(ada, place, mine, keeper):
    first, second = ids_of(mine)
    update_group(group=mine, actor=keeper, version=None, server_ids=[first])
    with pytest.raises(Invalid, match="DRS knows no source server"):
        update_group(group=mine, actor=keeper, version=None, server_ids=[first, second])

    grant(to=keeper.user, obj=place, level="view", actor=ada)
    update_group(group=mine, actor=actor_named("pia"), version=None, server_ids=[first, second])
    assert mine.servers.count() == 2


def test_servers_that_went_to_a_group_out_of_sight_meanwhile_are_refused_without_its_name(ada, place, mine, keeper):
    other = factories.group(ada, place, "app", name="Secret group")

    with pytest.raises(Conflict, match="is in a protection group that you may not see already") as refusal:
        groups._assign(mine, ids_of(other), keeper)
    assert refusal.value.details == {"servers": {}}


def test_a_person_whose_rights_were_taken_goes_on_with_nothing(small, olga, oscar, ada, place):
    execution = services.start_execution(plan=small, actor=olga)
    grant(to=oscar.user, obj=place, level="view", actor=ada)

    for attempt in (services.pause_execution, services.cancel_execution, services.resume_execution):
        with pytest.raises(Denied, match="does not include “operate”"):
            attempt(execution=execution, actor=actor_named("oscar"))
