"""The OpenAPI document, from what the endpoints declare."""

from typing import Any

from django.conf import settings
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_array_type
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from drsorch.api.endpoint import Endpoint
from drsorch.api.error_examples import examples_of
from drsorch.api.fields import Text
from drsorch.api.files import FileQuery
from drsorch.api.paging import ListQuery
from drsorch.api.serializers import TAG, Answer, Nothing
from drsorch.api.views import SOURCES
from drsorch.counts import COUNTED

WRITES = {"POST", "PUT", "PATCH", "DELETE"}
CHANGES = {"POST", "PUT", "PATCH"}
SENTENCES = {
    400: "The request is invalid: `details.fields` names the members.",
    401: "Nobody is signed in, or the token is not accepted.",
    403: "A permission is missing: `details.permission` names it.",
    404: "There is no such object, or you may not see it.",
    409: "The state of things does not allow it.",
    412: "Somebody saved a newer version meanwhile.",
    415: "The body is not application/json.",
    428: "If-Match is missing.",
    429: "Too many requests: `Retry-After` says how long to wait.",
    500: "Something went wrong here.",
    502: "AWS refused: `details` has its code and request id.",
    503: "AWS does not answer, or the identity provider of an access token, or a part of the installation.",
}


class ErrorDetail(Answer):
    """What went wrong."""

    code = Text(help_text="For machines: stable.")
    message = Text(help_text="For people: a sentence that says what to do.")
    requestId = Text()


def needed(spec: Endpoint) -> str:
    """Return what one needs to use an endpoint, in words."""
    if spec.is_public:
        return "For everybody."
    return f"Needs {spec.needs or spec.permission}." if spec.permission else "For everybody who is signed in."


