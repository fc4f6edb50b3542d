"""Shapes of the configuration as a document, and of its import. What a document must be like, the services say."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from drsorch.api.fields import Flag, Text, Whole
from drsorch.api.serializers import Answer, Input
from drsorch.config.changes import Change

LARGEST_ID = 200


class WrittenSettings(Answer):
    """The settings."""

    drillDays = Whole()
    recoveryDays = Whole()
    timelineDays = Whole()
    jobLogDays = Whole()
    auditDays = Whole()
    fourEyes = Flag()
    initiatorMayNotAnswer = Flag()


class WrittenAccount(Answer):
    """An account. Its external id never leaves."""

    accountId = Text()
    name = Text()
    partition = Text()
    roleArn = Text()
    tagJobs = Flag()
    regions = serializers.ListField(child=Text())


class WrittenGroup(Answer):
    """A protection group."""

    name = Text()
    description = serializers.CharField()
    accountId = Text()
    region = Text()
    tier = Text()
    rtoMinutes = Whole(allow_null=True)
    rpoMinutes = Whole(allow_null=True)
    serverIds = serializers.ListField(child=Text())


class WrittenWave(Answer):
    """A wave. `serverIds` null: all servers of the groups."""

    name = Text()
    description = serializers.CharField()
    protectionGroups = serializers.ListField(child=Text())
    serverIds = serializers.ListField(child=Text(), allow_null=True)
    optionalServerIds = serializers.ListField(child=Text())
    dependsOnWaves = serializers.ListField(child=Whole())
    pauseBeforeWave = Flag()
    pauseAfterWave = Flag()
    launchOrder = Text()
    maxParallel = Whole(allow_null=True)
    waitSeconds = Whole()
    timeoutMinutes = Whole()
    onFailure = Text()
    checks = Text()


class WrittenPlan(Answer):
    """A recovery plan."""

    name = Text()
    description = serializers.CharField()
    owner = Text()
    runbook = serializers.CharField()
    rtoMinutes = Whole(allow_null=True)
    parallelWaves = Flag()
    waves = WrittenWave(many=True)


class DocumentAnswer(Answer):
    """The configuration: everything by name, in a stable order, without secrets."""

    format = Text()
    version = Whole()
    settings = WrittenSettings()
    accounts = WrittenAccount(many=True)
    protectionGroups = WrittenGroup(many=True)
    recoveryPlans = WrittenPlan(many=True)


class ImportInput(Input):
    """A document, and whether it is only compared."""

    document = serializers.DictField(help_text="As the export answers it. What is not in it stays as it is.")
    dryRun = Flag(source="dry_run", default=True)
    fingerprint = Text(default="", max_length=64, help_text="Of the dry run; needed to apply what it said.")
    externalIds = serializers.DictField(
        source="external_ids",
        child=Text(max_length=LARGEST_ID),
        default=dict,
        write_only=True,
        help_text="Those of roles that have one, by account id. Never shown.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse to apply what nobody has looked at."""
        if not (attrs["dry_run"] or attrs["fingerprint"]):
            raise serializers.ValidationError(
                {"fingerprint": ["Make a dry run, look at its changes, and send its fingerprint."]}
            )
        return attrs


class MemberAnswer(Answer):
    """A member that differs; its values are those of the document."""

    name = Text()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)


class ChangeAnswer(Answer):
    """What becomes of one object of the document."""

    kind = Text(help_text="settings, account, protectionGroup or recoveryPlan")
    name = Text()
    action = Text(help_text="create, update or unchanged")
    members = serializers.SerializerMethodField()

    @extend_schema_field(MemberAnswer(many=True))
    def get_members(self, row: Change) -> Any:
        """Return the members that differ."""
        rows = [{"name": name, "before": before, "after": after} for name, (before, after) in row.members.items()]
        return MemberAnswer(rows, many=True).data


class ImportAnswer(Answer):
    """What the import would change, or has changed."""

    applied = Flag(source="is_applied")
    fingerprint = Text()
    changes = ChangeAnswer(many=True)
