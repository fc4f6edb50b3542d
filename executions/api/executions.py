"""Endpoints of executions: find, start, control, delete."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from drsorch.access.roles import Permission
from drsorch.api.endpoint import endpoint
from drsorch.api.idempotency import own_key
from drsorch.api.views import ApiViewSet
from executions import services
from executions.api import rows
from executions.api.examples import DELETED, EXECUTION, EXECUTION_SUMMARY, TERMINATION_STATUS
from executions.models import Execution
from executions.serializers import inputs
from executions.serializers.evidence import DeletedAnswer, TerminationAnswer
from executions.serializers.executions import ExecutionAnswer, ExecutionSummary
from executions.states import ACTIVE
from executions.termination import state_of_termination
from plans.models import RecoveryPlan

VIEW = Permission.VIEW_RESOURCES
NOT_STARTED = ("ACTIVE_EXECUTION", "SERVER_CONFLICT", "NOT_READY", "INVALID_STATE", "IDEMPOTENCY_MISMATCH")
NOT_NOW = ("INVALID_STATE", "IDEMPOTENCY_MISMATCH")
STOPPING = "drs:ManageExecution, or to have started it"
GOING_ON = "drs:ManageExecution and drs:ExecuteRecovery"
DELETING = "every permission there is"
START: dict[str, Any] = {
    "action": "start_execution",
    "answer": ExecutionAnswer,
    "status": 202,
    "asks_aws": True,
    "needs_key": True,
    "conflicts": (*NOT_STARTED, "IDEMPOTENCY_IN_PROGRESS"),
    "example": EXECUTION,
}


class StartingViewSet(ApiViewSet):
    """What starts executions, whatever the address."""

    tag = "Executions"

    def started(self, plan_id: int) -> Execution:
        """Start a plan in sight as the body says, once for the caller's key."""
        plan = self.one(RecoveryPlan.objects.all(), pk=plan_id)
        key = own_key(self.request, self.key)
        execution = services.start_execution(plan=plan, actor=self.actor, idempotency_key=key, **self.body)
        return self.one(rows.offered(self.actor), pk=execution.pk)


