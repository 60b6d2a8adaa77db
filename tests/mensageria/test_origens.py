"""The origins: through what their messages leave, and the words and objects that each app gives for its own."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from cobranca.models import CobrancaDocumento
from mensageria import fontes
from mensageria.estados import Motivo
from mensageria.fontes import Objeto
from mensageria.geracao import MOTIVOS_DO_CANAL
from mensageria.models import OrigemEnvio
from mensageria.palavras import nome_da_origem, palavras_de_nao_gerar, palavras_do_motivo
from tests.fabricas import HOJE, nova_conta, novo_cliente, novo_comando, novo_imovel, novo_vinculo

ORIGENS = ["faturamento", "cobranca"]


@pytest.mark.django_db
@pytest.mark.parametrize("origem", ["Faturamento", "cobrança", "preventivo?"])
def test_an_origin_that_no_app_registered_is_refused_with_the_ones_that_exist(origem):
    with pytest.raises(ValidationError, match="faturamento, cobranca"):
        OrigemEnvio(origem=origem, descricao="X").full_clean()


@pytest.mark.django_db
@pytest.mark.parametrize("origem", ORIGENS)
def test_the_origins_that_apps_registered_are_accepted(origem):
    OrigemEnvio(origem=origem, descricao="X").full_clean()


# Words


def test_an_origin_has_a_name_and_one_that_nobody_registered_is_called_by_its_code():
    assert [nome_da_origem(origem) for origem in [*ORIGENS, "antiga"]] == ["Faturamento", "Cobrança", "antiga"]


def test_each_origin_says_its_own_reasons_and_all_say_those_of_the_channels():
    assert palavras_de_nao_gerar("faturamento", "paga") == "Conta paga"
    assert palavras_de_nao_gerar("cobranca", "pago") == "Documento pago"
    assert palavras_de_nao_gerar("cobranca", "paga") == "paga"
    assert palavras_de_nao_gerar("antiga", "paga") == "paga"
    for codigo, palavras in MOTIVOS_DO_CANAL.values():
        assert {palavras_de_nao_gerar(origem, codigo) for origem in ORIGENS} == {palavras}


def test_a_reason_of_cancellation_is_said_in_words_with_what_follows_it():
    assert palavras_do_motivo(Motivo.PAGA) == "Paga"
    assert palavras_do_motivo("operador: pediu") == "Cancelada pelo operador: pediu"
    assert palavras_do_motivo("550 no such user") == "550 no such user"


# Objects


def novo_documento(**campos) -> CobrancaDocumento:
    imovel = novo_imovel()
    return CobrancaDocumento.objects.create(
        imovel=imovel,
        comando=novo_comando(),
        localidade_id=imovel.localidade_id,
        tipo_documento=8,
        emissao=HOJE,
        validade=HOJE,
        valor=Decimal("10.00"),
        **campos,
    )


@pytest.mark.django_db
def test_contas_are_told_with_their_frozen_usuario_in_one_query(django_assert_num_queries):
    ana = novo_cliente(nome="ANA")
    conta, outra, sozinha = nova_conta(cliente=ana), nova_conta(referencia=202610), nova_conta()
    outra.clientes.create(cliente=ana, relacao=1)
    sozinha.clientes.all().delete()

    with django_assert_num_queries(1):
        objetos = fontes.da_origem("faturamento").objetos([conta.pk, outra.pk, sozinha.pk, 10**9])

    do_outro = outra.clientes.get(relacao=2).cliente
    assert objetos == {
        conta.pk: Objeto("Conta 11/2026", conta.imovel_id, ana.pk, "ANA"),
        outra.pk: Objeto("Conta 10/2026", outra.imovel_id, do_outro.pk, do_outro.nome),
        sozinha.pk: Objeto("Conta 11/2026", sozinha.imovel_id, None, ""),
    }


@pytest.mark.django_db
def test_documents_are_told_with_the_usuario_of_their_day_in_one_query(django_assert_num_queries):
    documento, sem_ninguem = novo_documento(), novo_documento()
    ontem, depois = HOJE - timedelta(days=1), HOJE + timedelta(days=1)
    novo_vinculo(novo_cliente(), documento.imovel, fim=ontem)
    ana = novo_cliente(nome="ANA")
    novo_vinculo(ana, documento.imovel, inicio=ontem, fim=depois)
    novo_vinculo(novo_cliente(), documento.imovel, inicio=depois)
    novo_vinculo(novo_cliente(), documento.imovel, relacao=1)

    with django_assert_num_queries(1):
        objetos = fontes.da_origem("cobranca").objetos([documento.pk, sem_ninguem.pk])

    def esperado(qual, *de_quem) -> Objeto:
        pagina = reverse("cobranca:documento", args=[qual.pk])
        titulo = f"Documento de cobrança {qual.pk}"
        return Objeto(titulo, qual.imovel_id, *de_quem, pagina, "cobranca.view_cobrancadocumento")

    assert objetos == {
        documento.pk: esperado(documento, ana.pk, "ANA"),
        sem_ninguem.pk: esperado(sem_ninguem, None, ""),
    }
