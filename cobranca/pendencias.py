"""What process 336 still lacks on the collection side, a function for each topic."""

from datetime import datetime

from django.db.models import Case, Q, When

from batch.models import ProcessoIniciado
from batch.registro import Pendencia
from cobranca import numeracao
from cobranca.fonte import ORIGEM
from cobranca.models import AcaoCobranca, ComandoAcao, CriterioCobranca
from faturamento.pendencias import do_sistema, dos_clientes
from mensageria import pendencias as da_mensageria
from mensageria.models import Canal

COM_MENSAGEM = Q(por_sms=True) | Q(por_email=True)


def da_funcionalidade(agora: datetime) -> list[Pendencia]:
    """All that generating the messages of documents may lack."""
    topicos = (do_sistema, das_acoes, dos_comandos, das_fichas, da_saida, dos_clientes)
    return [pendencia for topico in topicos for pendencia in topico(agora)]


def das_acoes(agora: datetime) -> list[Pendencia]:
    if not CriterioCobranca.objects.exists():
        texto = "Nenhum critério de cobrança foi cadastrado, e toda ação precisa de um: insira-o."
        return [Pendencia(texto, "cobranca:criterios")]
    acoes = AcaoCobranca.objects.filter(COM_MENSAGEM)
    if acoes.filter(ativa=True).exists():
        return []
    if acoes.exists():
        return [Pendencia("As ações de cobrança que enviam mensagem estão inativas: ative uma.", "cobranca:acoes")]
    texto = "Nenhuma ação de cobrança envia mensagem: insira uma, com texto SMS ou E-MAIL."
    return [Pendencia(texto, "cobranca:acao_inserir")]


def dos_comandos(agora: datetime) -> list[Pendencia]:
    """Comandos whose messages wait for their documents."""
    sem_documentos = ComandoAcao.objects.filter(
        Q(acao__por_sms=True) | Q(acao__por_email=True), gerado_em=None, cancelado_em=None
    )
    andando = Case(When(geracao__situacao__in=ProcessoIniciado.A_CANCELAR, then=True), default=False)
    um_de_cada = sem_documentos.annotate(andando=andando).order_by("andando", "id").distinct("andando")
    textos = [
        f"Os documentos de “{comando}” estão sendo gerados, no processo {comando.geracao_id}: as mensagens deles"
        " saem num processo iniciado depois que ele terminar."
        if comando.andando
        else f"Há comandos sem documentos, como “{comando}”: gere os documentos para que as mensagens saiam."
        for comando in um_de_cada
    ]
    return [Pendencia(texto, "cobranca:comandos", grave=False) for texto in textos]


def das_fichas(agora: datetime) -> list[Pendencia]:
    """Documents that should be fichas de compensação, and no account to pay them to."""
    texto = numeracao.sem_conta()
    return [Pendencia(texto, "admin:cobranca_contabancaria_changelist", grave=False)] if texto else []


def da_saida(agora: datetime) -> list[Pendencia]:
    """Only for the channels that some active action uses."""
    ativas = AcaoCobranca.objects.filter(ativa=True)
    usa = ativas.filter(por_sms=True).exists(), ativas.filter(por_email=True).exists()
    canais = [canal for canal, usado in zip((Canal.SMS, Canal.EMAIL), usa, strict=True) if usado]
    return [Pendencia(*falta) for falta in da_mensageria.da_saida(ORIGEM, agora, canais)]
