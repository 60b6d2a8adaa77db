"""The life of a campaign: what people do with it, and what time does.

    Importando ─▶ A conferir ─▶ Coletando ⇄ Agendada ─▶ Enviando ⇄ Aguardando troca de serviço ─▶ Concluída (com falhas)

Every step locks the row of the campaign; what is long (generation, cancellation, re-sending) goes in blocks outside of
it. The tick finds in the database what is to be done, so a step that was lost is only late.
"""

import logging
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, Sum
from django.utils import timezone

from mensageria import calendario, decisoes, pausas, rotacao
from mensageria.espera import das_execucoes
from mensageria.estados import Estado, Motivo
from mensageria.janela import a_partir_de
from mensageria.models import Canal, Lote, LoteContagem, Mensagem, ServicoEmail
from preventivo import arquivos, regra
from preventivo.models import Aviso, Campanha, Layout, Operacao, Registro, TipoCampanha
from telas import registro

log = logging.getLogger(__name__)

S = Campanha.Situacao
BLOCO, POR_VEZ = 5_000, 50_000  # messages by one transaction, and cancelled by one request; the tick goes on
BLOCOS_POR_TIQUE = 2  # of generation: other ticks wait for the same workers
ACABAM = (Estado.PENDENTE, Estado.EM_ENVIO)  # what is still to leave
SEM_CONFERENCIA = "Não foi confirmada em 24 horas"
DIA_PERDIDO = "O dia do envio passou antes que o envio começasse: nada foi enviado."
CPFS_DE_UM_TESTE = 10
MENSAGENS_AINDA_VALEM = timedelta(days=10)  # after the end of a campaign: its boletos are due in seven
DIA_INTERROMPIDO = "O dia do envio terminou antes de todas as mensagens serem geradas."

# {action: (in which situations, what a campaign is after it)}
ACOES = {
    "confirmar": ((S.A_CONFERIR,), "confirmada"),
    "descartar": ((S.A_CONFERIR,), "descartada"),
    "reagendar": ((S.IMPORTANDO, *Campanha.ANTES_DO_ENVIO), "reagendada"),
    "pausar": ((S.COLETANDO, S.AGENDADA, *Campanha.NO_ENVIO), "pausada"),
    "continuar": ((S.PAUSADA,), "continuada"),
    "cancelar": ((S.IMPORTANDO, *Campanha.EM_ANDAMENTO), "cancelada"),
    "reenviar": ((*Campanha.NO_ENVIO, S.CONCLUIDA, S.CONCLUIDA_COM_FALHAS), "reenviada"),
}


class AcaoRecusada(Exception):
    """What was asked cannot be done now; the text says why, for the operator."""


class CampanhaRecusada(AcaoRecusada):
    """A campaign that cannot be created; `campo` is the field of the form beside which that is said."""

    def __init__(self, campo: str, motivo: str):
        super().__init__(motivo)
        self.campo = campo


# What people do


@transaction.atomic
def criar(
    *,
    operacao: Operacao,
    tipo: TipoCampanha,
    envia_em: datetime,
    arquivo,
    usuario,
    agora: datetime,
    teste_para: str = "",
) -> Campanha:
    """Store a campaign with its file; the tick has it imported. Raises CampanhaRecusada.

    A file enters one campaign of the operação; a test sends nothing to customers, so it neither counts nor is refused.
    """
    _conferir_dados(Operacao.objects.defer("segredo").get(pk=operacao.pk), tipo, envia_em, agora)
    if not teste_para:
        _conferir_janela(envia_em, agora)
    campanha = Campanha(
        operacao=operacao, tipo=tipo, envia_em=envia_em, teste_para=teste_para, criado_por=usuario, criado_em=agora
    )
    try:
        arquivos.guardar(campanha, arquivo)
    except arquivos.ArquivoRecusado as erro:
        raise CampanhaRecusada("arquivo", str(erro)) from erro
    # Storing 50 MB takes a while, and the collector writes that row too: it is locked only to compare the file.
    operacao = Operacao.objects.select_for_update(no_key=True).defer("segredo").get(pk=operacao.pk)
    _conferir_dados(operacao, tipo, envia_em, agora)
    if not teste_para:
        _conferir_repetido(campanha)
    registro.inserido(usuario, campanha)
    return campanha


