"""The admin of executions: everything is linked, nothing can be changed."""

from dataclasses import replace
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from drsorch.access.roles import Role
from executions import services, survey
from executions.decisions.surveyed import NativeRun, SurveyedInstance
from executions.models import Execution, ExecutionTag, Job, Launch, Poller, ServerRun
from tests import factories
from tests.access.conftest import staff
from tests.executions.driving import step

pytestmark = pytest.mark.django_db
READ_ONLY = [
    "execution",
    "waverun",
    "serverrun",
    "launch",
    "termination",
    "job",
    "jobevent",
    "event",
    "gate",
    "poller",
]


@pytest.fixture
def online(client, ada):
    """A browser in which ada, the administrator, is signed in."""
    client.force_login(staff(ada).user)
    return client


@pytest.fixture
def execution(aws, place, ada, olga):
    """A drill whose first wave is being launched."""
    found = services.start_execution(plan=factories.three_tiers(ada, place), actor=olga)
    for _ in range(3):
        step()
    return found


def page(model, *arguments):
    return reverse(f"admin:executions_{model}_{'change' if arguments else 'changelist'}", args=arguments)


def test_history_is_listed_and_never_added(online):
    for model in READ_ONLY:
        assert online.get(page(model)).status_code == 200, model
        assert online.get(f"{page(model)}add/").status_code == 403, model


def test_an_execution_leads_to_its_waves_servers_jobs_and_timeline_and_cannot_be_changed(online, execution):
    content = online.get(page("execution", execution.pk)).content.decode()

    assert page("waverun", execution.waves.first().pk) in content
    for found in (Job, ServerRun, execution.events.model):
        name = found._meta.model_name
        link = next(part.split('"')[0] for part in content.split('href="') if part.startswith(f"{page(name)}?"))
        listed = online.get(link.replace("&amp;", "&"))
        assert listed.status_code == 200
        assert listed.context["cl"].result_count == found.objects.count() > 0
    assert "_save" not in content
    assert online.post(page("execution", execution.pk), {"status": "COMPLETED"}).status_code == 403
    assert online.post(f"/admin/executions/execution/{execution.pk}/delete/", {"post": "yes"}).status_code == 403


def test_an_execution_shows_the_tags_that_its_caller_gave_it(online, execution):
    ExecutionTag.of(execution, "team", "<storage>").save()

    text = online.get(page("execution", execution.pk)).content.decode()

    assert "team" in text
    assert "&lt;storage&gt;" in text
    assert 'name="tags-0-value"' not in text


def test_a_job_leads_an_auditor_back_to_its_execution_and_a_call_to_its_job(client, execution):
    client.force_login(staff(factories.person("anton", Role.AUDITOR)).user)
    job = Job.objects.get()

    assert page("execution", execution.pk) in client.get(page("job", job.pk)).content.decode()
    assert page("job", job.pk) in client.get(page("launch", Launch.objects.get(job=job).pk)).content.decode()
    assert page("job", job.pk) in client.get(page("waverun", execution.waves.first().pk)).content.decode()


def test_the_lists_take_the_same_queries_for_few_rows_and_many(online, execution):
    def queries():
        counts = []
        for model in ("execution", "waverun", "serverrun", "launch", "job", "event"):
            with CaptureQueriesContext(connection) as found:
                assert online.get(page(model)).status_code == 200
            counts.append(len(found))
        return counts

    few = queries()
    job = Job.objects.get()
    wave = execution.waves.first()
    for number in range(40):
        other = Job.objects.create(
            account=job.account, region=job.region, job_id=f"drsjob-{number}", created_at=job.created_at
        )
        wave.launches.create(account=job.account, region=job.region, job=other)
        execution.events.create(who="x", what="x", sentence="x")
        Execution.objects.create(
            plan_name="x",
            plan_version=1,
            mode="DRILL",
            initiator="x",
            source="UI",
            status="FAILED",
            ended_at=job.created_at,
        ).waves.create(number=1, name="x", timeout_minutes=60).servers.create(
            account=job.account, region=job.region, source_server_id="s", name="x"
        )
    assert queries() == few


def test_the_last_survey_of_a_place_is_shown_in_tables_with_the_names_of_its_servers(
    online, execution, place, django_assert_max_num_queries
):
    poller = Poller.objects.get()
    native = NativeRun("arn:run", "arn:plan", "DRILL", "IN_PROGRESS", ("s-00000000000000000",))
    instance = SurveyedInstance("i-0123", execution.waves.first().servers.first().source_server_id, "", None, "RUNNING")
    seen = replace(survey.take(place, poller.region), native_runs=(native,), instances=(instance,), native_error="No.")
    survey.store(poller.account_id, poller.region, seen)
    (job,) = seen.live_jobs

    with django_assert_max_num_queries(12):
        shown = " ".join(unescape(online.get(page("poller", poller.pk)).content.decode()).split())

    assert "taken_at" not in shown
    assert "{" not in shown.split("Last survey")[1].split("</form>")[0]
    for each in factories.servers(place, poller.region):
        assert f'<th scope="row">{each.name}</th><td>{each.source_server_id}</td><td>Continuous</td>' in shown
    assert f'<th scope="row">{job.job_id}</th><td>LAUNCH</td><td>START_DRILL</td>' in shown
    assert "<td>target-use1-db-1, target-use1-db-2</td>" in shown
    row = '<th scope="row">i-0123</th><td>target-use1-db-1</td><td>RUNNING</td><td>not said</td>'
    assert row in shown
    assert '<th scope="row">arn:run</th><td>DRILL</td><td>IN_PROGRESS</td><td>s-00000000000000000</td>' in shown
    assert "AWS's own recovery plans could not be asked:</strong> No." in shown


def test_a_place_that_was_never_surveyed_says_so(online, place):
    poller = Poller.objects.create(account=place, region="us-east-1")

    assert "none" in unescape(online.get(page("poller", poller.pk)).content.decode()).split("Last survey")[1]
