"""What this installation is: its environment, name, keys, files, database and logs."""

import sys
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from drsorch import env

BASE_DIR = Path(__file__).resolve().parent.parent.parent
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

# Database: SQLite embedded, PostgreSQL when scaled.
SQLITE = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    # 16 MiB of pages for each connection: with the usual 2, a long history is read from its file row by row.
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-16384;"
    ),
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
