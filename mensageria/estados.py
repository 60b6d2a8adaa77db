"""The states of a message and the only ways between them: a table, which the database enforces too.

The migration `0016_entregue_antes` builds the trigger that refuses all others; a test walks every pair against both.
"""

from django.db import models


class Estado(models.IntegerChoices):
    PENDENTE = 1, "Pendente"
    EM_ENVIO = 2, "Em envio"
    ENVIADA = 3, "Enviada"
    ENTREGUE = 4, "Entregue"
    FALHA = 5, "Falha"
    CANCELADA = 6, "Cancelada"
    INCERTA = 7, "Incerta"


TRANSICOES: dict[Estado, frozenset[Estado]] = {
    # Delivered: a receipt of an earlier attempt, while it waits for the next.
    Estado.PENDENTE: frozenset({Estado.EM_ENVIO, Estado.CANCELADA, Estado.ENTREGUE}),
    Estado.EM_ENVIO: frozenset(
        {Estado.PENDENTE, Estado.ENVIADA, Estado.FALHA, Estado.CANCELADA, Estado.INCERTA},
    ),
    Estado.ENVIADA: frozenset({Estado.ENTREGUE, Estado.FALHA}),
    Estado.ENTREGUE: frozenset(),
    Estado.FALHA: frozenset({Estado.PENDENTE}),
    Estado.CANCELADA: frozenset(),
    Estado.INCERTA: frozenset({Estado.PENDENTE, Estado.ENVIADA, Estado.FALHA, Estado.CANCELADA}),
}

# States that nothing but an operator or a receipt leaves.
TERMINAIS = frozenset({Estado.ENVIADA, Estado.ENTREGUE, Estado.FALHA, Estado.CANCELADA, Estado.INCERTA})


class TransicaoProibida(Exception):
    """The message is not in a state from which it may go there."""


def conferir(de: Estado, para: Estado) -> None:
    """Raise TransicaoProibida unless a message may go from `de` to `para`."""
    if para not in TRANSICOES[Estado(de)]:
        raise TransicaoProibida(
            f"Uma mensagem {Estado(de).label.lower()} não pode passar a {Estado(para).label.lower()}."
        )


class Classe(models.TextChoices):
    """What a reply means. Only ENDERECO counts against the address; the service's own faults cost no attempt."""

    ACEITA = "aceita", "Aceita"
    ENDERECO = "endereco", "Endereço recusado"
    CAIXA_CHEIA = "caixa_cheia", "Caixa cheia"
    TEMPORARIO = "temporario", "Temporário"
    MENSAGEM = "mensagem", "Mensagem recusada"
    TAXA = "taxa", "Limite de taxa"
    COTA = "cota", "Cota esgotada"
    REMETENTE = "remetente", "Remetente não autorizado"
    AUTENTICACAO = "autenticacao", "Autenticação"
    REDE = "rede", "Rede"
    INCERTA = "incerta", "Sem resposta depois do corpo"


# The message goes back untouched and the service rests.
DO_SERVICO = frozenset({Classe.TAXA, Classe.COTA, Classe.REMETENTE, Classe.AUTENTICACAO, Classe.REDE})
# Another attempt is worth it, up to the maximum.
REPETIVEIS = frozenset({Classe.CAIXA_CHEIA, Classe.TEMPORARIO})
DEFINITIVAS = frozenset({Classe.ENDERECO, Classe.MENSAGEM})


class Motivo(models.TextChoices):
    """Why a message was cancelled."""

    PAGA = "paga", "Paga"
    OBJETO_CANCELADO = "objeto_cancelado", "Conta ou documento cancelado"
    OBJETO_ALTERADO = "objeto_alterado", "Valor ou vencimento alterado"
    CANAL_DESLIGADO = "canal_desligado", "Cliente desligou o canal"
    SEM_DESTINO = "sem_destino", "Sem destino"
    DESCADASTRO = "descadastro", "Destinatário pediu para não receber"
    CAMPANHA_CANCELADA = "campanha_cancelada", "Campanha cancelada"
    NAO_CONFIRMADO = "nao_confirmado", "Boleto sem confirmação da empresa"
    NAO_PERTURBE = "nao_perturbe", "Cliente pediu para não ser perturbado"
    PRAZO = "prazo", "Prazo"
    SEM_JANELA = "sem_janela", "Sem janela de contato até o prazo"
    SEM_CONTEXTO = "sem_contexto", "Dados incompletos para compor"
    OPERADOR = "operador", "Cancelada pelo operador"


class PoliticaIncerta(models.TextChoices):
    """What is done with a message that may have left: asked about, sent again, or left as it is."""

    PERGUNTAR = "perguntar", "Perguntar ao operador"
    REENVIAR = "reenviar", "Reenviar"
    NAO_REENVIAR = "nao_reenviar", "Não reenviar"


# GSAN's codes of return of an SMS (referencia/gsan.md 2.1).
RETORNO_ERRO, RETORNO_TRANSMITIDO, RETORNO_ERRO_OPERADORA, RETORNO_ENVIADO = "1", "2", "3", "4"
