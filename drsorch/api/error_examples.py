"""Examples of errors: one for each status, and one for each code of a conflict."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

from drsorch.api.endpoint import Endpoint
from drsorch.api.problems import PLAIN

Sample = tuple[str, str, dict[str, Any]]
BY_STATUS: dict[int, Sample] = {
    400: (
        "VALIDATION_FAILED",
        "colour: There is no such member here. Check its spelling, or leave it out.",
        {"fields": {"colour": ["There is no such member here. Check its spelling, or leave it out."]}},
    ),
    401: (*PLAIN[401], {}),
    403: (
        "INSUFFICIENT_PERMISSIONS",
        "This needs the permission {permission}, which none of your roles gives. Ask an administrator for it.",
        {"permission": "{permission}"},
    ),
    404: (*PLAIN[404], {}),
    412: ("VERSION_MISMATCH", "Somebody saved version 3 meanwhile. Read it again, and decide again.", {}),
    415: (*PLAIN[415], {}),
    428: (
        "PRECONDITION_REQUIRED",
        "Send If-Match with the version that the change is based on, as the ETag shows it.",
        {},
    ),
    429: ("THROTTLED", "Too many requests. Wait 3 s and ask again.", {"retryAfter": 3}),
    500: (*PLAIN[500], {}),
    502: (
        "AWS_ERROR",
        "AWS refused DescribeSourceServers in us-east-1 of account 222222222222.",
        {
            "operation": "DescribeSourceServers",
            "accountId": "222222222222",
            "region": "us-east-1",
            "awsCode": "AccessDeniedException",
            "awsRequestId": "7a1c2f4e-0b6d-4a55-9a3e-2f1d0c9b8a76",
        },
    ),
    503: (
        "AWS_UNAVAILABLE",
        "DRS in us-east-1 of account 222222222222 does not answer. Try again in a minute.",
        {
            "operation": "DescribeSourceServers",
            "accountId": "222222222222",
            "region": "us-east-1",
            "awsCode": "",
            "awsRequestId": "",
        },
    ),
}
UNWELL: Sample = ("NOT_SERVING", "Not ready: worker.", {"database": True, "worker": False, "queue": True})
NO_PROVIDER: Sample = (
    "PROVIDER_FAILED",
    "The identity provider does not answer as it should, so nobody can be signed in now. Try again in a minute. If it "
    "stays like this, tell an administrator.",
    {},
)
SERVER, EXECUTION = "s-0a1b2c3d4e5f60718", "5b0c7f8e-3d5d-4f0e-9a51-0d8f6f8b2c11"
CONFLICTS: dict[str, tuple[str, dict[str, Any]]] = {
    "NAME_TAKEN": ("There is one named Billing already. Choose another name.", {}),
    "ACCOUNT_TAKEN": ("Account 222222222222 is registered already.", {}),
    "SERVER_CONFLICT": (
        "billing-db-1 is in use by Drill of Payroll (5b0c7f8e). Wait until it has ended.",
        {"servers": {SERVER: EXECUTION}},
    ),
    "ACTIVE_EXECUTION": (
        "Billing is already running: Drill of Billing (5b0c7f8e), started by olga, is in progress.",
        {"executionId": EXECUTION},
    ),
    "IN_USE": ("Billing databases is still used by Billing. Remove it there first.", {}),
    "NOT_READY": (
        "Billing is not ready: billing-app-1 does not replicate (state stalled). Repair its replication in DRS.",
        {
            "problems": ["billing-app-1 does not replicate (state stalled). Repair its replication in DRS."],
            "canOverride": False,
        },
    ),
    "INVALID_STATE": ("The execution has ended: completed.", {"status": "COMPLETED"}),
    "ALREADY_ANSWERED": ("Somebody has answered the question already.", {"status": "POLLING", "answer": "RESUME"}),
    "ALREADY_TERMINATED": ("The instances of this execution are being terminated already.", {}),
    "IDEMPOTENCY_MISMATCH": (
        "This Idempotency-Key was used for another request. Use a new one for each thing that you want done.",
        {},
    ),
    "IDEMPOTENCY_KEY_USED": ("This key has already started Drill of Billing. Use a new one.", {}),
    "IDEMPOTENCY_IN_PROGRESS": (
        "The first request with this Idempotency-Key is still being answered. Ask again in a second.",
        {"retryAfter": 1},
    ),
}
REQUEST_ID = "0b6f1c2d3e4f5a6b7c8d9e0f1a2b3c4d"


def examples_of(status: int, spec: Endpoint, method: str) -> list[OpenApiExample]:
    """Return examples of how an endpoint answers with `status`: of a conflict, one for each of its codes."""
    if status == 409:  # noqa: PLR2004
        usual = "IDEMPOTENCY_MISMATCH" if method == "POST" and spec.keeps_answer else "INVALID_STATE"
        return [_example(code, *CONFLICTS[code]) for code in spec.conflicts or (usual,)]
    if status == 503 and not spec.asks_aws:  # noqa: PLR2004
        return [_example(*(UNWELL if spec.is_public else NO_PROVIDER))]
    code, message, details = BY_STATUS[status]
    permission = str(spec.permission)
    named = {name: permission if value == "{permission}" else value for name, value in details.items()}
    if status == 403 and spec.permission is None:  # noqa: PLR2004
        return [_example(*PLAIN[403], {})]
    return [_example(code, message.replace("{permission}", permission), named)]


def _example(code: str, message: str, details: dict[str, Any]) -> OpenApiExample:
    error = {"code": code, "message": message, "details": details, "requestId": REQUEST_ID}
    return OpenApiExample(code, {"success": False, "error": error})
