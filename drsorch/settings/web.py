"""HTTP: cookies, sessions, who may send how much, and the REST API."""

from drsorch import env
from drsorch.settings.installation import PRACTICE

# HTTP. Practice runs on plain http on loopback; production is https only.
SECURE_SSL_REDIRECT = not PRACTICE and env.flag("SECURE_SSL_REDIRECT", default=True)
# How many proxies of ours a request passes: each adds to X-Forwarded-For whom it was asked by.
TRUSTED_PROXIES = env.whole("TRUSTED_PROXIES", 0)
if env.flag("BEHIND_TLS_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 0 if PRACTICE else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not PRACTICE
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not PRACTICE
SESSION_COOKIE_NAME = "drsorch_session" if PRACTICE else "__Host-drsorch_session"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_IDLE_SECONDS = 45 * 60
SESSION_WARNING_SECONDS = 2 * 60
SESSION_COOKIE_AGE = SESSION_LONGEST_SECONDS = 12 * 3600
CSRF_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"

# Who may come, and how often. Rates are those of one web process.
ALLOWED_CIDRS = env.networks("ALLOWED_CIDRS")
API_ALLOWED_ORIGINS = env.listed("API_ALLOWED_ORIGINS")
API_SITE_PER_SECOND = env.decimal("API_SITE_PER_SECOND", 1000)
API_SITE_BURST = env.whole("API_SITE_BURST", 500)
API_ADDRESS_PER_SECOND = env.decimal("API_ADDRESS_PER_SECOND", 200)
API_ADDRESS_BURST = env.whole("API_ADDRESS_BURST", 400)
CONSOLE_POLLS_PER_SECOND = env.decimal("CONSOLE_POLLS_PER_SECOND", 500)
CONSOLE_POLLS_BURST = env.whole("CONSOLE_POLLS_BURST", 1000)
API_PRINCIPAL_PER_SECOND = env.decimal("API_PRINCIPAL_PER_SECOND", 100)
API_PRINCIPAL_BURST = env.whole("API_PRINCIPAL_BURST", 200)
API_AWS_PER_MINUTE = env.decimal("API_AWS_PER_MINUTE", 60)
API_AWS_BURST = env.whole("API_AWS_BURST", 30)
API_STRANGERS_PER_5_MINUTES = env.whole("API_STRANGERS_PER_5_MINUTES", 100)

# Events in from EventBridge: from where, and of which rule. Beside these, the sender needs a token.
EVENTS_ALLOWED_CIDRS = env.networks("EVENTS_ALLOWED_CIDRS", "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16")
EVENTS_RULE_NAME = env.pattern("EVENTS_RULE_NAME", "aws-drs-orchestrator-tag-sync-(dev|test|prod)")

# REST API
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["drsorch.api.envelope.EnvelopeRenderer"],
    "DEFAULT_PARSER_CLASSES": ["drsorch.api.envelope.StrictJsonParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "drsorch.api.envelope.AlwaysJson",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "drsorch.api.authentication.BearerToken",
        "drsorch.api.authentication.ConsoleSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "drsorch.api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "drsorch.api.problems.handle",
    "URL_FORMAT_OVERRIDE": None,
    "UNICODE_JSON": False,  # so that no text of a client can make an answer that cannot be encoded
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "TEST_REQUEST_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
SPECTACULAR_SETTINGS = {
    "TITLE": "drsorch",
    "DESCRIPTION": "Orchestrates AWS Elastic Disaster Recovery. The guide with examples is docs/api.md.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_PATCH": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": [],
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "An API token, drs_…, or an access token of the identity provider.",
            },
            "session": {
                "type": "apiKey",
                "in": "cookie",
                "name": SESSION_COOKIE_NAME,
                "description": "The session of the console; writes need its X-CSRFToken.",
            },
        }
    },
}
