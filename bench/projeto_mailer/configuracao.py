"""Settings of the project that runs django-mailer: its defaults, but for what a line explains.

The rest comes from the bench by the environment: the database and the port of the sink.
"""

import json
import os

SECRET_KEY = "bench"
INSTALLED_APPS = ["mailer"]
DATABASES = {"default": json.loads(os.environ["BENCH_BANCO"])}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True

EMAIL_BACKEND = "mailer.backend.DbBackend"
EMAIL_HOST, EMAIL_PORT = "127.0.0.1", int(os.environ.get("BENCH_PORTA", "0"))
EMAIL_TIMEOUT = 10
MAILER_USE_FILE_LOCK = False  # with it one process sends; without it the rows' own locks divide the queue
