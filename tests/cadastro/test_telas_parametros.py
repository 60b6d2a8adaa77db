"""Informar Parâmetros do Sistema, as the operator sees it."""

import importlib
import json
import re
import threading
from decimal import Decimal

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection, transaction
from django.test import Client

from cadastro.forms_parametros import ABAS, FormularioDeParametros
from cadastro.models import Funcionario, Municipio, ParametroSistema, Quadra, UnidadeOrganizacional
from cadastro.parametros import para_alterar
from telas.models import EntradaAuditoria
from tests.fabricas import nova_localidade, novo_cliente, novo_imovel, novo_parametro_sistema

URL = "/cadastro/sistema-parametro/"
PESQUISA = "/cadastro/sistema-parametro/pesquisar/"
NAO, SIM = "False", "True"
CERTO = {
    "nome_estado": "RIO GRANDE DO NORTE",
    "nome_empresa": "COMPANHIA DE ÁGUAS",
    "abreviatura_empresa": "CA",
    "cnpj": "11.222.333/0001-81",
    "logradouro": "Rua da Água",
    "numero": "1",
    "bairro": "Tirol",
    "cep": "59015-000",
    "telefone_atendimento": "0800 000 0195",
    "digitos_da_quadra": "3",
    "titulos_relatorio": "ÁGUAS",
    "imagem_logomarca": "./imagens/logo.gif",
    "imagem_relatorio": "./imagens/logo.gif",
    "imagem_conta": "./imagens/logo.gif",
    "execucao_resumo_negativacao": "1",
    "tamanho_anexo": "2",
    "redimensionar_imagem": "0",
    "tamanho_maximo_sms": "160",
    "bloquear_nome_validado": NAO,
    "variar_hierarquia": NAO,
    "validar_documento": NAO,
    "ano_mes_faturamento": "11/2026",
    "codigo_febraban": "0123",
    "modulo_digito_verificador": "11",
}
GRUPOS = ["Dados Gerais da Empresa", "Parâmetros para Relatório", "Dados Gerais de Cadastro"]
# Each field of the manual's screen as it is seen there; what it leaves empty too.
MANUAL = {
    "nome_estado": "RIO GRANDE DO NORTE",
    "nome_empresa": "CAERN - COMPANHIA DE AGUA E ESGOTO DO RN",
    "abreviatura_empresa": "CAERN",
    "cnpj": "08334385000135",
    "inscricao_estadual": "200554263",
    "inscricao_municipal": "",
    "numero_contrato": "",
    "unidade_presidencia": "100",
    "presidente": "2821998",
    "diretor_comercial": "2362390",
    "logradouro": "AVENIDA SENADOR SALGADO FILHO",
    "numero": "1555",
    "complemento": "",
    "bairro": "TIROL",
    "cep": "59015-000",
    "telefone": "32324151",
    "ramal": "4151",
    "fax": "32324151",
    "site": "",
    "email": "GCOM@CAERN.COM.BR",
    "telefone_atendimento": "08000-840195",
    "telefone_atendimento_esgoto": "",
    "digitos_da_quadra": "3",
    "quadra_face": NAO,
    "cliente_programa_especial": "",
    "perfil_programa_especial": "",
    "popup_atualizacao_cadastral": NAO,
    "titulos_relatorio": "CAERN - GSAN",
    "imagem_logomarca": "./imagens/logocaern.gif",
    "imagem_relatorio": "./imagens/logocaern3.gif",
    "imagem_conta": "./imagens/logocaern3.gif",
    "execucao_resumo_negativacao": "1",
    "controlar_autos_infracao": NAO,
    "exibir_mensagem": SIM,
    "documento_obrigatorio": SIM,
    "consultar_receita": NAO,
    "mensagem_vencimento_guia": "",
    "tamanho_anexo": "2 MB",
    "redimensionar_imagem": "0",
    "tamanho_maximo_sms": "164",
    "valor_ficha_extrato": "",
    "valor_ficha_guia": "10.000.000,00",
    "valor_ficha_demonstrativo": "10.000.000,00",
    "nome_receita_e_fantasia": NAO,
    "usa_rota": SIM,
    "versao_celular": "3.1.5.0",
    "dias_bloqueio_celular": "180",
    "convergencia_repavimentacao": "",
    "cliente_em_duplicidade": NAO,
    "nome_com_menos_de_10": SIM,
    "nome_generico": SIM,
    "bloquear_nome_validado": SIM,
    "variar_hierarquia": SIM,
    "cliente_ficticio": "8175697",
    "bloqueio_de_usuario": NAO,
    "dominio_email": "",
    "validar_documento": NAO,
    "nome_atual_na_segunda_via": NAO,
    "ano_mes_faturamento": "11/2026",
    "codigo_febraban": "0123",
    "modulo_digito_verificador": "10",
}


