"""The rules of the models reach the forms, beside the field that they speak of."""

from datetime import date

import pytest
from django.utils import timezone

from cadastro.models import Cliente, ClienteFone, ClienteImovel, Municipio, ParametroSistema
from cobranca.models import AcaoCobranca, ComandoAcao
from faturamento.models import Conta, ParametroMensagem
from telas.campos import moeda
from tests.fabricas import (
    nova_acao,
    nova_conta,
    novo_cliente,
    novo_comando,
    novo_endereco,
    novo_imovel,
    novo_parametro,
    novo_parametro_sistema,
    novo_vinculo,
)

PARAMETRO = {
    "referencia": "202601",
    "valor_minimo": "10.00",
    "categorias": ["1", "2"],
    "dias_antes": "",
    "tentativas_email": "3",
    "assunto": "Conta de {NOME}",
    "texto_sms": "{NOME} deve {VALOR}",
    "texto_email": "Olá, {NOME}.",
    "transliterar": "on",
}


def erros(resposta) -> dict:
    assert resposta.status_code == 200
    return dict(resposta.context["adminform"].form.errors)


def linhas(prefixo: str, *formularios: dict, iniciais: int = 0) -> dict:
    """A formset as the page posts it."""
    dados = {f"{prefixo}-TOTAL_FORMS": len(formularios), f"{prefixo}-INITIAL_FORMS": iniciais}
    for numero, formulario in enumerate(formularios):
        dados |= {f"{prefixo}-{numero}-{campo}": valor for campo, valor in formulario.items()}
    return dados


# ParametroSistema


@pytest.mark.parametrize("pagina", ["", "add/", "1/change/"])
def test_the_parameters_are_informed_on_their_screen(pagina, chefe):
    novo_parametro_sistema()
    url = f"/admin/cadastro/parametrosistema/{pagina}"
    for resposta in (chefe.get(url), chefe.post(url, {"nome_empresa": "OUTRA"})):
        assert (resposta.status_code, resposta["Location"]) == (302, "/cadastro/sistema-parametro/")
    assert ParametroSistema.atual().nome_empresa != "OUTRA"
    assert chefe.get("/admin/cadastro/parametrosistema/1/delete/").status_code == 403


# The texts


@pytest.mark.parametrize(
    ("campo", "valor", "mensagem"),
    [
        ("texto_sms", "x" * 200, "passam do tamanho máximo de 164"),
        ("texto_sms", "{NOME", "Quantidade de tags inválidas SMS."),
        ("texto_email", "{CPF}", "O texto do E-MAIL está com dados inválidos: {CPF}."),
        ("categorias", [], "Informe Categoria do imóvel."),
        ("referencia", "202613", "Ano mês de referência inválido."),
    ],
)
def test_what_is_wrong_with_a_billing_text_is_said_beside_its_field(campo, valor, mensagem, chefe):
    novo_parametro_sistema()
    achados = erros(chefe.post("/admin/faturamento/parametromensagem/add/", PARAMETRO | {campo: valor}))
    assert mensagem in str(achados[campo])
    assert list(achados) == [campo]


def test_a_billing_text_is_stored_with_who_made_it_and_blank_days_mean_none(chefe):
    novo_parametro_sistema()
    assert chefe.post("/admin/faturamento/parametromensagem/add/", PARAMETRO).status_code == 302
    parametro = ParametroMensagem.objects.get()
    assert (parametro.criado_por, parametro.dias_antes, parametro.categorias) == (chefe.pessoa, 0, [1, 2])


@pytest.mark.parametrize("url", ["/admin/faturamento/parametromensagem/add/", "/admin/cobranca/acaocobranca/add/"])
def test_without_the_parameters_of_the_system_the_form_says_what_is_missing(url, chefe):
    resposta = chefe.post(url, PARAMETRO | {"descricao": "AVISO", "dias_de_validade": "10", "tipo_documento": "1"})
    assert "Informe os parâmetros do sistema antes de continuar." in resposta.content.decode()


def test_a_used_text_is_shown_with_the_reason_and_is_not_changed(chefe):
    novo_parametro_sistema()
    parametro = novo_parametro()
    url = f"/admin/faturamento/parametromensagem/{parametro.pk}/change/"
    assert 'type="checkbox" name="categorias"' in chefe.get(url).content.decode()
    ParametroMensagem.objects.update(usado_em=timezone.now())
    html = chefe.get(url).content.decode()
    assert "já foi usada em mensagens" in html
    assert "Residencial, Comercial, Industrial, Público" in html
    assert 'name="_save"' not in html
    assert chefe.post(url, PARAMETRO).status_code == 403
    assert chefe.post(url.replace("change", "delete"), {"post": "yes"}).status_code == 403
    copia = chefe.get(f"/admin/faturamento/parametromensagem/add/?copiar={parametro.pk}").content.decode()
    assert parametro.assunto in copia


