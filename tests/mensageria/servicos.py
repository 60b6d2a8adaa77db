"""Services in an order, and the remetentes that use them, for tests of rotation and alerts."""

from datetime import datetime

from mensageria import consumo
from mensageria.models import Remetente, ServicoEmail


def novo_servico(numero: int, **campos) -> ServicoEmail:
    """SERVICO_n, n-th in order, with a quota of one message."""
    padrao = {"nome": f"SERVICO_{numero}", "ordem": numero, "host": "127.0.0.1", "porta": 25, "cota_mensal": 1}
    return ServicoEmail.objects.create(**padrao | {"seguranca": "nenhuma", "prazo": 5} | campos)


def novo_interno(porta: int, **campos) -> ServicoEmail:
    return novo_servico(1, **{"uso_interno": True, "porta": porta, "cota_mensal": None} | campos)


def novo_remetente(servico: ServicoEmail, operacao: str = "NET", **campos) -> Remetente:
    padrao = {"nome": operacao, "email": f"{operacao.lower()}@cobranca.exemplo.com.br", "servico": servico}
    return Remetente.objects.create(**padrao | campos)


def esgotar(servico: ServicoEmail, agora: datetime) -> None:
    """Use up its quota."""
    consumo.contar(servico, [agora] * servico.cota_mensal)
