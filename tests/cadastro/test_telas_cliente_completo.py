"""Inserir Cliente, and the abas Nome e Tipo, Pessoa, Endereço and Imóveis of Manter Cliente."""

import threading
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection, transaction
from django.test import Client
from django.utils.timezone import localdate

from cadastro.models import Cliente, ClienteEndereco, ClienteImovel, Municipio, NomeGenerico, Relacao
from tests.fabricas import (
    nova_localidade,
    novo_cliente,
    novo_endereco,
    novo_imovel,
    novo_parametro_sistema,
    novo_vinculo,
)
from tests.formularios_de_cliente import endereco, insercao, nome_e_tipo, pessoa

INSERIR = "/cadastro/cliente/inserir/"
PEDIDO = "6f1e6c0a-7d5c-4c3e-9f0a-0d3d7f1a2b40"


@pytest.fixture
def operador(entrar):
    nova_localidade()
    return entrar("operador")


def do(cliente: Cliente, aba: str = "") -> str:
    return f"/cadastro/cliente/{cliente.pk}/{aba}"


def texto(resposta) -> str:
    return " ".join(resposta.content.decode().split())


def erros(resposta, form: str = "form") -> dict:
    assert resposta.status_code == 200
    return {campo: list(lista) for campo, lista in resposta.context[form].errors.items()}


def com_permissoes(*codigos: str) -> Client:
    pessoa = User.objects.create_user("parcial")
    pessoa.user_permissions.set(Permission.objects.filter(codename__in=codigos))
    navegador = Client()
    navegador.force_login(pessoa)
    return navegador


# Inserir


def test_a_customer_is_inserted_whole(operador):
    novo = insercao(
        nome="Ana  Maria da Silva",
        nome_abreviado="ANA",
        documento="529.982.247-25",
        dia_vencimento="10",
        acrescimos="False",
        acao_cobranca="False",
        negativacao="False",
        fatura_antecipada="True",
        nao_perturbe="True",
        por_sms="True",
    ) | {
        "telefone-tipo": "3",
        "telefone-municipio": "NATAL/RN",
        "telefone-ddd": "",
        "telefone-numero": "98765-4321",
        "telefone-sms": "on",
    }

    resposta = operador.post(INSERIR, novo, follow=True)

    cliente = Cliente.objects.get()
    assert f"Cliente de código {cliente.pk} inserido com sucesso." in texto(resposta)
    assert (cliente.nome, cliente.nome_abreviado, cliente.documento) == ("Ana Maria da Silva", "ANA", "52998224725")
    assert (cliente.tipo, cliente.sexo, cliente.nascimento) == (1, 2, date(1980, 1, 31))
    assert (cliente.rg, cliente.rg_orgao, cliente.rg_uf) == ("1234567", "SSP", "RN")
    assert (cliente.rg_emissao, cliente.profissao, cliente.nome_mae) == (
        date(1998, 5, 10),
        "PROFESSORA",
        "MARIA DA SILVA",
    )
    assert (cliente.dia_vencimento, cliente.acrescimos, cliente.acao_cobranca) == (10, False, False)
    assert (cliente.negativacao, cliente.fatura_antecipada, cliente.nao_perturbe) == (False, True, True)
    assert (cliente.ativo, cliente.por_sms, cliente.email) == (True, True, "ana@exemplo.com.br")
    onde = cliente.enderecos.get()
    assert str(onde) == "RUA DAS ACÁCIAS - NÚMERO - 10 - CENTRO NATAL RN 59000-000"
    assert onde.correspondencia
    fone = cliente.fones.get()
    assert (fone.ddd, fone.numero, fone.principal, fone.sms) == ("84", "987654321", True, True)


