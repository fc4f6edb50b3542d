"""What is out of scope is not there: for every endpoint, with every permission but in another account."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from drsorch.access.grants import grant
from drsorch.access.roles import Permission, Role
from drsorch.access.tokens import issue_token
from drsorch.audit.models import AuditEvent
from executions.models import Execution, Job, JobEvent, Launch, ServerRun
from plans.models import RecoveryPlan
from protection.models import ServerHold, TargetAccount
from tests import factories
from tests.access.conftest import staff
from tests.access.estate import REGION, estate
from tests.api.routes import NOBODYS, ROUTES
from tests.api.test_bad_input import least, send
from tests.api.test_paging import LISTS, count_queries, fill

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db):
    """Two accounts with a group, a server, a plan, an execution and a job each."""
    world = estate()
    for account in (world.north, world.south):
        job = Job.objects.create(
            account=account, region=REGION, job_id=f"drsjob-{account.name}", created_at=timezone.now()
        )
        JobEvent.objects.create(job=job, event="JOB_START", digest="1")
        account.regions.create(region=REGION)
    ServerRun.objects.update(recovery_instance_id="i-1")
    ServerRun.objects.filter(wave__execution=world.north_run).update(recovery_instance_id="i-2")
    return world


@pytest.fixture
def token_for(ada, calling):
    """Ask with an administrator's token that is bound to one account."""

    def make(account):
        soon = timezone.now() + timedelta(days=1)
        ids = [account.account_id]
        _, text = issue_token(
            owner=ada.user, actor=ada, name=account.name, scopes=list(Permission), expires_at=soon, account_ids=ids
        )
        caller = calling()
        caller.client = APIClient(HTTP_AUTHORIZATION=f"Bearer {text}")
        return caller

    return make


def of_north(world):
    """The ids in the addresses of what is in the north, in place of those of nobody."""
    return {
        "/accounts/": (NOBODYS["account"], world.north.account_id),
        "/protection-groups/": (NOBODYS["row"], str(world.north_group.pk)),
        "/recovery-plans/": (NOBODYS["row"], str(world.north_plan.pk)),
        "/executions/": (NOBODYS["uuid"], str(world.north_run.pk)),
        "/drs/source-servers/": (NOBODYS["server_id"], world.north_server.source_server_id),
        "/drs/job-logs/": (NOBODYS["job_id"], "drsjob-North"),
        "/ec2/instances/": (NOBODYS["instance_id"], "i-2"),
    }


def objects(world):
    """Every endpoint about an object, with the address of that in the north."""
    ids = of_north(world)
    for route in ROUTES:
        known = next((pair for start, pair in ids.items() if route.has_id and route.path.startswith(start)), None)
        if known:
            yield route, route.path.replace(*known)


def test_what_is_in_another_account_is_not_found_by_any_endpoint(token_for, world):
    south, before = token_for(world.south), AuditEvent.objects.exclude(outcome="DENIED").count()
    tried = list(objects(world))
    assert len(tried) >= 30

    for route, path in tried:
        body = least(route) if route.is_write else ""
        unseen, missing = send(south, route, body, path=path), send(south, route, body)
        assert unseen.status_code == 404, (str(route), unseen.content)
        said, same = unseen.json()["error"], missing.json()["error"]
        assert (said["code"], said["message"], said["details"]) == (same["code"], same["message"], same["details"])
    # The token itself was made by a service.
    assert AuditEvent.objects.exclude(outcome="DENIED").count() == before


def test_what_is_in_the_own_account_is_found_by_every_endpoint_that_reads(token_for, world):
    north = token_for(world.north)

    for route, path in objects(world):
        if not route.is_write and not route.spec.asks_aws:
            assert send(north, route, "", path=path).status_code == 200, str(route)


def test_lists_hold_and_count_only_what_is_in_sight(token_for, world):
    south = token_for(world.south)

    for path in (each for each in LISTS if each != "/users/tokens"):
        text = south.ask("GET", path).content.decode()
        assert '"count":1' in text, (path, text)
        assert "North" not in text, path
        assert "north" not in text, path
        assert world.north.account_id not in text, path


