"""Every row of the matrix: the admin site, the API from its own declarations, and the console."""

import json
from dataclasses import replace

from drsorch.access.declared import PUBLIC, SIGNED_IN
from drsorch.access.roles import Permission as P
from tests.api.routes import ROUTES, Route
from tests.api.test_bad_input import least
from tests.security.matrix import (
    ADMIN_ROWS,
    ADMINISTRATOR,
    AUDITOR,
    CLOSED_ROWS,
    CONSOLE,
    NOBODY,
    OWN_OR_ADMINISTRATOR,
    Row,
)

# What an address is about, by how it begins: the example in its place, and how that is reached.
OBJECTS = {
    "/config/settings": ("", "everywhere"),
    "/accounts/{": ("north_number", "north"),
    "/protection-groups/{": ("north_group", "north_group"),
    "/recovery-plans/{": ("north_plan", "north_plan"),
    "/executions/{": ("north_run", "north_run"),
    "/drs/source-servers/{": ("north_server_id", "north_server"),
    "/drs/job-logs/{": ("north_job_id", "of the north"),
    "/ec2/instances/{": ("north_instance_id", "of the north"),
    "/users/tokens/{": ("token", ""),
}
DAYS = ("drillDays", "recoveryDays", "timelineDays", "jobLogDays", "auditDays")
STOPPING, GOING_ON = (P.MANAGE_EXECUTION,), (P.MANAGE_EXECUTION, P.EXECUTE_RECOVERY)
# What the service asks for beyond what the address declares.
BEYOND = {
    "POST /executions/{id}/pause": STOPPING,
    "POST /executions/{id}/cancel": STOPPING,
    "DELETE /executions/{id}": STOPPING,
    "POST /executions/{id}/resume": GOING_ON,
    "POST /executions/{id}/retry": GOING_ON,
    "POST /executions/{id}/decide": GOING_ON,
    "DELETE /executions": (ADMINISTRATOR,),
    "POST /executions/delete": (ADMINISTRATOR,),
    "PUT /config/settings": (ADMINISTRATOR,),
    "GET /config/export": (AUDITOR,),
    "POST /config/import": (ADMINISTRATOR,),
    "POST /events/eventbridge": (NOBODY,),  # with a session: events come with a token
    "DELETE /users/tokens/{id}": (OWN_OR_ADMINISTRATOR,),
    "GET /audit/events": (AUDITOR,),
    "GET /audit/verification": (AUDITOR,),
    "POST /audit/verification": (AUDITOR,),
}
# What asks AWS, or would leave nothing to try the next address on.
UNTRIED = {
    "GET /accounts/current",
    "POST /accounts/{accountId}/validate",
    "PUT /protection-groups/{id}",
    "POST /recovery-plans/{id}/readiness",
    "GET /recovery-plans/{id}/check-existing-instances",
    "GET /drs/source-servers/{serverId}/recovery-snapshots",
    "GET /ec2/instances/{instanceId}",
    "DELETE /executions",
    "DELETE /users/tokens/{id}",
}
# Bodies that whoever may cannot succeed with; else the least, or one of which nothing is right.
BODIES = {
    "POST /recovery-plans/{id}/copy": {"name": "North plan"},
    "POST /recovery-plans/{id}/execute": {"executionType": "RECOVERY"},
    "PUT /config/settings": dict.fromkeys(DAYS, 100) | {"fourEyes": False, "initiatorMayNotAnswer": False},
    "POST /config/import": {"document": {}},
    "POST /executions/delete": {"executionIds": ["{north_run}"]},
    "POST /audit/verification": {},
}


def row_of(route: Route) -> Row:
    """An endpoint as a row. Its version is one that nobody has seen, so that nothing is changed."""
    shown = f"{route.method} {route.pattern}"
    example, on = next((each for start, each in OBJECTS.items() if route.pattern.startswith(start)), ("", ""))
    permission = route.spec.permission
    declared = PUBLIC if route.spec.is_public else permission or SIGNED_IN
    needs, *also = BEYOND.get(shown, (declared,))
    return Row(
        (route.doc or "").strip().partition("\n")[0],
        route.method,
        f"/api/v1{with_example(route.pattern, example)}",
        needs,
        on,
        also=tuple(also),
        sent=json.dumps(body_of(route, shown)) if route.is_write else "",
        in_docs=False,
        first=permission,
        is_untried=shown in UNTRIED,
    )


def body_of(route: Route, shown: str) -> object:
    """What is sent. Of a change in part that is nothing, which is right."""
    if shown in BODIES or not (route.has_id or route.method == "DELETE"):
        return BODIES.get(shown, {"colour": "red"})
    return {} if route.method == "PATCH" else json.loads(least(route) or "{}")


def with_example(pattern: str, example: str) -> str:
    """The address with the example where its id stands."""
    before, brace, after = pattern.partition("{")
    return f"{before}{{{example}}}{after.partition('}')[2]}" if brace else pattern


API_ROWS = [
    Row("read the OpenAPI document", "GET", "/api/v1/schema", SIGNED_IN, in_docs=False),
    Row("read and try the API", "GET", "/api/v1/docs", SIGNED_IN, in_docs=False),
    *map(row_of, ROUTES),
]
# With a token, of which two rows are different: the page of the documentation is for browsers, and events are taken.
WITH_TOKEN = {"/api/v1/events/eventbridge": ADMINISTRATOR}  # who may change everything everywhere
TOKEN_ROWS = [replace(row, needs=WITH_TOKEN.get(row.path, row.needs)) for row in API_ROWS if row.path != "/api/v1/docs"]
EVERYTHING = [*ADMIN_ROWS, *CLOSED_ROWS, *API_ROWS, *CONSOLE]  # signing out comes last
