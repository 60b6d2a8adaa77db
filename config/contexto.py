"""What every template knows."""

from django.conf import settings


def envio(request) -> dict:
    """Where messages go, for the banner that every page carries outside production."""
    return {"ENVIO": settings.ENVIO}