@pytest.mark.parametrize("of", ["both_plan", "south_plan"])
def test_who_has_a_server_is_not_said_where_that_is_out_of_sight(token_for, world, ada, calling, of):
    Execution.objects.filter(pk=world.both_run.pk).update(plan=getattr(world, of))
    hold = {"holder": world.both_run.pk, "label": "Drill of Secret", "link": "/", "mode": "DRILL"}
    ServerHold.objects.create(server=world.south_server, **hold)
    south = token_for(world.south)
    server, plan, group = (
        f"/drs/source-servers/{world.south_server.source_server_id}",
        f"/recovery-plans/{world.south_plan.pk}",
        f"/protection-groups/{world.south_group.pk}",
    )

    for path in (server, plan, group, "/recovery-plans", "/protection-groups"):
        text = south.ask("GET", path).content.decode()
        assert "Drill of Secret" not in text, path
        assert str(world.both_run.pk) not in text, path
        assert "an execution" in text, path
    assert calling(ada).data("GET", plan)["conflictInfo"]["executionId"] == str(world.both_run.pk)


@pytest.fixture
def gina(db):
    """Operates what is granted to her: nothing as yet."""
    return factories.person("gina", Role.RECOVERY_MANAGER, everywhere=False)


def test_who_may_only_view_an_object_is_told_so_by_offers_and_by_actions(calling, world, gina, ada):
    grant(to=gina.user, obj=world.north, level="view", actor=ada)
    ask, path = calling(gina), f"/executions/{world.north_run.pk}"

    offers = {each["action"]: each["reason"] for each in ask.data("GET", path)["allowedActions"]}
    error = ask.refusal("POST", f"{path}/cancel", status=403)

    assert "does not include “operate”" in offers["cancel"]
    assert "does not include “operate”" in error["message"]
    listed = ask.data("GET", "/executions")["items"][0]["allowedActions"]
    assert {each["action"]: each["reason"] for each in listed} == offers
    plan = ask.data("GET", "/recovery-plans")["items"][0]
    assert not next(each["allowed"] for each in plan["allowedActions"] if each["action"] == "execute")
    assert (
        "does not include"
        in ask.refusal(
            "POST", "/executions", {"planId": plan["planId"], "executionType": "DRILL"}, status=403, key="k"
        )["message"]
    )


def test_a_list_costs_no_more_for_somebody_with_grants(calling, ada, gina):
    fill(ada, 3)
    from_accounts(ada, gina)
    ask = calling(gina)
    few = {path: len(count_queries(ask, f"{path}?pageSize=2")) for path in LISTS}
    fill(ada, 20, first=3)
    from_accounts(ada, gina)

    for path in LISTS:
        many = count_queries(ask, f"{path}?pageSize=20")
        assert len(many) == few[path] <= 8, (path, many)


def from_accounts(ada, gina):
    """Let her view all accounts that there are."""
    for account in TargetAccount.objects.all():
        grant(to=gina.user, obj=account, level="view", actor=ada)


@pytest.fixture
def both_job(world):
    """A job in the south of an execution that ran in the north too."""
    place = {"account": world.south, "region": REGION}
    tags = {"drsorch:execution": str(world.both_run.pk), "Owner": "us"}
    job = Job.objects.create(**place, job_id="drsjob-both", type="LAUNCH", created_at=timezone.now(), tags=tags)
    JobEvent.objects.create(job=job, event="JOB_START", digest="1")
    Launch.objects.create(**place, wave=world.both_run.waves.first(), job=job)
    return job


def test_a_job_names_its_execution_only_where_that_is_in_sight(calling, token_for, world, ada, both_job):
    of_it = f"/drs/jobs?executionId={world.both_run.pk}"
    south, everywhere = token_for(world.south), calling(ada)

    (shown,) = (job for job in south.data("GET", "/drs/jobs")["items"] if job["jobId"] == "drsjob-both")
    assert shown["executionId"] is None
    assert south.data("GET", of_it)["count"] == 0

    assert [job["executionId"] for job in everywhere.data("GET", of_it)["items"]] == [str(world.both_run.pk)]


