"""Endpoints of one's own API tokens. A token is made with a session only, and shown once."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from drsorch.access.models import ApiToken
from drsorch.access.roles import Permission
from drsorch.access.tokens import SOURCES, issue_token, revoke_token
from drsorch.api.endpoint import endpoint
from drsorch.api.fields import Choice, Flag, Text, account_id
from drsorch.api.paging import ListQuery, page_of
from drsorch.api.serializers import Answer, Input
from drsorch.api.views import ApiViewSet
from drsorch.errors import NotFound

EXAMPLE = {
    "tokenId": "7",
    "name": "Pipeline",
    "scopes": ["drs:ExecuteRecovery", "drs:ViewResources"],
    "accountIds": ["222222222222"],
    "ranges": ["10.0.0.0/8"],
    "sources": ["STEPFUNCTIONS"],
    "createdAt": "2026-03-01T12:00:00Z",
    "expiresAt": "2026-05-30T12:00:00Z",
    "lastUsedAt": "2026-03-02T08:15:00Z",
    "revokedAt": None,
    "isUsable": True,
}
SCOPES = [str(permission) for permission in Permission]


class TokenInput(Input):
    """A new token: what it may do at most, where, and until when."""

    name = Text(max_length=100)
    scopes = serializers.ListField(child=Choice(choices=SCOPES), min_length=1, max_length=len(SCOPES))
    expiresAt = serializers.DateTimeField(source="expires_at", help_text="At most 90 days from now.")
    accountIds = serializers.ListField(
        source="account_ids",
        child=account_id(),
        default=None,
        allow_null=True,
        max_length=1000,
        help_text="AWS accounts; null: all that you may.",
    )
    ranges = serializers.ListField(
        child=Text(max_length=50), default=list, max_length=100, help_text="Networks it may be used from, in CIDR."
    )
    sources = serializers.ListField(
        child=Choice(choices=SOURCES),
        default=list,
        max_length=len(SOURCES),
        help_text="What X-Invocation-Source may say beside API.",
    )


class TokenAnswer(Answer):
    """A token, without its text."""

    tokenId = serializers.CharField(source="pk")
    name = Text()
    scopes = serializers.ListField(child=Text())
    accountIds = serializers.ListField(source="account_ids", child=Text(), allow_null=True)
    ranges = serializers.ListField(child=Text())
    sources = serializers.ListField(child=Text())
    createdAt = serializers.DateTimeField(source="created_at")
    expiresAt = serializers.DateTimeField(source="expires_at")
    lastUsedAt = serializers.DateTimeField(source="last_used_at", allow_null=True)
    revokedAt = serializers.DateTimeField(source="revoked_at", allow_null=True)
    isUsable = Flag(source="is_usable")


class NewTokenAnswer(TokenAnswer):
    """A new token with its text, which is kept nowhere."""

    token = serializers.SerializerMethodField()

    @extend_schema_field(Text())
    def get_token(self, row: Any) -> str:
        """What is sent as `Authorization: Bearer …`. It cannot be shown again."""
        return str(row.text)


class TokenViewSet(ApiViewSet):
    """One's own tokens."""

    tag = "Users"

    @endpoint(None, query=ListQuery, answer=TokenAnswer, is_list=True, usual_order="-id", example=EXAMPLE)
    def list(self) -> Any:
        """List your tokens, ended ones too."""
        mine = ApiToken.objects.filter(owner=self.actor.user)
        return page_of(mine, self.query, ListQuery.orderings, "-id")

    @endpoint(
        None,
        action="issue_token",
        body=TokenInput,
        answer=NewTokenAnswer,
        status=201,
        is_secret=True,
        conflicts=("NAME_TAKEN",),
        example=EXAMPLE | {"lastUsedAt": None, "token": "drs_7_…"},
    )
    def create(self) -> Any:
        """Make a token of yours. Not with a token: sign in to the console."""
        row, text = issue_token(owner=self.actor.user, actor=self.actor, **self.body)
        row.text = text  # type: ignore[attr-defined]
        return row

    @endpoint(None, action="revoke_token", conflicts=("INVALID_STATE",))
    def destroy(self, pk: int) -> None:
        """Revoke a token at once. It stays in the list."""
        token = ApiToken.objects.select_related("owner").filter(pk=pk).first()
        if token is None:
            raise NotFound("There is no such API token.")
        revoke_token(token=token, actor=self.actor)
