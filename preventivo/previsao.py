"""Does a campaign fit what is left of its service, and when would it end: said before it is confirmed."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from django.db.models import Sum
from django.utils import timezone

from mensageria import calendario, consumo, ritmo, rotacao
from mensageria.consumo import milhar
from mensageria.models import Canal, LoteContagem, Remetente, ServicoEmail, amanha
from mensageria.previsao import segundos_por_mensagem
from preventivo import campanhas
from preventivo.fonte import ORIGEM
from preventivo.models import Campanha

CONCLUIDAS = (Campanha.Situacao.CONCLUIDA, Campanha.Situacao.CONCLUIDA_COM_FALHAS)
POR_COMECAR = (Campanha.Situacao.COLETANDO, Campanha.Situacao.AGENDADA)
HISTORICO = 10  # campaigns that say how many messages an address gets


@dataclass(frozen=True)
class Previsao:
    """`fim` is None when it would not end by itself; `problemas` are sentences for the operator."""

    mensagens: int
    inicio: datetime
    fim: datetime | None
    cabe: bool
    problemas: list[str] = field(default_factory=list)


def prever(campanha: Campanha, agora: datetime) -> Previsao:
    """By the addresses that it may send to, by what those of the operação used to get, and by quota, limits and pace of
    the services that it would leave through. Nothing is changed; needs operacao loaded."""
    inicio = max(campanha.envia_em, agora)
    mensagens = ceil(campanhas.enderecos(campanha) * _por_endereco(campanha.operacao_id))
    remetente = Remetente.objects.select_related("servico").defer("servico__senha")
    remetente = remetente.filter(operacao_preventiva=campanha.operacao_id).first()
    if remetente is None:
        problema = f"A operação {campanha.operacao} não tem remetente: escolha por onde ela envia antes de confirmar."
        return Previsao(mensagens, inicio, None, False, [problema])
    if problema := rotacao.impedimento(remetente.servico, remetente.email):
        return Previsao(mensagens, inicio, None, False, [problema])
    return _pelos_servicos(campanha, mensagens, inicio, remetente)


def _pelos_servicos(campanha: Campanha, mensagens: int, inicio: datetime, remetente: Remetente) -> Previsao:
    """One service after the other, as the rotation would have it."""
    servicos = [remetente.servico]
    if remetente.rotacao_automatica:
        servicos += rotacao.seguintes(remetente, inicio)
    faltam, duracao, comprometidas = mensagens, timedelta(), 0
    for servico in servicos:
        antes = _comprometidas(campanha, servico, inicio)
        situacao = consumo.situacao(servico, inicio)
        cabem = min(max(situacao.livres(faltam + antes) - antes, 0), faltam)
        duracao += _tempo(servico, cabem)
        faltam, comprometidas = faltam - cabem, comprometidas + antes
        if not faltam:
            break
    problemas = [_acaba_antes(servicos, faltam, comprometidas)] if faltam else []
    fim = _fim(campanha, inicio, duracao)
    if fim is None:
        problemas.append("O Calendário de Contato não abre o bastante para este envio.")
    elif fim > amanha(inicio):
        problemas.append(
            f"O envio terminaria depois do fim do dia, em {timezone.localtime(fim):%d/%m/%Y às %H:%M}: os boletos que "
            "vencem no dia não sairiam todos a tempo."
        )
    return Previsao(mensagens, inicio, None if faltam else fim, not problemas, problemas)


def _fim(campanha: Campanha, inicio: datetime, duracao: timedelta) -> datetime | None:
    """By the hours in which customers may be spoken to; a test speaks to none."""
    porta = None if campanha.teste_para else calendario.ler(inicio).porta(Canal.EMAIL, ORIGEM, None)
    return porta.termina(inicio, duracao) if porta else inicio + duracao


def _acaba_antes(servicos: list[ServicoEmail], faltam: int, comprometidas: int) -> str:
    """Which quotas end, how many messages are left over, and what else was counted."""
    quantos = "falta 1 envio" if faltam == 1 else f"faltam {milhar(faltam)} envios"
    nomes = ", ".join(str(servico) for servico in servicos)
    quais = f"A cota do serviço {nomes} acaba" if len(servicos) == 1 else f"As cotas dos serviços {nomes} acabam"
    contadas = f", contados os {milhar(comprometidas)} que já esperam" if comprometidas else ""
    return f"{quais} antes: {quantos}{contadas}."


def _por_endereco(operacao_id: int) -> float:
    """How many messages an address got in the last campaigns of the operação; 1 when there is nothing to go by."""
    ultimas = Campanha.objects.filter(operacao=operacao_id, situacao__in=CONCLUIDAS, teste_para="", enderecos__gt=0)
    enderecos = dict(ultimas.order_by("-envia_em").values_list("execucao", "enderecos")[:HISTORICO])
    contagens = LoteContagem.objects.filter(lote__execucao__in=enderecos)
    return (contagens.aggregate(total=Sum("quantidade"))["total"] or 0) / max(sum(enderecos.values()), 1) or 1


def _comprometidas(campanha: Campanha, servico: ServicoEmail, inicio: datetime) -> int:
    """What leaves through the service first: what waits in the queue, and campaigns that begin before this one."""
    ate = timezone.localdate(amanha(inicio))
    outras = Campanha.objects.filter(
        operacao__remetente__servico=servico, situacao__in=POR_COMECAR, teste_para="", envia_em__lte=inicio
    ).exclude(pk=campanha.pk)
    por_operacao = outras.order_by().values_list("operacao").annotate(total=Sum("enderecos"))
    de_outras = sum(ceil(total * _por_endereco(operacao)) for operacao, total in por_operacao)
    return consumo.na_fila(servico, ate, consumo.MAIOR_FILA) + de_outras


def _tempo(servico: ServicoEmail, mensagens: int) -> timedelta:
    """By its limits, or by what its connections have managed of late, whichever takes longer."""
    if not mensagens:
        return timedelta()
    pelo_passo = mensagens * segundos_por_mensagem(servico) / servico.conexoes
    return timedelta(seconds=max(ritmo.duracao(servico.limites, mensagens), pelo_passo))