SEM_EFEITO = {
    "nome_estado",
    "abreviatura_empresa",
    "inscricao_estadual",
    "inscricao_municipal",
    "numero_contrato",
    "unidade_presidencia",
    "presidente",
    "diretor_comercial",
    "fax",
    "quadra_face",
    "cliente_programa_especial",
    "popup_atualizacao_cadastral",
    "titulos_relatorio",
    "imagem_logomarca",
    "imagem_relatorio",
    "imagem_conta",
    "execucao_resumo_negativacao",
    "controlar_autos_infracao",
    "exibir_mensagem",
    "consultar_receita",
    "mensagem_vencimento_guia",
    "tamanho_anexo",
    "redimensionar_imagem",
    "valor_ficha_guia",
    "valor_ficha_demonstrativo",
    "usa_rota",
    "versao_celular",
    "dias_bloqueio_celular",
    "convergencia_repavimentacao",
    "variar_hierarquia",
    "cliente_ficticio",
    "nome_atual_na_segunda_via",
}


def enviar(navegador, tela=None, **mudancas):
    return navegador.post(URL, {"municipio": natal().pk} | (tela or CERTO) | mudancas)


def natal() -> Municipio:
    return nova_localidade().municipio


@pytest.fixture
def quem_o_manual_cita(db):
    UnidadeOrganizacional.objects.create(id=100, descricao="PRESIDENCIA")
    Funcionario.objects.create(id=2821998, nome="YURI TASSO QUEIROZ PINTO")
    Funcionario.objects.create(id=2362390, nome="JOAO MARIA ALVES DE CASTRO")
    novo_cliente(id=8175697, nome="CAERN - PAGAMENTOS NAO ACEITOS")


def erros(resposta) -> dict:
    assert resposta.status_code == 200
    return resposta.context["form"].errors


def lida(navegador) -> str:
    return navegador.get(URL).content.decode()


def visto(navegador) -> str:
    return navegador.get(URL).context["form"]["visto"].value()


def test_the_first_time_it_asks_to_be_filled_in_and_inserts_the_row(entrar):
    operador = entrar("operador")
    assert "Os parâmetros ainda não foram informados" in lida(operador)

    resposta = operador.post(URL, CERTO | {"municipio": natal().pk}, follow=True)

    assert "Parâmetro do Sistema informado com sucesso." in resposta.content.decode()
    parametro = ParametroSistema.atual()
    assert (parametro.cnpj, parametro.ano_mes_faturamento) == ("11222333000181", 202611)
    assert (parametro.modulo_digito_verificador, parametro.tamanho_maximo_sms) == (11, 160)


@pytest.mark.parametrize("invalido", ["57", "301", "999", "abc", "٣٠٠", ""])
def test_nothing_is_said_of_the_positions_that_an_invalid_size_leaves(entrar, invalido):
    novo_parametro_sistema()

    pagina = enviar(entrar("operador"), tamanho_maximo_sms=invalido).content.decode()

    assert re.search(r'data-posicoes-reservadas="57"\s+hidden', pagina)


def test_it_shows_what_is_stored_and_who_changed_it_last(entrar):
    novo_parametro_sistema(tamanho_maximo_sms=164)
    operador = entrar("operador")
    enviar(operador, tamanho_maximo_sms="150", telefone_atendimento="")

    pagina = lida(operador)

    assert 'value="11.222.333/0001-81"' in pagina
    assert 'value="11/2026"' in pagina
    assert ">93</output>" in pagina
    assert "Última alteração: pessoa-operador" in pagina
    assert "Alterado: " in pagina
    assert "Tamanho Máximo Mensagem via SMS" in pagina.split("Alterado: ")[1]