def test_a_company_is_inserted_without_cnpj_sexo_or_phone(operador):
    nada = dict.fromkeys(pessoa(), "")
    empresa = insercao(nome="PADARIA DO JOÃO LTDA", tipo="2", **nada | {"ramo_atividade": "PADARIA"})

    assert operador.post(INSERIR, empresa).status_code == 302

    cliente = Cliente.objects.get()
    assert (cliente.tipo, cliente.ramo_atividade, cliente.documento) == (2, "PADARIA", None)
    assert not cliente.fones.exists()


@pytest.mark.parametrize(
    ("form", "campo", "valor", "mensagem"),
    [
        ("form", "nome", " ", "Informe Nome."),
        ("form", "sexo", "", "Informe Sexo."),
        ("form", "documento", "111.111.111-11", "Número do CPF inválido."),
        ("form", "documento", "11.222.333/0001-81", "Pessoa Física tem CPF, de 11 posições."),
        ("form", "email", "ana@", "E-Mail inválido."),
        ("form", "dia_vencimento", "32", "Dia do Vencimento deve ser de 1 a 31."),
        ("form", "dia_vencimento", "x", "Dia do Vencimento deve somente conter números positivos."),
        ("form", "nascimento", "31/02/1980", "Data inválida: este dia não existe."),
        ("form", "nascimento", "01/01/2999", "Data de Nascimento não pode ser posterior a hoje."),
        ("form", "rg_uf", "XX", "Faça uma escolha válida"),
        ("form", "ramo_atividade", "PADARIA", "Só de Pessoa Jurídica."),
        ("endereco", "tipo", "", "Informe Tipo de Endereço."),
        ("endereco", "logradouro", "", "Informe Logradouro."),
        ("endereco", "bairro", "", "Informe Bairro."),
        ("endereco", "municipio", "", "Informe Município."),
        ("endereco", "municipio", "ATLÂNTIDA", "Município não cadastrado."),
        ("endereco", "cep", "", "Informe CEP."),
        ("endereco", "cep", "5900", "CEP inválido."),
        ("telefone", "numero", "98765-4321", "Informe Tipo Telefone."),
        ("telefone", "contato", "PORTARIA", "Informe DDD."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_stored_nor_lost(operador, form, campo, valor, mensagem):
    nome = campo if form == "form" else f"{form}-{campo}"

    resposta = operador.post(INSERIR, insercao(profissao="PINTORA", **{nome: valor}))

    achados = [erro for lista in erros(resposta, form).values() for erro in lista]
    assert any(mensagem in erro for erro in achados)
    assert ("PINTORA" in texto(resposta)) and not Cliente.objects.exists()
    assert texto(resposta).count("Corrija o que segue") == 1


def test_a_customer_is_not_inserted_without_an_address(operador):
    sem = {nome: "" for nome in insercao() if nome.startswith("endereco-")}

    resposta = operador.post(INSERIR, insercao(**sem))

    assert erros(resposta, "endereco") == {"logradouro": ["Informe Endereço(s) do Cliente."]}
    assert not Cliente.objects.exists()


@pytest.mark.parametrize(
    ("fone", "campo", "mensagem"),
    [
        ({"ddd": "99"}, "ddd", "DDD informado não está cadastrado no sistema."),
        ({"ddd": "84", "numero": "123"}, "numero", "Número do Telefone deve conter entre 7 e 9 dígitos."),
        ({"ddd": "84", "tipo": "1", "sms": "on"}, "sms", "Telefone SMS deve ser do Tipo Celular."),
    ],
)
def test_a_wrong_phone_keeps_the_customer_from_being_inserted(operador, fone, campo, mensagem):
    fone = {"tipo": "3", "numero": "987654321"} | fone
    resposta = operador.post(INSERIR, insercao(**{f"telefone-{nome}": valor for nome, valor in fone.items()}))
    assert erros(resposta, "telefone") == {campo: [mensagem]}
    assert not Cliente.objects.exists()


def test_the_rules_of_the_company_hold_and_a_supervisor_may_pass_them(operador, entrar):
    novo_parametro_sistema(documento_obrigatorio=True, nome_com_menos_de_10=False, cliente_em_duplicidade=False)
    curta = insercao(nome="ANA")

    assert erros(operador.post(INSERIR, curta)) == {
        "documento": ["Informe CPF."],
        "nome": ["Nome deve ter ao menos 10 posições, sem contar os espaços."],
    }
    supervisor = entrar("supervisor")
    assert supervisor.post(INSERIR, curta).status_code == 302
    igual = insercao(nome="ana", documento="52998224725")
    novo_parametro_sistema(cliente_em_duplicidade=False, nome_com_menos_de_10=True)
    repetido = erros(operador.post(INSERIR, igual))["nome"]
    assert repetido == [f"O cliente {Cliente.objects.get().pk} já tem este nome e este endereço."]
    assert supervisor.post(INSERIR, igual).status_code == 302


def test_the_same_form_sent_twice_inserts_one_customer(operador):
    respostas = [operador.post(INSERIR, insercao(pedido=PEDIDO)) for _ in range(2)]
    assert [resposta.status_code for resposta in respostas] == [302, 302]
    assert respostas[0].url == respostas[1].url
    assert Cliente.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_inserted_at_once_with_one_document_are_told_whose_it_is(entrar):
    nova_localidade()
    operador, respostas = entrar("operador"), []

    def enviar():
        respostas.append(operador.post(INSERIR, insercao(documento="529.982.247-25")))
        connection.close()

    with transaction.atomic():
        primeiro = novo_cliente(documento="52998224725")
        outra = threading.Thread(target=enviar)
        outra.start()
        outra.join(1)
        assert outra.is_alive()
    outra.join(10)

    assert erros(respostas[0]) == {"documento": [f"CPF já informado para cliente {primeiro.pk}."]}
    assert Cliente.objects.count() == 1


def test_who_may_not_insert_addresses_inserts_no_customer(db):
    assert com_permissoes("add_cliente").get(INSERIR).status_code == 403


def test_who_may_not_insert_phones_gets_no_place_for_one_and_cannot_send_it(db):
    nova_localidade()
    parcial = com_permissoes("add_cliente", "add_clienteendereco")
    assert "Informe Telefone" not in texto(parcial.get(INSERIR))
    assert 'name="telefone-numero"' not in texto(parcial.get(INSERIR))
    com_fone = {"telefone-tipo": "3", "telefone-ddd": "84", "telefone-numero": "987654321"}
    assert parcial.post(INSERIR, insercao() | com_fone).status_code == 403
    assert not Cliente.objects.exists()


# Nome e Tipo


def test_each_field_of_nome_e_tipo_is_stored_and_shown(operador):
    novo_parametro_sistema(validar_documento=True)
    cliente = novo_cliente(nome="ANA")
    outra = nome_e_tipo(
        cliente,
        nome="PADARIA DO JOÃO",
        nome_abreviado="PADARIA",
        tipo="2",
        documento="11.222.333/0001-81",
        documento_validado="True",
        dia_vencimento="31",
        acrescimos="False",
        acao_cobranca="False",
        negativacao="False",
        fatura_antecipada="True",
        nao_perturbe="True",
        ativo="False",
    )

    assert operador.post(do(cliente), outra).status_code == 302

    cliente.refresh_from_db()
    guardado = nome_e_tipo(cliente) | {"documento": "11.222.333/0001-81"}
    assert {nome: str(valor) for nome, valor in guardado.items()} == {nome: str(v) for nome, v in outra.items()}
    pagina = texto(operador.get(do(cliente)))
    assert pagina.count("sem efeito neste sistema") == 5
    assert "PADARIA" in pagina


def test_receita_and_fantasia_name_the_names_where_the_company_says_so(operador):
    cliente = novo_cliente()
    assert "Nome na Receita" not in texto(operador.get(do(cliente)))
    novo_parametro_sistema(nome_receita_e_fantasia=True)
    for url in (do(cliente), INSERIR):
        pagina = texto(operador.get(url))
        assert "Nome na Receita" in pagina and "Nome Fantasia" in pagina
        assert "Nome Abreviado" not in pagina
    assert erros(operador.post(do(cliente), nome_e_tipo(cliente, nome="")))["nome"] == ["Informe Nome na Receita."]


def test_validated_is_only_marked_where_the_company_validates(operador):
    novo_parametro_sistema(validar_documento=False)
    cliente = novo_cliente(documento="52998224725")
    operador.post(do(cliente), nome_e_tipo(cliente, documento_validado="True"))
    assert not Cliente.objects.get().documento_validado
    novo_parametro_sistema(validar_documento=True)
    operador.post(do(cliente), nome_e_tipo(cliente, documento_validado="True"))
    assert Cliente.objects.get().documento_validado


def test_a_generic_name_is_refused_beside_its_field(operador):
    novo_parametro_sistema(nome_generico=False)
    NomeGenerico.objects.get_or_create(nome="CONSUMIDOR")
    cliente = novo_cliente(nome="ANA")
    resposta = operador.post(do(cliente), nome_e_tipo(cliente, nome="Consumidor 1"))
    assert erros(resposta) == {"nome": ["“Consumidor 1” é uma descrição genérica: informe o nome do cliente."]}


# Pessoa


def test_the_aba_pessoa_of_a_person(operador):
    cliente = novo_cliente()

    assert erros(operador.post(do(cliente, "pessoa/"), pessoa(sexo=""))) == {"sexo": ["Informe Sexo."]}
    assert operador.post(do(cliente, "pessoa/"), pessoa()).status_code == 302

    pagina = texto(operador.get(do(cliente, "pessoa/")))
    for valor in ("1234567", "SSP", "10/05/1998", "31/01/1980", "PROFESSORA", "MARIA DA SILVA"):
        assert f'value="{valor}"' in pagina
    assert "Ramo de Atividade" not in pagina


def test_the_aba_pessoa_of_a_company(operador):
    cliente = novo_cliente(tipo=Cliente.Tipo.JURIDICA)

    assert operador.post(do(cliente, "pessoa/"), {"ramo_atividade": "PADARIA"}).status_code == 302

    pagina = texto(operador.get(do(cliente, "pessoa/")))
    assert 'value="PADARIA"' in pagina
    assert "Sexo" not in pagina


def test_the_switches_of_an_imported_customer_do_not_wait_for_what_he_lacks(operador):
    cliente = novo_cliente(por_sms=False, sexo=None)
    assert operador.post(do(cliente), nome_e_tipo(cliente, por_sms="True")).status_code == 302


# Endereço


def test_an_address_is_added_changed_and_removed(operador):
    cliente = novo_cliente()
    assert "não tem endereço" in texto(operador.get(do(cliente, "enderecos/")))

    adicionado = operador.post(do(cliente, "enderecos/inserir/"), endereco(), follow=True)
    assert "Endereço adicionado." in texto(adicionado)
    primeiro = cliente.enderecos.get()
    assert primeiro.correspondencia  # the first always is
    operador.post(do(cliente, "enderecos/inserir/"), endereco(numero="", correspondencia="True"))
    segundo = cliente.enderecos.exclude(pk=primeiro.pk).get()
    assert list(cliente.enderecos.values_list("pk", "correspondencia")) == [(segundo.pk, True), (primeiro.pk, False)]
    assert "RUA DAS ACÁCIAS - S/N - CENTRO NATAL RN 59000-000" in texto(operador.get(do(cliente, "enderecos/")))

    url = f"/cadastro/cliente/endereco/{primeiro.pk}/"
    assert 'value="59000-000"' in texto(operador.get(url)) and 'value="NATAL/RN"' in texto(operador.get(url))
    operador.post(url, endereco(logradouro="Rua Nova", tipo="2", correspondencia="True"))
    primeiro.refresh_from_db()
    assert (primeiro.logradouro, primeiro.tipo, primeiro.correspondencia) == ("Rua Nova", 2, True)

    pergunta = operador.post(do(cliente, "enderecos/"), {"remover": segundo.pk})
    assert "Confirma remoção?" in texto(pergunta)
    operador.post(do(cliente, "enderecos/"), {"remover": segundo.pk, "voltar": "1"})
    assert cliente.enderecos.count() == 2
    removido = operador.post(do(cliente, "enderecos/"), {"remover": segundo.pk, "confirmado": "1"}, follow=True)
    assert "Endereço removido." in texto(removido)
    assert cliente.enderecos.get() == primeiro


def test_the_last_address_stays(operador):
    cliente = novo_cliente()
    ultimo = novo_endereco(cliente)
    resposta = operador.post(do(cliente, "enderecos/"), {"remover": ultimo.pk, "confirmado": "1"}, follow=True)
    assert "Informe Endereço(s) do Cliente." in texto(resposta)
    assert cliente.enderecos.exists()


def test_there_is_exactly_one_address_for_correspondence(operador):
    cliente = novo_cliente()
    de_cartas = novo_endereco(cliente)
    outros = [novo_endereco(cliente, numero=str(n), correspondencia=False) for n in range(2)]
    url = f"/cadastro/cliente/endereco/{de_cartas.pk}/"

    assert list(erros(operador.post(url, endereco()))) == ["correspondencia"]
    resposta = operador.post(do(cliente, "enderecos/"), {"remover": de_cartas.pk, "confirmado": "1"}, follow=True)
    assert "O endereço de correspondência não foi informado." in texto(resposta)
    assert cliente.enderecos.get(correspondencia=True) == de_cartas
    outros[0].delete()
    operador.post(do(cliente, "enderecos/"), {"remover": de_cartas.pk, "confirmado": "1"})
    assert cliente.enderecos.get(correspondencia=True) == outros[1]


def test_the_same_address_is_not_added_twice(operador):
    cliente = novo_cliente()
    operador.post(do(cliente, "enderecos/inserir/"), endereco())
    resposta = operador.post(do(cliente, "enderecos/inserir/"), endereco(logradouro="rua das acacias"))
    assert erros(resposta) == {"logradouro": ["Endereço já informado."]}


def test_an_address_that_makes_a_duplicate_is_refused(operador):
    novo_parametro_sistema(cliente_em_duplicidade=False)
    outro, cliente = novo_cliente(nome="ANA MARIA"), novo_cliente(nome="Ana Maria")
    novo_endereco(outro)
    la = endereco(logradouro="Avenida Senador Salgado Filho", numero="1555", bairro="Tirol")
    resposta = operador.post(do(cliente, "enderecos/inserir/"), la)
    assert erros(resposta) == {"logradouro": [f"O cliente {outro.pk} já tem este nome e este endereço."]}


def test_a_name_of_two_municipios_asks_for_the_uf(operador):
    Municipio.objects.create(nome="NATAL", uf="PE", ddd="81")
    cliente = novo_cliente()
    resposta = operador.post(do(cliente, "enderecos/inserir/"), endereco(municipio="Natal"))
    assert "informe também a UF" in str(erros(resposta)["municipio"])
    assert operador.post(do(cliente, "enderecos/inserir/"), endereco(municipio="natal/pe")).status_code == 302
    assert cliente.enderecos.get().municipio.uf == "PE"


def test_two_people_changing_an_address_are_told(entrar):
    nova_localidade()
    cliente = novo_cliente()
    url = f"/cadastro/cliente/endereco/{novo_endereco(cliente).pk}/"
    ana, rui = entrar("operador"), entrar("supervisor")
    visto = ana.get(url).context["form"]["visto"].value()
    rui.post(url, endereco(bairro="LAGOA NOVA", correspondencia="True"))

    resposta = ana.post(url, endereco(numero="99", visto=visto, correspondencia="True"))

    assert "pessoa-supervisor alterou este registro" in texto(resposta)
    assert ClienteEndereco.objects.get().numero == "10"


@pytest.mark.parametrize("pk", ["", "abc", "0", "9" * 40, "²"])
def test_an_address_that_is_not_there_is_not_removed(operador, pk):
    cliente = novo_cliente()
    novo_endereco(cliente)
    alheio = novo_endereco(novo_cliente())
    for qual in (pk, alheio.pk):
        assert operador.post(do(cliente, "enderecos/"), {"remover": qual, "confirmado": "1"}).status_code == 302
    assert ClienteEndereco.objects.count() == 2


# Imóveis


def test_the_imoveis_of_today_are_shown_and_the_others_on_demand(operador):
    cliente, hoje = novo_cliente(), localdate()
    atual, antigo, futuro = (novo_imovel(endereco=f"Rua {nome}") for nome in ("Atual", "Antiga", "Futura"))
    novo_vinculo(cliente, atual, relacao=Relacao.PROPRIETARIO)
    novo_vinculo(cliente, antigo, fim=hoje, motivo_fim="MUDOU-SE")
    novo_vinculo(cliente, futuro, inicio=hoje + timedelta(days=1))

    hoje_ = texto(operador.get(do(cliente, "imoveis/")))
    todos = texto(operador.get(do(cliente, "imoveis/"), {"situacao": "todos"}))

    assert f'<a href="/cadastro/imovel/{atual.pk}/">{atual}</a>' in hoje_
    assert "Proprietário" in hoje_ and "Rua Atual" in hoje_ and "atual" in hoje_
    assert "Rua Antiga" not in hoje_ and "Rua Futura" not in hoje_
    assert "Rua Antiga" in todos and "MUDOU-SE" in todos and "a começar" in todos
    um = texto(operador.get(do(cliente, "imoveis/"), {"situacao": "todos", "matricula": str(antigo)}))
    assert "Rua Antiga" in um and "Rua Atual" not in um
    errado = texto(operador.get(do(cliente, "imoveis/"), {"matricula": "12"}))
    assert "o dígito não confere" in errado and "Rua Atual" not in errado


def test_a_customer_of_many_imoveis_has_pages_of_them(operador, django_assert_max_num_queries):
    cliente = novo_cliente()
    for _ in range(23):
        novo_vinculo(cliente, novo_imovel())
    with django_assert_max_num_queries(12):
        primeira = operador.get(do(cliente, "imoveis/"))
    assert "1 ao 10 de 23 registros" in texto(primeira)
    segunda = operador.get(do(cliente, "imoveis/") + primeira.context["pagina"].proxima)
    assert "11 ao 20 de 23 registros" in texto(segunda)
    vistos = [vinculo.imovel_id for pagina in (primeira, segunda) for vinculo in pagina.context["pagina"].linhas]
    assert vistos == sorted(vistos) and len(set(vistos)) == 20


def vinculo(imovel, **campos) -> dict:
    return {"imovel": str(imovel), "relacao": "2", "inicio": "01/03/2024", "fim": ""} | campos


def test_an_imovel_is_bound_to_a_customer_and_let_go(operador):
    cliente, imovel = novo_cliente(), novo_imovel()

    ligado = operador.post(do(cliente, "imoveis/inserir/"), vinculo(imovel), follow=True)

    assert "Imóvel ligado ao cliente." in texto(ligado)
    laco = ClienteImovel.objects.get()
    assert (laco.cliente, laco.imovel, laco.relacao, laco.inicio) == (cliente, imovel, 2, date(2024, 3, 1))
    url = f"/cadastro/vinculo/{laco.pk}/"
    assert erros(operador.post(url, {"fim": ""})) == {"fim": ["Informe Data de Fim."]}
    antes = operador.post(url, {"fim": "29/02/2024", "motivo_fim": "VENDA"})
    assert "A data de fim não pode ser anterior à de início." in texto(antes)
    operador.post(url, {"fim": "01/06/2024", "motivo_fim": "VENDA"})
    laco.refresh_from_db()
    assert (laco.fim, laco.motivo_fim) == (date(2024, 6, 1), "VENDA")
    assert (
        operador.post(do(novo_cliente(), "imoveis/inserir/"), vinculo(imovel, inicio="01/06/2024")).status_code == 302
    )


@pytest.mark.parametrize(
    ("mudanca", "campo", "mensagem"),
    [
        ({}, "__all__", "O imóvel já tem um usuário neste período."),
        ({"relacao": ""}, "relacao", "Informe Relação."),
        ({"imovel": ""}, "imovel", "Informe Matrícula do Imóvel."),
        ({"imovel": "12"}, "imovel", "Matrícula inválida: o dígito não confere."),
        ({"imovel": "9999999.4"}, "imovel", "Imóvel inexistente."),
        ({"inicio": "hoje"}, "inicio", "Data inválida: escreva dd/mm/aaaa."),
        ({"relacao": "1", "fim": "01/01/2020"}, "fim", "A data de fim não pode ser anterior à de início."),
        ({"relacao": "3"}, "__all__", "O cliente já tem esta relação desde este dia."),
    ],
)
def test_a_bond_that_cannot_be_says_why(operador, mudanca, campo, mensagem):
    cliente, imovel = novo_cliente(), novo_imovel()
    novo_vinculo(novo_cliente(), imovel)
    novo_vinculo(cliente, imovel, relacao=Relacao.RESPONSAVEL, inicio=date(2024, 3, 1))

    resposta = operador.post(do(cliente, "imoveis/inserir/"), vinculo(imovel) | mudanca)

    assert erros(resposta) == {campo: [mensagem]}
    assert ClienteImovel.objects.count() == 2


def test_an_end_that_would_make_two_usuarios_is_refused(operador):
    imovel = novo_imovel()
    velho = novo_vinculo(novo_cliente(), imovel, fim=date(2024, 1, 1))
    novo_vinculo(novo_cliente(), imovel, inicio=date(2024, 1, 1))
    resposta = operador.post(f"/cadastro/vinculo/{velho.pk}/", {"fim": "02/01/2024", "motivo_fim": ""})
    assert erros(resposta) == {"__all__": ["O imóvel já tem um usuário neste período."]}


# Who may do what, and at what cost


ABAS = ("", "pessoa/", "enderecos/", "imoveis/")


def test_who_may_only_see_gets_no_button_and_cannot_save(db):
    leitor, cliente = com_permissoes("view_cliente", "view_clienteimovel"), novo_cliente(nome="ANA")
    novo_endereco(cliente)
    novo_vinculo(cliente, novo_imovel())
    for aba in ABAS:
        pagina = texto(leitor.get(do(cliente, aba)))
        assert "ANA" in pagina
        assert not any(botao in pagina for botao in ("Concluir", ">Adicionar", ">Remover", "Ligar a um", ">Encerrar"))
    for aba, campos in (("pessoa/", pessoa()), ("enderecos/", {}), ("enderecos/inserir/", endereco())):
        assert leitor.post(do(cliente, aba), campos).status_code == 403


@pytest.mark.parametrize("aba", ABAS)
def test_each_aba_takes_few_queries(operador, aba, django_assert_max_num_queries):
    cliente = novo_cliente()
    for numero in range(5):
        novo_endereco(cliente, numero=str(numero), correspondencia=not numero)
        novo_vinculo(cliente, novo_imovel())
    with django_assert_max_num_queries(12):
        operador.get(do(cliente, aba))
