"""The enterprise platform's schema of an execution."""

from rest_framework import serializers

from drsorch.api.fields import Flag, Text, Whole
from drsorch.api.serializers import Answer


class ExportedInstance(Answer):
    """A recovered instance."""

    sourceInstanceId = Text()
    sourceServerId = Text()
    recoveryInstanceId = Text()
    privateIp = Text(allow_null=True)
    status = Text()


class ExportedTechnology(Answer):
    """What one technology did in a wave. DRS is the only one."""

    type = Text()
    status = Text()
    subExecutionId = Text()
    resources = serializers.ListField(child=Text())
    executionTime = Text(allow_null=True)


class ExportedWave(Answer):
    """A wave. Durations are ISO 8601, such as PT15M30S."""

    waveNumber = Whole()
    name = Text()
    status = Text()
    startedAt = serializers.DateTimeField(allow_null=True)
    completedAt = serializers.DateTimeField(allow_null=True)
    technologies = ExportedTechnology(many=True)
    recoveredInstances = ExportedInstance(many=True)
    executionTime = Text(allow_null=True)
    nextPhaseReady = Flag()


class ExportedContext(Answer):
    """What the caller said of itself."""

    initiatedBy = Text()
    parentExecutionId = Text(allow_null=True)
    tags = serializers.DictField(child=Text())


class ExportAnswer(Answer):
    """An execution for the platform that asked for it."""

    executionId = Text()
    planId = Text(allow_null=True)
    planName = Text()
    executionType = Text()
    status = Text()
    currentWave = Whole(allow_null=True)
    startedAt = serializers.DateTimeField()
    completedAt = serializers.DateTimeField(allow_null=True)
    executionTime = Text(allow_null=True)
    waves = ExportedWave(many=True)
    recoveredInstances = ExportedInstance(many=True)
    nextPhaseReady = Flag()
    enterpriseContext = ExportedContext()
