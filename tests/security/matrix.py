"""The access matrix as data: every address, what it needs, and on what. docs/permissions.md is rendered from it.

A new address gets a row here; a test fails for every address that has none. The rows of the API are made from what its
endpoints declare (`tests.security.everything`).
"""

from dataclasses import dataclass, field

from drsorch.access.declared import PUBLIC, SIGNED_IN
from drsorch.access.roles import NEEDED_LEVEL, Permission

P = Permission
ADMINISTRATOR = "all permissions"  # of somebody to whom everything is granted
NOBODY = "nobody"
OWN = "own"  # one's own row, which nobody else finds
OWN_OR_ADMINISTRATOR = "own, or all permissions"
AUDITOR = "the role DRSAuditor, or all permissions"


@dataclass(frozen=True)
class Row:
    """One thing that can be done at one address.

    `on` names the object in the path: a field of the estate, or "everywhere" for what belongs to no account. `needs` is
    a permission, or one of the words above. `also` are further permissions on the same object. `first` is what is asked
    before anybody looks for the object, where that is less. `level` is that of the permission, unless said otherwise.
    `sent` is a form, or a text of JSON. `is_untried`: who may do it does not, because it asks AWS, or takes away what
    others are tried on.
    """

    what: str
    method: str
    path: str
    needs: str
    on: str = ""
    also: tuple[Permission, ...] = ()
    level: str = ""
    sent: dict[str, str] | str = field(default_factory=dict)
    in_docs: bool = True
    refused: str = "403"  # what is said to whoever lacks the permission
    asks_object_first: bool = False
    first: Permission | None = None
    is_untried: bool = False

    @property
    def verb_first(self) -> bool:
        """Whether a missing permission is said before anybody looks for the object."""
        return self.path.startswith("/admin/") and not self.asks_object_first

    @property
    def needed_level(self) -> str:
        """The level that is needed on the object."""
        return self.level or NEEDED_LEVEL.get(self.needs, "view")


RUN, PLAN = "/executions/{north_run}/", "/plans/{north_plan}/"
CONSOLE = [
    Row("go to the start page", "GET", "/", SIGNED_IN, in_docs=False),
    Row("list the executions", "GET", "/executions/", P.VIEW_RESOURCES),
    Row("open an execution", "GET", RUN, P.VIEW_RESOURCES, "north_run"),
    Row("watch an execution", "GET", f"{RUN}live", P.VIEW_RESOURCES, "north_run"),
    Row("pause an execution, or having started it", "POST", f"{RUN}pause", P.MANAGE_EXECUTION, "north_run"),
    Row(
        "resume, retry or otherwise decide",
        "POST",
        f"{RUN}gates/1/decide",
        P.MANAGE_EXECUTION,
        "north_run",
        also=(P.EXECUTE_RECOVERY,),
        sent={"answer": "RESUME"},
    ),
    Row("cancel an execution, or having started it", "POST", f"{RUN}cancel", P.MANAGE_EXECUTION, "north_run"),
    Row("terminate recovery instances", "POST", f"{RUN}terminate", P.TERMINATE_INSTANCES, "north_run"),
    Row("withdraw a termination that waits", "POST", f"{RUN}withdraw", P.TERMINATE_INSTANCES, "north_run"),
    Row("list the recovery plans", "GET", "/plans/", P.VIEW_RESOURCES),
    Row("open a recovery plan", "GET", PLAN, P.VIEW_RESOURCES, "north_plan"),
    Row("review a start", "GET", f"{PLAN}start", P.VIEW_RESOURCES, "north_plan"),
    Row(
        "start a drill or a recovery; ask AWS whether it could start",
        "POST",
        f"{PLAN}start",
        P.EXECUTE_RECOVERY,
        "north_plan",
        sent={"mode": "RECOVERY"},
    ),
    Row("sign in", "GET", "/account/sign-in", PUBLIC),
    Row("sign in through the identity provider", "GET", "/account/oidc/begin", PUBLIC),
    Row("come back from the identity provider", "GET", "/account/oidc/callback", PUBLIC, in_docs=False),
    Row("ask how long the session lasts", "GET", "/account/session", SIGNED_IN, in_docs=False),
    Row("stay signed in", "GET", "/account/session/stay", SIGNED_IN, in_docs=False),
    Row("see one's own rights", "GET", "/account/profile", SIGNED_IN),
    Row("see one's own API tokens", "GET", "/account/tokens", SIGNED_IN),
    Row("make an API token", "POST", "/account/tokens", SIGNED_IN),
    Row("revoke one's own API token", "POST", "/account/tokens/{token}/revoke", OWN),
    Row("see the style guide, as staff", "GET", "/styleguide/", SIGNED_IN, in_docs=False),
    Row("sign out", "POST", "/account/sign-out", SIGNED_IN),
]


@dataclass(frozen=True)
class AdminModel:
    """What may be done with the rows of one model at the admin site, and where an example of them is."""

    label: str
    on: str
    add: str = NOBODY
    change: str = NOBODY
    delete: str = NOBODY
    view: str = P.VIEW_RESOURCES


def records(label: str, on: str, view: str = P.VIEW_RESOURCES) -> AdminModel:
    """A model whose rows only the product writes."""
    return AdminModel(label, on, view=view)


def by_administrators(label: str, on: str = "everywhere") -> AdminModel:
    """A model whose rows administrators make."""
    return AdminModel(label, on, ADMINISTRATOR, ADMINISTRATOR, ADMINISTRATOR)


