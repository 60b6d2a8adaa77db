"""The circuit breaker of a service: while it does not connect or authenticate, it rests, and its messages wait.

Closed: it has not failed. Open: it rests until `em_espera_ate`, twice as long each time. In proof: the rest is over,
and one message by one connection shows whether it works. The row of the service is the state, written by single
statements; what is called here belongs outside the transaction that settles messages.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Greatest, Least
from django.urls import reverse

from mensageria import alertas
from mensageria.alertas import negrito
from mensageria.estados import Classe
from mensageria.models import Alerta, Servico

MAIOR_DESCANSO = timedelta(minutes=30)
FALHAS_ATE_AVISAR = 3
_MAIS_FALHAS = 1000  # counted no further
_CAMPOS = ["falhas_seguidas", "em_espera_ate", "motivo_espera"]


def falhou(servico: Servico, classe: Classe, palavras: str, agora: datetime) -> bool:
    """It did not connect or authenticate: open the circuit; False if it was open already.

    So many connections that fail together count as one failure.
    """
    abriu = (
        _linha(servico)
        .filter(Q(em_espera_ate=None) | Q(em_espera_ate__lte=agora))
        .update(
            falhas_seguidas=Least(F("falhas_seguidas") + 1, _MAIS_FALHAS),
            em_espera_ate=Case(
                *(When(falhas_seguidas=n, then=Value(agora + descanso(n))) for n in range(_dobras())),
                default=Value(agora + MAIOR_DESCANSO),
            ),
            motivo_espera=_motivo(classe, palavras),
        )
    )
    servico.refresh_from_db(fields=_CAMPOS)
    if abriu and (classe == Classe.AUTENTICACAO or servico.falhas_seguidas >= FALHAS_ATE_AVISAR):
        _avisar(servico, classe, palavras, agora)
    return bool(abriu)


def acertou(servico: Servico, agora: datetime) -> None:
    """It works: close the circuit, if it was not."""
    if servico.falhas_seguidas:
        fechar(servico, agora)


def fechar(servico: Servico, agora: datetime) -> None:
    """End its rest, whatever it was for, and what was told of it."""
    _linha(servico).update(falhas_seguidas=0, em_espera_ate=None, motivo_espera="")
    servico.refresh_from_db(fields=_CAMPOS)
    alertas.resolver(agora, tipo=Alerta.Tipo.CIRCUITO, servico=servico)


def em_prova(servico: Servico, agora: datetime) -> bool:
    """Its rest is over, and whether it works again is still to be seen."""
    descansa = servico.em_espera_ate is not None and servico.em_espera_ate > agora
    return servico.falhas_seguidas > 0 and not descansa


def descansar(servico: Servico, motivo: str, agora: datetime) -> None:
    """Rest without a failure, as after a reply that asks to slow down; a longer rest stays."""
    ate = agora + min(timedelta(seconds=settings.ESPERA_DO_SERVICO), MAIOR_DESCANSO)
    _linha(servico).update(em_espera_ate=Greatest(F("em_espera_ate"), Value(ate)), motivo_espera=motivo[:300])
    servico.refresh_from_db(fields=_CAMPOS)


def descanso(falhas: int) -> timedelta:
    """How long it rests after a failure that follows so many."""
    segundos = settings.ESPERA_DO_SERVICO * 2 ** min(falhas, 30)
    return min(timedelta(seconds=segundos), MAIOR_DESCANSO)


def _dobras() -> int:
    """How many failures it takes to reach the longest rest."""
    return next(n for n in range(31) if descanso(n) == MAIOR_DESCANSO or n == 30)


def _linha(servico: Servico):
    return type(servico).objects.filter(pk=servico.pk)


def _motivo(classe: Classe, palavras: str) -> str:
    return f"{Classe(classe).label}: {palavras}"[:300]


def _avisar(servico: Servico, classe: Classe, palavras: str, agora: datetime) -> None:
    """Once until it works again: an alert that still stands is not repeated."""
    if servico.alertas.filter(tipo=Alerta.Tipo.CIRCUITO, resolvido_em=None).exists():
        return
    nome = negrito(servico.nome)
    if classe == Classe.AUTENTICACAO:
        assunto = f"{servico}: a autenticação falhou"
        que_houve = f"A autenticação no serviço {nome} falhou com o usuário e a senha que estão cadastrados."
    else:
        assunto = f"{servico} não atende"
        que_houve = f"O serviço {nome} não atende: {servico.falhas_seguidas} tentativas seguidas falharam."
    alertas.avisar(
        Alerta.Tipo.CIRCUITO,
        f"circuito:{servico._meta.model_name}:{servico.pk}:{agora.isoformat()}",
        agora=agora,
        assunto=assunto,
        titulo="Serviço em Falha",
        paragrafos=[
            que_houve,
            *([f"O que se soube: {palavras[:300]}"] if palavras else []),
            "As mensagens esperam, sem gastar tentativas, e o serviço é testado de novo de tempos em tempos.",
        ],
        servico=servico,
        caminho=reverse(f"admin:mensageria_{servico._meta.model_name}_change", args=[servico.pk]),
    )
