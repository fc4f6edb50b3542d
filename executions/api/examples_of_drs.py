"""Examples of answers about DRS: what speaks against a start, jobs with their logs, and quotas."""

from typing import Any

PLACE = {"accountId": "222222222222", "region": "us-east-1"}
READINESS: dict[str, Any] = {
    "ready": False,
    "asked": True,
    "activeExecutionId": None,
    "held": [
        {
            "sourceServerId": "s-0a1b2c3d4e5f60718",
            "executionId": "0d9a5f0e-6a0c-4d0e-8f5b-3b7f1f1a9c22",
            "label": "Drill of Payroll (0d9a5f0e)",
        }
    ],
    "findings": [
        {
            "code": "REPLICATION",
            "severity": "PROBLEM",
            "sourceServerId": "s-0a1b2c3d4e5f60719",
            "subject": "",
            "sentence": "billing-app-1 does not replicate (state stalled). Repair its replication in DRS.",
            "isBlocking": True,
            "isOverridable": True,
        }
    ],
    "places": [PLACE | {"serverCount": 2, "knownAt": "2026-03-01T11:59:58Z"}],
}
EXISTING: dict[str, Any] = {
    "instances": [
        {
            "recoveryInstanceId": "i-0a1b2c3d4e5f60718",
            "sourceServerId": "s-0a1b2c3d4e5f60718",
            "serverName": "billing-db-1",
            **PLACE,
            "isDrill": True,
            "state": "RUNNING",
            "jobId": "drsjob-0a1b2c3d4e5f60718",
        }
    ],
    "unanswered": [
        {"accountId": "333333333333", "region": "eu-west-1", "reason": "DRS in eu-west-1 did not answer in time."}
    ],
}
JOB: dict[str, Any] = {
    "jobId": "drsjob-0a1b2c3d4e5f60718",
    **PLACE,
    "type": "LAUNCH",
    "status": "COMPLETED",
    "executionId": "5b0c7f8e-3d5d-4f0e-9a51-0d8f6f8b2c11",
    "createdAt": "2026-03-01T12:00:02Z",
    "polledAt": "2026-03-01T12:09:29Z",
    "endedAt": "2026-03-01T12:09:30Z",
}
JOB_EVENT: dict[str, Any] = {
    "jobId": "drsjob-0a1b2c3d4e5f60718",
    **PLACE,
    "at": "2026-03-01T12:03:10Z",
    "event": "CONVERSION_START",
    "sourceServerId": "s-0a1b2c3d4e5f60718",
    "rawError": "",
}
QUOTAS: dict[str, Any] = PLACE | {
    "concurrentJobs": {"limit": 20, "used": 1},
    "serversInJobs": {"limit": 500, "used": 2},
    "replicatingServers": {"limit": 300, "used": 42},
    "serversPerJob": 100,
    "readAt": "2026-03-01T06:00:00Z",
    "usedAsOf": "2026-03-01T12:05:00Z",
}
