# The wheels are made in one image and installed in another, which has no compiler and no pip cache.
FROM python:3.13-slim AS rodas
WORKDIR /rodas
COPY requirements.txt .
RUN pip wheel --no-cache-dir --wheel-dir /rodas -r requirements.txt

FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# The journal's folder exists here so that the volume mounted on it belongs to the ordinary user.
RUN useradd --system --uid 10001 --home-dir /app avisa \
    && mkdir -p /app/var /var/lib/avisa/journal \
    && chown -R avisa: /app/var /var/lib/avisa
WORKDIR /app
COPY requirements.txt .
RUN --mount=type=bind,from=rodas,source=/rodas,target=/rodas \
    pip install --no-cache-dir --no-index --find-links /rodas -r requirements.txt
COPY . .
# Throw-away keys: collectstatic reads the production settings and keeps none of them.
RUN AVISA_AMBIENTE=producao SECRET_KEY=descartavel ALLOWED_HOSTS=localhost CHAVES_DE_CIFRA=descartavel \
    python manage.py collectstatic --noinput
USER avisa
EXPOSE 8000
# Health checks are in docker-compose.yml: each service has its own.
HEALTHCHECK NONE
CMD ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", "--no-control-socket"]