class ApiSchema(AutoSchema):
    """Reads the declaration of an endpoint. What is not one is not documented."""

    view: Any

    @property
    def endpoint(self) -> Endpoint:
        """What the method at hand declares."""
        found: Endpoint = self.view.endpoint
        return found

    def get_tags(self) -> list[str]:
        return [self.view.tag]

    def get_operation_id(self) -> str:
        words = [part for part in self.path.removeprefix("/api/v1/").replace("-", "_").split("/") if part]
        named = [f"by_{part.strip('{}')}" if part.startswith("{") else part for part in words]
        return "_".join([self.method.lower(), *named])

    def get_summary(self) -> str:
        text: str = self._said().partition("\n")[0]
        return text

    def get_description(self) -> str:  # type: ignore[override]
        return "\n\n".join(part for part in (self._said(), needed(self.endpoint)) if part)

    def _said(self) -> str:
        return " ".join((getattr(self.view, self.view.action).__doc__ or "").split())

    def get_auth(self) -> list[dict[str, Any]]:
        return [{}] if self.endpoint.is_public else [{"token": []}, {"session": []}]

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False

    def _get_filter_parameters(self) -> list[Any]:
        return []

    def get_request_serializer(self) -> Any:
        is_read = self.method not in CHANGES
        return None if is_read and self.endpoint.body is Nothing else self.endpoint.body

    def _insert_field_validators(self, field: Any, schema: dict[str, Any]) -> None:
        """Lengths are limits of what is sent: a sentence that quotes it is longer."""
        super()._insert_field_validators(field, schema)
        if isinstance(field.root, Answer):
            schema.pop("maxLength", None)

    def get_override_parameters(self) -> list[Any]:
        spec = self.endpoint
        found: list[Any] = []
        for name, field in spec.query().fields.items():
            schema = self._map_serializer_field(field, "request")
            if name == "ordering" and issubclass(spec.query, ListQuery):
                names = sorted(spec.query.orderings)
                schema = {"type": "string", "enum": [*names, *(f"-{each}" for each in names)]}
            found.append(
                OpenApiParameter(name, schema, required=field.required, description=str(field.help_text or ""))
            )
        if spec.query.has_tags:
            about = f"`{TAG}KEY=value`: those whose tag KEY has this value. May be given for several keys."
            found.append(OpenApiParameter(f"{TAG}KEY", OpenApiTypes.STR, description=about))
        return found + self._headers()

    def _headers(self) -> list[OpenApiParameter]:
        spec = self.endpoint
        found = []
        if spec.takes_version:
            about = 'The version that the change is based on, as the ETag shows it: `"1"`.'
            found.append(OpenApiParameter("If-Match", str, "header", required=True, description=about))
        if self.method == "POST" and spec.keeps_answer and not spec.is_public:
            about = "A new random value for each thing to be done once. Kept for 24 hours."
            schema = {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$"}
            found.append(
                OpenApiParameter("Idempotency-Key", schema, "header", required=spec.needs_key, description=about)
            )
        if self.method in WRITES:
            about = "Where a program was invoked from. Kept where the token may name it, else `API` is."
            found.append(OpenApiParameter("X-Invocation-Source", str, "header", enum=list(SOURCES), description=about))
        return found

    def get_response_serializers(self) -> Any:
        spec = self.endpoint
        answers: dict[Any, Any] = {spec.status if spec.answer else 204: self._success()}
        for status in self._refusals():
            said = SENTENCES[status]
            if status == 409 and spec.conflicts:  # noqa: PLR2004
                said = f"{said} Codes: {', '.join(f'`{code}`' for code in spec.conflicts)}."
            examples = examples_of(status, spec, self.method)
            answers[status] = OpenApiResponse(self._error(), description=said, examples=examples)
        if issubclass(spec.query, FileQuery):
            answers[(spec.status, "text/csv")] = OpenApiResponse(OpenApiTypes.STR, description=self.get_summary())
        return answers

    def _refusals(self) -> list[int]:
        spec = self.endpoint
        found = {429, 500}
        if self.path.endswith("/health/ready"):
            found |= {503}
        found |= {400}
        if not spec.is_public:
            found |= {401, 403}
            if settings.OIDC_ISSUER:
                found |= {503}  # whose access token it is cannot be found out
        if "{" in self.path:
            found |= {404}
        if self.method in WRITES and not spec.is_public:
            found |= {404, 415} if spec.is_look else {404, 409, 415}
        if spec.takes_version:
            found |= {412, 428}
        if spec.may_be_outdated:
            found |= {412}
        if spec.asks_aws:
            found |= {404, 502, 503}
        return sorted(found)

    def _success(self) -> Any:
        spec = self.endpoint
        if spec.answer is None:
            return OpenApiResponse(description="Done. No body.")
        component = self.resolve_serializer(spec.answer(), "response")
        data: dict[str, Any] = component.ref
        if spec.is_list:
            data = {
                "type": "object",
                "properties": {
                    "items": build_array_type(component.ref),
                    "count": {"type": "integer", "nullable": True, "description": f"Exact to {COUNTED}, then null."},
                    "nextPageToken": {"type": "string", "nullable": True},
                },
                "required": ["items", "count", "nextPageToken"],
            }
            if spec.totals is not None:
                data["properties"]["totals"] = self.resolve_serializer(spec.totals(), "response").ref
                data["required"].append("totals")
        schema = {
            "type": "object",
            "properties": {"success": {"type": "boolean", "enum": [True]}, "data": data},
            "required": ["success", "data"],
        }
        return OpenApiResponse(schema, description=self.get_summary(), examples=self._examples())

    def _examples(self) -> list[OpenApiExample]:
        spec = self.endpoint
        if not spec.example:
            return []
        example = dict(spec.example)
        totals = {"totals": example.pop("totals")} if spec.totals else {}
        data = {"items": [example], "count": 1, "nextPageToken": None, **totals} if spec.is_list else example
        return [OpenApiExample("Answer", {"success": True, "data": data})]

    def _error(self) -> dict[str, Any]:
        component = self.resolve_serializer(ErrorDetail(), "response")
        return {
            "type": "object",
            "properties": {
                "success": {"type": "boolean", "enum": [False]},
                "error": {
                    "allOf": [component.ref],
                    "type": "object",
                    "properties": {"details": {"type": "object", "additionalProperties": True}},
                    "required": ["details"],
                },
            },
            "required": ["success", "error"],
        }
