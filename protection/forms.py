"""Forms of accounts and protection groups."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import FilteredSelectMultiple
from django.db.models import Q
from django.utils.html import format_html
from django.utils.safestring import SafeString

from drsorch.access import policy
from drsorch.access.policed import ServiceForm
from drsorch.audit.actor import Actor
from protection import holds, services
from protection.models import AccountRegion, ProtectionGroup, SourceServer, TargetAccount


class TargetAccountForm(ServiceForm):
    """An account with its Regions. The external id can be written, never read."""

    given_external_id = forms.CharField(
        label="External id",
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Only for a role whose trust policy has one already. Empty: a new account gets a random one, which "
        "is shown once; a registered account keeps its own.",
    )
    partition = forms.ChoiceField(initial="aws")
    regions = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, help_text="The Regions whose source servers are looked at."
    )

    class Meta:
        model = TargetAccount
        fields = ("account_id", "name", "role_arn", "tag_jobs")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = services.offered_regions()
        if self.instance.pk:
            offered = {self.instance.partition: offered.get(self.instance.partition, [])}
            enabled = self.instance.regions.filter(is_enabled=True)
            self.initial["regions"] = list(enabled.values_list("region", flat=True))
        else:
            self.fields["partition"].choices = [(name, name) for name in offered]  # type: ignore[attr-defined]
        self.fields["regions"].choices = [  # type: ignore[attr-defined]
            (partition, [(region, region) for region in regions]) for partition, regions in offered.items()
        ]


class ServerPicker(FilteredSelectMultiple):
    """The picker with two lists, in an element of its own: its script puts itself first in the parent."""

    def render(self, *args: Any, **kwargs: Any) -> SafeString:
        """Render the select inside a plain element."""
        return format_html("<div>{}</div>", super().render(*args, **kwargs))


class ProtectionGroupForm(ServiceForm):
    """A group in one account and Region, which the admin page sets as `place` when a group is added.

    It also sets `actor`, who is offered the servers in sight.
    """

    place: AccountRegion | None = None
    actor: Actor
    server_ids = forms.MultipleChoiceField(
        label="Servers", required=False, widget=ServerPicker("servers", is_stacked=False)
    )

    class Meta:
        model = ProtectionGroup
        fields = ("name", "description", "tier", "rto_minutes", "rpo_minutes")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        group = self.instance
        account = group.account if group.pk else getattr(self.place, "account", None)
        region = group.region if group.pk else getattr(self.place, "region", "")
        here = policy.scope(self.actor, SourceServer.objects.filter(account=account, region=region))
        here = here.select_related("group", "hold")
        servers = list(here.filter(Q(missing_since=None) | Q(group__isnull=False, group=group.pk)))
        holds.veil((server.hold for server in servers if hasattr(server, "hold")), self.actor)
        self.fields["server_ids"].choices = [  # type: ignore[attr-defined]
            (server.source_server_id, server_label(server, group)) for server in servers
        ]
        if group.pk:
            mine = [server.source_server_id for server in servers if server.group_id == group.pk]
            self.initial["server_ids"] = mine

    def chosen(self) -> list[str] | None:
        """Return the ids of the chosen servers, or None when the choice was not changed."""
        return self.cleaned_data["server_ids"] if "server_ids" in self.changed_data else None


def server_label(server: SourceServer, group: ProtectionGroup) -> str:
    """Return a server as the picker shows it, with what speaks against choosing it."""
    notes = []
    if server.group is not None and server.group_id != group.pk:
        notes.append(f"in {server.group}")
    if hasattr(server, "hold"):
        notes.append(f"in use by {server.hold.label}")
    if server.missing_since:
        notes.append("no longer in DRS")
    return ", ".join([f"{server} ({server.source_server_id})", *notes])
