"""What happens: executions, their waves and servers, calls to AWS, jobs, and the timeline."""

from executions.models.calls import Launch, Termination, TerminationCall
from executions.models.execution import Event, Execution
from executions.models.jobs import Job, JobEvent, Poller
from executions.models.places import AccountSet
from executions.models.runs import Gate, ServerAttempt, ServerRun, WaveRun

__all__ = [
    "AccountSet",
    "Event",
    "Execution",
    "Gate",
    "Job",
    "JobEvent",
    "Launch",
    "Poller",
    "ServerAttempt",
    "ServerRun",
    "Termination",
    "TerminationCall",
    "WaveRun",
]