def _conferir_dados(operacao: Operacao, tipo: TipoCampanha, envia_em: datetime, agora: datetime) -> None:
    if not operacao.ativa:
        raise CampanhaRecusada("operacao", f"A operação {operacao} não está ativa.")
    if not operacao.url:
        raise CampanhaRecusada("operacao", f"A API da operação {operacao} não está configurada.")
    if operacao.remetente_id is None:
        raise CampanhaRecusada("operacao", f"A operação {operacao} não tem e-mail por onde enviar.")
    if tipo.operacao_id != operacao.pk or not tipo.ativo:
        raise CampanhaRecusada("tipo", f"{tipo} não é uma campanha ativa da operação {operacao}.")
    if Layout.objects.em_vigor(tipo) is None:
        raise CampanhaRecusada("tipo", f"A campanha {tipo} não tem layout: escreva-o na tela Layouts.")
    if envia_em <= agora:
        raise CampanhaRecusada("envia_em", "A data e o horário do envio já passaram.")


def _conferir_janela(envia_em: datetime, agora: datetime) -> None:
    """The hour of a campaign is one in which customers may be spoken to."""
    abre = calendario.ler(agora).proxima_abertura(Canal.EMAIL, regra.ORIGEM, None, envia_em)
    if abre != envia_em:
        depois = a_partir_de(abre) if abre else "Nele a janela de e-mail da Campanha Preventiva nunca abre"
        raise CampanhaRecusada("envia_em", f"Este horário está fora do Calendário de Contato. {depois}.")


def _conferir_repetido(campanha: Campanha) -> None:
    outras = _linhas().filter(operacao=campanha.operacao, resumo=campanha.resumo, teste_para="")
    nunca_enviadas = Q(situacao=S.CANCELADA) | Q(situacao=S.CONCLUIDA_COM_FALHAS, iniciada_em=None)
    if anterior := outras.exclude(pk=campanha.pk).exclude(nunca_enviadas).first():
        raise CampanhaRecusada(
            "arquivo",
            f"Este arquivo já está na campanha {anterior}, que está {anterior.get_situacao_display().lower()}.",
        )


@transaction.atomic
def confirmar(campanha_id: int, *, usuario, agora: datetime, vista_para: datetime | None = None) -> Campanha:
    """What the file says is right: its CPFs are collected from now on. `vista_para` is the moment that whoever confirms
    saw it scheduled for."""
    campanha = _travar_para("confirmar", campanha_id)
    if vista_para and vista_para != campanha.envia_em:
        raise AcaoRecusada(f"O envio mudou para {_quando(campanha.envia_em)}: confira e confirme de novo.")
    if campanha.conferir_ate and agora >= campanha.conferir_ate:
        raise AcaoRecusada(f"{SEM_CONFERENCIA}: cadastre a campanha de novo.")
    if campanha.envia_em <= agora:
        raise AcaoRecusada("A data e o horário do envio já passaram: altere-os antes de confirmar.")
    if not campanha.teste_para:
        _conferir_janela(campanha.envia_em, agora)
    if not campanha.registros:
        raise AcaoRecusada("Nenhum CPF do arquivo foi aceito: descarte a campanha e cadastre outra.")
    if campanha.teste_para:
        _so_os_primeiros(campanha)
    _por(campanha, S.COLETANDO, confirmada_em=agora)
    registro.registrar(usuario, campanha, "Campanha confirmada.")
    return campanha


def _so_os_primeiros(campanha: Campanha) -> None:
    """A test asks about few CPFs, and fills nobody's mailbox. The others have no rows below them yet."""
    primeiros = _de_um_teste(campanha)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM preventivo_registro WHERE campanha_id = %s AND id <> ALL (%s)",
            [campanha.pk, [r.pk for r in primeiros]],
        )
    campanha.registros, campanha.enderecos = len(primeiros), sum(len(r.emails) for r in primeiros)
    campanha.save(update_fields=["registros", "enderecos"])


def _de_um_teste(campanha: Campanha) -> list[Registro]:
    return list(Registro.objects.filter(campanha=campanha).order_by("pk")[:CPFS_DE_UM_TESTE])


def enderecos(campanha: Campanha) -> int:
    """To how many addresses it may send."""
    if campanha.teste_para and not campanha.confirmada_em:
        return sum(len(registro.emails) for registro in _de_um_teste(campanha))
    return campanha.enderecos


