"""What is asked of the companies, by whom and how often, over real sockets; the clock is handed in."""

import threading
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from mensageria import trabalhador
from mensageria.models import Anexo
from preventivo import campanhas, circuito, coleta
from preventivo.models import Acordo, Boleto, Campanha, Operacao, Registro
from simuladores.boletos import Acordo as AcordoSimulado
from simuladores.boletos import boleto_de
from simuladores.operadoras import OperadorasSimuladas, OrdemAPI
from tests.fabricas import HOJE
from tests.preventivo.fabricas import AGORA, nova_campanha, nova_operacao, novo_cpf

ONTEM = AGORA - timedelta(days=1)
CONFIRMA_DESDE = AGORA - timedelta(hours=6)


@pytest.fixture
def api():
    with OperadorasSimuladas(dados={}, dia=HOJE) as api:
        yield api


@pytest.fixture
def operacao(db, api):
    return nova_operacao(url=f"{api.url}/claro")


def deve(api, cpf: str, *dias: int, numero: str | None = None, valor: str = "100.00", **mudancas) -> None:
    """One agreement with a boleto for each due date, in days from HOJE."""
    numero = numero or f"AC{cpf}"
    boletos = tuple(boleto_de("claro", numero, Decimal(valor), HOJE + timedelta(days=n)) for n in dias)
    boletos = tuple(type(b)(**vars(b) | mudancas) for b in boletos)
    api.definir(cpf, [AcordoSimulado(numero, boletos, "Celular")])


def coletar(operacao, agora=ONTEM, **campos) -> int:
    return coleta.coletar(operacao.pk, relogio=lambda: agora, **campos)


def test_each_cpf_is_asked_once_and_what_it_owes_is_stored(operacao, api):
    campanha = nova_campanha(operacao, cpfs=3)
    um, dois, sem_nada = (r.cpf for r in campanha.registros_da_campanha.all())
    deve(api, um, 0, 7)
    deve(api, dois, 30)
    api.definir(sem_nada, [])

    assert coletar(operacao) == 3

    campanha.refresh_from_db()
    assert campanha.acordos == 2
    assert {b.vencimento for b in Boleto.objects.all()} == {HOJE + timedelta(days=n) for n in (0, 7, 30)}
    assert all(b.codigo and not b.problema and b.conferido_em == ONTEM for b in Boleto.objects.all())
    assert set(Registro.objects.values_list("coletado_em", "proxima_em", "tomado_ate")) == {
        (ONTEM, CONFIRMA_DESDE, None)
    }
    assert coletar(operacao) == 0
    assert set(api.respondidas().values()) == {1}
