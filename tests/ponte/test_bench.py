"""The bench of the bridge: how a run is judged, and that what it reads is what the bridge takes."""

import pytest

from bench import ponte
from bench.__main__ import leitor
from cadastro.models import Cliente, ClienteFone
from faturamento.models import ClienteConta
from simuladores import gsan as simulado


@pytest.mark.parametrize(
    ("copy", "memoria", "faltas"),
    [
        (1.5, 110, []),
        (1.4, 110, ["a ponte tem 0.15 da velocidade do COPY nu (0.14)"]),
        (1.5, 127, ["a memória não cresce com o GSAN (110 e 127 MB)"]),
    ],
)
def test_a_run_is_judged_by_its_ratio_and_by_a_smaller_source(copy, memoria, faltas):
    par = ponte.Par(segundos=10.0, memoria_mb=memoria, gravadas=500, copy=copy)
    resultado = ponte.Resultado(linhas=400, pares=[par], memoria_da_menor_mb=110, de_novo=1.0)

    assert resultado.faltas() == faltas
    assert ponte.como_json(resultado)["razao"] == round(copy / 10, 2)
    assert "ponte ÷ COPY" in ponte.tabela(resultado)


def test_its_options():
    assert (leitor().parse_args(["ponte"]).linhas, leitor().parse_args(["ponte", "--pares", "1"]).pares) == (
        1_000_000,
        1,
    )


def test_the_bridge_takes_every_line_of_the_source_of_the_bench(banco_do_gsan, gsan, trazer):
    banco_do_gsan.limpar()
    for comando in simulado.povoar(200):
        banco_do_gsan.executar(comando)

    feito = trazer()

    lidas = [feito[nome].lidas for nome in ("clientes", "telefones", "imoveis", "vinculos", "contas")]
    assert lidas == [200] * simulado.LINHAS_POR_CLIENTE
    assert sum(resultado.recusadas for resultado in feito.values()) == 0
    assert (feito["clientes"].avisos, feito["telefones"].avisos) == (2, 2)
    assert not Cliente.objects.filter(documento=None).exists()
    assert (ClienteFone.objects.filter(sms=True).count(), ClienteConta.objects.count()) == (198, 200)
