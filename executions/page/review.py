"""What a person should know before starting: where, how many, how old the data are, and what speaks against it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.urls import reverse

from drsorch.access import policy
from drsorch.audit.actor import Actor
from drsorch.config.services import current_settings
from drsorch.errors import UserError
from executions.decisions.readiness import GONE, Code, Finding, Severity
from executions.models import Execution
from executions.readiness import Look
from executions.services.consent import UNSEEN, holders_in_sight
from executions.states import Mode

MANY = 3
SHOWN = 8  # sentences in view; the rest unfold
# How several servers that share a problem are counted together: one server, several servers.
TITLES: dict[Code, tuple[str, str]] = {
    Code.REPLICATION: ("1 server is not replicating", "{} servers are not replicating"),
    Code.STALE: ("1 server was not heard lately", "{} servers were not heard lately"),
    Code.RPO: ("1 server does not keep its RPO", "{} servers do not keep their RPO"),
    Code.MISSING: ("1 server is missing in DRS", "{} servers are missing in DRS"),
    Code.BUSY: ("1 server is in a DRS job", "{} servers are in DRS jobs"),
    Code.NATIVE_PLAN: ("1 server is in a recovery plan of AWS", "{} servers are in recovery plans of AWS"),
    Code.LIVE_INSTANCE: ("1 server runs as a recovery instance", "{} servers run as recovery instances"),
    Code.DRILL_INSTANCE: (
        "1 server has a recovery instance already, which a new launch replaces",
        "{} servers have a recovery instance already, which a new launch replaces",
    ),
    Code.SNAPSHOT: ("1 server has no such snapshot", "{} servers have no such snapshot"),
}
BEHIND = ("1 server is behind", "{} servers are behind")
UNSURE = ("1 server is uncertain", "{} servers are uncertain")
TONES = {Severity.PROBLEM: "error", Severity.UNKNOWN: "warn", Severity.WARNING: "info"}
HEADINGS = {
    Severity.PROBLEM: "Problems",
    Severity.UNKNOWN: "Not known",
    Severity.WARNING: "Good to know",
}


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that speaks against a start, said once for all servers that share it."""

    tone: str
    text: str
    sentences: tuple[str, ...]
    link: str = ""

    @property
    def in_view(self) -> tuple[str, ...]:
        """The first sentences."""
        return self.sentences[:SHOWN]

    @property
    def folded(self) -> tuple[str, ...]:
        """The rest."""
        return self.sentences[SHOWN:]


@dataclass(frozen=True, slots=True)
class LiveInstance:
    """A server whose recovery instance a launch would replace: it has to be chosen one by one."""

    server_id: str
    name: str
    instance_id: str
    is_chosen: bool


