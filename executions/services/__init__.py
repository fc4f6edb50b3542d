"""What people do with executions. Every door calls these."""

from executions.services.choices import Choice, choices_of
from executions.services.control import (
    cancel_execution,
    decide_gate,
    pause_execution,
    resume_execution,
    retry_wave,
)
from executions.services.delete import delete_executions
from executions.services.offers import offers
from executions.services.report import export_executions
from executions.services.start import CallerContext, start_execution
from executions.services.terminate import terminate_instances, withdraw_termination
from executions.services.terminate_by_id import terminate_named

__all__ = [
    "CallerContext",
    "Choice",
    "cancel_execution",
    "choices_of",
    "decide_gate",
    "delete_executions",
    "export_executions",
    "offers",
    "pause_execution",
    "resume_execution",
    "retry_wave",
    "start_execution",
    "terminate_instances",
    "terminate_named",
    "withdraw_termination",
]
