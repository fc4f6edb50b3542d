"""Whether whoever started an execution may still run it: asked of the policy again before each of its waves."""

from django.contrib.auth import get_user_model

from drsorch.access import policy
from drsorch.access.roles import Permission
from drsorch.audit.actor import Actor, Source
from executions.decisions import readiness as decide
from executions.decisions.readiness import Finding
from executions.models import Execution
from executions.states import Mode

# What the installation starts by itself has nobody behind it. An initiator who is gone otherwise was a person.
OWN_SOURCES = frozenset({Source.ENGINE, Source.SCHEDULE})
# What a person needs to start an execution of each mode, and to have it go on.
NEEDED = {Mode.DRILL: Permission.EXECUTE_RECOVERY, Mode.RECOVERY: Permission.EXECUTE_RECOVERY}


def findings_about(execution: Execution) -> list[Finding]:
    """Return a problem when the person who started `execution` is not active any more, or may not execute it. No AWS.

    The person counts, whatever the door was: a token that was revoked since does not stop what it has started. Four
    queries at most.
    """
    person = get_user_model().objects.filter(executions=execution.pk).first()
    if person is None and execution.source in OWN_SOURCES:
        return []
    is_active = person is not None and person.is_active
    actor = Actor(name=execution.initiator, source=execution.source, user=person)
    if is_active and policy.can(actor, NEEDED[Mode(execution.mode)], execution):
        return []
    return [decide.initiator(execution.initiator, is_active=is_active, is_drill=execution.is_drill)]
