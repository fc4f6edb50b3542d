"""Who may come in: accounts, sign-in through a provider or by password, lockout."""

from datetime import timedelta

from django.core.exceptions import ImproperlyConfigured

from drsorch import env
from drsorch.settings.installation import PRACTICE

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
# So many days after the provider last named somebody's groups, their tokens rest; 0: never. Off, because those of an
# automation would otherwise stop in the night for which it was made, when its owner has not signed in for long.
OIDC_GROUPS_DAYS = env.whole("OIDC_GROUPS_DAYS", 0)
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
