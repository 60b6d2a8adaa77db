"""The digits of a quadra: how wide it is written, and what is refused beyond them."""

import pytest
from django.core.exceptions import ValidationError

from cadastro.arquivos import IMOVEIS
from cadastro.importacao import importar
from cadastro.models import Imovel, Quadra
from cadastro.parametros import conferir_digitos_da_quadra
from tests.fabricas import nova_localidade, novo_imovel, novo_parametro_sistema


@pytest.mark.parametrize(
    ("digitos", "inscricao", "quadra"),
    [(3, "001.001.007.0010.002", "001.001.007"), (4, "001.001.0007.0010.002", "001.001.0007")],
)
def test_the_quadra_is_as_wide_as_the_parameters_say(chefe, digitos, inscricao, quadra, django_assert_max_num_queries):
    novo_parametro_sistema(digitos_da_quadra=digitos)
    imovel = novo_imovel(lote=10, sublote=2)
    Quadra.objects.update(numero=7)
    imovel.refresh_from_db()

    assert (imovel.inscricao, str(imovel.quadra)) == (inscricao, quadra)
    for numero in range(20):
        novo_imovel(lote=20 + numero, quadra=imovel.quadra)
    with django_assert_max_num_queries(12):
        assert inscricao in chefe.get("/admin/cadastro/imovel/").content.decode()
    assert quadra in chefe.get("/admin/cadastro/quadra/").content.decode()
    with django_assert_max_num_queries(1):
        [um.inscricao for um in Imovel.objects.com_largura().select_related("quadra__setor")]


def test_before_the_parameters_are_informed_a_quadra_has_three_digits(db):
    assert novo_imovel().inscricao == "001.001.001.0000.000"


@pytest.mark.parametrize(
    ("digitos", "numero", "aceita"), [(3, 999, True), (3, 1000, False), (4, 9999, True), (4, 10000, False)]
)
def test_a_quadra_beyond_the_digits_is_refused(chefe, digitos, numero, aceita):
    novo_parametro_sistema(digitos_da_quadra=digitos)
    quadra = novo_imovel().quadra

    resposta = chefe.post(
        f"/admin/cadastro/quadra/{quadra.pk}/change/",
        {"setor": quadra.setor_id, "rota": quadra.rota_id, "numero": numero},
    )

    assert (resposta.status_code == 302) is aceita
    if not aceita:
        assert f"A quadra deve ter no máximo {digitos} dígitos." in resposta.content.decode()


def test_three_digits_are_refused_while_a_quadra_has_four(db):
    novo_imovel()
    Quadra.objects.update(numero=1000)
    conferir_digitos_da_quadra(4)
    with pytest.raises(ValidationError, match="Há quadra com mais de 3 dígitos: a de número 1000"):
        conferir_digitos_da_quadra(3)


@pytest.mark.parametrize(("digitos", "motivos"), [(3, ["A quadra deve ter no máximo 3 dígitos."]), (4, [])])
def test_the_import_refuses_a_quadra_beyond_the_digits(db, tmp_path, digitos, motivos):
    novo_parametro_sistema(digitos_da_quadra=digitos)
    nova_localidade(7)
    colunas = [coluna.nome for coluna in IMOVEIS.colunas]
    dados = {"localidade": 7, "setor": 1, "rota": 3, "categoria": 1, "perfil": 1, "perfil_descricao": "NORMAL"}
    imoveis = [dados | {"matricula": 19, "quadra": 1000}, dados | {"matricula": 27, "quadra": 999}]
    linhas = [";".join(str(imovel.get(coluna, "")) for coluna in colunas) for imovel in imoveis]
    (tmp_path / "imoveis.csv").write_text("\n".join([";".join(colunas), *linhas]))

    (resultado,) = importar(tmp_path)

    assert (resultado.erro, resultado.recusadas) == ("", len(motivos))
    recusadas = resultado.arquivo_de_recusadas.read_text("utf-8-sig") if motivos else ""
    assert all(motivo in recusadas for motivo in motivos)
    assert Imovel.objects.count() == 2 - len(motivos)