class ExecutionViewSet(StartingViewSet):
    """Executions."""

    @endpoint(
        VIEW,
        query=inputs.ExecutionQuery,
        answer=ExecutionSummary,
        is_list=True,
        usual_order="-createdAt",
        example=EXECUTION_SUMMARY,
    )
    def list(self) -> Any:
        """List executions, the newest first."""
        found, asked = rows.listed(self.actor), self.query
        if "active" in asked:
            found = found.filter(status__in=ACTIVE) if asked["active"] else found.exclude(status__in=ACTIVE)
        ignored, counted, orderings = ("active", *rows.PLACE), rows.counted(found, asked), rows.orderings(asked)
        return self.page(rows.narrowed(found, asked), ignored=ignored, counted=counted, orderings=orderings)

    @endpoint(Permission.EXECUTE_RECOVERY, body=inputs.NewExecutionInput, **START)
    def create(self) -> Any:
        """Start a plan. Problems block a DRILL; a RECOVERY has to be confirmed, and goes on with an overrideReason."""
        return self.started(self.body.pop("plan_id"))

    @endpoint(VIEW, answer=ExecutionAnswer, example=EXECUTION)
    def retrieve(self, pk: UUID) -> Any:
        """Get one execution with its waves, servers and open questions."""
        return self.one(rows.offered(self.actor), pk=pk)

    @endpoint(
        VIEW, action="pause_execution", needs=STOPPING, answer=ExecutionAnswer, conflicts=NOT_NOW, example=EXECUTION
    )
    def pause(self, pk: UUID) -> Any:
        """Ask for a pause before the next wave."""
        return self.act(pk, services.pause_execution)

    @endpoint(
        Permission.MANAGE_EXECUTION,
        action="resume_execution",
        needs=GOING_ON,
        answer=ExecutionAnswer,
        conflicts=NOT_NOW,
        example=EXECUTION,
    )
    def resume(self, pk: UUID) -> Any:
        """Answer every open pause with "go on"."""
        return self.act(pk, services.resume_execution)

    @endpoint(
        VIEW, action="cancel_execution", needs=STOPPING, answer=ExecutionAnswer, conflicts=NOT_NOW, example=EXECUTION
    )
    def cancel(self, pk: UUID) -> Any:
        """Start nothing more; jobs that run in DRS run out."""
        return self.act(pk, services.cancel_execution)

    @endpoint(
        VIEW,
        action="cancel_execution",
        needs=STOPPING,
        answer=ExecutionAnswer,
        status=202,
        conflicts=NOT_NOW,
        example=EXECUTION,
    )
    def destroy(self, pk: UUID) -> Any:
        """Cancel an execution, as POST to its cancel does. Its history stays."""
        return self.act(pk, services.cancel_execution)

    @endpoint(
        Permission.MANAGE_EXECUTION,
        action="decide_gate",
        needs=GOING_ON,
        body=inputs.RetryInput,
        answer=ExecutionAnswer,
        conflicts=(*NOT_NOW, "SERVER_CONFLICT", "ALREADY_ANSWERED"),
        example=EXECUTION,
    )
    def retry(self, pk: UUID) -> Any:
        """Launch the failed servers of a wave again, when its question is open."""
        return self.act(pk, services.retry_wave, **self.body)

    @endpoint(
        VIEW,
        action="decide_gate",
        needs=GOING_ON,
        body=inputs.DecideInput,
        answer=ExecutionAnswer,
        conflicts=(*NOT_NOW, "SERVER_CONFLICT", "ALREADY_ANSWERED"),
        example=EXECUTION,
    )
    def decide(self, pk: UUID) -> Any:
        """Answer an open question. To cancel, less is needed: what cancel needs."""
        return self.act(pk, services.decide_gate, **self.body)

    @endpoint(
        Permission.TERMINATE_INSTANCES,
        action="terminate_instances",
        body=inputs.TerminateInput,
        answer=TerminationAnswer,
        status=202,
        conflicts=(*NOT_NOW, "ALREADY_TERMINATED"),
        example=TERMINATION_STATUS,
    )
    def terminate(self, pk: UUID) -> Any:
        """Terminate every instance that the execution launched, and no other."""
        execution = self.one(Execution.objects.all(), pk=pk)
        services.terminate_instances(execution=execution, actor=self.actor, **self.body)
        return state_of_termination(self.one(rows.detailed(), pk=pk))

    @endpoint(
        Permission.TERMINATE_INSTANCES,
        action="withdraw_termination",
        answer=ExecutionAnswer,
        conflicts=NOT_NOW,
        example=EXECUTION,
    )
    def withdraw_termination(self, pk: UUID) -> Any:
        """Take back a termination that waits for a second person: nothing is terminated."""
        return self.act(pk, services.withdraw_termination)

    @endpoint(VIEW, action="delete_execution", needs=DELETING, answer=DeletedAnswer, example=DELETED)
    def delete_ended(self) -> Any:
        """Delete the oldest executions that may go, at most 500.

        They have ended, their instances are proven gone, and recoveries are older than the retention.
        """
        return {"deleted": services.delete_executions(actor=self.actor)}

    @endpoint(
        VIEW,
        action="delete_execution",
        needs=DELETING,
        body=inputs.DeleteInput,
        answer=DeletedAnswer,
        conflicts=("INVALID_STATE",),
        example=DELETED,
    )
    def delete_named(self) -> Any:
        """Delete these executions, all or none, under the same conditions."""
        return {"deleted": services.delete_executions(actor=self.actor, ids=self.body["ids"])}

    def act(self, pk: UUID, service: Callable[..., Execution], **arguments: Any) -> Execution:
        """Call a service on an execution in sight, and return it as it is then."""
        service(execution=self.one(Execution.objects.all(), pk=pk), actor=self.actor, **arguments)
        return self.one(rows.offered(self.actor), pk=pk)