@transaction.atomic
def descartar(campanha_id: int, *, usuario, agora: datetime) -> Campanha:
    """Drop what was read of the file."""
    campanha = _travar_para("descartar", campanha_id)
    _descartar(campanha, "Descartada na conferência", agora)
    registro.registrar(usuario, campanha, "Campanha descartada na conferência.")
    return campanha


def _descartar(campanha: Campanha, motivo: str, agora: datetime) -> None:
    """Nothing was collected yet, so its rows have none below them."""
    _por(campanha, S.CANCELADA, motivo=motivo, encerrada_em=agora)
    with connection.cursor() as cursor:
        for tabela in ("registro", "linharecusada", "pedacodoarquivo"):
            cursor.execute(f"DELETE FROM preventivo_{tabela} WHERE campanha_id = %s", [campanha.pk])


@transaction.atomic
def reagendar(campanha_id: int, envia_em: datetime, *, usuario, agora: datetime) -> Campanha:
    """Another date and time; what was collected too early for it is asked again before it.

    The row is locked against the collector too, which writes what it heard by the moment that it reads there.
    """
    Campanha.objects.select_for_update().get(pk=campanha_id)
    campanha = _travar(campanha_id)
    if not _pode(campanha, "reagendar"):
        raise AcaoRecusada(_nao_pode(campanha, "reagendar"))
    if envia_em <= agora:
        raise AcaoRecusada("A data e o horário do envio já passaram.")
    if not campanha.teste_para:
        _conferir_janela(envia_em, agora)
    antes, campanha.envia_em = campanha.envia_em, envia_em
    campanha.save(update_fields=["envia_em"])
    coletados = Registro.objects.filter(campanha=campanha, coletado_em__isnull=False, tentativas=0)
    desde = campanha.confirma_desde
    coletados.filter(coletado_em__lt=desde).update(proxima_em=desde)
    coletados.filter(coletado_em__gte=desde, proxima_em__isnull=False).update(proxima_em=None)
    registro.registrar(usuario, campanha, f"Envio alterado de {_quando(antes)} para {_quando(envia_em)}.")
    return campanha


@transaction.atomic
def pausar(campanha_id: int, *, usuario, motivo: str, agora: datetime) -> Campanha:
    """Stop collecting, generating and sending until somebody lets it go on."""
    _exigir_motivo(motivo)
    campanha = _travar_para("pausar", campanha_id)
    for lote in _lotes(campanha).filter(pausado_em=None).order_by("pk").values_list("pk", flat=True):
        pausas.pausar(lote, usuario=usuario, motivo=motivo, agora=agora)
    _por(campanha, S.PAUSADA, motivo=motivo, situacao_antes=campanha.situacao)
    registro.registrar(usuario, campanha, f"Campanha pausada: {motivo}")
    return campanha


@transaction.atomic
def continuar(campanha_id: int, *, usuario, agora: datetime) -> Campanha:
    """Go on from where it was paused, by somebody or by too many refusals."""
    campanha = _travar_para("continuar", campanha_id)
    for lote in _lotes(campanha).filter(pausado_em__isnull=False).order_by("pk").values_list("pk", flat=True):
        pausas.continuar(lote, usuario=usuario, agora=agora)
    _despausar(campanha)
    registro.registrar(usuario, campanha, "Campanha continuada.")
    return campanha


def _despausar(campanha: Campanha) -> None:
    _por(campanha, campanha.situacao_antes or S.ENVIANDO, motivo="", situacao_antes=None)


def cancelar(campanha_id: int, *, usuario, motivo: str, agora: datetime) -> Campanha:
    """Nothing more is collected or sent; what somebody is sending at this moment is left to end.

    Its messages are cancelled in blocks: POR_VEZ at once, and what is left by the tick. None of them leaves meanwhile.
    """
    _exigir_motivo(motivo)
    with transaction.atomic():
        campanha = _travar_para("cancelar", campanha_id)
        _por(campanha, S.CANCELADA, motivo=motivo, situacao_antes=None, encerrada_em=agora)
        campanha.pedacos.all().delete()
        _reabrir_as_do_dia(campanha)
        registro.registrar(usuario, campanha, f"Campanha cancelada: {motivo}")
    _cancelar_pendentes(campanha, usuario, motivo)
    return campanha