ADMIN = [
    AdminModel("access.user", "everywhere", ADMINISTRATOR, ADMINISTRATOR),
    records("access.rolegroup", "everywhere"),
    records("access.apitoken", "everywhere"),
    by_administrators("access.team"),
    by_administrators("access.orgwidegrant"),
    records("audit.auditevent", "everywhere", AUDITOR),
    records("audit.auditanchor", "everywhere", AUDITOR),
    records("audit.auditsegment", "everywhere", AUDITOR),
    records("audit.auditverification", "everywhere", AUDITOR),
    AdminModel("protection.targetaccount", "north", P.MANAGE_ACCOUNTS, P.MANAGE_ACCOUNTS),
    AdminModel(
        "protection.protectiongroup",
        "north_group",
        P.CREATE_PROTECTION_GROUP,
        P.UPDATE_PROTECTION_GROUP,
        P.DELETE_PROTECTION_GROUP,
    ),
    records("protection.sourceserver", "north_server"),
    records("protection.serverhold", "of the north"),
    by_administrators("protection.accountusergrant"),
    by_administrators("protection.accountteamgrant"),
    by_administrators("protection.groupusergrant"),
    by_administrators("protection.groupteamgrant"),
    AdminModel(
        "plans.recoveryplan", "north_plan", P.CREATE_RECOVERY_PLAN, P.UPDATE_RECOVERY_PLAN, P.DELETE_RECOVERY_PLAN
    ),
    by_administrators("plans.planusergrant"),
    by_administrators("plans.planteamgrant"),
    records("executions.execution", "north_run"),
    records("executions.waverun", "of the north"),
    records("executions.serverrun", "of the north"),
    records("executions.launch", "of the north"),
    records("executions.termination", "of the north"),
    records("executions.job", "of the north"),
    records("executions.jobevent", "of the north"),
    records("executions.event", "of the north"),
    records("executions.gate", "of the north"),
    records("executions.poller", "of the north"),
    records("protection.receivedevent", "everywhere"),
    AdminModel("config.settings", "everywhere", change=ADMINISTRATOR),
]
# Tables of libraries: Django's own permissions keep everybody out, for nobody is made superuser.
CLOSED = ("django_q.schedule", "django_q.success", "django_q.failure", "django_q.ormq")
ADMIN_PAGES = [
    Row("open the admin site", "GET", "/admin/", SIGNED_IN),
    Row(
        "explain somebody's access",
        "GET",
        "/admin/access/user/{access.user}/explain/",
        P.VIEW_RESOURCES,
        "everywhere",
        asks_object_first=True,
    ),
    Row("set somebody's password", "POST", "/admin/access/user/{access.user}/password/", ADMINISTRATOR, "everywhere"),
    Row("export the audit trail", "GET", "/admin/audit/auditevent/export.{kind}", AUDITOR),
    Row("verify the audit trail", "POST", "/admin/audit/auditevent/verify/", AUDITOR),
    Row("export the configuration", "POST", "/admin/config/settings/export/", AUDITOR),
    Row("import a configuration", "POST", "/admin/config/settings/import/", ADMINISTRATOR, sent={"document": "x"}),
    Row(
        "download a segment of the audit trail",
        "GET",
        "/admin/audit/auditsegment/{audit.auditsegment}/file/",
        AUDITOR,
        "everywhere",
    ),
    Row("change one's own password", "GET", "/admin/password_change/", SIGNED_IN),
    Row("have changed it", "GET", "/admin/password_change/done/", SIGNED_IN, in_docs=False),
    Row("come from the admin's sign-in", "GET", "/admin/login/", SIGNED_IN, in_docs=False),
    Row("get the admin's words", "GET", "/admin/jsi18n/", SIGNED_IN, in_docs=False),
    Row("be led from a row to its page", "GET", "/admin/r/1/1/", OWN, in_docs=False),
    Row("complete a choice", "GET", "/admin/autocomplete/", NOBODY, in_docs=False),
    *(
        Row(f"see what {app} has", "GET", f"/admin/{app}/", P.VIEW_RESOURCES, in_docs=False, refused="404")
        for app in ("access", "config", "protection", "plans", "executions")
    ),
    Row("see what audit has", "GET", "/admin/audit/", AUDITOR, in_docs=False, refused="404"),
    Row("see the queue's tables", "GET", "/admin/django_q/", OWN, in_docs=False),
]


def rows_of(model: AdminModel) -> list[Row]:
    """The addresses of one model at the admin site."""
    at = f"/admin/{model.label.replace('.', '/')}/"
    one = f"{at}{{{model.label}}}/"
    name = model.label.partition(".")[2]
    return [
        Row(f"list {name}", "GET", at, model.view),
        Row(f"open {name}", "GET", f"{one}change/", model.view, model.on),
        Row(f"be led to {name}", "GET", one, SIGNED_IN),
        Row(f"go from {name} to the audit trail", "GET", f"{one}history/", SIGNED_IN),
        Row(f"add {name}", "GET", f"{at}add/", model.add),
        Row(f"change {name}", "POST", f"{one}change/", model.change, model.on),
        Row(f"delete {name}", "GET", f"{one}delete/", model.delete, model.on, level="manage"),
    ]


ADMIN_ROWS = [*ADMIN_PAGES, *(row for model in ADMIN for row in rows_of(model))]
CLOSED_ROWS = [
    Row(f"see {label}", "GET", f"/admin/{label.replace('.', '/')}/{page}", needs)
    for label in CLOSED
    for page, needs in (
        ("", NOBODY),
        ("add/", NOBODY),
        ("1/change/", NOBODY),
        ("1/delete/", NOBODY),
        ("1/history/", OWN),
    )
]
