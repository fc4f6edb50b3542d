"""What happens: executions, their waves and servers, calls to AWS, jobs, and the timeline."""

from executions.models.calls import Launch, Termination, TerminationCall
from executions.models.execution import Event, Execution, ExecutionTag
from executions.models.jobs import Job, JobEvent, Poller
from executions.models.places import AccountSet, AccountSetRegion
from executions.models.runs import Gate, ServerAttempt, ServerRun, WaveRun

__all__ = [
    "AccountSet",
    "AccountSetRegion",
    "Event",
    "Execution",
    "ExecutionTag",
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