# Collection


def test_an_action_with_message_says_why_it_may_not_have_a_predecessor(chefe):
    novo_parametro_sistema()
    outra = nova_acao(por_sms=False, por_email=False)
    dados = {
        "descricao": "AVISO",
        "criterio": outra.criterio_id,
        "dias_de_validade": "10",
        "tipo_documento": "8",
        "por_sms": "on",
        "texto_sms": "{NOME} deve {VALORDOC}",
        "predecessora": outra.pk,
        "dias_da_predecessora": "3",
        "ordem_cronograma": "",
        "tentativas_email": "",
        "ativa": "on",
    }
    achados = erros(chefe.post("/admin/cobranca/acaocobranca/add/", dados))
    assert "Ação com mensagem não pode ter" in str(achados["predecessora"])
    sem = dados | {"predecessora": "", "dias_da_predecessora": ""}
    assert chefe.post("/admin/cobranca/acaocobranca/add/", sem).status_code == 302
    acao = AcaoCobranca.objects.get(descricao="AVISO")
    assert (acao.ordem_cronograma, acao.tentativas_email) == (0, 0)


def test_what_the_documents_were_made_from_does_not_change(chefe):
    novo_parametro_sistema()
    comando = novo_comando()
    outra = nova_acao()
    url = f"/admin/cobranca/comandoacao/{comando.pk}/change/"
    assert chefe.post(url, {"titulo": "A", "acao": outra.pk}).status_code == 302
    ComandoAcao.objects.update(gerado_em=timezone.now())
    assert chefe.post(url, {"titulo": "B", "acao": nova_acao().pk}).status_code == 302
    comando.refresh_from_db()
    assert (comando.titulo, comando.acao) == ("B", outra)
    assert chefe.post(url.replace("change", "delete"), {"post": "yes"}).status_code == 403


# Customers


def cliente_com(fones: dict, *enderecos: dict, iniciais: int = 0) -> dict:
    """A person at one address, unless others are given."""
    de_pessoa = {"nome": "ANA", "tipo": "1", "sexo": "2", "documento": "", "email": "", "ativo": "on"}
    return de_pessoa | linhas("enderecos", *(enderecos or [morada()]), iniciais=iniciais) | fones


def morada(**campos) -> dict:
    municipio, _ = Municipio.objects.get_or_create(nome="NATAL", uf="RN", defaults={"ddd": "84"})
    rua = {"tipo": "1", "logradouro": "Rua A", "bairro": "Centro", "municipio": municipio.pk, "cep": "59000000"}
    return rua | {"correspondencia": "on"} | campos


def fone(numero: str, **campos) -> dict:
    return {"tipo": "3", "ddd": "84", "numero": numero, **campos}


def test_a_customer_and_the_phones_are_made_together(chefe):
    novo_cliente(nome="outro")
    dados = cliente_com(linhas("fones", fone("987654321", sms="on"), fone("33334444", tipo="1", principal="on")))
    assert chefe.post("/admin/cadastro/cliente/add/", dados | {"documento": "529.982.247-25"}).status_code == 302
    assert ClienteFone.objects.filter(cliente__documento="52998224725").count() == 2


@pytest.mark.parametrize(
    ("fones", "mensagem"),
    [
        ([fone("987654321", sms="on"), fone("987654322", sms="on")], "O cliente já tem um telefone marcado para SMS."),
        ([fone("33334444", principal="on"), fone("33334445", principal="on")], "já tem um telefone principal"),
        ([fone("33334444", tipo="1", sms="on")], "Telefone SMS deve ser do Tipo Celular."),
        ([fone("123")], "Número do Telefone deve conter entre 7 e 9 dígitos."),
        ([fone("33334444", ddd="04")], "DDD inválido."),
        ([fone("33334444"), fone("33334444")], "duplicad"),
    ],
)
def test_what_is_wrong_with_the_phones_is_said(fones, mensagem, chefe):
    resposta = chefe.post("/admin/cadastro/cliente/add/", cliente_com(linhas("fones", *fones)))
    assert resposta.status_code == 200
    assert mensagem in resposta.content.decode()


