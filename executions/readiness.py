"""Look before a start and before each wave: what would run, and what speaks against it. Writes only surveys."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.conf import settings

from drsorch.errors import Invalid
from executions import initiator, rights, snapshots
from executions import survey as surveys
from executions.decisions import readiness as decide
from executions.decisions.capacity import Room, crowded
from executions.decisions.readiness import Allowed, Code, Finding, Wanted, findings
from executions.models import Execution, Job, ServerRun, WaveRun
from executions.places import PlaceLook, look_at_all
from executions.snapshots import Chosen, PointInTime
from executions.states import OPEN_CALL, LaunchStatus, Mode
from plans.models import Member, RecoveryPlan, Wave
from protection.models import ServerHold, SourceServer

T = TypeVar("T", SourceServer, ServerRun)


@dataclass(frozen=True, slots=True)
class Look:
    """A plan as it would run now: its waves with their servers, who is in the way, and what was found."""

    plan: RecoveryPlan
    waves: tuple[tuple[Wave, tuple[Member, ...]], ...]
    running: Execution | None = None
    holds: tuple[ServerHold, ...] = ()
    places: tuple[PlaceLook, ...] = ()
    findings: list[Finding] = field(default_factory=list)
    launch_over: frozenset[str] = frozenset()
    snapshots: dict[int, Chosen] = field(default_factory=dict)
    point_in_time: datetime | None = None
    points_in_words: str = ""

    @property
    def servers(self) -> list[SourceServer]:
        """All servers, in wave order."""
        return [member.server for _, members in self.waves for member in members]

    @property
    def blocking(self) -> list[Finding]:
        """Problems, and what is not known."""
        return [finding for finding in self.findings if finding.is_blocking]

    @property
    def drills_in_the_way(self) -> set[UUID]:
        """The drills that a recovery could pre-empt: that of the plan itself, and those that hold its servers."""
        return _drills(self.running, self.holds)

    @property
    def missing(self) -> dict[str, str]:
        """The servers that DRS does not have any more, with the sentence that says so."""
        gone = (finding for finding in self.findings if finding.code == Code.MISSING)
        return {finding.source_server_id: finding.sentence for finding in gone}


def look(
    plan: RecoveryPlan,
    *,
    mode: str = Mode.DRILL,
    ask_aws: bool = True,
    launch_over: Collection[str] = (),
    point_in_time: PointInTime = None,
) -> Look:
    """Return what a start of `plan` would run and what speaks against it now.

    Asks AWS, unless told not to: then it says what the inventory or the last survey knows. What could not be asked is
    a finding, never "fine". Raises Invalid for an empty wave, for servers in `launch_over` (ids or names) that the
    plan does not have, and for a point in time that cannot be.
    """
    plan = RecoveryPlan.objects.for_detail().get(pk=plan.pk)
    waves = tuple((wave, tuple(wave.members())) for wave in plan.waves.all())
    for wave, members in waves:
        if not members:
            raise Invalid(f"{wave} has no server any more. Edit the plan first.")
    if not waves:
        raise Invalid(f"{plan} has no wave. Edit the plan first.")
    servers = [member.server for _, members in waves for member in members]
    running = Execution.objects.filter(pk=plan.active_execution).first() if plan.active_execution else None
    holds = tuple(holds_of(servers))
    # A drill in the way is refused by its name, or pre-empted: its jobs are waited for then, and block nothing here.
    awaited = _jobs_of(_drills(running, holds)) if mode == Mode.RECOVERY else {}
    allowed = Allowed(awaited_jobs=awaited, launch_over=_named(servers, launch_over))
    places = tuple(look_at_all(list(_by_place(servers).values()), allowed, ask_aws=ask_aws))
    chosen, without = snapshots.choose(servers, point_in_time if ask_aws else None)
    found = [finding for place in places for finding in (*place.findings, *_capacity(place, waves))]
    if ask_aws and mode == Mode.DRILL:
        # Where DRS itself did not answer, IAM is not asked to say it again.
        answering = [place for place in places if place.survey]
        found += [finding for place in answering for finding in rights.of_place(place.account, place.region)]
    return Look(
        plan=plan,
        waves=waves,
        running=running,
        holds=holds,
        places=places,
        findings=found + without,
        launch_over=frozenset(allowed.launch_over),
        snapshots=chosen,
        point_in_time=snapshots.time_of_all(point_in_time),
        points_in_words=snapshots.in_words(point_in_time),
    )


def of_wave(wave_run: WaveRun, now: datetime, max_age_seconds: float | None = None) -> list[Finding]:
    """Return what speaks against launching the servers of a wave that have not been sent to DRS. No AWS.

    Whoever started the execution must still be active and allowed to. About servers stored surveys are asked: a place
    whose survey is missing or older than `max_age_seconds` (by default two rounds of SURVEY_SECONDS) is one finding
    UNKNOWN. Jobs and instances of this execution do not count, jobs of drills that it
    has pre-empted are waited for, and what was let pass at the start or at this wave's gate is left out.
    """
    execution = wave_run.execution
    unsent = wave_run.servers.filter(launch_status=LaunchStatus.PENDING).exclude(launches__status__in=OPEN_CALL)
    runs = list(unsent.select_related("account", "server__group"))
    allowed = _allowed(execution)
    age = 2 * settings.SURVEY_SECONDS if max_age_seconds is None else max_age_seconds
    found = [*initiator.findings_about(execution), *_held_by_others(runs, execution)]
    for (account_id, region), members in _by_place(runs).items():
        survey = surveys.latest(account_id, region, age)
        if survey is None:
            reason = f"DRS was not asked successfully within {age:.0f} s. {surveys.failure(account_id, region)}"
            found.append(decide.unknown(f"{region} of {members[0].account}", reason.strip()))
        else:
            found += findings([_wanted_run(run) for run in members], survey, now=now, allowed=allowed)
    blocking = decide.still_blocking(found, [*execution.overridden, *wave_run.accepted_problems])
    return [finding for finding in found if not finding.is_blocking or finding in blocking]


def holds_of(servers: Iterable[SourceServer]) -> list[ServerHold]:
    """Return the holds on these servers."""
    return list(ServerHold.objects.filter(server__in=list(servers)).select_related("server"))


def _by_place(rows: Iterable[T]) -> dict[tuple[int, str], list[T]]:
    places: dict[tuple[int, str], list[T]] = defaultdict(list)
    for row in rows:
        places[row.account_id, row.region].append(row)
    return places


def _drills(running: Execution | None, holds: Iterable[ServerHold]) -> set[UUID]:
    of_holds = {hold.holder for hold in holds if hold.mode == Mode.DRILL}
    return of_holds | ({running.pk} if running and running.is_drill else set())


def _named(servers: Sequence[SourceServer], names: Collection[str]) -> frozenset[str]:
    """Return the ids of the servers that `names` names, by id or by a name that only one of them has."""
    found: set[str] = set()
    for name in names:
        fits = {row.source_server_id for row in servers if name in (row.source_server_id, row.name)}
        if len(fits) != 1:
            what = "names more than one server" if fits else "names no server"
            raise Invalid(f"“{name}”, to be launched over, {what} of the plan. Give the id of a source server.")
        found |= fits
    return frozenset(found)


def _capacity(place: PlaceLook, waves: Iterable[tuple[Wave, Sequence[Member]]]) -> list[Finding]:
    here = {server.pk for server in place.servers}
    sizes = Counter(wave.number for wave, members in waves for member in members if member.server.pk in here)
    room = Room(place.quotas.jobs, place.quotas.servers_per_job, place.quotas.servers_in_jobs)
    return crowded(str(place), sizes, room, place.survey)


def _wanted_run(run: ServerRun) -> Wanted:
    group = run.server.group if run.server else None
    return Wanted(run.source_server_id, run.name, group.rpo_minutes if group else None)


def _allowed(execution: Execution) -> Allowed:
    """What does not count for `execution`: its own jobs, and those of the drills that made way for it."""
    own = set(Job.objects.filter(launch__wave__execution=execution).values_list("job_id", flat=True))
    awaited = _jobs_of(execution.preempted.values_list("pk", flat=True))
    consented = {entry["serverId"] for entry in execution.overridden if entry["code"] == Code.LIVE_INSTANCE}
    return Allowed(own_jobs=own, awaited_jobs=awaited, launch_over=consented)


def _jobs_of(drills: Iterable[UUID]) -> dict[str, str]:
    """Return the jobs of these drills with words for their drill, which may be out of sight of who reads them."""
    rows = Job.objects.filter(launch__wave__execution__in=list(drills))
    return dict.fromkeys(rows.values_list("job_id", flat=True), "a drill that makes way for this recovery")


def _held_by_others(runs: Collection[ServerRun], execution: Execution) -> list[Finding]:
    holds = ServerHold.objects.filter(server__in=[run.server_id for run in runs]).exclude(holder=execution.pk)
    held = set(holds.values_list("server_id", flat=True))
    return [decide.held(_wanted_run(run)) for run in runs if run.server_id in held]
