"""Admin of accounts, source servers and protection groups."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join

from drsorch.access import policy
from drsorch.access.admin_grants import TeamGrantAdmin, UserGrantAdmin
from drsorch.access.denials import note_refusal
from drsorch.access.lists import NewestValues
from drsorch.access.policed import OWN_ACCOUNTS, OWN_REGIONS, PolicedInline, RecordAdmin, ServiceAdmin, actor_at, may
from drsorch.access.roles import Permission
from drsorch.audit.actor import Actor
from drsorch.errors import UserError
from protection import services
from protection.forms import ProtectionGroupForm, TargetAccountForm
from protection.holds import UNNAMED, label_in_sight
from protection.models import (
    AccountRegion,
    AccountTeamGrant,
    AccountUserGrant,
    GroupTeamGrant,
    GroupUserGrant,
    ProtectionGroup,
    ReceivedEvent,
    ServerHold,
    ServerTag,
    SourceServer,
    TargetAccount,
)

STATE = ("status", "status_reason", "validated_at")
GROUP_FIELDS = ("name", "description", "tier", "rto_minutes", "rpo_minutes")


class RegionInline(PolicedInline):
    """The Regions of an account, and how the last look at each went."""

    model = AccountRegion
    fields = ("region", "is_enabled", "is_initialized", "last_synced_at", "last_error", "last_error_at")
    readonly_fields = fields


@admin.register(TargetAccount)
class TargetAccountAdmin(ServiceAdmin):
    """Accounts: register, change, validate, synchronise."""

    form = TargetAccountForm
    add_permission = change_permission = Permission.MANAGE_ACCOUNTS
    list_display = ("name", "account_id", "status", "status_reason", "region_names", "last_synced_at", "validated_at")
    list_filter = ("status", "partition")
    search_fields = ("name", "account_id", "role_arn")
    actions = ("validate_now", "synchronise_now")
    inlines = (RegionInline,)
    view_fields = ("account_id", "name", "partition", "role_arn", "tag_jobs", *STATE)
    edit_fields = (*view_fields[:4], "given_external_id", "tag_jobs", "regions", *STATE, "seen_version")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TargetAccount]:
        """Fetch the Regions with the accounts."""
        return super().get_queryset(request).prefetch_related("regions")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Leave out of a new account what validation will find."""
        fields = super().get_fields(request, obj)
        return fields if obj else tuple(name for name in fields if name not in STATE)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Fix what identifies a registered account, and what validation found."""
        return ("account_id", "partition", *STATE) if obj else STATE

    def get_inlines(self, request: HttpRequest, obj: Model | None) -> Any:
        """Show the Regions of an account that has some."""
        return self.inlines if obj else ()

    def create(self, actor: Actor, form: Any) -> TargetAccount:
        """Register the account."""
        fields = form.input("account_id", "name", "partition", "role_arn", "tag_jobs", "regions")
        external_id = form.cleaned_data["given_external_id"]
        return services.register_account(actor=actor, external_id=external_id, **fields)

    def update(self, actor: Actor, row: TargetAccount, form: Any) -> None:
        """Change the account."""
        services.update_account(
            account=row,
            actor=actor,
            version=form.cleaned_data["seen_version"],
            external_id=form.cleaned_data["given_external_id"],
            **form.input("name", "role_arn", "tag_jobs", "regions"),
        )

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        """Show a new external id, in this answer and never again: it is kept nowhere that can be read."""
        if request.POST.get("given_external_id") or not obj.role_arn:
            return super().response_add(request, obj, post_url_continue)
        context = {**self.admin_site.each_context(request), "title": f"{obj} is registered", "account": obj}
        context |= {"opts": self.opts, "external_id": obj.external_id}
        return TemplateResponse(request, "admin/protection/targetaccount/registered.html", context)

    def has_manage_permission(self, request: HttpRequest) -> bool:
        """Offer validation to those who may manage accounts."""
        return may(request, Permission.MANAGE_ACCOUNTS, None)

    @admin.action(description="Validate: ask AWS whether we may act in the account", permissions=["manage"])
    def validate_now(self, request: HttpRequest, queryset: QuerySet[TargetAccount]) -> None:
        """Validate the chosen accounts, one after the other."""
        for account in queryset:
            try:
                services.validate_account(account=account, actor=actor_at(request))
            except UserError as error:
                note_refusal(request, error, action="validate_account", obj=account)
                messages.error(request, error.message)
                continue
            level = messages.SUCCESS if account.status == "VALID" else messages.WARNING
            sentence = f"{account}: {account.get_status_display().lower()}. {account.status_reason}"
            messages.add_message(request, level, sentence)

    @admin.action(description="Synchronise the inventory now", permissions=["view"])
    def synchronise_now(self, request: HttpRequest, queryset: QuerySet[TargetAccount]) -> None:
        """Ask the worker to synchronise the chosen accounts."""
        for account in queryset:
            count = services.request_sync(account=account, actor=actor_at(request))
            messages.success(request, f"{account}: the worker synchronises {count} Regions now.")

    @admin.display(description="Regions")
    def region_names(self, account: TargetAccount) -> str:
        """The enabled Regions; those whose last synchronisation failed are marked."""
        places = [place for place in account.regions.all() if place.is_enabled]
        return ", ".join(f"{place.region} (failed)" if place.last_error else place.region for place in places) or "none"

    @admin.display(description="Synchronised")
    def last_synced_at(self, account: TargetAccount) -> Any:
        """When the oldest picture of an enabled Region was taken; empty when one was never taken."""
        times = [place.last_synced_at for place in account.regions.all() if place.is_enabled]
        known = [time for time in times if time]
        return min(known) if known and len(known) == len(times) else None


class TagInline(PolicedInline):
    """The tags of a source server."""

    model = ServerTag
    fields = readonly_fields = ("key", "value")


@admin.register(SourceServer)
class SourceServerAdmin(RecordAdmin):
    """Source servers as DRS described them last."""

    list_display = ("__str__", "source_server_id", "account", "region", "group", "replication_state", "lag_seconds")
    list_display += ("missing_since",)  # type: ignore[assignment]
    list_filter = (
        OWN_ACCOUNTS,
        OWN_REGIONS,
        ("replication_state", NewestValues),
        ("missing_since", admin.EmptyFieldListFilter),
    )
    list_select_related = ("account", "group")
    search_fields = ("hostname", "fqdn", "source_server_id", "origin_instance_id", "tags__value")
    inlines = (TagInline,)


@admin.register(ServerHold)
class ServerHoldAdmin(RecordAdmin):
    """Which execution holds which server."""

    list_display = ("server", "held_by", "mode", "since")
    list_select_related = ("server",)
    list_filter = ("mode",)
    search_fields = ("server__hostname", "server__source_server_id", "said")
    date_hierarchy = "since"
    exclude = ("holder", "label", "link")
    readonly_fields = ("held_by",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ServerHold]:
        """Name the executions in sight; others are found by nothing that names them."""
        return super().get_queryset(request).annotate(said=label_in_sight(actor_at(request)))

    @admin.display(description="Held by", ordering="said")
    def held_by(self, hold: Any) -> str:
        """A link to the execution, where it is in sight."""
        return hold.said if hold.said == UNNAMED else format_html('<a href="{}">{}</a>', hold.link, hold.said)


@admin.register(ReceivedEvent)
class ReceivedEventAdmin(RecordAdmin):
    """Events that were accepted. Those that were refused are in the audit trail."""

    list_display = ("event_id", "rule", "received_at", "regions")
    search_fields = ("event_id", "rule")
    date_hierarchy = "received_at"


@admin.register(ProtectionGroup)
class ProtectionGroupAdmin(ServiceAdmin):
    """Protection groups; a new one needs an account and a Region first."""

    form = ProtectionGroupForm
    add_permission = Permission.CREATE_PROTECTION_GROUP
    change_permission = Permission.UPDATE_PROTECTION_GROUP
    delete_permission = Permission.DELETE_PROTECTION_GROUP
    list_display = ("name", "account", "region", "server_count", "tier", "rto_minutes", "rpo_minutes", "changed_at")
    list_filter = (OWN_ACCOUNTS, OWN_REGIONS, ("tier", NewestValues))
    list_select_related = ("account",)
    search_fields = ("name", "description", "servers__hostname", "servers__source_server_id")
    readonly_fields = ("account", "region", "server_names")
    view_fields = (*GROUP_FIELDS, "account", "region", "server_names")
    edit_fields = (*GROUP_FIELDS, "account", "region", "server_ids", "seen_version")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProtectionGroup]:
        """Count the servers with the groups."""
        return policy.scope(actor_at(request), ProtectionGroup.objects.for_list())

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Leave account and Region out of a new group: they are in the address."""
        fields = super().get_fields(request, obj)
        return fields if obj else tuple(name for name in fields if name not in ("account", "region"))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Give the form of a new group its account and Region."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.place = None if obj else _place(request)
        form.actor = actor_at(request)
        return form

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Ask for the account and Region, then for the rest."""
        place = _place(request)
        if place is None and self.has_add_permission(request):
            return self._ask_place(request)
        return super().add_view(request, form_url, {**(extra_context or {}), "subtitle": place})

    def _ask_place(self, request: HttpRequest) -> HttpResponse:
        places = policy.scope(
            actor_at(request), AccountRegion.objects.filter(is_enabled=True, account__in=_managed(request))
        )
        context = {**self.admin_site.each_context(request), "title": "Add protection group", "opts": self.opts}
        context["places"] = places.select_related("account")
        return TemplateResponse(request, "admin/protection/protectiongroup/place.html", context)

    def create(self, actor: Actor, form: Any) -> ProtectionGroup:
        """Create the group in the account and Region of the address."""
        return services.create_group(
            actor=actor,
            account=form.place.account,
            region=form.place.region,
            server_ids=form.cleaned_data["server_ids"],
            **form.input(*GROUP_FIELDS),
        )

    def update(self, actor: Actor, row: ProtectionGroup, form: Any) -> None:
        """Change the group; DRS is asked only when the servers were changed."""
        version = form.cleaned_data["seen_version"]
        fields = form.input(*GROUP_FIELDS)
        services.update_group(group=row, actor=actor, version=version, server_ids=form.chosen(), **fields)

    def remove(self, actor: Actor, row: ProtectionGroup) -> None:
        """Delete the group."""
        services.delete_group(group=row, actor=actor)

    @admin.display(description="Servers", ordering="server_count")
    def server_count(self, group: Any) -> int:
        """How many servers it has."""
        return group.server_count

    @admin.display(description="Servers")
    def server_names(self, group: ProtectionGroup) -> str:
        """Its servers, one a line."""
        rows = ((server, server.source_server_id) for server in group.servers.all())
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{} ({})</li>", rows))


admin.site.register([AccountUserGrant, GroupUserGrant], UserGrantAdmin)
admin.site.register([AccountTeamGrant, GroupTeamGrant], TeamGrantAdmin)


def _managed(request: HttpRequest) -> QuerySet[TargetAccount]:
    return policy.scope(actor_at(request), TargetAccount.objects.all(), policy.Level.MANAGE)


def _place(request: HttpRequest) -> AccountRegion | None:
    """Return the account and Region that the address names with `?place=`, if there is such a one in sight."""
    wanted = request.GET.get("place", "")
    if not wanted.isdecimal():
        return None
    places = AccountRegion.objects.filter(is_enabled=True).select_related("account")
    return policy.scope(actor_at(request), places).filter(pk=int(wanted)).first()
