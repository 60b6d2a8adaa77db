"""Which service each remetente leaves through: the next in order once its own is exhausted, or what somebody chooses.

Messages hang on the remetente, so what is pending follows it by itself. Each remetente is decided under its own lock,
by any number of workers: an exhaustion is told once and moves it once. The lock lets new messages of it be stored.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from mensageria import alertas, circuito, consumo
from mensageria.alertas import negrito
from mensageria.models import Alerta, Canal, GatewaySMS, Remetente, Servico, ServicoEmail
from telas import registro

PAGINA = "mensageria:servico_email"
ENTRE_LEMBRETES = timedelta(hours=1)
DESCANSO_DO_REMETENTE = timedelta(minutes=15)
FIM_DA_RECUSA = timedelta(hours=1)  # without another, it is over
ALTERE = "Altere o serviço de email para concluir seus envios."


class TrocaRecusada(Exception):
    """The service may not be chosen; the text says why, for the operator."""


def impedimento(servico: ServicoEmail, email: str) -> str:
    """Why nobody may choose this service for that From address; empty when one may."""
    if servico.uso_interno:
        return f"{servico} é de uso interno: por ele saem somente os alertas. Escolha outro serviço."
    if not servico.ativo:
        return f"{servico} está inativo. Escolha outro serviço."
    if not servico.permite(email):
        return (
            f"O email {email} não está habilitado no serviço {servico}: sua campanha não conseguiria realizar o envio. "
            "Cada email é vinculado a um serviço."
        )
    return ""


# What the engine and the tick ask


def conferir(servico: Servico, agora: datetime) -> None:
    """The service may be exhausted, or not any more: move its remetentes on, or let them wait. Safe to repeat."""
    esgotado = consumo.esgotado(servico, agora)
    if servico.canal == Canal.SMS:
        if esgotado:
            _avisar_gateway_esgotado(servico, agora)
        return
    remetentes = Remetente.objects.filter(servico=servico)
    if not esgotado:
        remetentes = remetentes.filter(aguardando_desde__isnull=False)
    for pk in remetentes.order_by("pk").values_list("pk", flat=True):
        _conferir(pk, agora)


def tique(agora: datetime) -> None:
    """What nobody rings for: exhausted services, remetentes that wait, reminders, and what is over."""
    de_esgotados = Q(servico__in=consumo.esgotados(agora)) | Q(aguardando_desde__isnull=False)
    for pk in Remetente.objects.filter(de_esgotados).order_by("pk").values_list("pk", flat=True):
        _conferir(pk, agora)
    _encerrar_recusas(agora)
    alertas.arquivar(agora)


@transaction.atomic
def _conferir(pk: int, agora: datetime) -> None:
    remetente = _travar(pk)
    if consumo.esgotado(remetente.servico, agora):
        _seguir_adiante(remetente, agora)
    elif remetente.aguardando_desde:
        _parar_de_esperar(remetente, agora)


def _travar(pk: int) -> Remetente:
    # Without its service: a join that was read before the lock would hide a row whose service has just changed.
    return Remetente.objects.select_for_update(no_key=True).get(pk=pk)


# An exhausted service


def _seguir_adiante(remetente: Remetente, agora: datetime, *, escolhido: bool = False) -> None:
    """Tell that its service is exhausted, and let the next one take over, or wait for a hand."""
    esgotado = remetente.servico
    novo = next(iter(seguintes(remetente, agora)), None) if remetente.rotacao_automatica else None
    _avisar_esgotado(remetente, novo, agora, de_novo=escolhido)
    if novo:
        _passar_para(remetente, novo, agora)
        _confirmar(
            remetente,
            [(f"o serviço {negrito(novo.nome)}", negrito(esgotado.nome))],
            agora,
            f"Troca automática: {esgotado} esgotou o limite de envios.",
        )
    elif remetente.aguardando_desde is None:
        remetente.aguardando_desde = agora
        remetente.save(update_fields=["aguardando_desde"])
    else:
        _lembrar(remetente, agora)


def seguintes(remetente: Remetente, agora: datetime) -> list[ServicoEmail]:
    """The services that can take over, those after its own first: in order and once round."""
    return em_ordem(remetente, ServicoEmail.objects.defer("senha"), consumo.esgotados(agora), agora)


def em_ordem(
    remetente: Remetente, servicos: Iterable[ServicoEmail], esgotados: Collection[int], agora: datetime
) -> list[ServicoEmail]:
    """`seguintes` of services that were read, for a page that asks for many remetentes."""
    atual = remetente.servico
    livres = [
        servico
        for servico in servicos
        if servico != atual
        and servico.pk not in esgotados
        and not impedimento(servico, remetente.email)
        and not _em_falha(servico, agora)
    ]
    return sorted(livres, key=lambda s: ((s.ordem, s.nome) < (atual.ordem, atual.nome), s.ordem, s.nome))


def _em_falha(servico: ServicoEmail, agora: datetime) -> bool:
    """Its circuit is open: nothing would leave by it now."""
    return servico.falhas_seguidas > 0 and not circuito.em_prova(servico, agora)


def _passar_para(remetente: Remetente, servico: ServicoEmail, agora: datetime) -> None:
    """Its messages leave by this service from now on; neither wait nor rest follows it."""
    remetente.servico = servico
    remetente.save(update_fields=["servico"])
    _esquecer_recusa(remetente, agora)
    _parar_de_esperar(remetente, agora)


def _esquecer_recusa(remetente: Remetente, agora: datetime) -> None:
    remetente.em_espera_ate, remetente.motivo_espera = None, ""
    remetente.save(update_fields=["em_espera_ate", "motivo_espera"])
    alertas.resolver(agora, tipo=Alerta.Tipo.REMETENTE, remetente=remetente)


def _parar_de_esperar(remetente: Remetente, agora: datetime) -> None:
    if remetente.aguardando_desde is None:
        return
    remetente.aguardando_desde = None
    remetente.save(update_fields=["aguardando_desde"])
    for tipo in (Alerta.Tipo.ESGOTADO, Alerta.Tipo.LEMBRETE):
        alertas.resolver(agora, tipo=tipo, remetente=remetente)


# What is told


def _avisar_esgotado(remetente: Remetente, novo: ServicoEmail | None, agora: datetime, *, de_novo: bool) -> None:
    """Once an exhaustion, and once more whenever somebody chooses the exhausted service."""
    servico = remetente.servico
    chave = f"esgotado:{servico.pk}:{consumo.esgotamento(servico, agora)}:{remetente.pk}"
    if novo:
        depois = [f"O serviço {negrito(novo.nome)} assumiu os envios; não é preciso fazer nada."]
    elif remetente.rotacao_automatica:
        depois = ["Nenhum outro serviço da ordem pode assumir os envios.", ALTERE]
    else:
        depois = [ALTERE]
    dados = {
        "agora": agora,
        "assunto": "Alerta de Limite de Consumo",
        "titulo": "Limite de Envios Esgotado!",
        "paragrafos": [_esgotou(remetente), *depois],
        "servico": servico,
        "remetente": remetente,
        "caminho": reverse(PAGINA),
    }
    if not alertas.avisar(Alerta.Tipo.ESGOTADO, chave, **dados) and de_novo:
        alertas.avisar(Alerta.Tipo.ESGOTADO, f"{chave}:{agora.isoformat()}", **dados)


def _avisar_gateway_esgotado(gateway: GatewaySMS, agora: datetime) -> None:
    """Nobody takes over from a gateway."""
    alertas.avisar(
        Alerta.Tipo.ESGOTADO,
        f"esgotado:sms:{gateway.pk}:{consumo.esgotamento(gateway, agora)}",
        agora=agora,
        assunto="Alerta de Limite de Consumo",
        titulo="Limite de Envios Esgotado!",
        paragrafos=[
            f"O gateway de SMS {negrito(gateway.nome)} esgotou o limite de envios.",
            "Os SMS esperam que a cota seja renovada ou aumentada.",
        ],
        servico=gateway,
        caminho=reverse("painel"),
    )


def _esgotou(remetente: Remetente) -> str:
    servico, operacao = negrito(remetente.servico.nome), negrito(remetente.nome_da_operacao)
    return f"O serviço {servico} da operação {operacao} esgotou o limite de envios."


def _lembrar(remetente: Remetente, agora: datetime) -> None:
    """Once an hour while it waits; the newest reminder stands for those before it."""
    desde = remetente.aguardando_desde
    horas = (agora - desde) // ENTRE_LEMBRETES
    if horas < 1:
        return
    lembrete = alertas.avisar(
        Alerta.Tipo.LEMBRETE,
        f"lembrete:{remetente.pk}:{desde.isoformat()}:{horas}",
        agora=agora,
        assunto="Alerta de Limite de Consumo",
        titulo="Envios Aguardando Troca de Serviço",
        paragrafos=[_esgotou(remetente), f"Os envios esperam há {horas} hora{'s' if horas > 1 else ''}.", ALTERE],
        servico=remetente.servico,
        remetente=remetente,
        caminho=reverse(PAGINA),
    )
    if lembrete:
        alertas.resolver(agora, tipo=Alerta.Tipo.LEMBRETE, remetente=remetente, exceto=lembrete)


def _confirmar(
    remetente: Remetente, mudancas: list[tuple[str, str]], agora: datetime, motivo: str, *, tambem_para: str = ""
) -> None:
    """`mudancas`: what it is now, and what it was."""
    operacao = negrito(remetente.nome_da_operacao)
    alertas.avisar(
        Alerta.Tipo.TROCA,
        f"troca:{remetente.pk}:{remetente.servico_id}:{agora.isoformat()}",
        agora=agora,
        assunto="Troca de Envio Confirmada",
        titulo="Serviço de Email Alterado",
        paragrafos=[
            *(f"A operação {operacao} envia agora com {novo}, no lugar de {velho}." for novo, velho in mudancas),
            motivo,
        ],
        servico=remetente.servico,
        remetente=remetente,
        caminho=reverse(PAGINA),
        tambem_para=tambem_para,
    )


# By hand


@transaction.atomic
def trocar(remetente: Remetente, servico: ServicoEmail, *, usuario, agora: datetime, email: str = "") -> Remetente:
    """Let its messages leave by `servico`, from `email` when given; return it as it is now. Raises TrocaRecusada.

    An exhausted service is told about once more, and with rotação automática on the next one takes over at once.
    """
    remetente = _travar(remetente.pk)
    antes, novo_email = remetente.servico, email or remetente.email
    if motivo := impedimento(servico, novo_email):
        raise TrocaRecusada(motivo)
    mudancas = []
    if novo_email != remetente.email:
        mudancas.append(("Email", "o email", remetente.email, novo_email))
        remetente.email = novo_email
        remetente.save(update_fields=["email"])
        _esquecer_recusa(remetente, agora)
    if servico != antes:
        mudancas.append(("Serviço", "o serviço", antes.nome, servico.nome))
        _passar_para(remetente, servico, agora)
    if not mudancas:
        return remetente
    quando = date_format(timezone.localtime(agora), "d/m/Y H:i")
    feito = " ".join(f"{campo} alterado de {velho} para {novo}." for campo, _, velho, novo in mudancas)
    registro.registrar(usuario, remetente, feito)
    _confirmar(
        remetente,
        [(f"{que} {negrito(novo)}", negrito(velho)) for _, que, velho, novo in mudancas],
        agora,
        f"Alterado por {usuario} em {quando}.",
        tambem_para=usuario.email,
    )
    if servico != antes and consumo.esgotado(servico, agora):
        _seguir_adiante(remetente, agora, escolhido=True)
    return remetente


# A remetente that the server refuses


@transaction.atomic
def recusado(remetente: Remetente, servico: ServicoEmail, palavras: str, agora: datetime) -> None:
    """The server does not take that From address: it alone rests, and that is told once while it lasts.

    `palavras` are the server's, without secrets.
    """
    remetente = _travar(remetente.pk)
    if remetente.servico_id != servico.pk:
        return  # it has left that service since
    remetente.em_espera_ate, remetente.motivo_espera = agora + DESCANSO_DO_REMETENTE, palavras[:300]
    remetente.save(update_fields=["em_espera_ate", "motivo_espera"])
    if Alerta.objects.filter(tipo=Alerta.Tipo.REMETENTE, remetente=remetente, resolvido_em=None).exists():
        return
    alertas.avisar(
        Alerta.Tipo.REMETENTE,
        f"remetente:{remetente.pk}:{servico.pk}:{agora.isoformat()}",
        agora=agora,
        assunto="Alerta de Remetente Recusado",
        titulo="Remetente Recusado",
        paragrafos=[
            f"O serviço {negrito(servico.nome)} não aceita o email {negrito(remetente.email)} da operação "
            f"{negrito(remetente.nome_da_operacao)}.",
            f"Resposta do servidor: {palavras or 'nenhuma'}.",
            "Somente os envios desta operação esperam, e são tentados de novo a cada 15 minutos. "
            "Habilite o email no serviço ou altere o serviço.",
        ],
        servico=servico,
        remetente=remetente,
        caminho=reverse(PAGINA),
    )


def _encerrar_recusas(agora: datetime) -> None:
    """A refusal that did not come again is over."""
    Alerta.objects.filter(
        Q(remetente__em_espera_ate=None) | Q(remetente__em_espera_ate__lt=agora - FIM_DA_RECUSA),
        tipo=Alerta.Tipo.REMETENTE,
        resolvido_em=None,
    ).update(resolvido_em=agora)