def test_the_sms_mark_moves_from_one_phone_to_another_in_one_step(chefe):
    cliente = novo_cliente(celular="987654321")
    antigo = cliente.fones.get()
    novo = ClienteFone.objects.create(cliente=cliente, tipo=3, ddd="84", numero="981110000")
    dados = linhas(
        "fones",
        fone("987654321", id=antigo.pk, cliente=cliente.pk),
        fone("981110000", id=novo.pk, cliente=cliente.pk, sms="on", principal="on"),
        iniciais=2,
    )
    onde = morada(id=novo_endereco(cliente).pk, cliente=cliente.pk)
    for ordem in (dados, _trocado(dados)):
        resposta = chefe.post(f"/admin/cadastro/cliente/{cliente.pk}/change/", cliente_com(ordem, onde, iniciais=1))
        assert resposta.status_code == 302, resposta.content.decode()
    assert sorted(cliente.fones.values_list("sms", "principal")) == [(False, False), (True, True)]
    assert ClienteFone.objects.get(sms=True) == antigo


def _trocado(dados: dict) -> dict:
    """The same phones, with the marks on the other one."""
    marcas = ("sms", "principal")
    sem = {chave: valor for chave, valor in dados.items() if not chave.endswith(marcas)}
    return sem | {f"fones-0-{marca}": "on" for marca in marcas}


@pytest.mark.parametrize("documento", ["11.222.333/0001-81", "11222333000181", ""])
def test_a_document_is_typed_with_its_mask_or_without(documento, chefe):
    dados = cliente_com(linhas("fones")) | {"documento": documento, "tipo": "2", "sexo": ""}
    assert chefe.post("/admin/cadastro/cliente/add/", dados).status_code == 302
    assert Cliente.objects.get().documento == ("11222333000181" if documento else None)


def test_a_wrong_document_is_refused_beside_its_field(chefe):
    dados = cliente_com(linhas("fones")) | {"documento": "111.111.111-11"}
    assert erros(chefe.post("/admin/cadastro/cliente/add/", dados))["documento"] == ["Número do CPF inválido."]


@pytest.mark.parametrize(
    ("enderecos", "mensagem"),
    [
        ([], "Informe Endereço(s) do Cliente."),
        ([{"correspondencia": ""}], "Marque um endereço de correspondência, e só um."),
        ([{}, {"numero": "2"}], "Marque um endereço de correspondência, e só um."),
        ([{"cep": "123"}], "CEP inválido."),
    ],
)
def test_a_customer_has_an_address_and_one_for_correspondence(enderecos, mensagem, chefe):
    dados = cliente_com(linhas("fones")) | linhas("enderecos", *(morada(**endereco) for endereco in enderecos))
    resposta = chefe.post("/admin/cadastro/cliente/add/", dados)
    assert resposta.status_code == 200
    assert mensagem in resposta.content.decode()


def test_correspondence_goes_to_another_address_in_one_step(chefe):
    cliente = novo_cliente()
    um, outro = novo_endereco(cliente), novo_endereco(cliente, numero="2", correspondencia=False)
    dados = cliente_com(
        linhas("fones"),
        morada(id=um.pk, cliente=cliente.pk, correspondencia=""),
        morada(id=outro.pk, cliente=cliente.pk, numero="2"),
        iniciais=2,
    )
    assert chefe.post(f"/admin/cadastro/cliente/{cliente.pk}/change/", dados).status_code == 302
    assert cliente.enderecos.get(correspondencia=True) == outro


def test_the_rules_of_a_customer_hold_in_the_administration_too(entrar):
    novo_parametro_sistema(documento_obrigatorio=True, nome_com_menos_de_10=False)
    dados = cliente_com(linhas("fones")) | {"sexo": ""}
    assert erros(entrar("operador").post("/admin/cadastro/cliente/add/", dados)) == {
        "nome": ["Nome deve ter ao menos 10 posições, sem contar os espaços."],
        "documento": ["Informe CPF."],
        "sexo": ["Informe Sexo."],
    }


# Imóveis and who uses them


def imovel_com(imovel, vinculos: dict) -> dict:
    situacoes = ("situacao_agua", "situacao_esgoto")
    campos = ("quadra_id", "localidade_id", "perfil_id", "lote", "sublote", "categoria", *situacoes)
    return {campo.removesuffix("_id"): getattr(imovel, campo) for campo in campos} | vinculos


def vinculo(cliente, inicio: str, fim: str = "", **campos) -> dict:
    return {"cliente": cliente.pk, "relacao": "2", "inicio": inicio, "fim": fim, **campos}


def test_a_new_user_of_an_imovel_takes_over_in_one_step(chefe):
    imovel, antigo, novo = novo_imovel(), novo_cliente(), novo_cliente()
    atual = novo_vinculo(antigo, imovel)
    dados = linhas(
        "vinculos",
        vinculo(antigo, "2020-01-01", "2026-05-10", id=atual.pk, imovel=imovel.pk),
        vinculo(novo, "2026-05-10", imovel=imovel.pk),
        iniciais=1,
    )
    resposta = chefe.post(f"/admin/cadastro/imovel/{imovel.pk}/change/", imovel_com(imovel, dados))
    assert resposta.status_code == 302, resposta.content.decode()
    assert ClienteImovel.objects.get(cliente=antigo).fim == date(2026, 5, 10)
    assert ClienteImovel.objects.get(fim=None).cliente == novo


