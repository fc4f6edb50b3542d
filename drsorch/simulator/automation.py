"""SSM automations: runs of a document whose steps take virtual time."""

import re
from dataclasses import dataclass, field
from math import inf
from typing import Any

STEP_SECONDS = 20.0
# AWS's own documents that are worth practising with; moto knows only those that somebody has created.
AWS_DOCUMENTS: dict[str, list[tuple[str, str]]] = {
    "AWS-StartEC2Instance": [("startInstances", "aws:changeInstanceState")],
    "AWS-StopEC2Instance": [("stopInstances", "aws:changeInstanceState")],
    "AWS-RestartEC2Instance": [
        ("stopInstances", "aws:changeInstanceState"),
        ("startInstances", "aws:changeInstanceState"),
    ],
}
WAITING_FOR_SOMEBODY = {"aws:approve", "aws:pause"}
DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")


@dataclass
class AutomationStep:
    """One step; `seconds` are virtual, and endless when it waits for somebody."""

    id: str
    name: str
    action: str
    seconds: float


@dataclass
class AutomationExecution:
    """One run. Where it is follows from the clock, until somebody stops it."""

    id: str
    document: str
    version: str
    parameters: dict[str, list[str]]
    started_at: float
    executed_by: str
    mode: str
    client_token: str | None
    steps: list[AutomationStep] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    stopped_at: float | None = None
    is_cancelled: bool = False

    def begins_at(self, index: int) -> float:
        """When the step of that index begins."""
        return self.started_at + sum(step.seconds for step in self.steps[:index])

    @property
    def ends_at(self) -> float:
        """When the run ends if nobody stops it."""
        return self.begins_at(len(self.steps))

    @property
    def moves_until(self) -> float:
        """When nothing happens any more by itself: at the end, or at a step that waits for somebody."""
        waiting = [index for index, step in enumerate(self.steps) if step.seconds == inf]
        return self.begins_at(waiting[0]) if waiting else self.ends_at

    def status(self, now: float) -> str:
        """InProgress or Waiting while it runs, then Success; Cancelled or Success when it was stopped."""
        if self.stopped_at is not None:
            return "Cancelled" if self.is_cancelled else "Success"
        if now >= self.ends_at:
            return "Success"
        return self.step_status(self.current(now), now)

    def current(self, now: float) -> int:
        """The index of the step that is being taken, or was when the run was stopped."""
        moment = now if self.stopped_at is None else self.stopped_at
        begun = [index for index, _ in enumerate(self.steps) if self.begins_at(index) <= moment]
        return begun[-1] if begun else 0

    def step_status(self, index: int, now: float) -> str:
        """The status of one step."""
        moment = now if self.stopped_at is None else self.stopped_at
        if moment >= self.begins_at(index) + self.steps[index].seconds:
            return "Success"
        if moment < self.begins_at(index):
            return "Pending"
        if self.stopped_at is not None:
            return "Cancelled"
        return "InProgress" if self.steps[index].seconds < inf else "Waiting"


def step_seconds(action: str, inputs: dict[str, Any]) -> float:
    """How long a step takes: a sleep as long as it says, one that waits for somebody for ever."""
    if action in WAITING_FOR_SOMEBODY:
        return inf
    found = DURATION.fullmatch(str(inputs.get("Duration", ""))) if action == "aws:sleep" else None
    if found is None:
        return STEP_SECONDS
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return float(hours * 3600 + minutes * 60 + seconds)