class Review:
    """A plan as it would run now, and the refusal when a start was tried and refused."""

    def __init__(
        self, look: Look, mode: Mode, actor: Actor, refusal: UserError | None = None, *, is_asked: bool = False
    ) -> None:
        self.plan = look.plan
        self.waves = look.waves
        self.servers = look.servers
        self.places = look.places
        self.look = look
        self.mode = mode
        self.is_recovery = mode == Mode.RECOVERY
        self.refusal = refusal
        self.is_asked = is_asked
        self.actor = actor

    @cached_property
    def takes_two(self) -> bool:
        """True when a second person will have to confirm it."""
        return self.is_recovery and current_settings().four_eyes

    @property
    def sentence(self) -> str:
        """What was refused, and why. Many servers that are in use are counted here and named below."""
        if self.refusal is None:
            return ""
        if self.problems:
            count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
            way = " Who may override can go on with a reason." if self.refusal.details.get("canOverride") else ""
            return f"{self.plan} is not ready: {count}. Nothing was started.{way}"
        held = self.refusal.details.get("servers", ())
        if len(held) > MANY:
            way = "choose to pre-empt the drill" if self.refusal.details.get("canPreempt") else "cancel it"
            return f"{len(held)} servers are in use, as listed below. Wait until that has ended, or {way}."
        return self.refusal.message

    @property
    def problems(self) -> list[str]:
        """What the refusal lists, when it lists more than its sentence can hold."""
        found = self.refusal.details.get("problems", []) if self.refusal else []
        return list(found)

    @property
    def problems_in_view(self) -> list[str]:
        """The first of them."""
        return self.problems[:SHOWN]

    @property
    def problems_folded(self) -> list[str]:
        """The rest."""
        return self.problems[SHOWN:]

    @property
    def running_at(self) -> str:
        """Where the plan's running execution is; empty when it does not run."""
        running = self.plan.active_execution
        return reverse("executions:detail", args=[running]) if running else ""

    @property
    def is_in_the_way(self) -> bool:
        """True when the plan runs and a start can do nothing about it."""
        running = self.look.running
        return running is not None and not (self.is_recovery and running.is_drill)

    @cached_property
    def drills(self) -> list[Execution]:
        """The drills that this recovery could cancel to take their servers."""
        found = self.look.drills_in_the_way if self.is_recovery else set()
        return list(policy.scope(self.actor, Execution.objects.filter(pk__in=found).order_by("created_at")))

    @property
    def oldest_data_at(self) -> datetime | None:
        """When the place that was looked at longest ago was looked at."""
        return min((place.survey.taken_at for place in self.places if place.survey), default=None)

    @property
    def longest_lag(self) -> int | None:
        """The worst lag of its servers in seconds: a launch restores data as old, or older."""
        wanted = {server.source_server_id for server in self.servers}
        lags = (
            row.lag_seconds
            for place in self.places
            if place.survey
            for row in place.survey.servers
            if row.source_server_id in wanted and row.lag_seconds is not None
        )
        return max(lags, default=None)

    @cached_property
    def groups(self) -> list[tuple[str, list[Doubt]]]:
        """What speaks against a start by how much it weighs, each said once for all servers that share it."""
        found = [
            (HEADINGS[severity], [*(self._held() if severity == Severity.PROBLEM else ()), *self._doubts(severity)])
            for severity in Severity
        ]
        return [(heading, doubts) for heading, doubts in found if doubts]

    @property
    def live_instances(self) -> list[LiveInstance]:
        """The servers that run as recovery instances which are no drill's, to be launched over one by one."""
        names = {server.source_server_id: str(server) for server in self.servers}
        found = {
            (row.source_server_id, row.recovery_instance_id)
            for place in self.places
            if place.survey
            for row in place.survey.instances
            if row.source_server_id in names and not row.is_drill and row.state not in GONE
        }
        return [
            LiveInstance(server_id, names[server_id], instance_id, server_id in self.look.launch_over)
            for server_id, instance_id in sorted(found, key=lambda pair: names[pair[0]])
        ]

    def _held(self) -> list[Doubt]:
        by_holder: dict[tuple[str, str], list[str]] = {}
        seen = holders_in_sight(self.look.holds, self.actor)
        for hold in self.look.holds:
            named = (hold.label, hold.link) if hold.holder in seen else (UNSEEN, "")
            by_holder.setdefault(named, []).append(str(hold.server))
        return [
            Doubt("error", f"{_count(names, '1 server is', '{} servers are')} in use by {label}", tuple(names), link)
            for (label, link), names in sorted(by_holder.items())
        ]

    def _doubts(self, severity: Severity) -> list[Doubt]:
        by_code: dict[Code, list[Finding]] = {}
        for finding in self.look.findings:
            if finding.severity == severity:
                by_code.setdefault(finding.code, []).append(finding)
        return [_doubt(code, severity, found) for code, found in by_code.items()]


def _doubt(code: Code, severity: Severity, found: Sequence[Finding]) -> Doubt:
    """Say several findings as one. What concerns a place is its own title."""
    sentences = tuple(finding.sentence for finding in found)
    if any(not finding.source_server_id for finding in found) or code not in TITLES:
        return Doubt(TONES[severity], sentences[0], sentences[1:])
    one, several = TITLES[code]
    if severity == Severity.UNKNOWN:
        one, several = UNSURE
    elif severity == Severity.WARNING and code == Code.REPLICATION:
        one, several = BEHIND
    return Doubt(TONES[severity], _count(sentences, one, several), sentences)


def _count(things: Sequence[object], one: str, several: str) -> str:
    return one if len(things) == 1 else several.format(len(things))