def test_who_has_a_plan_reads_the_jobs_of_its_executions(calling, world, gina, ada, both_job):
    ask = calling(gina)
    assert ask.data("GET", "/drs/jobs")["count"] == 0
    grant(to=gina.user, obj=world.both_plan, level="view", actor=ada)

    assert [job["executionId"] for job in ask.data("GET", "/drs/jobs")["items"]] == [str(world.both_run.pk)]
    assert ask.data("GET", "/drs/job-logs/drsjob-both")["count"] == 1
    assert ask.data("GET", f"/drs/jobs?executionId={world.both_run.pk}")["count"] == 1


def test_the_administration_names_the_execution_of_a_job_only_where_that_is_in_sight(
    client, world, gina, ada, both_job
):
    grant(to=gina.user, obj=world.south, level="view", actor=ada)
    jobs = "/admin/executions/job/"
    of_it = f"{jobs}?launch__wave__execution__id__exact={world.both_run.pk}"

    client.force_login(staff(gina).user)
    for page in (jobs, f"{jobs}{both_job.pk}/change/"):
        text = client.get(page).content.decode()
        assert "one that you may not see" in text, page
        assert str(world.both_run.pk) not in text, page
    assert "Owner=us" in text
    assert client.get(of_it).status_code == client.get(of_it.replace(str(world.both_run.pk), "7")).status_code == 400

    client.force_login(staff(ada).user)
    assert "drsjob-both" in client.get(of_it).content.decode()
    assert f"drsorch:execution={world.both_run.pk}" in client.get(f"{jobs}{both_job.pk}/change/").content.decode()


def test_a_name_that_is_taken_out_of_sight_is_said_to_be_taken_and_no_more(token_for, calling, world, ada):
    south, group, plan = token_for(world.south), world.south_group, world.south_plan
    attempts = [
        ("PATCH", f"/protection-groups/{group.pk}", {"name": "NORTH-db"}, group.version, "protection group"),
        ("PATCH", f"/recovery-plans/{plan.pk}", {"name": "NORTH plan"}, plan.version, "recovery plan"),
        ("POST", f"/recovery-plans/{plan.pk}/copy", {"name": "NORTH plan"}, None, "recovery plan"),
    ]
    for method, path, body, version, kind in attempts:
        unseen = south.refusal(method, path, body, version=version, status=409)
        assert (unseen["code"], unseen["message"], unseen["details"]) == ("NAME_TAKEN", "This name is taken.", {})
        seen = calling(ada).refusal(method, path, body, version=version, status=409)
        assert seen["message"] == f"There is a {kind} named {body['name']} already. Choose another name."


def test_what_somebody_may_do_is_read_once_for_each_request(calling, world, gina, ada):
    grant(to=gina.user, obj=world.north, level="manage", actor=ada)
    ask = calling(gina)
    paths = [path for route, path in objects(world) if not route.is_write and not route.spec.asks_aws]
    assert len(paths) >= 12

    for path in (*paths, *(each for each in LISTS if each != "/users/tokens")):
        standing = [sql for sql in count_queries(ask, path) if "access_orgwidegrant" in sql]
        assert len(standing) == 1, path


def test_the_last_execution_of_a_plan_is_named_only_where_it_is_in_sight(client, calling, world, gina, ada):
    summary = {"last_status": "COMPLETED", "last_label": "Completed", "last_execution_at": timezone.now()}
    plans = RecoveryPlan.objects.filter(pk=world.south_plan.pk)
    plans.update(last_execution=world.both_run.pk, last_tone="ok", **summary)  # it acts in the south only by now
    grant(to=gina.user, obj=world.south, level="view", actor=ada)
    pk, run = world.south_plan.pk, str(world.both_run.pk)
    pages = ("/plans/", f"/plans/{pk}/", f"/admin/plans/recoveryplan/{pk}/change/")

    for person, is_told in ((gina, False), (ada, True)):
        client.force_login(staff(person).user)
        texts = [client.get(page).content.decode() for page in pages]
        texts += [calling(person).ask("GET", f"/recovery-plans{of}").content.decode() for of in ("", f"/{pk}")]
        assert [run in text for text in texts] == [is_told] * 5
        assert all("completed" in text.lower() for text in texts)
