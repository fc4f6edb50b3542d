"""Of what the site is made: apps, middleware, templates."""

from drsorch.settings.installation import BASE_DIR

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
