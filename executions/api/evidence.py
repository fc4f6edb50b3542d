"""Endpoints that show what an execution did. No AWS."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from drsorch.access.roles import Permission
from drsorch.api.endpoint import endpoint
from drsorch.api.paging import Page
from drsorch.api.views import ApiViewSet
from executions.api import rows
from executions.api.examples import EVENT, EXPORT, OWN_INSTANCE, TERMINATION_STATUS
from executions.api.examples_of_drs import JOB_EVENT
from executions.export import exported
from executions.models import Event, Execution, Job, JobEvent, ServerRun
from executions.serializers import evidence as shapes
from executions.serializers.executions import ExecutionSummary
from executions.serializers.export import ExportAnswer
from executions.serializers.inputs import JobLogQuery, OfExecutionQuery
from executions.termination import state_of_termination

VIEW = Permission.VIEW_RESOURCES
LIST: dict[str, Any] = {"query": OfExecutionQuery, "is_list": True}


class EvidenceViewSet(ApiViewSet):
    """What an execution leaves behind."""

    tag = "Executions"

    def of(self, pk: UUID, found: "QuerySet[Any]") -> Page:
        """Return the page of rows of an execution, which must be in sight."""
        self.one(Execution.objects.only("pk"), pk=pk)
        return self.page(found)

    @endpoint(VIEW, answer=shapes.EventAnswer, example=EVENT, **LIST)
    def events(self, pk: UUID) -> Any:
        """List the timeline: who did what, and what the engine did, the oldest first."""
        return self.of(pk, Event.objects.filter(execution=pk))

    @endpoint(VIEW, answer=shapes.InstanceAnswer, example=OWN_INSTANCE, **LIST)
    def recovery_instances(self, pk: UUID) -> Any:
        """List the recovery instances that the execution launched, terminated ones too."""
        launched = ServerRun.objects.filter(wave__execution=pk).exclude(recovery_instance_id="")
        return self.of(pk, launched.select_related("wave", "account"))

    @endpoint(VIEW, query=JobLogQuery, answer=shapes.JobEventAnswer, is_list=True, example=JOB_EVENT)
    def job_logs(self, pk: UUID) -> Any:
        """List the lines of the logs of its DRS jobs, or of one of them, in the order in which we read them."""
        return self.of(pk, JobEvent.objects.filter(job__in=Job.objects.of(pk)).select_related("job__account"))

    @endpoint(VIEW, answer=shapes.TerminationAnswer, example=TERMINATION_STATUS)
    def termination_status(self, pk: UUID) -> Any:
        """Say how the termination of the instances stands. Terminated is only what DRS says is gone."""
        return state_of_termination(self.one(rows.detailed(), pk=pk))

    @endpoint(VIEW, answer=ExportAnswer, example=EXPORT)
    def export(self, pk: UUID) -> Any:
        """Return the execution in the enterprise platform's schema."""
        execution = self.one(rows.detailed().prefetch_related("waves__servers__server"), pk=pk)
        return exported(execution, ExecutionSummary().get_currentWave(execution))