def _reabrir_as_do_dia(campanha: Campanha) -> None:
    """Another campaign of that day may have left to this one what nobody sends now."""
    outras = regra.do_mesmo_dia(campanha).filter(situacao__in=(S.CONCLUIDA, S.CONCLUIDA_COM_FALHAS))
    repetidos = Aviso.objects.filter(campanha=OuterRef("pk"), situacao=Aviso.Situacao.REPETIDO)
    outras.filter(Exists(repetidos), iniciada_em__isnull=False).update(situacao=S.ENVIANDO, encerrada_em=None)


def _cancelar_pendentes(campanha: Campanha, usuario, motivo: str) -> None:
    pendentes = _mensagens(campanha).filter(estado=Estado.PENDENTE).order_by("pk")
    for _ in range(POR_VEZ // BLOCO):
        with transaction.atomic():
            ids = list(pendentes.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BLOCO])
            decisoes.cancelar(ids, usuario=usuario, motivo=motivo)
        if len(ids) < BLOCO:
            break


def reenviar_falhas(
    campanha_id: int, *, usuario, motivo: str, agora: datetime, servico: ServicoEmail | None = None
) -> int:
    """Send again what failed and is still within its limit; return how many. With `servico`, through that one."""
    _exigir_motivo(motivo)
    with transaction.atomic():
        campanha = _travar_para("reenviar", campanha_id)
        falhas = _mensagens(campanha).filter(estado=Estado.FALHA, expira_em__gt=agora).order_by("pk")
        if not falhas.exists():
            raise AcaoRecusada("Nenhum e-mail desta campanha falhou e ainda está no prazo.")
        if servico is not None:
            if campanha.operacao.remetente is None:
                raise AcaoRecusada(f"A operação {campanha.operacao} não tem e-mail por onde enviar.")
            try:
                rotacao.trocar(campanha.operacao.remetente, servico, usuario=usuario, agora=agora)
            except rotacao.TrocaRecusada as erro:
                raise AcaoRecusada(str(erro)) from erro
        if campanha.encerrada:
            _por(campanha, S.ENVIANDO, motivo="", encerrada_em=None)
        registro.registrar(usuario, campanha, f"Falhas reenviadas: {motivo}")
    reenviadas = ultimo = 0
    while ids := list(falhas.filter(pk__gt=ultimo).values_list("pk", flat=True)[:BLOCO]):
        reenviadas += decisoes.reenviar(ids, usuario=usuario, motivo=motivo, agora=agora)
        ultimo = ids[-1]  # by key: what fails again meanwhile was sent again already
    return reenviadas


# What may be done, and what is waited for


def acoes(campanha: Campanha) -> set[str]:
    """Which of ACOES may be done now."""
    podem = {acao for acao in ACOES if _pode(campanha, acao)}
    if "reenviar" in podem and not contagens(campanha).get(Estado.FALHA):
        podem.remove("reenviar")
    return podem


def _pode(campanha: Campanha, acao: str) -> bool:
    situacao = campanha.situacao
    if acao == "reagendar" and situacao == S.PAUSADA:
        situacao = campanha.situacao_antes
    return situacao in ACOES[acao][0]


def _nao_pode(campanha: Campanha, acao: str) -> str:
    return f"A campanha está {campanha.get_situacao_display().lower()} e não pode ser {ACOES[acao][1]}."


def contagens(campanha: Campanha) -> dict[int, int]:
    """{state: how many messages}, by the ledger."""
    linhas = LoteContagem.objects.filter(lote__in=_lotes(campanha)).values_list("estado")
    return dict(linhas.annotate(n=Sum("quantidade")))


def espera(campanha: Campanha, agora: datetime) -> str:
    """What it waits for, in words; empty when for nothing. Needs operacao and its remetente loaded."""
    match campanha.situacao:
        case S.A_CONFERIR:
            return f"Espera que alguém confira o arquivo, até {_quando(campanha.conferir_ate)}."
        case S.COLETANDO:
            return _espera_da_api(campanha, agora)
        case S.AGENDADA:
            return f"Espera o horário do envio, {_quando(campanha.envia_em)}."
        case S.AGUARDANDO_TROCA:
            return _espera_da_troca(campanha)
        case S.ENVIANDO:
            return _espera_do_envio(campanha, agora)
        case S.PAUSADA:
            return campanha.motivo
    return ""


