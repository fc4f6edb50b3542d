"""One settings file, filled from the environment. Every name is described in docs/operations.md."""

import os
import sys
from datetime import timedelta
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from drsorch import env
from drsorch.aws.endpoint import endpoint_problem

BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENT = env.choice("DRSORCH_ENVIRONMENT", "production", ("production", "demo", "test"))
PRACTICE = ENVIRONMENT != "production"
DEBUG = False

# Practice keys are public on purpose: they protect nothing that matters and let the demo start without a set-up.
SECRET_KEY = env.text("SECRET_KEY", "practice-only-" + "x" * 50 if PRACTICE else None)
ENCRYPTION_KEYS = env.listed("ENCRYPTION_KEYS", "cHJhY3RpY2Utb25seS1wcmFjdGljZS1vbmx5LTMyYnk=" if PRACTICE else "")
if not ENCRYPTION_KEYS:
    raise ImproperlyConfigured(
        "ENCRYPTION_KEYS is not set. Make a key with `python -c 'from cryptography.fernet import Fernet; "
        "print(Fernet.generate_key().decode())'` and set ENCRYPTION_KEYS (or ENCRYPTION_KEYS_FILE)."
    )
AUDIT_KEY = env.text("AUDIT_KEY", "practice-only-" + "y" * 50 if PRACTICE else None)
AUDIT_OLD_KEYS = env.listed("AUDIT_OLD_KEYS")
ALLOWED_HOSTS = env.listed("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]" if PRACTICE else "")
CSRF_TRUSTED_ORIGINS = env.listed("CSRF_TRUSTED_ORIGINS")
INSTALLATION_NAME = env.text("INSTALLATION_NAME", "drsorch")
DATA_DIR = Path(env.text("DRSORCH_DATA_DIR", str(BASE_DIR / "var")))
# Outside the database on purpose. Empty: no anchor is kept on this host.
AUDIT_ANCHOR_FILE = env.text(
    "AUDIT_ANCHOR_FILE", str(DATA_DIR / ("demo-audit-anchor.json" if ENVIRONMENT == "demo" else "audit-anchor.json"))
)
AUDIT_ANCHOR_SECONDS = env.decimal("AUDIT_ANCHOR_SECONDS", 10)
# Where old events go, as files, when they leave the database.
AUDIT_SEGMENT_FOLDER = env.text("AUDIT_SEGMENT_FOLDER", str(DATA_DIR / "audit-segments"))

INSTALLED_APPS = [
    "drsorch.access",
    "drsorch.api",
    "drsorch.audit",
    "drsorch.config",
    "drsorch.console",
    "drsorch.queue",
    "drsorch",
    "protection",
    "plans",
    "executions",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "template_partials",
    "django_q",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "guardian",
    "axes",
]
MIDDLEWARE = [
    "drsorch.request_lines.request_lines",
    "drsorch.api.middleware.doorstep",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "drsorch.console.middleware.security_headers",
    "drsorch.api.middleware.cross_origin",
    "drsorch.api.middleware.crowds",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "drsorch.access.sessions.SessionLimits",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "drsorch.console.middleware.Refusals",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "drsorch.urls"
WSGI_APPLICATION = "drsorch.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "drsorch.console.context.shell",
            ],
            "builtins": ["drsorch.console.templatetags.ui"],
        },
    },
]

# Database: SQLite embedded, PostgreSQL when scaled.
SQLITE = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
}
POSTGRESQL = {"options": "-c lock_timeout=10000 -c statement_timeout=30000"}
DATABASE_FILE = "demo.sqlite3" if ENVIRONMENT == "demo" else "drsorch.sqlite3"
DATABASES = {
    "default": dj_database_url.parse(
        env.text("DATABASE_URL", f"sqlite:///{DATA_DIR / DATABASE_FILE}"), conn_max_age=600, conn_health_checks=True
    )
}
DATABASES["default"]["OPTIONS"] = {
    **(SQLITE if DATABASES["default"]["ENGINE"].endswith("sqlite3") else POSTGRESQL),
    **DATABASES["default"].get("OPTIONS", {}),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# People
AUTH_USER_MODEL = "access.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
# Of guardian only the tables of grants are used: the policy asks them, and nothing is decided elsewhere.
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = GUARDIAN_MONKEY_PATCH_GROUP = False
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]
LOGIN_URL = "access:sign_in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "access:sign_in"
# The first two are for passwords only, the last for the identity provider only.
AUTHENTICATION_BACKENDS = [
    "drsorch.access.local.Lockout",
    "drsorch.access.local.LocalBackend",
    "drsorch.access.oidc.backend.ProviderBackend",
]

