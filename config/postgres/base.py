"""Django's PostgreSQL backend, which starts the embedded server when no host is given."""

from django.db.backends.postgresql import base

from . import iniciar


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict:
        parametros = super().get_connection_params()
        if not parametros.get("host"):
            parametros.update(host=str(iniciar()), user="postgres", port=5432)
        return parametros