def _espera_da_api(campanha: Campanha, agora: datetime) -> str:
    operacao = campanha.operacao
    if not operacao.ativa or not operacao.url:
        return f"A operação {operacao} está inativa ou sem API configurada."
    if operacao.em_espera_ate and operacao.em_espera_ate > agora:
        return f"{_falha_da_api(operacao)} Nova tentativa às {_hora(operacao.em_espera_ate)}."
    if operacao.falhas_seguidas:
        return f"{_falha_da_api(operacao)} Tentando de novo."
    com_falha = Registro.objects.filter(campanha=campanha, proxima_em__gt=agora, tentativas__gt=0)
    if quantos := com_falha[:1000].count():
        cpfs = "1 CPF" if quantos == 1 else f"{quantos}{' ou mais' if quantos == 1000 else ''} CPFs"
        return f"A API de {operacao} não respondeu a {cpfs}; cada um é consultado de novo em até 15 minutos."
    return ""


def _falha_da_api(operacao: Operacao) -> str:
    motivo = f" ({operacao.motivo_espera})" if operacao.motivo_espera else ""
    return f"A API de {operacao} não está respondendo{motivo}."


def _espera_da_troca(campanha: Campanha) -> str:
    remetente = campanha.operacao.remetente
    if remetente is None:
        return f"A operação {campanha.operacao} não tem e-mail por onde enviar."
    return f"O serviço {remetente.servico} esgotou o limite de envios. {rotacao.ALTERE}"


def _espera_do_envio(campanha: Campanha, agora: datetime) -> str:
    remetente = campanha.operacao.remetente
    if remetente is None:
        return f"A operação {campanha.operacao} não tem e-mail por onde enviar."
    if regra.layout_de(campanha) is None:
        return f"A campanha {campanha.tipo} não tem layout."
    for quem in (remetente, remetente.servico):
        if quem.em_espera_ate and quem.em_espera_ate > agora:
            return f"{quem} em espera até {_hora(quem.em_espera_ate)}: {quem.motivo_espera}"
    if Registro.objects.filter(campanha=campanha, proxima_em__isnull=False).exists():
        if da_api := _espera_da_api(campanha, agora):
            return da_api
        if Aviso.objects.filter(campanha=campanha, situacao=Aviso.Situacao.AGUARDANDO).exists():
            return f"Espera que a API de {campanha.operacao} confirme boletos."
    esperas = das_execucoes([campanha.execucao], agora)[campanha.execucao]
    return f"{esperas[0]}." if esperas else ""


# What time does


def tique(agora: datetime) -> None:
    """Every campaign in progress goes one step on; one that cannot stops no other. Two at once do no step twice."""
    em_curso = Campanha.objects.filter(situacao__in=(S.A_CONFERIR, *Campanha.EM_ANDAMENTO))
    for pk in em_curso.order_by("envia_em", "pk").values_list("pk", flat=True):
        try:
            _passo(pk, agora)
        except Exception:
            log.exception("O passo da campanha %s falhou.", pk)
    _reabrir_as_que_ainda_enviam(agora)
    _acabar_de_cancelar(agora)


def _passo(pk: int, agora: datetime) -> None:
    campanha = _andar(pk, agora)
    if campanha is not None and campanha.situacao in Campanha.NO_ENVIO:
        regra.segurar_velhas(campanha, agora)
        regra.gerar(campanha, agora, blocos=BLOCOS_POR_TIQUE)
        _assentar(pk, agora)


@transaction.atomic
def _andar(pk: int, agora: datetime) -> Campanha | None:
    """What the hour asks for; None when somebody else holds the campaign, who does it."""
    campanha = _linhas().select_for_update(of=("self",), no_key=True, skip_locked=True).filter(pk=pk).first()
    if campanha is None:
        return None
    if campanha.situacao in (S.COLETANDO, S.AGENDADA, *Campanha.NO_ENVIO):
        _reconsultar(campanha, agora)
    match campanha.situacao:
        case S.A_CONFERIR if campanha.conferir_ate and agora >= campanha.conferir_ate:
            _descartar(campanha, SEM_CONFERENCIA, agora)
        case S.PAUSADA if _continuada_pelos_lotes(campanha):
            _despausar(campanha)
        case S.COLETANDO | S.AGENDADA if agora >= campanha.envia_em:
            _comecar(campanha, agora)
        case S.COLETANDO | S.AGENDADA:
            situacao = S.COLETANDO if coletando(campanha, agora) else S.AGENDADA
            if situacao != campanha.situacao:
                _por(campanha, situacao)
    return campanha


