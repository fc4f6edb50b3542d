"""Look at everything in one account and Region at once, and keep what was seen for all executions there.

The cost of a look depends on the place, never on how many executions want to know.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from drsorch.aws import drs, native_plans, sessions
from drsorch.aws.budget import budget
from drsorch.aws.calls import Client
from drsorch.aws.errors import AwsDenied, AwsError
from executions.decisions.surveyed import NativeRun, Survey, SurveyedInstance, SurveyedJob, SurveyedServer
from executions.models import Poller, ServerRun
from executions.results import renew_pages
from executions.states import ACTIVE, UNSTARTED_WAVE
from protection.models import TargetAccount

# A job lasts minutes, a stuck one hours: one that is older than this will not end any more.
JOBS_SINCE = timedelta(days=3)
COMPLETED = "COMPLETED"
AT_ONCE = 8
PLACE_SECONDS = 15.0


def take(account: TargetAccount, region: str) -> Survey:
    """Ask DRS for all servers, live jobs, recovery instances and running native plans of one account and Region.

    Raises AwsError: what could not be asked is never an empty answer. Only the native plans may be missing, because
    an older role may not be allowed to list them; then the survey says so itself.
    """
    client = sessions.client(account, region, "drs", purpose="readiness")
    taken_at = timezone.now()
    servers = tuple(_server(row) for row in drs.describe_source_servers(client))
    jobs = drs.describe_jobs(client, since=taken_at - JOBS_SINCE)
    instances = tuple(_instance(row) for row in drs.describe_recovery_instances(client))
    native_runs, native_error = _native_runs(client)
    return Survey(
        account_id=account.account_id,
        region=region,
        taken_at=taken_at,
        servers=servers,
        live_jobs=tuple(_job(job) for job in jobs if job.status != COMPLETED),
        instances=instances,
        native_runs=native_runs,
        native_error=native_error,
    )


def refresh_all(places: Sequence[tuple[TargetAccount, str]]) -> list[Survey | AwsError]:
    """Survey places side by side, store what they say, and return a survey or why there is none for each.

    One that does not answer holds up no other, and nobody for longer than `PLACE_SECONDS` and one time-out.
    """
    if not places:
        return []
    with ThreadPoolExecutor(max_workers=min(AT_ONCE, len(places))) as pool:
        answers = list(pool.map(_attempt, places))
    for (account, region), answer in zip(places, answers, strict=True):
        if isinstance(answer, AwsError):
            store_failure(account.pk, region, answer)
        else:
            store(account.pk, region, answer)
    return answers


def _attempt(place: tuple[TargetAccount, str]) -> Survey | AwsError:
    """Take a survey in a thread of its own: no database here."""
    try:
        with budget(PLACE_SECONDS):
            return take(*place)
    except AwsError as error:
        return error


def store(account_id: int, region: str, survey: Survey) -> None:
    """Keep `survey` unless a later one is there. `account_id` is the key of the TargetAccount.

    A wish for a survey that is younger than this one stays.
    """
    with transaction.atomic():
        poller, _ = Poller.objects.select_for_update().get_or_create(account_id=account_id, region=region)
        if poller.surveyed_at is not None and poller.surveyed_at > survey.taken_at:
            return
        mine = Poller.objects.filter(pk=poller.pk)
        mine.update(survey=survey.to_json(), surveyed_at=survey.taken_at, survey_error="", survey_failed_at=None)
        mine.filter(survey_wanted_at__lte=survey.taken_at).update(survey_wanted_at=None)
    if poller.survey_error:
        renew_waiting_pages(account_id, region)


def store_failure(
    account_id: int, region: str, error: AwsError, *, failed_at: datetime | None = None, fence: int | None = None
) -> None:
    """Keep why a survey could not be taken; the last one stays, with its age.

    The next attempt waits since `failed_at`. With a `fence` only while the place's poller has it.
    """
    with transaction.atomic():
        poller, _ = Poller.objects.defer("survey").get_or_create(account_id=account_id, region=region)
        mine = Poller.objects.filter(pk=poller.pk, **({} if fence is None else {"fence": fence}))
        is_kept = mine.update(survey_error=error.message, survey_failed_at=failed_at)
    if is_kept and poller.survey_error != error.message:
        renew_waiting_pages(account_id, region)


def renew_waiting_pages(account_id: int, region: str) -> None:
    """Let open pages of executions with waves yet to start at the place load anew: they show why it is not seen."""
    here = ServerRun.objects.filter(account_id=account_id, region=region, wave__status__in=UNSTARTED_WAVE)
    waiting = here.filter(wave__execution__status__in=ACTIVE).values_list("wave__execution", flat=True)
    for execution in sorted(set(waiting)):  # a transaction each, so that nobody waits in a circle
        renew_pages({execution})


def latest(account_id: int, region: str, max_age_seconds: float | None = None) -> Survey | None:
    """Return the stored survey of a place, or None when there is none or it is older than that. No AWS."""
    kept = Poller.objects.filter(account_id=account_id, region=region).exclude(surveyed_at=None)
    if max_age_seconds is not None:
        kept = kept.filter(surveyed_at__gte=timezone.now() - timedelta(seconds=max_age_seconds))
    data = kept.values_list("survey", flat=True).first()
    return Survey.from_json(data) if data else None


def failure(account_id: int, region: str) -> str:
    """Return why the last attempt to survey a place failed; empty when it did not."""
    kept = Poller.objects.filter(account_id=account_id, region=region).values_list("survey_error", flat=True)
    return kept.first() or ""


def _native_runs(client: Client) -> tuple[tuple[NativeRun, ...], str]:
    try:
        found = native_plans.running_executions(client)
    except AwsDenied as error:
        return (), error.message
    return tuple(NativeRun(row.arn, row.plan_arn, row.mode, row.status, row.server_ids) for row in found), ""


def _server(row: drs.SourceServer) -> SurveyedServer:
    return SurveyedServer(
        source_server_id=row.source_server_id,
        state=row.replication_state,
        lag_seconds=row.lag_seconds,
        last_seen_at=row.last_seen_at,
        stalled_reason=row.stalled_reason,
    )


def _job(job: drs.Job) -> SurveyedJob:
    servers = tuple(server.source_server_id for server in job.servers)
    return SurveyedJob(job_id=job.job_id, type=job.type, initiated_by=job.initiated_by, servers=servers)


def _instance(row: drs.RecoveryInstance) -> SurveyedInstance:
    return SurveyedInstance(
        recovery_instance_id=row.recovery_instance_id,
        source_server_id=row.source_server_id,
        job_id=row.job_id,
        is_drill=row.is_drill,
        state=row.ec2_state,
    )