# Sign-in. The names that begin with OIDC_RP_ and OIDC_USE_ are those of mozilla-django-oidc.
BREAK_GLASS = env.flag("BREAK_GLASS")
LOCAL_SIGN_IN = PRACTICE or BREAK_GLASS
OIDC_ISSUER = env.text("OIDC_ISSUER", "")  # empty: nobody signs in through a provider
OIDC_DISCOVERY_URL = env.text("OIDC_DISCOVERY_URL", f"{OIDC_ISSUER.rstrip('/')}/.well-known/openid-configuration")
OIDC_NAME = env.text("OIDC_NAME", "your organisation")
OIDC_RP_CLIENT_ID = env.text("OIDC_RP_CLIENT_ID", None if OIDC_ISSUER else "")
OIDC_RP_CLIENT_SECRET = env.text("OIDC_RP_CLIENT_SECRET", "")
OIDC_RP_SCOPES = env.text("OIDC_RP_SCOPES", "openid email profile")
OIDC_USE_PKCE = True
OIDC_AUTHENTICATION_CALLBACK_URL = "access:oidc_callback"
OIDC_GROUPS_CLAIM = env.text("OIDC_GROUPS_CLAIM", "cognito:groups")
OIDC_GROUP_ROLES = env.pairs("OIDC_GROUP_ROLES")
OIDC_TIMEOUT_SECONDS = env.decimal("OIDC_TIMEOUT_SECONDS", 5)
OIDC_API_AUDIENCE = env.text("OIDC_API_AUDIENCE", "")
OIDC_API_CLIENTS = env.listed("OIDC_API_CLIENTS")
if not PRACTICE and OIDC_ISSUER and not all(url.startswith("https://") for url in (OIDC_ISSUER, OIDC_DISCOVERY_URL)):
    raise ImproperlyConfigured("OIDC_ISSUER and OIDC_DISCOVERY_URL must begin with https://.")
if OIDC_API_AUDIENCE and OIDC_API_AUDIENCE in (OIDC_RP_CLIENT_ID, *OIDC_API_CLIENTS):
    raise ImproperlyConfigured(
        "OIDC_API_AUDIENCE is the id of a client, so that an ID token would open the API. Name the API itself there."
    )

# Lockout after wrong passwords: by address, and never by name, else anybody could lock out somebody else. What was
# typed as a name is not kept, because some people type their password there.
AXES_LOCKOUT_PARAMETERS = ["ip_address"]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_USERNAME_CALLABLE = "drsorch.access.local.no_name"
AXES_CLIENT_IP_CALLABLE = "drsorch.access.requests.client_network"
AXES_LOCKOUT_CALLABLE = "drsorch.access.local.locked_out"
AXES_SENSITIVE_PARAMETERS = ["username", "csrfmiddlewaretoken"]
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = AXES_VERBOSE = False

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

# Language, time, files
LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if PRACTICE
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = PRACTICE

# Queue: django-q2 on the same database, so that a task is committed or rolled back with the change that asks for it.
WORKERS = env.whole("DRSORCH_WORKERS", 4)
Q_CLUSTER = {
    "name": "drsorch",
    "label": "Queue",
    "orm": "default",
    "workers": WORKERS,
    "max_attempts": 1,
    "ack_failures": True,
    "bulk": 1,
    "queue_limit": WORKERS,
    "recycle": 10_000,  # tasks; a new worker makes its AWS clients and credentials anew
    "timeout": 60,
    "retry": 300,
    "save_limit": -1,
    "catch_up": False,
    "poll": 0.1 if DATABASES["default"]["ENGINE"].endswith("sqlite3") else 0.2,
}
# Without progress for so long although work is ready, the worker group is replaced; and the longest pause of a
# crash loop.
QUEUE_STALL_SECONDS = env.decimal("QUEUE_STALL_SECONDS", 30)
QUEUE_LONGEST_PAUSE_SECONDS = env.decimal("QUEUE_LONGEST_PAUSE_SECONDS", 30)
QUEUE_TICKER = ["executions.tasks.sweep"]
# Called once before the processes of a worker group are forked: what they would otherwise each do at their first task.
QUEUE_WARM_UP = ["drsorch.aws.apis.load_models", "drsorch.secrets.load_keys"]
QUEUE_SCHEDULES = [
    {"name": "Sweep overdue executions and pollers", "func": "executions.tasks.sweep", "minutes": 1},
    {"name": "Forget old answers of the API", "func": "drsorch.api.tasks.forget_old_answers", "minutes": 60},
    {"name": "Delete history that is kept no longer", "func": "executions.tasks.apply_retention", "minutes": 60},
    {"name": "Synchronise the inventory", "func": "protection.tasks.sync_inventory", "minutes": 5},
    {"name": "Anchor the audit trail", "func": "drsorch.audit.tasks.move_anchor", "minutes": 5},
    {"name": "Forget ended sessions", "func": "drsorch.access.tasks.forget_ended_sessions", "minutes": 60},
    {
        "name": "Close old segments of the audit trail",
        "func": "drsorch.config.tasks.close_audit_segments",
        "minutes": 1440,
    },
]