@pytest.mark.parametrize("tela", ["imovel", "clienteimovel"])
def test_two_users_at_a_time_are_refused_with_words(tela, chefe):
    imovel, antigo = novo_imovel(), novo_cliente()
    novo_vinculo(antigo, imovel)
    if tela == "imovel":
        dados = linhas("vinculos", vinculo(antigo, "2021-01-01"), vinculo(novo_cliente(), "2022-01-01"))
        resposta = chefe.post(f"/admin/cadastro/imovel/{imovel.pk}/change/", imovel_com(imovel, dados))
    else:
        dados = vinculo(novo_cliente(), "2022-01-01", imovel=imovel.pk)
        resposta = chefe.post("/admin/cadastro/clienteimovel/add/", dados)
    assert resposta.status_code == 200
    assert "O imóvel já tem um usuário neste período." in resposta.content.decode()


def test_a_wrong_matricula_is_refused(chefe):
    imovel = novo_imovel()
    dados = imovel_com(imovel, linhas("vinculos")) | {"matricula": imovel.matricula + 1}
    achados = erros(chefe.post("/admin/cadastro/imovel/add/", dados))
    assert achados["matricula"] == ["Matrícula inválida: o dígito não confere."]


# Contas


def conta_com(conta, **campos) -> dict:
    padrao = {
        "imovel": conta.imovel_id,
        "localidade": conta.localidade_id,
        "grupo": conta.grupo_id,
        "perfil": conta.perfil_id,
        "referencia": conta.referencia,
        "emissao": "2026-11-01",
        "vencimento": "2026-11-20",
        "valor_agua": "50.00",
        "valor_esgoto": "0",
        "valor_debitos": "0",
        "valor_creditos": "0",
        "valor_impostos": "0",
        "situacao": "0",
    }
    return padrao | linhas("clientes") | campos


def test_a_conta_is_changed_and_its_value_follows(chefe):
    conta = nova_conta()
    url = f"/admin/faturamento/conta/{conta.pk}/change/"
    assert chefe.post(url, conta_com(conta)).status_code == 302
    assert Conta.objects.get().valor == 50
    assert erros(chefe.post(url, conta_com(conta, valor_creditos="60.00"))) == {
        "__all__": ["Os créditos e os impostos passam do valor da conta."]
    }


# Money


@pytest.mark.parametrize(
    ("digitado", "guardado"), [("20,5", "20.50"), ("1.500,50", "1500.50"), ("5,00", "5.00"), ("20.50", "20.50")]
)
def test_money_is_typed_in_the_administration_as_people_write_it(chefe, digitado, guardado):
    criterio = novo_comando().acao.criterio
    pagina = f"/admin/cobranca/criteriocobranca/{criterio.pk}/change/"
    form = chefe.get(pagina).context["adminform"].form
    dados = {campo.html_name: campo.value() for campo in form if campo.value() not in (None, False)}

    assert chefe.post(pagina, dados | {"valor_minimo": digitado}).status_code == 302

    criterio.refresh_from_db()
    assert str(criterio.valor_minimo) == guardado
    campo = chefe.get(pagina).context["adminform"].form["valor_minimo"].as_widget()
    assert 'type="text"' in campo and f'value="{moeda(criterio.valor_minimo)}"' in campo


def test_less_than_nothing_is_refused_beside_its_field(chefe):
    nada_menos = ["Certifique-se que este valor seja maior ou igual a 0."]
    criterio, conta = novo_comando().acao.criterio, nova_conta()

    do_criterio = chefe.post(f"/admin/cobranca/criteriocobranca/{criterio.pk}/change/", {"valor_minimo": "-1"})
    da_conta = chefe.post(f"/admin/faturamento/conta/{conta.pk}/change/", conta_com(conta, valor_agua="-0,01"))
    do_debito = chefe.post("/admin/faturamento/debitoacobrar/add/", {"valor": "0"})

    assert erros(do_criterio)["valor_minimo"] == erros(da_conta)["valor_agua"] == nada_menos
    assert erros(do_debito)["valor"] == ["Informe um valor maior que zero."]


def test_what_is_no_money_is_said_so(chefe):
    criterio = novo_comando().acao.criterio

    resposta = chefe.post(f"/admin/cobranca/criteriocobranca/{criterio.pk}/change/", {"valor_minimo": "vinte"})

    assert erros(resposta)["valor_minimo"] == ["Informe um valor em reais, como 1.234,56."]