@pytest.mark.parametrize(
    ("campo", "valor", "mensagem"),
    [
        ("nome_empresa", "", "Informe Nome da Empresa."),
        ("tamanho_maximo_sms", "", "Informe Tamanho Máximo Mensagem via SMS."),
        ("tamanho_maximo_sms", "abc", "Tamanho Máximo Mensagem via SMS deve somente conter números positivos."),
        ("tamanho_maximo_sms", "-1", "Tamanho Máximo Mensagem via SMS deve somente conter números positivos."),
        ("tamanho_maximo_sms", "57", "Tamanho Máximo Mensagem via SMS deve ser de 58 a 300."),
        ("tamanho_maximo_sms", "165", "Somente o administrador pode informar mais de 164 posições."),
        ("tamanho_maximo_sms", "301", "Tamanho Máximo Mensagem via SMS deve ser de 58 a 300."),
        ("cnpj", "11.222.333/0001-82", "CNPJ inválido."),
        ("cnpj", "529.982.247-25", "CNPJ inválido."),
        ("ano_mes_faturamento", "13/2026", "Ano mês de referência inválido."),
        ("codigo_febraban", "12", "Informe 4 dígitos."),
        ("email", "sem arroba", "E-Mail inválido."),
        ("titulos_relatorio", "", "Informe Títulos de Relatório."),
        ("imagem_conta", "", "Informe Caminho Imagem da Conta."),
        ("execucao_resumo_negativacao", "", "Informe Execução do Resumo de Negativação."),
        ("tamanho_anexo", "", "Informe Tamanho Máximo de Anexo para Registro de Atendimento."),
        (
            "tamanho_anexo",
            "2 GB",
            "Tamanho Máximo de Anexo para Registro de Atendimento deve somente conter números positivos.",
        ),
        ("redimensionar_imagem", "", "Informe Redimensionar Imagem para."),
        ("variar_hierarquia", "", "Informe Variar Hierarquia da Unidade Organizacional."),
        ("validar_documento", "", "Informe Indicador de Validar CPF/CNPJ."),
        ("telefone", "3232-4151", "Número do Telefone deve somente conter números positivos."),
        ("ramal", "41A1", "Ramal deve somente conter números positivos."),
        ("fax", "x", "Fax deve somente conter números positivos."),
        ("telefone_atendimento", "0800 AGUA", "Número do Telefone de Atendimento possui caracteres inválidos."),
        ("digitos_da_quadra", "", "Informe Quantidade de dígitos da quadra."),
        ("digitos_da_quadra", "2", "Quantidade de dígitos da quadra deve ser 3 ou 4."),
        ("digitos_da_quadra", "5", "Quantidade de dígitos da quadra deve ser 3 ou 4."),
        ("valor_ficha_extrato", "dez", "Informe um valor em reais, como 1.234,56."),
        ("convergencia_repavimentacao", "100,01", "Percentual de Convergência da Repavimentação deve ser de 0 a 100."),
        ("dominio_email", "caern com br", "Domínio do E-mail corporativo inválido: informe como aguas.com.br."),
        ("unidade_presidencia", "101", "Unidade organizacional inexistente."),
        ("presidente", "1", "Funcionário inexistente."),
        ("diretor_comercial", "NINGUÉM", "Funcionário inexistente."),
        ("cliente_programa_especial", "99", "Cliente inexistente."),
        ("cliente_ficticio", "9" * 19, "Cliente inexistente."),
        ("logradouro", "", "Informe Logradouro."),
        ("municipio", "", "Informe Município."),
        ("cep", "5901", "CEP inválido."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(entrar, campo, valor, mensagem):
    novo_parametro_sistema(nome_empresa="ANTIGA")

    resposta = enviar(entrar("operador"), **{"nome_empresa": "NOVA", campo: valor})

    assert erros(resposta)[campo] == [mensagem]
    assert list(erros(resposta)) == [campo]
    if campo != "nome_empresa":
        assert 'value="NOVA"' in resposta.content.decode()
    assert ParametroSistema.atual().nome_empresa == "ANTIGA"


@pytest.mark.parametrize(
    ("grupo", "tamanho", "aceito"),
    [("operador", 164, True), ("supervisor", 165, False), ("administrador", 165, True), ("administrador", 300, True)],
)
def test_only_an_administrator_passes_164_positions(entrar, grupo, tamanho, aceito):
    novo_parametro_sistema(tamanho_maximo_sms=100)
    enviar(entrar(grupo), tamanho_maximo_sms=tamanho)
    assert ParametroSistema.atual().tamanho_maximo_sms == (tamanho if aceito else 100)


def test_what_the_administrator_set_stays_while_others_change_the_rest(entrar):
    novo_parametro_sistema(tamanho_maximo_sms=300)
    assert enviar(entrar("operador"), tamanho_maximo_sms="300", nome_empresa="NOVA").status_code == 302
    assert ParametroSistema.atual().nome_empresa == "NOVA"


@pytest.mark.parametrize("valor", ["a\x00b", "9" * 5000, "😀" * 200, "<script>"])
def test_hostile_input_is_refused_or_kept_as_text(chefe, valor):
    novo_parametro_sistema()
    livres = ["nome_empresa", "abreviatura_empresa", "numero_contrato", "site", "versao_celular", "logradouro"]
    for campos in (livres, [*MANUAL, "municipio", "visto", "pedido"], ["adicionar"], ["remover"]):
        resposta = enviar(chefe, **dict.fromkeys(campos, valor))
        assert resposta.status_code in (200, 302), campos
        assert b"<script>" not in resposta.content.replace(b"<script src", b""), campos
    assert "<script>" not in lida(chefe)


def test_missing_fields_are_asked_for(chefe):
    resposta = chefe.post(URL, {})
    assert {"nome_empresa", "cnpj", "tamanho_maximo_sms", "ano_mes_faturamento"} <= set(erros(resposta))


def test_two_people_editing_are_told(entrar):
    novo_parametro_sistema(nome_empresa="ANTIGA")
    ana, rui = entrar("operador"), entrar("supervisor")
    antes = visto(ana)
    enviar(rui, nome_empresa="DE RUI", visto=visto(rui))

    resposta = enviar(ana, nome_empresa="DE ANA", visto=antes)

    assert "pessoa-supervisor alterou este registro" in str(erros(resposta))
    assert "Nome da Empresa (agora: DE RUI)" in str(erros(resposta))
    assert 'value="DE ANA"' in resposta.content.decode()
    de_novo = resposta.context["form"]["visto"].value()
    assert enviar(ana, nome_empresa="DE ANA", visto=de_novo).status_code == 302
    assert ParametroSistema.atual().nome_empresa == "DE ANA"


def test_whoever_inserts_second_is_told_of_the_first(entrar):
    ana, rui = entrar("operador"), entrar("supervisor")
    antes = visto(ana)
    enviar(rui, nome_empresa="DE RUI")

    resposta = enviar(ana, nome_empresa="DE ANA", visto=antes)

    assert "Nome da Empresa (agora: DE RUI)" in str(erros(resposta))
    assert ParametroSistema.atual().nome_empresa == "DE RUI"


def test_the_same_form_sent_twice_is_done_once(entrar):
    operador = entrar("operador")
    pedido = {"pedido": "6f1e6c0a-7d5c-4c3e-9f0a-0d3d7f1a2b3c", "visto": visto(operador)}

    respostas = [enviar(operador, **pedido) for _ in range(2)]

    assert [resposta.status_code for resposta in respostas] == [302, 302]
    assert lida(operador).count("informado com sucesso") == 1


def test_who_may_only_see_gets_no_button_and_cannot_save(db):
    novo_parametro_sistema(nome_empresa="ANTIGA")
    pessoa = User.objects.create_user("leitor")
    pessoa.user_permissions.add(Permission.objects.get(codename="view_parametrosistema"))
    leitor = Client()
    leitor.force_login(pessoa)

    pagina = lida(leitor)

    assert 'value="ANTIGA"' in pagina
    assert "Concluir" not in pagina
    assert enviar(leitor).status_code == 403
    ParametroSistema.objects.all().delete()
    assert "Os parâmetros ainda não foram informados" in lida(leitor)
    assert enviar(leitor).status_code == 403


@pytest.mark.usefixtures("quem_o_manual_cita")
def test_the_page_takes_few_queries(chefe, django_assert_max_num_queries):
    enviar(chefe, MANUAL)
    with django_assert_max_num_queries(12):
        assert chefe.get(URL).status_code == 200
    with django_assert_max_num_queries(12):
        assert chefe.get(f"{PESQUISA}presidente/?presidente=YURI").status_code == 200
    ParametroSistema.objects.update(logradouro="", municipio=None)  # its fields are open
    with django_assert_max_num_queries(12):
        assert chefe.get(URL).status_code == 200


# The manual's screen


@pytest.mark.usefixtures("quem_o_manual_cita")
def test_every_field_of_the_manual_s_screen_is_accepted_stored_and_read_back(entrar):
    operador = entrar("operador")

    assert enviar(operador, MANUAL).status_code == 302

    form = operador.get(URL).context["form"]
    lidos = {nome: "" if (valor := form[nome].value()) is None else str(valor) for nome in MANUAL}
    assert lidos == MANUAL | {"cnpj": "08.334.385/0001-35", "tamanho_anexo": "2"}
    assert set(MANUAL) | {"municipio", "visto"} == set(form.fields)
    parametro = ParametroSistema.atual()
    assert parametro.endereco == "AVENIDA SENADOR SALGADO FILHO - NÚMERO - 1555 - TIROL NATAL RN 59015-000"
    assert (parametro.presidente.nome, parametro.cliente_ficticio_id) == ("YURI TASSO QUEIROZ PINTO", 8175697)
    assert (parametro.valor_ficha_guia, parametro.valor_ficha_extrato) == (Decimal("10000000.00"), None)


@pytest.mark.usefixtures("quem_o_manual_cita")
def test_what_is_read_back_and_sent_again_changes_nothing(entrar):
    operador = entrar("operador")
    enviar(operador, MANUAL)
    form = operador.get(URL).context["form"]
    lida = {nome: "" if form[nome].value() is None else form[nome].value() for nome in form.fields}

    assert operador.post(URL, lida).status_code == 302

    assert [entrada.get_change_message() for entrada in LogEntry.objects.all()] == ["Inserido."]


def test_abas_groups_and_fields_come_in_the_manual_s_order(chefe):
    novo_parametro_sistema()
    pagina = lida(chefe)

    assert re.findall(r'<a href="#([\w-]+)">([^<]+)</a>', pagina.split("Abas dos parâmetros")[1])[:6] == list(
        ABAS.items()
    )
    grupos = [pagina.index(f"<legend>{grupo}") for grupo in GRUPOS]
    assert grupos == sorted(grupos)
    nomes = re.findall(r'name="(\w+)"', pagina)
    assert [nome for nome in dict.fromkeys(nomes) if nome in MANUAL] == list(MANUAL)


def test_what_the_manual_marks_is_required_and_nothing_else(chefe):
    obrigatorios = {nome for nome, campo in FormularioDeParametros(usuario=None).fields.items() if campo.required}

    assert obrigatorios == set(CERTO) - {"numero", "telefone_atendimento"} | {"municipio"}


def test_each_field_has_an_effect_or_says_that_it_has_none():
    form = FormularioDeParametros(usuario=None)
    com_palavras = {nome for nome, campo in form.fields.items() if "sem efeito neste sistema" in campo.help_text}

    assert com_palavras == SEM_EFEITO


def test_an_aba_without_fields_says_so(chefe):
    novo_parametro_sistema()
    assert lida(chefe).count("Nenhum campo desta aba é usado por este sistema.") == 3


@pytest.mark.usefixtures("quem_o_manual_cita")
def test_an_emptied_optional_field_is_emptied(entrar):
    """GSAN keeps the old value of an optional field that is emptied."""
    operador = entrar("operador")
    opcionais = [n for n, campo in FormularioDeParametros(usuario=None).fields.items() if not campo.required]
    tudo = (
        dict.fromkeys(opcionais, "1")
        | MANUAL
        | {
            "inscricao_municipal": "1",
            "complemento": "SALA 1",
            "site": "https://caern.com.br",
            "valor_ficha_extrato": "1,00",
            "cliente_programa_especial": "8175697",
            "convergencia_repavimentacao": "10,00",
            "telefone_atendimento_esgoto": "115",
            "mensagem_vencimento_guia": "VENCE",
            "numero_contrato": "7",
            "dominio_email": "caern.com.br",
            "perfil_programa_especial": novo_imovel(perfil=5).perfil_id,
        }
    )
    assert enviar(operador, tudo).status_code == 302
    vazios = {nome: "" for nome in opcionais if nome != "visto"}

    assert enviar(operador, tudo | vazios).status_code == 302

    parametro = ParametroSistema.atual()
    assert {nome: valor for nome in vazios if (valor := getattr(parametro, nome)) not in (None, "", False)} == {}


def test_an_empty_size_of_sms_is_refused_and_not_stored_as_zero(entrar):
    """GSAN stores it as 0, which blocks every text."""
    novo_parametro_sistema(tamanho_maximo_sms=150)

    resposta = enviar(entrar("administrador"), tamanho_maximo_sms="")

    assert erros(resposta)["tamanho_maximo_sms"] == ["Informe Tamanho Máximo Mensagem via SMS."]
    assert ParametroSistema.atual().tamanho_maximo_sms == 150


def test_the_change_of_any_field_by_somebody_else_is_seen(entrar):
    novo_parametro_sistema()
    operador = entrar("operador")
    antes = visto(operador)
    assert set(json.loads(antes)) == set(FormularioDeParametros(usuario=None).fields) - {"visto"}
    ParametroSistema.objects.update(versao_celular="3.1.5.1")

    resposta = enviar(operador, visto=antes, versao_celular="9")

    assert "versão do celular (agora: 3.1.5.1)" in str(erros(resposta))


def test_each_field_that_changes_is_audited_from_what_to_what(entrar):
    novo_parametro_sistema(versao_celular="3.1.5.0", exibir_mensagem=False, valor_ficha_guia=Decimal("1.00"))
    operador = entrar("operador")

    enviar(operador, versao_celular="3.1.5.1", exibir_mensagem=SIM, valor_ficha_guia="10.000.000,00")

    entrada = EntradaAuditoria.objects.filter(objetos__contains=["cadastro.parametrosistema:1"]).latest("id")
    (linha,) = entrada.detalhes["linhas"]
    mudaram = ("versao_celular", "exibir_mensagem", "valor_ficha_guia")
    assert entrada.quem == "pessoa-operador"
    assert [linha["antes"][nome] for nome in mudaram] == ["3.1.5.0", False, Decimal("1.00")]
    assert [linha["depois"][nome] for nome in mudaram] == ["3.1.5.1", True, Decimal("10000000.00")]


# Codes


@pytest.mark.usefixtures("quem_o_manual_cita")
def test_a_name_that_only_one_has_does_for_its_code(entrar):
    operador = entrar("operador")

    enviar(operador, presidente="yuri tasso", unidade_presidencia="Presidência", cliente_ficticio="caern pagamentos")

    parametro = ParametroSistema.atual()
    assert (parametro.presidente_id, parametro.unidade_presidencia_id) == (2821998, 100)
    assert parametro.cliente_ficticio_id == 8175697
    pagina = lida(operador)
    assert 'value="2821998"' in pagina
    assert "YURI TASSO QUEIROZ PINTO" in pagina


@pytest.mark.usefixtures("quem_o_manual_cita")
def test_a_name_that_several_have_asks_for_the_code(entrar):
    for numero in range(6):
        novo_cliente(id=100 + numero, nome=f"ANA DA SILVA {numero}")

    resposta = enviar(entrar("operador"), cliente_ficticio="ana")

    (erro,) = erros(resposta)["cliente_ficticio"]
    assert erro.startswith("Há mais de um com este nome: informe o código. 100 ANA DA SILVA 0; 101 ANA DA SILVA 1")
    assert erro.endswith("…") and "105" not in erro
    assert 'value="ana"' in resposta.content.decode()


@pytest.mark.usefixtures("quem_o_manual_cita")
@pytest.mark.parametrize(
    ("campo", "digitado", "mostra"),
    [
        ("presidente", "2821998", "YURI TASSO QUEIROZ PINTO"),
        ("presidente", "joão", '<option value="2362390">JOAO MARIA ALVES DE CASTRO</option>'),
        ("unidade_presidencia", "presid", '<option value="100">PRESIDENCIA</option>'),
        ("cliente_ficticio", "8175697", "CAERN - PAGAMENTOS NAO ACEITOS"),
        ("cliente_ficticio", "z", "Nenhum encontrado."),
        ("cliente_programa_especial", "<script>", "Nenhum encontrado."),
    ],
)
def test_while_a_code_is_typed_the_page_shows_whose_it_is(chefe, campo, digitado, mostra):
    assert mostra in chefe.get(f"{PESQUISA}{campo}/", {campo: digitado}).content.decode()


def test_only_a_field_that_asks_for_a_code_is_looked_up(chefe, entrar):
    for campo in ("nome_empresa", "perfil_programa_especial", "senha"):
        assert chefe.get(f"{PESQUISA}{campo}/").status_code == 404
    leitor = entrar("")
    leitor.pessoa.user_permissions.add(Permission.objects.get(codename="view_parametrosistema"))
    assert leitor.get(f"{PESQUISA}cliente_ficticio/?cliente_ficticio=1").status_code == 403


# The address


def test_without_an_address_it_is_asked_for(entrar):
    resposta = enviar(entrar("operador"), logradouro="", numero="", bairro="", cep="", municipio="")

    assert erros(resposta)["logradouro"] == ["Informe Endereço."]
    assert not {"bairro", "cep", "municipio"} & set(erros(resposta))


def test_adicionar_puts_the_address_in_its_list_and_judges_nothing_else(entrar):
    operador = entrar("operador")

    resposta = enviar(operador, adicionar="1", nome_empresa="", site="https://aguas.example")

    pagina = resposta.content.decode()
    assert "RUA DA ÁGUA - NÚMERO - 1 - TIROL NATAL RN 59015-000" in pagina
    assert 'value="https://aguas.example"' in pagina
    assert "Informe Nome da Empresa." not in pagina
    assert '<input type="hidden" name="logradouro" value="Rua da Água"' in pagina
    assert not ParametroSistema.objects.exists()


def test_adicionar_says_what_the_address_lacks(entrar):
    resposta = enviar(entrar("operador"), adicionar="1", bairro="", nome_empresa="")

    assert erros(resposta) == {"bairro": ["Informe Bairro."]}
    assert 'value="Rua da Água"' in resposta.content.decode()


def test_remover_asks_opens_the_fields_and_stores_nothing_before_concluir(entrar):
    novo_parametro_sistema(logradouro="RUA VELHA", municipio=natal(), bairro="TIROL", cep="59015000")
    operador = entrar("operador")
    enviado = {"remover": "1", "site": "https://aguas.example"}
    assert "Confirma remoção?" in enviar(operador, **enviado).content.decode()
    assert "RUA DA ÁGUA" in enviar(operador, **enviado, voltar="1").content.decode()

    resposta = enviar(operador, **enviado, confirmado="1")

    form = resposta.context["form"]
    assert not form.tem_endereco and form["logradouro"].value() == ""
    assert 'value="https://aguas.example"' in resposta.content.decode()
    assert ParametroSistema.atual().logradouro == "RUA VELHA"
    assert enviar(operador, logradouro="RUA NOVA").status_code == 302
    assert ParametroSistema.atual().endereco.startswith("RUA NOVA")


def test_an_address_of_one_line_from_before_goes_on_being_printed_and_is_completed_here(entrar):
    antigo = "Rua das Nascentes, 100, Natal/RN, 59000-000"
    novo_parametro_sistema(logradouro=antigo)
    operador = entrar("operador")
    assert ParametroSistema.atual().endereco == antigo
    assert antigo in lida(operador)

    resposta = enviar(operador, logradouro=antigo, numero="", bairro="", municipio="", cep="")

    assert set(erros(resposta)) == {"bairro", "municipio", "cep"}


def test_an_installation_that_had_its_parameters_gets_what_it_already_showed(db):
    preencher = importlib.import_module("cadastro.migrations.0003_parametros_de_antes").preencher
    novo_parametro_sistema(nome_empresa="COMPANHIA DE ÁGUA E ESGOTO DE UM ESTADO LONGE", titulos_relatorio="")
    quadra = novo_imovel().quadra
    preencher(apps, connection.schema_editor())
    assert ParametroSistema.atual().titulos_relatorio == "COMPANHIA DE ÁGUA E ESGOTO DE UM ESTADO "
    assert ParametroSistema.atual().digitos_da_quadra == 3

    Quadra.objects.filter(pk=quadra.pk).update(numero=1000)
    preencher(apps, connection.schema_editor())

    assert ParametroSistema.atual().digitos_da_quadra == 4


@pytest.mark.django_db(transaction=True)
def test_the_row_that_is_not_there_yet_is_inserted_by_one_person_at_a_time():
    esperou = threading.Event()

    def outra_pessoa():
        with transaction.atomic():
            atual = para_alterar()
            esperou.encontrada = atual
        connection.close()

    with transaction.atomic():
        assert para_alterar() is None
        outra = threading.Thread(target=outra_pessoa)
        outra.start()
        outra.join(0.3)
        assert outra.is_alive()
        parametro = novo_parametro_sistema()
    outra.join(10)
    assert esperou.encontrada == parametro