# AWS. The guard stands here so that no process starts with a wrong endpoint: commands, worker and web server alike.
ENDPOINT_PROBLEM = endpoint_problem(ENVIRONMENT, os.environ)
if ENDPOINT_PROBLEM:
    raise ImproperlyConfigured(ENDPOINT_PROBLEM)
AWS_CONNECT_TIMEOUT_SECONDS = env.decimal("AWS_CONNECT_TIMEOUT_SECONDS", 3)
AWS_READ_TIMEOUT_SECONDS = env.decimal("AWS_READ_TIMEOUT_SECONDS", 10)
AWS_ONCE_CONNECT_TIMEOUT_SECONDS = env.decimal("AWS_ONCE_CONNECT_TIMEOUT_SECONDS", 5)
AWS_ONCE_READ_TIMEOUT_SECONDS = env.decimal("AWS_ONCE_READ_TIMEOUT_SECONDS", 30)
# So many time-outs in a row, and an account's Region is asked by one request at a time until it answers again.
AWS_BREAKER_MISSES = env.whole("AWS_BREAKER_MISSES", 3)
AWS_REQUESTS_PER_SECOND = env.decimal("AWS_REQUESTS_PER_SECOND", 200 if PRACTICE else 5)
AWS_BURST = env.whole("AWS_BURST", 400 if PRACTICE else 10)

# Engine. What the numbers mean, and the rule that ties them together, is in docs/engine.md.
ENGINE_LEASE_SECONDS = env.decimal("ENGINE_LEASE_SECONDS", 60)
ENGINE_SEND_WITHIN_SECONDS = env.decimal("ENGINE_SEND_WITHIN_SECONDS", 15)
ENGINE_SETTLE_SECONDS = env.decimal("ENGINE_SETTLE_SECONDS", 120)
ENGINE_RECONCILE_SECONDS = env.decimal("ENGINE_RECONCILE_SECONDS", 5)
ENGINE_GRACE_SECONDS = env.decimal("ENGINE_GRACE_SECONDS", 120)
ENGINE_RECHECK_SECONDS = env.decimal("ENGINE_RECHECK_SECONDS", 30)
ENGINE_LOOK_SECONDS = env.decimal("ENGINE_LOOK_SECONDS", 60)
ENGINE_ENDLESS_SECONDS = env.decimal("ENGINE_ENDLESS_SECONDS", 4 * 3600)
ENGINE_UNHEARD_SECONDS = env.decimal("ENGINE_UNHEARD_SECONDS", 1800)
ENGINE_BACKOFF_SECONDS = env.decimal("ENGINE_BACKOFF_SECONDS", 5)
ENGINE_BACKOFF_LIMIT_SECONDS = env.decimal("ENGINE_BACKOFF_LIMIT_SECONDS", 60)
# For test rigs only: a process that dies at random, and the negative control that sends again without looking.
ENGINE_CRASH_PROBABILITY = env.decimal("ENGINE_CRASH_PROBABILITY", 0)
ENGINE_BLIND_RESEND = env.flag("ENGINE_BLIND_RESEND")
if ENVIRONMENT != "test" and (ENGINE_CRASH_PROBABILITY or ENGINE_BLIND_RESEND):
    raise ImproperlyConfigured("ENGINE_CRASH_PROBABILITY and ENGINE_BLIND_RESEND are for tests. Unset them.")
POLL_FAST_SECONDS = env.decimal("POLL_FAST_SECONDS", 2)
POLL_NORMAL_SECONDS = env.decimal("POLL_NORMAL_SECONDS", 5)
POLL_SLOW_SECONDS = env.decimal("POLL_SLOW_SECONDS", 15)
# How long after a launch EC2's status checks of the instance may take.
CHECK_SECONDS = env.decimal("CHECK_SECONDS", 300)
# How often a place is surveyed while an execution has waves to start there.
SURVEY_SECONDS = env.decimal("SURVEY_SECONDS", 30)

# Logs: one JSON line each, readable text on a terminal while practising.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "drsorch.logs.JsonFormatter"},
        "text": {"()": "drsorch.logs.TextFormatter"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "text" if PRACTICE and sys.stderr.isatty() else "json",
        }
    },
    "root": {"handlers": ["stderr"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.request": {"level": "ERROR"},  # what was refused is in the request's own line
        "botocore": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
        "django-q": {"handlers": [], "level": "WARNING", "propagate": True},
    },
}