def _reconsultar(campanha: Campanha, agora: datetime) -> None:
    """What was collected before the last hours is asked again in them, whatever they were when it was collected."""
    if campanha.confirma_desde <= agora and timezone.localdate(agora) <= campanha.dia:
        cedo = Registro.objects.filter(campanha=campanha, coletado_em__lt=campanha.confirma_desde)
        cedo.filter(proxima_em=None).update(proxima_em=agora)


def _continuada_pelos_lotes(campanha: Campanha) -> bool:
    """Somebody let its lotes go on, or emptied them, on their own page."""
    if campanha.situacao_antes not in Campanha.NO_ENVIO:
        return False
    pausados = [lote.pausado_em is not None for lote in _lotes(campanha)]
    return bool(pausados) and not any(pausados)


def _comecar(campanha: Campanha, agora: datetime) -> None:
    if timezone.localdate(agora) > campanha.dia:
        _por(campanha, S.CONCLUIDA_COM_FALHAS, motivo=DIA_PERDIDO, encerrada_em=agora)
    else:
        _por(campanha, S.ENVIANDO, iniciada_em=agora)


def coletando(campanha: Campanha, agora: datetime) -> bool:
    """Whether there is something to ask the company before the last hours, or in them."""
    a_coletar = Registro.objects.filter(campanha=campanha, proxima_em__isnull=False)
    if agora < campanha.confirma_desde:
        a_coletar = a_coletar.filter(proxima_em__lt=campanha.confirma_desde)
    return a_coletar.exists()


@transaction.atomic
def _assentar(pk: int, agora: datetime) -> None:
    """Where a campaign that sends stands now: waiting for a service, paused by refusals, or done."""
    campanha = _linhas().select_for_update(of=("self",), no_key=True, skip_locked=True).filter(pk=pk).first()
    if campanha is None or campanha.situacao not in Campanha.NO_ENVIO:
        return
    quantas = contagens(campanha)
    restam = sum(quantas.get(estado, 0) for estado in ACABAM)
    pausado = _lotes(campanha).filter(pausado_em__isnull=False).first()
    if pausado and restam:
        _por(campanha, S.PAUSADA, motivo=pausado.motivo_pausa, situacao_antes=S.ENVIANDO)
    elif restam:
        remetente = campanha.operacao.remetente
        esperando = remetente is not None and remetente.aguardando_desde is not None
        situacao = S.AGUARDANDO_TROCA if esperando else S.ENVIANDO
        if situacao != campanha.situacao:
            _por(campanha, situacao)
    else:
        _concluir_se_acabou(campanha, quantas, agora)


def _concluir_se_acabou(campanha: Campanha, quantas: dict[int, int], agora: datetime) -> None:
    passou = timezone.localdate(agora) > campanha.dia
    if passou:
        _desistir(campanha)
    if Registro.objects.filter(campanha=campanha, proxima_em__isnull=False).exists():
        return
    if Aviso.objects.filter(campanha=campanha, situacao=Aviso.Situacao.AGUARDANDO).exists():
        return
    faltou_gerar = regra.ha_a_gerar(campanha)
    if faltou_gerar and not passou:
        return
    falhou = faltou_gerar or _houve_falha(campanha, quantas)
    _por(
        campanha,
        S.CONCLUIDA_COM_FALHAS if falhou else S.CONCLUIDA,
        motivo=DIA_INTERROMPIDO if faltou_gerar else "",
        encerrada_em=agora,
    )


def _desistir(campanha: Campanha) -> None:
    """The day is over: only boletos that wait for their confirmation are still asked about."""
    aguardam = Aviso.objects.filter(campanha=campanha, situacao=Aviso.Situacao.AGUARDANDO)
    Registro.objects.filter(campanha=campanha, proxima_em__isnull=False).exclude(
        pk__in=aguardam.values("boleto__acordo__registro")
    ).update(proxima_em=None, tomado_ate=None)


