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
        ended, ignored = reported(), ("format", *rows.PLACE)
        found = self.narrowed(rows.narrowed(ended, self.query), ignored=ignored)
        if self.query["format"] == CSV:
            asked = self.request.query_params.dict()
            each = services.export_executions(rows=found, actor=self.actor, filters=asked)
            return file_of("executions", lines_of(ReportedAnswer(), each))
        asked = {name: value for name, value in self.query.items() if name != "format"}
        by_place, by_tag = rows.counted(ended, asked), rows.counted_by_tag(asked, have_ended=True)
        counted = by_tag if by_place is None else by_place
        orderings = rows.orderings(self.query)
        page = self.paged(found, None if counted is None else self.narrowed(counted, ignored=ignored), orderings)
        page.totals = totals_of(found, page.count, orderings["createdAt"])
        return page
