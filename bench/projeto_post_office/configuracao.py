"""Settings of the project that runs django-post-office: its defaults, but for what a line explains.

The rest comes from the bench by the environment: the database, the port of the sink, the threads and the batch.
"""

import json
import os

SECRET_KEY = "bench"
INSTALLED_APPS = ["django.contrib.contenttypes", "post_office"]
DATABASES = {"default": json.loads(os.environ["BENCH_BANCO"])}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

EMAIL_BACKEND = "post_office.EmailBackend"
EMAIL_HOST, EMAIL_PORT = "127.0.0.1", int(os.environ.get("BENCH_PORTA", "0"))
EMAIL_TIMEOUT = 10
POST_OFFICE = {
    "MESSAGE_ID_ENABLED": True,  # one Message-ID for all attempts, made when queued: by it repeats are found
    "MESSAGE_ID_FQDN": "bench.example",
    "THREADS_PER_PROCESS": int(os.environ.get("BENCH_LINHAS", "5")),
    "BATCH_SIZE": int(os.environ.get("BENCH_BLOCO", "100")),
}
