"""What every template knows."""

from django.conf import settings


def envio(request) -> dict:
    """Where messages go, for the banner that every page carries while they do not go to customers."""
    return {"ENVIO": settings.ENVIO, "AVISO_DE_ENVIO": aviso_de_envio(settings.ENVIO)}


def aviso_de_envio(envio: str) -> str:
    """The banner's words; empty when messages are real."""
    if envio == "simulado":
        return "Modo simulado: nenhuma mensagem sai para clientes."
    if envio.startswith("desvio:"):
        destinos = " e ".join(destino.strip() for destino in envio.removeprefix("desvio:").split(","))
        return f"Modo desvio: todas as mensagens vão para {destinos}; nenhuma sai para clientes."
    return ""
