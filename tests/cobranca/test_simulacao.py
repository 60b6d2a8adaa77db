"""Simulating process 336 and then running it give the same numbers, and simulating writes nothing."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import InternalError, connection
from django.test.utils import CaptureQueriesContext

from batch.execucao import executar_pendentes
from batch.inicio import iniciar
from batch.models import Processo
from batch.simulacao import Simulacao, simular
from cadastro.models import ParametroSistema
from cobranca.avisos import simular_avisos as simular_documentos
from cobranca.models import CobrancaDocumento, ComandoAcao
from faturamento.avisos import simular_avisos
from faturamento.models import ParametroMensagem
from mensageria import balanco, previsao
from mensageria.alfabeto import segmentos
from mensageria.composicao import preparar, sms
from mensageria.fontes import da_origem
from mensageria.models import Canal, Mensagem, OrigemEnvio, TentativaEnvio, VersaoTexto
from mensageria.palavras import nome_da_origem, palavras_de_nao_gerar
from tests.fabricas import (
    HOJE,
    meio_dia,
    nova_acao,
    nova_conta,
    nova_localidade,
    novas_saidas,
    novo_cliente,
    novo_comando,
    novo_imovel,
    novo_parametro,
    novo_parametro_sistema,
    novo_vinculo,
)
from tests.mensageria.apoio import nova_mensagem

pytestmark = pytest.mark.django_db
AGORA = meio_dia(HOJE)
UM_DIA = timedelta(days=1)


@pytest.fixture(autouse=True)
def servicos():
    novo_parametro_sistema()
    return novas_saidas()


def novo_documento(comando: ComandoAcao, cliente=None, **campos) -> CobrancaDocumento:
    imovel = novo_imovel(localidade=nova_localidade(campos.pop("localidade", 1)))
    if cliente is not False:
        novo_vinculo(cliente or novo_cliente(), imovel)
    padrao = {"emissao": HOJE, "validade": HOJE + 10 * UM_DIA, "valor": Decimal("80.00"), "tipo_documento": 8}
    return CobrancaDocumento.objects.create(
        comando=comando, imovel=imovel, localidade_id=imovel.localidade_id, **padrao | campos
    )


def encher() -> None:
    """Contas and documents of two localidades: some are announced, and some are left out by each kind of reason."""
    for codigo in (1, 2):
        lugar = {"imovel": novo_imovel(localidade=nova_localidade(codigo))}
        nova_conta(**lugar)
        nova_conta(**lugar, pago_em=HOJE)
        nova_conta(**lugar, vencimento=HOJE - UM_DIA)
        nova_conta(**lugar, cliente=novo_cliente(por_sms=False))
        nova_conta(**lugar, cliente=novo_cliente(celular=None, email=""))
    comando = novo_comando(nova_acao(), gerado_em=AGORA)
    novo_documento(comando)
    novo_documento(comando, localidade=2)
    novo_documento(comando, cancelado=True)
    novo_documento(comando, cliente=False)
    novo_documento(comando, novo_cliente(por_sms=False))
    so_email = novo_comando(nova_acao(por_sms=False), gerado_em=AGORA)
    novo_documento(so_email, novo_cliente(por_email=False))
    novo_documento(so_email)


def simulado(**opcoes) -> Simulacao:
    return simular(Processo.objects.get(pk=336), agora=AGORA, **opcoes)


def executado() -> Counter:
    """What a real run does, by (quadro, linha)."""
    iniciado = iniciar(336, usuario=None, agendado_para=AGORA, agora=AGORA)
    executar_pendentes(AGORA)
    mensagens = Mensagem.objects.da_execucao(iniciado.execucao)
    feito = Counter(
        {("A enviar", "SMS"): mensagens.filter(canal=Canal.SMS).count()}
        | {("A enviar", "E-mails"): mensagens.filter(canal=Canal.EMAIL).count()}
    )
    for origem, canal, motivo, quantas in balanco.nao_geradas(iniciado.execucao):
        partes = [nome_da_origem(origem), canal and Canal(canal).label, palavras_de_nao_gerar(origem, motivo)]
        feito["Ficam de fora", " · ".join(filter(None, partes))] = quantas
    return feito


def tudo_o_que_ha() -> dict[str, list]:
    return {modelo._meta.label: list(modelo.objects.order_by("pk").values_list()) for modelo in apps.get_models()}


@pytest.mark.parametrize("falta", [None, "gateway", "remetente"])
@pytest.mark.parametrize("origem", ["faturamento", "cobranca"])
def test_the_numbers_are_those_of_the_run_that_follows_and_nothing_is_written(origem, falta):
    novo_parametro()
    encher()
    saida = OrigemEnvio.objects.filter(pk=origem)
    valores = saida.values("gateway", "remetente").get()
    saida.update(**{falta or "remetente": None})
    executado()  # from now on some are announced by one channel, and the comandos wait for the other
    if falta is None:
        saida.update(**valores)
    encher()
    novo_parametro(texto_sms="Conta de {NOME}: {VALOR}")
    antes = tudo_o_que_ha()

    simulacao = simulado()

    assert tudo_o_que_ha() == antes
    assert ParametroMensagem.objects.filter(usado_em=None).count() == 1
    assert simulacao.completa and simulacao.problemas == []
    previstas = Counter(simulacao.quantidades)
    assert previstas.pop(("A enviar", "Segmentos de SMS")) == previstas["A enviar", "SMS"] > 0
    assert previstas == executado()
    motivos = {linha for quadro, linha in previstas if quadro == "Ficam de fora"}
    assert {"Faturamento · Conta paga", "Cobrança · SMS · Cliente não recebe por SMS"} <= motivos
    assert any("Já há mensagem de outra execução" in linha for linha in motivos)
    assert any("sem remetente ou gateway" in linha for linha in motivos) == bool(falta)


def test_no_lock_of_the_generation_is_taken():
    novo_parametro()
    encher()

    with CaptureQueriesContext(connection) as consultas:
        simulado()

    juntas = " ".join(consulta["sql"] for consulta in consultas).lower()
    assert "candidata" in juntas
    assert "advisory" not in juntas and "for update" not in juntas and "insert into mensageria" not in juntas


def test_the_database_itself_refuses_what_a_simulation_would_write():
    with pytest.raises(InternalError, match="read-only"), previsao.sem_gravar():
        VersaoTexto.objects.da(Canal.SMS, "Olá")

    VersaoTexto.objects.da(Canal.SMS, "Olá")


def test_what_would_make_a_unit_fail_is_told():
    encher()
    assert simulado().problemas == [
        "Não há texto de faturamento em vigor na referência 11/2026: parametrize a mensagem de faturamento."
    ]

    ParametroSistema.objects.all().delete()
    novo_parametro()
    assert simulado().problemas == ["Informe os parâmetros do sistema antes de continuar."]


def test_a_comando_that_was_announced_or_has_no_documents_would_do_nothing():
    for comando in (novo_comando(gerado_em=AGORA, anunciado_em=AGORA), novo_comando()):
        prevista = simular_documentos(comando_id=comando.pk, hoje=HOJE, agora=AGORA)
        assert not prevista.quantidades.total()


# Segments


def contas_de(*nomes: str) -> None:
    for nome in nomes:
        nova_conta(cliente=novo_cliente(nome=nome))


def segmentos_previstos() -> tuple[int, bool]:
    prevista = simular_avisos(localidade_id=1, hoje=HOJE, agora=AGORA)
    return prevista.quantidades["A enviar", "Segmentos de SMS"], prevista.estimada


def segmentos_de_verdade() -> int:
    executado()
    total = 0
    for mensagem in Mensagem.objects.filter(canal=Canal.SMS):
        bruto = da_origem("faturamento").contextos([mensagem.objeto_id], HOJE)[mensagem.objeto_id]
        total += segmentos(sms(preparar(mensagem, bruto, mensagem.destino, AGORA, 300), mensagem.texto))
    return total


@pytest.mark.parametrize(
    ("texto", "transliterar", "esperados"),
    [
        ("x" * 73 + "{NOME}", True, 3),  # 160 at the longest
        ("x" * 74 + "{NOME}", True, 4),  # 161, and one of them has all the 30 positions of the name
        ("x" * 13, False, 3),  # 70: one, in any alphabet
        ("{NOME}", False, 4),  # one name is out of GSM-7 and passes of 70
    ],
)
def test_the_segments_are_those_of_what_would_be_composed(texto, transliterar, esperados):
    novo_parametro(texto_sms=texto, transliterar=transliterar)
    contas_de("ANA", "JOSE", "JOÃO DA CONCEIÇÃO DE ALBUQUERQUE")

    assert segmentos_previstos() == (esperados, False)
    assert segmentos_de_verdade() == esperados


def test_nothing_is_composed_when_the_longest_takes_one_segment(monkeypatch):
    monkeypatch.setattr(previsao, "_amostra", None)
    novo_parametro(texto_sms="{NOME} deve {VALOR}")
    contas_de("ANA", "JOSE")

    assert segmentos_previstos() == (2, False)


def test_of_many_a_sample_spread_by_id_is_composed_and_it_says_so(monkeypatch):
    monkeypatch.setattr(previsao, "AMOSTRA", 4)
    novo_parametro(texto_sms="x" * 100 + "{NOME}")
    contas_de(*["ANA", "A" * 30] * 5)  # ten: one in three is composed, so two of each

    assert segmentos_previstos() == (15, True)


def test_who_cannot_be_composed_counts_as_the_others(monkeypatch):
    monkeypatch.setattr(
        "faturamento.fonte.FonteDeContas.contextos", lambda *_: {1: {"impedimento": "O valor não cabe no código."}}
    )
    novo_parametro(texto_sms="x" * 100 + "{NOME}")
    contas_de("ANA", "JOSE")

    assert segmentos_previstos() == (2, True)


# Time


def test_a_message_takes_what_the_last_ones_of_its_service_took(servicos):
    email, gateway = servicos
    mensagem = nova_mensagem()
    TentativaEnvio.objects.bulk_create(
        TentativaEnvio(mensagem=mensagem, numero=1, servico=servico, momento=AGORA, classe="aceita", duracao_ms=duracao)
        for servico, duracao in [(email.nome, 9000), ("OUTRO", 5000), *[(email.nome, 100), (email.nome, 300)] * 100]
    )

    assert previsao.segundos_por_mensagem(email) == 0.2
    assert previsao.segundos_por_mensagem(gateway) == 1.0


def test_the_channels_send_side_by_side_and_what_is_programmed_takes_only_its_generation(servicos):
    novo_parametro()
    nova_conta(cliente=novo_cliente(por_email=False))
    nova_conta()
    programado = novo_comando(gerado_em=AGORA, enviar_a_partir_de=HOJE + UM_DIA)
    novo_documento(programado)

    assert simular_avisos(localidade_id=1, hoje=HOJE, agora=AGORA).segundos == pytest.approx(2 + 3 / 6000)
    prevista = simular_documentos(comando_id=programado.pk, hoje=HOJE, agora=AGORA)
    assert prevista.segundos == pytest.approx(2 / 6000)
    assert simulado().fim == AGORA + timedelta(seconds=2 + 5 / 6000)


def test_a_simulation_of_a_unit_takes_a_bounded_number_of_queries(django_assert_max_num_queries):
    novo_parametro(texto_sms="x" * 100 + "{NOME}")
    contas_de(*["ANA"] * 30)

    with django_assert_max_num_queries(22):
        assert simular_avisos(localidade_id=1, hoje=HOJE, agora=AGORA).quantidades["A enviar", "SMS"] == 30
