"""One execution for one person, as the execution page and the terminal show it."""

from datetime import datetime
from functools import cached_property
from uuid import UUID

from django.urls import reverse

from drsorch.access import policy
from drsorch.api.offers import Offer
from drsorch.audit.actor import Actor
from drsorch.queue.models import WorkerHeartbeat
from executions.models import Execution, Job, Termination
from executions.page import feeds, pollers
from executions.page.ending import Place, TerminationRow, place_of
from executions.page.feeds import Feed
from executions.page.questions import ANSWERING, TERMINATING, Question, decision_to_come, questions, roles_with
from executions.page.recovery_time import RecoveryTime, recovery_time
from executions.page.waiting import explain
from executions.page.waves import WaveRow, in_words
from executions.services import offers
from executions.states import BEFORE_A_WAVE, ExecutionStatus, LaunchStatus, Mode


class ExecutionPage:
    """One execution for one person: everything the page needs, in a fixed number of queries."""

    def __init__(self, execution: Execution, actor: Actor) -> None:
        self.execution = execution
        self.actor = actor
        self.status = ExecutionStatus(execution.status)
        self.mode = Mode(execution.mode)
        self.waves = [WaveRow(wave, execution.point_in_time) for wave in execution.waves.all()]
        for row in self.waves:
            row.notes = explain(row, self.waves, execution)
        self.runs = [server.run for row in self.waves for server in row.servers]
        self.total = len(self.runs)
        self.launched = sum(row.launched for row in self.waves)
        self.failed = sum(row.failed for row in self.waves)

    # ---- What may be done, and what has to be decided

    @cached_property
    def offers(self) -> dict[str, Offer]:
        """What this person may do now, by action."""
        return {offer.action: offer for offer in offers(self.execution, self.actor)}

    @cached_property
    def questions(self) -> list[Question]:
        """The open questions, several when waves run at the same time."""
        return questions(self.waves, self.execution, self.actor)

    @property
    def next_decision(self) -> str:
        """What people have to decide now, or will have to next; empty when nothing is left to decide."""
        if self.questions:
            return f"Now, about {in_words({question.wave.number for question in self.questions})}."
        if not self.execution.is_active:
            return self._clean_up
        return "" if self.execution.cancel_requested_at else decision_to_come(self.waves, self.execution)

    @property
    def _clean_up(self) -> str:
        asked = self.termination
        if not self.instances_left or (asked and not (asked.gave_up or asked.is_waiting)):
            return ""
        count = self.instances_left
        instances = "1 recovery instance, which costs" if count == 1 else f"{count} recovery instances, which cost"
        verb = "Confirm the termination of" if asked and asked.is_waiting else "Terminate"
        return f"{verb} {instances} money until then."

    @property
    def deciders(self) -> str:
        """The roles that may take the next decision."""
        return roles_with(ANSWERING if self.execution.is_active else TERMINATING)

    @property
    def can_pause(self) -> bool:
        """False when it is paused, and shows no button for it."""
        return self.status != ExecutionStatus.PAUSED

    @property
    def typed_to_terminate(self) -> str:
        """What must be typed to terminate the instances: for a recovery the plan's name, for a drill nothing."""
        return "" if self.execution.is_drill else self.execution.plan_name

    # ---- How it stands

    @property
    def where(self) -> str:
        """ "wave 2 of 4" while it runs; empty when it has ended."""
        if not self.execution.is_active or self.current is None:
            return ""
        running = {row.wave.number for row in self.waves if row.is_in_flight}
        return f"{in_words(running or {self.current.wave.number})} of {len(self.waves)}"

    @property
    def status_line(self) -> str:
        """The status, and where it is while it runs."""
        asked = {question.wave.number for question in self.questions if question.gate.kind in BEFORE_A_WAVE}
        if asked and self.status == ExecutionStatus.PAUSED:
            return f"{self.status.label} before {in_words(asked)}"
        return f"{self.status.label}, {self.where}" if self.where else str(self.status.label)

    @property
    def reason(self) -> str:
        """Why it stands so; empty when it only counts what the page counts already."""
        said = self.execution.status_reason
        return "" if self.questions or said == f"{self.launched} of {self.total} servers launched." else said

    @cached_property
    def recovery_time(self) -> RecoveryTime | None:
        """How it stands to the plan's RTO; None when the plan has none."""
        return recovery_time(self.execution)

    @property
    def title(self) -> str:
        """What the browser's tab says."""
        return f"{self.status_line}: {self.execution}"

    @property
    def announcement(self) -> str:
        """The sentence for the polite status line, which is spoken when it changes."""
        ended = [row for row in self.waves if row.has_ended]
        wave = f" Wave {ended[-1].wave.number} {ended[-1].status.label.lower()}." if ended else ""
        gone = f" {self.termination.label}." if self.termination else ""
        question = "".join(f" {question.heading}: {question.text}" for question in self.questions)
        where = f", {self.where}" if self.where else ""
        return f"{self.execution}: {self.status.label.lower()}{where}.{wave}{gone}{question}"

    @cached_property
    def current(self) -> WaveRow | None:
        """The wave in flight, else the next one, else None."""
        running = [row for row in self.waves if row.is_in_flight]
        waiting = [row for row in self.waves if row.is_unstarted]
        return next(iter(running + waiting), None)

    @property
    def unstarted(self) -> int:
        """How many waves have not started."""
        return sum(1 for row in self.waves if row.is_unstarted)

    @property
    def instances_left(self) -> int:
        """How many recovery instances this execution launched that are not proven gone."""
        return sum(1 for run in self.runs if run.launch_status == LaunchStatus.LAUNCHED)

    @property
    def has_ended(self) -> bool:
        """True when nothing will change any more: it has ended, and nothing is being terminated."""
        return not self.execution.is_active and (self.termination is None or self.termination.has_ended)

    @cached_property
    def places(self) -> list[Place]:
        """The accounts and Regions of its servers."""
        return sorted({place_of(run) for run in self.runs})

    # ---- What DRS does, and how old that is

    @cached_property
    def termination(self) -> TerminationRow | None:
        """The termination that was asked for, or None."""
        asked: Termination | None = getattr(self.execution, "termination", None)
        return TerminationRow(asked, self.runs) if asked else None

    @cached_property
    def jobs(self) -> list[Job]:
        """Its DRS jobs, of launches and of the termination."""
        launched = [call.job for row in self.waves for call in row.started_calls if call.job]
        return launched + (self.termination.jobs if self.termination else [])

    @cached_property
    def named(self) -> set[UUID]:
        """Which of the executions that made way for it, or that it made way for, this person may see."""
        others = {drill.pk for drill in self.execution.preempted.all()}
        if self.execution.preempted_by_id:
            others.add(self.execution.preempted_by_id)
        rows = policy.scope(self.actor, Execution.objects.filter(pk__in=others))
        return set(rows.values_list("pk", flat=True)) if others else set()

    @property
    def live_jobs(self) -> list[Job]:
        """Its DRS jobs that have not ended."""
        return [job for job in self.jobs if job.ended_at is None]

    @cached_property
    def poller_problems(self) -> list[str]:
        """What keeps us from hearing about its live jobs, and about the servers of waves that are to start."""
        jobs_at = {(job.account_id, job.region) for job in self.live_jobs}
        unstarted = [server.run for row in self.waves if row.is_unstarted for server in row.servers]
        waves_at = {(run.account_id, run.region) for run in unstarted}
        return pollers.problems(jobs_at, waves_at, paused=self.status == ExecutionStatus.PAUSED)

    @cached_property
    def job_events(self) -> Feed:
        """The last lines of its jobs' logs."""
        return feeds.job_events(self.jobs, {run.source_server_id: run.name for run in self.runs})

    @cached_property
    def timeline(self) -> Feed:
        """Who did what, last first."""
        return feeds.timeline(self.execution)

    @property
    def live_url(self) -> str:
        """Where the page asks whether there is something newer than what it shows."""
        return f"{reverse('executions:live', args=[self.execution.pk])}?v={self.execution.version}"

    @cached_property
    def asked_at(self) -> datetime | None:
        """When DRS last answered about the job that waits longest for an answer; None: never."""
        live = [job.polled_at for job in self.live_jobs]
        if live:
            return None if None in live else min(at for at in live if at)
        return max((job.polled_at for job in self.jobs if job.polled_at), default=None)

    @property
    def is_asking(self) -> bool:
        """True while DRS should be answering about a job."""
        return bool(self.live_jobs)

    @cached_property
    def worker_beat_at(self) -> datetime | None:
        """When a worker last showed life."""
        return WorkerHeartbeat.objects.order_by("-beat_at").values_list("beat_at", flat=True).first()
