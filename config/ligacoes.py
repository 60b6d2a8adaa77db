"""What batch and mensageria do for each other, though neither knows the other. Imported once, at the start."""

from datetime import datetime
from uuid import UUID

from django.contrib.humanize.templatetags.humanize import intcomma
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from batch import registro
from batch.models import DataAgendada, ProcessoIniciado
from mensageria import alertas, pausas
from mensageria.alertas import negrito
from mensageria.models import Alerta, Lote

Situacao = ProcessoIniciado.Situacao
COMO_TERMINOU = {
    Situacao.CONCLUIDO: "Concluído",
    Situacao.CONCLUIDO_COM_ERRO: "Concluído com Erro",
    Situacao.EXECUCAO_CANCELADA: "Cancelado",
}


# Who started a process is told that it ended


@registro.ao_terminar
def avisar_do_fim(iniciado: ProcessoIniciado, agora: datetime) -> None:
    """When it did not conclude, unless he cancelled it himself; when it did, if he asked for it."""
    pagina = reverse("batch:processo", args=[iniciado.pk])
    Alerta.objects.filter(tipo=Alerta.Tipo.PROCESSO, caminho=pagina, resolvido_em=None).update(resolvido_em=agora)
    concluiu = iniciado.situacao == Situacao.CONCLUIDO
    if concluiu and iniciado.avisar != ProcessoIniciado.Aviso.SEMPRE:
        return
    if iniciado.cancelado_por_id is not None and iniciado.cancelado_por_id == iniciado.usuario_id:
        return
    como = COMO_TERMINOU[iniciado.situacao]
    alertas.avisar(
        Alerta.Tipo.FIM if concluiu else Alerta.Tipo.PROCESSO,
        f"processo:{iniciado.pk}:{agora.isoformat()}",
        agora=agora,
        assunto=f"Processo {iniciado.processo_id} {como}",
        titulo=f"Processo Iniciado {iniciado.pk}: {como}",
        paragrafos=[_o_que_houve(iniciado, agora), *_erros(iniciado)],
        caminho=pagina,
        tambem_para=_email(iniciado.usuario),
    )


def _o_que_houve(iniciado: ProcessoIniciado, agora: datetime) -> str:
    de_quem = f", iniciado por {negrito(str(iniciado.usuario))}," if iniciado.usuario else ""
    processo = f"O processo {negrito(str(iniciado))}{de_quem}"
    quando = _momento(agora)
    if iniciado.situacao == Situacao.EXECUCAO_CANCELADA:
        return f"{processo} foi cancelado por {iniciado.cancelado_por} em {quando}: {iniciado.motivo_do_cancelamento}"
    com = "sem erros" if iniciado.situacao == Situacao.CONCLUIDO else "com erro"
    return f"{processo} terminou {com} em {quando}."


def _erros(iniciado: ProcessoIniciado) -> list[str]:
    com_erro = iniciado.funcionalidades.exclude(erro="").select_related("funcionalidade")
    return [
        f"{negrito(str(uma))}: {uma.explicacao}" + (f" ({uma.unidade_do_erro})" if uma.unidade_do_erro else "")
        for uma in com_erro
    ]


@registro.ao_recusar
def avisar_da_recusa(tomada: DataAgendada, agora: datetime) -> None:
    """Whoever made an agendamento is told that a date of it commanded nothing."""
    agendamento = tomada.agendamento
    alertas.avisar(
        Alerta.Tipo.PROCESSO,
        f"agendamento:{agendamento.pk}:{tomada.data.isoformat()}",
        agora=agora,
        assunto=f"Processo {agendamento.processo_id} Não Comandado",
        titulo=f"Agendamento {agendamento.pk}: processo não comandado",
        paragrafos=[
            f"O processo {negrito(str(agendamento.processo))}, agendado para {date_format(tomada.data, 'd/m/Y')} "
            f"por {negrito(str(agendamento.criado_por))}, não foi comandado: {tomada.recusa}"
        ],
        caminho=reverse("batch:agendamentos"),
        tambem_para=_email(agendamento.criado_por),
    )


def _email(usuario) -> str:
    return usuario.email if usuario is not None and usuario.is_active else ""


def _momento(quando: datetime) -> str:
    return date_format(timezone.localtime(quando), r"d/m/Y \à\s H:i")


# The messages that a cancelled process leaves


def mensagens_por_sair(execucao: UUID) -> int:
    return sum(pausas.por_sair(Lote.objects.filter(execucao=execucao)).values())


def cancelar_mensagens(execucao: UUID, *, usuario, motivo: str, agora: datetime) -> str:
    """First nothing more leaves; then what has not left is cancelled, as many as fit in a request."""
    lotes = [lote for lote, quantas in pausas.por_sair(Lote.objects.filter(execucao=execucao)).items() if quantas]
    for lote in lotes:
        pausas.pausar(lote, usuario=usuario, motivo=motivo, agora=agora)
    canceladas = 0
    for lote in lotes:
        if canceladas < pausas.POR_VEZ:
            canceladas += pausas.cancelar_pendentes(lote, usuario=usuario, motivo=motivo, agora=agora)[0]
    feito = f"Mensagens canceladas: {intcomma(canceladas)}."
    if restam := mensagens_por_sair(execucao):
        feito += (
            f" Restam {intcomma(restam)}: as que estavam saindo terminam de sair, e as demais ficam pausadas até "
            "alguém as cancelar ou continuar, a partir do Painel."
        )
    return feito


registro.resto(
    registro.Resto(
        nome="mensagens por sair",
        permissao="mensageria.change_mensagem",
        quantos=mensagens_por_sair,
        cancelar=cancelar_mensagens,
    )
)
