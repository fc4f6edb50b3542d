"""Endpoints of reports. No AWS."""

from typing import Any

from drsorch.access.roles import Permission
from drsorch.api.endpoint import endpoint
from drsorch.api.files import CSV, file_of, lines_of
from drsorch.api.views import ApiViewSet
from executions import services
from executions.api import rows
from executions.api.examples import REPORT
from executions.reports import reported, totals_of
from executions.serializers.reports import ReportedAnswer, ReportQuery, TotalsAnswer


class ReportViewSet(ApiViewSet):
    """What executions prove."""

    tag = "Audit and reports"

    @endpoint(
        Permission.VIEW_RESOURCES,
        exports="export_executions",
        query=ReportQuery,
        answer=ReportedAnswer,
        is_list=True,
        totals=TotalsAnswer,
        usual_order="-createdAt",
        example=REPORT,
    )
    def executions(self) -> Any:
        """List executions that have ended, with the measured recovery time and its target, and the success rate."""
        ended = reported()
        found = self.narrowed(rows.narrowed(ended, self.query), ignored=rows.PLACE)
        if self.query["format"] == CSV:
            asked = self.request.query_params.dict()
            each = services.export_executions(rows=found, actor=self.actor, filters=asked)
            return file_of("executions", lines_of(ReportedAnswer(), each))
        to_count = self.counting(rows.counted(ended, self.query, have_ended=True), ignored=rows.PLACE)
        page = self.paged(found, to_count, rows.orderings(self.query))
        page.totals = totals_of(rows.newest(found, to_count, self.query), page.count)
        return page