def sem_resposta(campanha: Campanha):
    """The registros that the company did not answer about, or not since the confirmation began, and is asked about no
    more."""
    nao_respondeu = Q(coletado_em=None) | Q(coletado_em__lt=campanha.confirma_desde)
    faltam = Registro.objects.filter(nao_respondeu, campanha=campanha)
    return faltam if campanha.encerrada else faltam.filter(proxima_em=None)


def a_consultar(campanha: Campanha):
    """The registros that the company is still to be asked about."""
    if campanha.encerrada:
        return Registro.objects.none()
    return Registro.objects.filter(campanha=campanha, proxima_em__isnull=False)


def _houve_falha(campanha: Campanha, quantas: dict[int, int]) -> bool:
    if quantas.get(Estado.FALHA) or quantas.get(Estado.INCERTA):
        return True
    if quantas.get(Estado.CANCELADA):
        canceladas = _mensagens(campanha).filter(estado=Estado.CANCELADA)
        for motivo in (Motivo.PRAZO, Motivo.SEM_JANELA, Motivo.SEM_CONTEXTO, Motivo.SEM_DESTINO):
            if canceladas.filter(motivo__startswith=motivo.value).exists():
                return True
    ruins = (Aviso.Situacao.SEM_CONFIRMACAO, Aviso.Situacao.LINHA_INVALIDA)
    if Aviso.objects.filter(campanha=campanha, situacao__in=ruins).exists():
        return True
    return sem_resposta(campanha).exists()


def _reabrir_as_que_ainda_enviam(agora: datetime) -> None:
    """Somebody sent again, on another page, a message of a campaign that had ended: it ends anew, by its new counts."""
    a_sair = LoteContagem.objects.filter(
        lote__execucao=OuterRef("execucao"), estado__in=ACABAM, quantidade__gt=0, lote__origem=regra.ORIGEM
    )
    encerradas = Campanha.objects.filter(
        situacao__in=(S.CONCLUIDA, S.CONCLUIDA_COM_FALHAS), encerrada_em__gte=agora - MENSAGENS_AINDA_VALEM
    )
    encerradas.filter(Exists(a_sair)).update(situacao=S.ENVIANDO, motivo="", encerrada_em=None)


def _acabar_de_cancelar(agora: datetime) -> None:
    """The messages that the request had no time for, and those that came back from whoever was sending them."""
    desde = agora - Campanha.PRAZO_PARA_CONFERIR
    for campanha in _linhas().filter(situacao=S.CANCELADA, encerrada_em__gte=desde, confirmada_em__isnull=False):
        if contagens(campanha).get(Estado.PENDENTE):
            _cancelar_pendentes(campanha, None, campanha.motivo)


# Pieces


def _linhas():
    """No secret is opened: one that does not open stops the collection of its operação alone."""
    return Campanha.objects.select_related("operacao__remetente__servico", "tipo", "layout").defer(
        "operacao__segredo", "operacao__remetente__servico__senha"
    )


def _travar(campanha_id: int) -> Campanha:
    """Boletos may be stored meanwhile: their key to the campaign needs a lock that this one lets be."""
    return _linhas().select_for_update(of=("self",), no_key=True).get(pk=campanha_id)


def _travar_para(acao: str, campanha_id: int) -> Campanha:
    campanha = _travar(campanha_id)
    if not _pode(campanha, acao):
        raise AcaoRecusada(_nao_pode(campanha, acao))
    return campanha


def _por(campanha: Campanha, situacao: int, **campos) -> None:
    campos["situacao"] = situacao
    for campo, valor in campos.items():
        setattr(campanha, campo, valor[:300] if campo == "motivo" else valor)
    campanha.save(update_fields=list(campos))


def _lotes(campanha: Campanha):
    return Lote.objects.filter(execucao=campanha.execucao)


def _mensagens(campanha: Campanha):
    return Mensagem.objects.da_execucao(campanha.execucao)


def _exigir_motivo(motivo: str) -> None:
    if not motivo.strip():
        raise AcaoRecusada("Informe o motivo.")


def _quando(momento: datetime) -> str:
    return f"{timezone.localtime(momento):%d/%m/%Y às %H:%M}"


def _hora(momento: datetime) -> str:
    return f"{timezone.localtime(momento):%H:%M}"
