"""Pages of executions, and addresses of the API about them."""

from django.urls import path

from executions import views
from executions.api.configuration import ConfigurationViewSet
from executions.api.drs import DrsViewSet, SnapshotViewSet
from executions.api.ec2 import InstanceViewSet
from executions.api.evidence import EvidenceViewSet
from executions.api.executions import ExecutionViewSet
from executions.api.plans import RunningViewSet
from executions.api.reports import ReportViewSet

app_name = "executions"
urlpatterns = [
    path("", views.home, name="home"),
    path("executions/", views.index, name="list"),
    path("executions/<uuid:pk>/", views.detail, name="detail"),
    path("executions/<uuid:pk>/live", views.live, name="live"),
    path("executions/<uuid:pk>/pause", views.pause, name="pause"),
    path("executions/<uuid:pk>/gates/<int:gate>/decide", views.decide, name="decide"),
    path("executions/<uuid:pk>/cancel", views.cancel, name="cancel"),
    path("executions/<uuid:pk>/terminate", views.terminate, name="terminate"),
    path("executions/<uuid:pk>/withdraw", views.withdraw, name="withdraw"),
    path("plans/<int:plan_pk>/start", views.start, name="start"),
]

EXECUTION = "executions/<uuid:pk>"
PLAN = "recovery-plans/<row:pk>"

api = [
    path("executions", ExecutionViewSet.as_view({"get": "list", "post": "create", "delete": "delete_ended"})),
    path("executions/delete", ExecutionViewSet.as_view({"post": "delete_named"})),
    path(EXECUTION, ExecutionViewSet.as_view({"get": "retrieve", "delete": "destroy"})),
    path(f"{EXECUTION}/pause", ExecutionViewSet.as_view({"post": "pause"})),
    path(f"{EXECUTION}/resume", ExecutionViewSet.as_view({"post": "resume"})),
    path(f"{EXECUTION}/cancel", ExecutionViewSet.as_view({"post": "cancel"})),
    path(f"{EXECUTION}/retry", ExecutionViewSet.as_view({"post": "retry"})),
    path(f"{EXECUTION}/decide", ExecutionViewSet.as_view({"post": "decide"})),
    path(f"{EXECUTION}/terminate-instances", ExecutionViewSet.as_view({"post": "terminate"})),
    path(f"{EXECUTION}/withdraw-termination", ExecutionViewSet.as_view({"post": "withdraw_termination"})),
    path(f"{EXECUTION}/termination-status", EvidenceViewSet.as_view({"get": "termination_status"})),
    path(f"{EXECUTION}/recovery-instances", EvidenceViewSet.as_view({"get": "recovery_instances"})),
    path(f"{EXECUTION}/job-logs", EvidenceViewSet.as_view({"get": "job_logs"})),
    path(f"{EXECUTION}/events", EvidenceViewSet.as_view({"get": "events"})),
    path(f"{EXECUTION}/export", EvidenceViewSet.as_view({"get": "export"})),
    path(f"{PLAN}/execute", RunningViewSet.as_view({"post": "execute"})),
    path(f"{PLAN}/readiness", RunningViewSet.as_view({"get": "known_readiness", "post": "readiness"})),
    path(f"{PLAN}/check-existing-instances", RunningViewSet.as_view({"get": "existing_instances"})),
    path("drs/jobs", DrsViewSet.as_view({"get": "jobs"})),
    path("drs/job-logs/<aws:job_id>", DrsViewSet.as_view({"get": "job_logs"})),
    path("drs/quotas", DrsViewSet.as_view({"get": "quotas"})),
    path("config/export", ConfigurationViewSet.as_view({"get": "export"})),
    path("config/import", ConfigurationViewSet.as_view({"post": "load"})),
    path(
        "drs/source-servers/<aws:server_id>/recovery-snapshots",
        SnapshotViewSet.as_view({"get": "recovery_snapshots"}),
    ),
    path("ec2/instances", InstanceViewSet.as_view({"get": "list"})),
    path("ec2/instances/terminate", InstanceViewSet.as_view({"post": "terminate"})),
    path("ec2/instances/<aws:instance_id>", InstanceViewSet.as_view({"get": "retrieve"})),
    path("reports/executions", ReportViewSet.as_view({"get": "executions"})),
]
