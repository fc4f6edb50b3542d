"""Examples of answers about executions."""

from typing import Any

ID = "5b0c7f8e-3d5d-4f0e-9a51-0d8f6f8b2c11"
EXECUTION_SUMMARY: dict[str, Any] = {
    "executionId": ID,
    "planId": "3",
    "planName": "Billing",
    "planVersion": 1,
    "executionType": "DRILL",
    "status": "PAUSED",
    "statusReason": "The plan stops before wave 2.",
    "initiatedBy": "olga",
    "invocationSource": "API",
    "reason": "Quarterly drill",
    "parentExecutionId": "",
    "createdAt": "2026-03-01T12:00:00Z",
    "startedAt": "2026-03-01T12:00:01Z",
    "endedAt": None,
    "elapsedSeconds": 720,
    "currentWave": 2,
    "waveCount": 2,
    "serverCount": 2,
    "launchedCount": 1,
    "instancesTerminated": False,
    "version": 14,
    "allowedActions": [
        {"action": "resume", "allowed": True, "reason": ""},
        {"action": "pause", "allowed": False, "reason": "The execution is paused already."},
    ],
}
SERVER: dict[str, Any] = {
    "sourceServerId": "s-0a1b2c3d4e5f60718",
    "name": "billing-db-1",
    "accountId": "222222222222",
    "region": "us-east-1",
    "impact": "CRITICAL",
    "attempt": 1,
    "launchStatus": "LAUNCHED",
    "step": "READY",
    "stepNumber": 5,
    "stepCount": 5,
    "recoveryInstanceId": "i-0a1b2c3d4e5f60718",
    "privateIp": "10.0.1.10",
    "instanceType": "m5.large",
    "checkStatus": "PASSED",
    "checkReason": "",
    "error": "",
    "startedAt": "2026-03-01T12:00:02Z",
    "endedAt": "2026-03-01T12:09:30Z",
}
DECISION: dict[str, Any] = {
    "gateId": "21",
    "waveNumber": 2,
    "kind": "PAUSE_BEFORE",
    "question": "The plan stops before wave 2, Applications. Resume to start it, skip it, or cancel.",
    "details": [],
    "askedAt": "2026-03-01T12:09:31Z",
    "options": [{"answer": "RESUME", "allowed": True, "reason": "", "needsNote": False}],
}
EXECUTION: dict[str, Any] = EXECUTION_SUMMARY | {
    "pauseRequestedBy": "",
    "cancelledBy": "",
    "overrideReason": "",
    "pointInTime": None,
    "tags": {"Application": "billing"},
    "nextDecision": DECISION,
    "decisions": [DECISION],
    "waves": [
        {
            "waveNumber": 1,
            "name": "Databases",
            "dependsOnWaves": [],
            "status": "COMPLETED",
            "statusReason": "1 of 1 servers launched.",
            "startedAt": "2026-03-01T12:00:01Z",
            "endedAt": "2026-03-01T12:09:30Z",
            "jobs": [
                {
                    "jobId": "drsjob-0a1b2c3d4e5f60718",
                    "accountId": "222222222222",
                    "region": "us-east-1",
                    "status": "COMPLETED",
                }
            ],
            "servers": [SERVER],
        }
    ],
}
INSTANCE: dict[str, Any] = SERVER | {
    "waveNumber": 1,
    "launchedAt": "2026-03-01T12:09:30Z",
    "terminatedAt": None,
    "executionId": ID,
    "executionType": "DRILL",
    "planId": "3",
    "planName": "Billing",
}
LIVE_INSTANCE: dict[str, Any] = INSTANCE | {
    "live": {
        "askedAt": "2026-03-01T12:30:00Z",
        "state": "running",
        "instanceCheck": "ok",
        "systemCheck": "ok",
        "privateIp": "10.0.1.20",
        "instanceType": "m5.large",
    }
}
TERMINATION: dict[str, Any] = {
    "executionId": ID,
    "isRequested": True,
    "requestedBy": "olga",
    "requestedAt": "2026-03-01T13:00:00Z",
    "waitsForConfirmation": False,
    "confirmedBy": "",
    "confirmedAt": None,
    "doneAt": None,
    "gaveUp": False,
    "reason": "",
    "total": 2,
    "terminated": 1,
    "instancesTerminated": False,
    "jobs": [
        {
            "jobId": "drsjob-0a1b2c3d4e5f60719",
            "accountId": "222222222222",
            "region": "us-east-1",
            "status": "STARTED",
        }
    ],
}
TERMINATION_STATUS = {name: value for name, value in TERMINATION.items() if name != "executionId"}
OF_EXECUTION = ("executionId", "executionType", "planId", "planName")
OWN_INSTANCE = {name: value for name, value in INSTANCE.items() if name not in OF_EXECUTION}
EVENT: dict[str, Any] = {
    "eventId": "101",
    "at": "2026-03-01T12:00:00Z",
    "who": "olga",
    "what": "start",
    "sentence": "Drill started by olga.",
}
EXPORTED_INSTANCE: dict[str, Any] = {
    "sourceInstanceId": "i-0f1e2d3c4b5a69788",
    "sourceServerId": "s-0a1b2c3d4e5f60718",
    "recoveryInstanceId": "i-0a1b2c3d4e5f60718",
    "privateIp": "10.0.1.10",
    "status": "running",
}
EXPORT: dict[str, Any] = {
    "executionId": ID,
    "planId": "3",
    "planName": "Billing",
    "executionType": "DRILL",
    "status": "completed",
    "currentWave": None,
    "startedAt": "2026-03-01T12:00:00Z",
    "completedAt": "2026-03-01T12:41:00Z",
    "executionTime": "PT41M",
    "waves": [
        {
            "waveNumber": 1,
            "name": "Databases",
            "status": "completed",
            "startedAt": "2026-03-01T12:00:01Z",
            "completedAt": "2026-03-01T12:09:30Z",
            "technologies": [
                {
                    "type": "drs",
                    "status": "completed",
                    "subExecutionId": ID,
                    "resources": ["i-0f1e2d3c4b5a69788"],
                    "executionTime": "PT9M29S",
                }
            ],
            "recoveredInstances": [EXPORTED_INSTANCE],
            "executionTime": "PT9M29S",
            "nextPhaseReady": True,
        }
    ],
    "recoveredInstances": [EXPORTED_INSTANCE],
    "nextPhaseReady": True,
    "enterpriseContext": {
        "initiatedBy": "olga",
        "parentExecutionId": "pipeline-1234",
        "tags": {"Application": "billing"},
    },
}
DELETED: dict[str, Any] = {"deleted": 2}
SNAPSHOTS: dict[str, Any] = {"snapshots": [{"snapshotId": "pit-0a1b2c3d4e5f60718", "takenAt": "2026-03-01T11:50:00Z"}]}
REPORT: dict[str, Any] = {
    "executionId": ID,
    "planId": "3",
    "planName": "Billing",
    "planVersion": 1,
    "executionType": "DRILL",
    "status": "COMPLETED",
    "statusReason": "2 of 2 servers launched.",
    "initiatedBy": "olga",
    "invocationSource": "API",
    "reason": "Quarterly drill",
    "createdAt": "2026-03-01T12:00:00Z",
    "endedAt": "2026-03-01T12:41:00Z",
    "elapsedSeconds": 2460,
    "rtoMinutes": 60,
    "rtoMet": True,
    "spareSeconds": 1140,
    "serverCount": 2,
    "launchedCount": 2,
    "instancesTerminated": True,
    "totals": {
        "executions": 1,
        "isComplete": True,
        "statuses": {"COMPLETED": 1},
        "successRate": 1.0,
        "rtoMet": 1,
        "rtoMissed": 0,
        "rtoMetRate": 1.0,
        "medianSeconds": 2460,
        "longestSeconds": 2460,
    },
}
