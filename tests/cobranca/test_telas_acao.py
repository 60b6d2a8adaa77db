"""Inserir and Manter Ação de Cobrança: the fields, the rules beside them, and that nothing in use is removed."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection, transaction

from cobranca import views
from cobranca.acoes import travar
from cobranca.forms import FormularioDeAcao
from cobranca.models import AcaoCobranca, CriterioCobranca, TipoDocumento, TipoServico
from telas.campos import CampoSimNao
from tests.fabricas import nova_acao, novo_parametro_sistema

INSERIR = "/cobranca/acoes/inserir/"
MANTER = "/cobranca/acoes/"
SMS = "{NOME} mat {MATRICULA}: {VALORDOC} ate {VALIDADEDOC}"
EMAIL = "{NOME}, o imóvel {MATRICULA} deve {VALORDOC}. Pague até {VALIDADEDOC}."


SIM_OU_NAO = [
    nome for nome, campo in FormularioDeAcao.base_fields.items() if isinstance(campo, CampoSimNao) and nome != "ativa"
]


@pytest.fixture(autouse=True)
def sistema(db):
    return novo_parametro_sistema()


@pytest.fixture
def operador(entrar):
    return entrar("operador")


def sem_mensagem(**campos) -> dict:
    """The form as its page posts it, for an action without message."""
    criterio, _ = CriterioCobranca.objects.get_or_create(descricao="ATRASO", defaults={"dias_de_atraso": 5})
    return {
        "pedido": str(uuid.uuid4()),
        "descricao": "AVISO DE CORTE",
        "dias_de_validade": "15",
        "tipo_documento": "8",
        "criterio": criterio.pk,
        "predecessora": "",
        "dias_da_predecessora": "",
        "predecessora_alternativa": "",
        "tipo_servico": "",
        "ordem_cronograma": "",
        "tentativas_email": "",
        **dict.fromkeys(SIM_OU_NAO, "False"),
        "considera_debitos": "True",
        "exibe_eventual": "True",
        "assunto": "",
        "texto_sms": "",
        "texto_email": "",
        "transliterar": "on",
    } | campos


def com_mensagem(**campos) -> dict:
    mensagem = {
        "por_sms": "True",
        "por_email": "True",
        "tentativas_email": "3",
        "assunto": "Débitos de {NOME}",
        "texto_sms": SMS,
        "texto_email": EMAIL,
    }
    return sem_mensagem(**mensagem | campos)


def erros(resposta) -> dict:
    assert resposta.status_code == 200
    return resposta.context["form"].errors


# Inserir


def test_an_action_that_sends_messages_is_inserted(operador):
    resposta = operador.post(INSERIR, com_mensagem(), follow=True)

    acao = AcaoCobranca.objects.get()
    assert "Ação de Cobrança AVISO DE CORTE inserida com sucesso." in resposta.text
    assert (acao.por_sms, acao.por_email, acao.tentativas_email, acao.ativa) == (True, True, 3, True)
    assert (acao.texto_sms, acao.texto_email, acao.considera_debitos) == (SMS, EMAIL, True)
    assert LogEntry.objects.get().user == operador.pessoa


def test_one_of_the_cronograma_is_inserted_with_its_neighbours(operador):
    antes = nova_acao(por_sms=False, por_email=False, compoe_cronograma=True, ordem_cronograma=1)

    operador.post(
        INSERIR,
        sem_mensagem(compoe_cronograma="True", ordem_cronograma="2", predecessora=antes.pk, dias_da_predecessora="30"),
    )

    acao = AcaoCobranca.objects.get(descricao="AVISO DE CORTE")
    assert (acao.predecessora, acao.dias_da_predecessora, acao.ordem_cronograma) == (antes, 30, 2)


@pytest.mark.parametrize(
    ("campos", "campo", "mensagem"),
    [
        ({"descricao": ""}, "descricao", "Informe Descrição da Ação de Cobrança."),
        ({"dias_de_validade": ""}, "dias_de_validade", "Informe Número de Dias de Validade da Ação."),
        ({"dias_de_validade": "x"}, "dias_de_validade", "deve somente conter números positivos."),
        ({"dias_de_validade": "0"}, "dias_de_validade", "deve somente conter números positivos."),
        ({"tipo_documento": ""}, "tipo_documento", "Informe Tipo de Documento a ser Gerado."),
        ({"tipo_documento": "99"}, "tipo_documento", "Tipo de Documento inexistente."),
        ({"criterio": ""}, "criterio", "Informe Critério de Cobrança."),
        ({"criterio": "999"}, "criterio", "Critério de Cobrança inexistente."),
        ({"compoe_cronograma": ""}, "compoe_cronograma", "Informe Compõe o Cronograma."),
        ({"compoe_cronograma": "True"}, "ordem_cronograma", "Informe Ordem no Cronograma."),
        ({"por_sms": "True"}, "texto_sms", "Informe Texto SMS."),
        (
            {"por_email": "True", "texto_email": EMAIL, "assunto": "A"},
            "tentativas_email",
            "Informe número máximo de tentativas de envio.",
        ),
        (
            {"por_email": "True", "tentativas_email": "3", "assunto": "A"},
            "texto_email",
            "Informe Texto E-MAIL.",
        ),
        (
            {"por_email": "True", "tentativas_email": "3", "texto_email": EMAIL},
            "assunto",
            "Informe Assunto do e-mail.",
        ),
        ({"por_sms": "True", "texto_sms": "{VALOR}"}, "texto_sms", "dados inválidos: {VALOR}."),
        ({"por_sms": "True", "texto_sms": "x" * 120}, "texto_sms", "passam do tamanho máximo de 164"),
        ({"por_sms": "True", "texto_sms": "{NOME"}, "texto_sms", "Quantidade de tags inválidas SMS."),
    ],
)
def test_each_mistake_has_its_words_beside_its_field(operador, campos, campo, mensagem):
    resposta = operador.post(INSERIR, sem_mensagem(**campos))

    assert list(erros(resposta)) == [campo]
    assert mensagem in erros(resposta)[campo][0]
    assert f"error_1_id_{campo}" in resposta.text
    assert not AcaoCobranca.objects.exists()


def test_what_a_message_forbids_is_told_beside_each_field(operador):
    TipoServico.objects.create(pk=1, descricao="CORTE")
    outra = nova_acao(por_sms=False, por_email=False)

    resposta = operador.post(
        INSERIR,
        com_mensagem(
            tipo_servico="1",
            predecessora=outra.pk,
            dias_da_predecessora="1",
            compoe_cronograma="True",
            ordem_cronograma="5",
        ),
    )

    assert set(erros(resposta)) == {"tipo_servico", "predecessora", "compoe_cronograma"}


def test_a_description_that_exists_is_told(operador):
    nova_acao(descricao="AVISO DE CORTE")

    assert erros(operador.post(INSERIR, com_mensagem())) == {
        "descricao": ["Já existe uma ação de cobrança com esta descrição."]
    }


@pytest.mark.parametrize("existente", [False, True])
def test_a_description_that_somebody_stores_at_the_same_moment_is_told(operador, monkeypatch, existente):
    endereco = f"{MANTER}{nova_acao().pk}/" if existente else INSERIR

    def outra_pessoa_grava(*_):
        nova_acao(descricao="AVISO DE CORTE")
        return []

    monkeypatch.setattr(views, "dados_ausentes", outra_pessoa_grava)
    resposta = operador.post(endereco, com_mensagem(ativa="True"))

    assert resposta.context["form"].errors == {"descricao": ["Já existe uma ação de cobrança com esta descrição."]}
    assert AcaoCobranca.objects.filter(descricao="AVISO DE CORTE").count() == 1


def test_a_mistake_loses_no_text_even_of_a_channel_that_is_off(operador):
    resposta = operador.post(INSERIR, com_mensagem(por_sms="False", por_email="False", dias_de_validade="x"))

    assert SMS in resposta.text and EMAIL in resposta.text
    assert 'value="Débitos de {NOME}"' in resposta.text
    assert 'value="x"' in resposta.text


@pytest.mark.parametrize(
    "estranho",
    [
        {"descricao": "a\0"},
        {"descricao": "😀" * 5000},
        {"dias_de_validade": "9" * 400},
        {"criterio": "x"},
        {"predecessora": "9" * 40},
        {"por_sms": "talvez"},
        {"texto_email": "x" * 20_000},
        {"tentativas_email": "-1"},
        {"por_sms": "True", "texto_sms": "\0"},
    ],
)
def test_nonsense_is_an_error_on_the_form(operador, estranho):
    assert erros(operador.post(INSERIR, sem_mensagem(**estranho)))
    assert not AcaoCobranca.objects.exists()


def test_a_text_that_lacks_main_data_is_stored_after_a_confirmation(operador):
    pedido = com_mensagem(texto_sms="Pague até {VALIDADEDOC}")

    pergunta = operador.post(INSERIR, pedido)

    assert "Texto SMS: Matrícula do imóvel, Nome do cliente usuário, Valor do documento." in pergunta.text
    assert not AcaoCobranca.objects.exists()
    assert operador.post(INSERIR, pedido | {"confirmado": "1"}).status_code == 302
    assert AcaoCobranca.objects.exists()


def test_the_text_of_a_channel_that_is_off_needs_no_confirmation(operador):
    assert operador.post(INSERIR, com_mensagem(por_sms="False", texto_sms="x")).status_code == 302


def test_who_answers_no_goes_back_to_what_was_typed(operador):
    assert "Pague já" in operador.post(INSERIR, com_mensagem(texto_sms="Pague já", voltar="1")).text
    assert not AcaoCobranca.objects.exists()


def test_a_double_click_inserts_one(operador):
    duas_vezes = com_mensagem()

    assert [operador.post(INSERIR, duas_vezes).status_code for _ in range(2)] == [302, 302]
    assert AcaoCobranca.objects.count() == 1


def test_the_buttons_put_the_selected_data_at_the_end_of_the_text(operador):
    resposta = operador.post(
        INSERIR,
        com_mensagem(
            inserir="email",
            dados=["{NOME}"],
            texto_email="Senhor(a)",
            dias_de_validade="x",
            situacoes_agua=["3", "5"],
        ),
    )

    assert "Senhor(a) {NOME}</textarea>" in resposta.text
    assert 'value="x"' in resposta.text
    assert resposta.text.count("checked") == len(SIM_OU_NAO) + 2 + 1  # with two situations and transliterar
    assert "resumo-de-erros" not in resposta.text


TODOS_OS_CAMPOS = {
    "descricao": "CARTA - CORTADOS",
    "dias_de_validade": 30,
    "dias_de_vencimento": 20,
    "tipo_documento": 22,
    "texto_personalizado": "Procure uma loja de atendimento.",
    "so_documento_valido": True,
    "executa_sem_debito": True,
    "situacoes_agua": [3, 5],
    "situacoes_esgoto": [1, 6],
    "considera_debitos": True,
    "acrescimos": True,
    "gera_taxa": True,
    "considera_creditos": True,
    "considera_promissorias": True,
    "por_valor_decrescente": True,
    "valida_por_item": True,
    "dias_minimos": 30,
    "dias_maximos": 999_999,
    "compoe_cronograma": True,
    "ordem_cronograma": 9999,
    "obrigatoria": True,
    "dias_da_predecessora": 15,
    "repetida_no_ciclo": True,
    "usa_metas": True,
    "ordena_no_cronograma": True,
    "ordena_nas_eventuais": True,
    "exibe_eventual": False,
    "suspende_abastecimento": True,
    "emite_boletins": True,
    "debito_interfere": True,
    "dias_remuneracao": 45,
    "aviso_obrigatorio": True,
}


def test_every_field_of_the_screen_is_stored_and_shown_again(operador):
    sem = {"por_sms": False, "por_email": False, "compoe_cronograma": True}
    primeira, segunda = (nova_acao(**sem, ordem_cronograma=ordem) for ordem in (1, 2))
    servico = TipoServico.objects.create(pk=7, descricao="CORTE")
    ligadas = {"predecessora": segunda, "predecessora_alternativa": primeira, "tipo_servico": servico}

    operador.post(INSERIR, sem_mensagem(**TODOS_OS_CAMPOS, **{nome: um.pk for nome, um in ligadas.items()}))

    acao = AcaoCobranca.objects.get(descricao="CARTA - CORTADOS")
    esperado = TODOS_OS_CAMPOS | ligadas
    assert {nome: getattr(acao, nome) for nome in esperado} == esperado
    form = operador.get(f"{MANTER}{acao.pk}/").context["form"]
    mostrado = {nome: form[nome].initial for nome in TODOS_OS_CAMPOS}
    assert mostrado == TODOS_OS_CAMPOS
    assert operador.post(f"{MANTER}{acao.pk}/", na_tela(operador, acao)).status_code == 302
    acao.refresh_from_db()
    assert {nome: getattr(acao, nome) for nome in esperado} == esperado


@pytest.mark.parametrize("campo", SIM_OU_NAO)
def test_rule_1_each_question_of_yes_or_no_is_answered(operador, campo):
    resposta = operador.post(INSERIR, sem_mensagem(**{campo: ""}))

    assert erros(resposta) == {campo: [f"Informe {FormularioDeAcao.base_fields[campo].label}."]}


@pytest.mark.parametrize(
    ("campo", "digitos"),
    [
        ("dias_de_validade", 4),
        ("dias_de_vencimento", 4),
        ("dias_da_predecessora", 4),
        ("ordem_cronograma", 4),
        ("dias_minimos", 6),
        ("dias_maximos", 6),
        ("dias_remuneracao", 4),
        ("tentativas_email", 2),
    ],
)
@pytest.mark.parametrize("valor", ["x", "-1", "1,5", "a mais"])
def test_rule_2_a_number_is_positive_and_has_its_digits(operador, campo, digitos, valor):
    resposta = operador.post(INSERIR, sem_mensagem(**{campo: "9" * (digitos + 1) if valor == "a mais" else valor}))

    rotulo = FormularioDeAcao.base_fields[campo].label
    do_gsan = f"{rotulo} deve somente conter números positivos."
    assert erros(resposta)[campo] == [f"{rotulo} tem mais de {digitos} dígitos." if valor == "a mais" else do_gsan]


def test_a_field_without_effect_says_so(operador):
    form = operador.get(INSERIR).context["form"]

    sem_efeito = {nome for nome, campo in form.fields.items() if campo.help_text == "sem efeito neste sistema"}
    assert sem_efeito == {
        "acrescimos",
        "gera_taxa",
        "considera_creditos",
        "considera_promissorias",
        "obrigatoria",
        "repetida_no_ciclo",
        "usa_metas",
        "ordena_no_cronograma",
        "ordena_nas_eventuais",
        "tipo_servico",
        "emite_boletins",
        "debito_interfere",
        "dias_remuneracao",
    }
    assert "dossiê" in form.fields["suspende_abastecimento"].help_text


def test_the_types_of_document_are_the_active_ones_and_that_of_the_action(operador):
    TipoDocumento.objects.create(pk=90, descricao="ANTIGO", ativo=False)
    acao = nova_acao(tipo_documento=90)

    def codigos(pagina):
        return [codigo for codigo, _ in operador.get(pagina).context["form"].fields["tipo_documento"].choices]

    assert 90 not in codigos(INSERIR)
    assert 90 in codigos(f"{MANTER}{acao.pk}/")


@pytest.mark.parametrize(
    ("campos", "campo", "mensagem"),
    [
        ({"por_sms": "True"}, "texto_sms", "Informe Texto SMS."),
        ({"por_email": "True", "assunto": "A", "texto_email": EMAIL}, "tentativas_email", "Informe número máximo"),
        ({"por_email": "True", "assunto": "A", "tentativas_email": "3"}, "texto_email", "Informe Texto E-MAIL."),
    ],
)
def test_trap_rules_13_to_15_are_of_the_server_too(operador, campos, campo, mensagem):
    """GSAN asks for them in JavaScript only."""
    assert mensagem in erros(operador.post(INSERIR, sem_mensagem(**campos)))[campo][0]


def test_trap_a_tag_merely_selected_in_the_list_does_not_count_in_rule_17(operador):
    """GSAN adds to the length the tag that is selected, though nobody put it in the text."""
    cheio = "x" * 20 + "{NOME}{MATRICULA}{VALORDOC}{VALIDADEDOC}"

    resposta = operador.post(INSERIR, sem_mensagem(por_sms="True", texto_sms=cheio, dados=["{NOME}", "{VALORDOC}"]))

    assert resposta.status_code == 302


# Atualizar


def na_tela(navegador, acao, **campos) -> dict:
    """What the page of an action posts when only `campos` change."""
    form = navegador.get(f"{MANTER}{acao.pk}/").context["form"]
    valores = {nome: form[nome].value() for nome in form.fields}
    limpos = {
        nome: valor if isinstance(valor, list) else "" if valor is None else str(valor)
        for nome, valor in valores.items()
    }
    if not valores["transliterar"]:
        del limpos["transliterar"]
    return limpos | {"pedido": str(uuid.uuid4())} | campos


def test_an_action_is_updated(operador):
    acao = nova_acao(descricao="AVISO")

    resposta = operador.post(f"{MANTER}{acao.pk}/", na_tela(operador, acao, ativa="False"), follow=True)

    acao.refresh_from_db()
    assert "Ação de Cobrança AVISO atualizada com sucesso." in resposta.text
    assert not acao.ativa and acao.por_sms


def test_a_double_click_updates_once_and_is_no_second_editor(operador):
    acao = nova_acao()
    duas_vezes = na_tela(operador, acao, dias_de_validade="99")

    respostas = [operador.post(f"{MANTER}{acao.pk}/", duas_vezes) for _ in range(2)]

    assert [resposta.status_code for resposta in respostas] == [302, 302]
    assert LogEntry.objects.count() == 1


def test_two_who_edit_one_action_are_told(operador, entrar):
    acao = nova_acao()
    aberta = na_tela(operador, acao, descricao="A MINHA")
    outra = entrar("supervisor")
    outra.post(f"{MANTER}{acao.pk}/", na_tela(outra, acao, dias_de_validade="99"))

    resposta = operador.post(f"{MANTER}{acao.pk}/", aberta)

    assert "pessoa-supervisor alterou este registro" in resposta.text
    assert "Número de Dias de Validade da Ação (agora: 99)" in resposta.text
    assert "A MINHA" in resposta.text
    assert AcaoCobranca.objects.get().descricao == acao.descricao


def test_what_somebody_else_marked_meanwhile_is_told_by_its_name(operador):
    acao = nova_acao(situacoes_agua=[3])
    aberta = na_tela(operador, acao, descricao="A MINHA")
    AcaoCobranca.objects.update(situacoes_agua=[5, 6])

    resposta = operador.post(f"{MANTER}{acao.pk}/", aberta)

    assert "Situação da Ligação de Água dos Imóveis (agora: Cortado, Suprimido)" in resposta.text
    assert resposta.context["form"]["situacoes_agua"].value() == [5, 6]


@pytest.mark.django_db(transaction=True)
def test_trap_a_channel_turned_on_while_somebody_takes_the_action_as_predecessora_is_seen(transactional_db, entrar):
    """Both find nothing wrong when each looks before the other stores."""
    sem = {"por_sms": False, "por_email": False, "compoe_cronograma": True}
    novo_parametro_sistema()
    primeira, operador = nova_acao(**sem, ordem_cronograma=1), entrar("operador")
    seguinte = sem_mensagem(
        compoe_cronograma="True", ordem_cronograma="2", predecessora=primeira.pk, dias_da_predecessora="1"
    )

    def inserir():
        try:
            return operador.post(INSERIR, seguinte)
        finally:
            connection.close()

    def alguem_espera() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # or each look in a transaction shows the first
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            return cursor.fetchone()[0] > 0

    with ThreadPoolExecutor(1) as outra_pessoa:
        with transaction.atomic():
            travar()
            AcaoCobranca.objects.filter(pk=primeira.pk).update(
                compoe_cronograma=False, ordem_cronograma=0, por_sms=True, texto_sms=SMS
            )
            feito = outra_pessoa.submit(inserir)
            while not (feito.done() or alguem_espera()):
                pass
        resposta = feito.result()

    assert erros(resposta)["predecessora"] == ["A Ação Predecessora não pode ter mensagem associada."]
    assert AcaoCobranca.objects.count() == 1


def test_an_action_is_not_its_own_predecessora(operador):
    acao, outra, _ = nova_acao(), nova_acao(), nova_acao(ativa=False)

    oferecidas = operador.get(f"{MANTER}{acao.pk}/").context["form"].fields["predecessora"].queryset

    assert list(oferecidas) == [outra]


def test_who_may_only_look_sees_fields_that_cannot_be_changed(entrar):
    leitor = entrar("")
    leitor.pessoa.user_permissions.add(Permission.objects.get(codename="view_acaocobranca"))
    acao = nova_acao()

    resposta = leitor.get(f"{MANTER}{acao.pk}/")

    assert all(campo.disabled for campo in resposta.context["form"].fields.values())
    assert ">Atualizar</button>" not in resposta.text
    assert f'name="texto_sms" value="{acao.texto_sms}"' in resposta.text  # for the preview
    assert leitor.post(f"{MANTER}{acao.pk}/", {}).status_code == 403
    assert leitor.get(INSERIR).status_code == 403
    lista = leitor.get(MANTER)
    assert 'name="remover"' not in lista.text
    assert leitor.post(MANTER, {"remover": acao.pk}).status_code == 403


# Manter


@pytest.mark.parametrize(
    ("filtro", "achadas"),
    [
        ({}, ["A SMS", "B EMAIL", "C NADA"]),
        ({"descricao": "sms"}, ["A SMS"]),
        ({"mensagem": "sms"}, ["A SMS"]),
        ({"mensagem": "email"}, ["B EMAIL"]),
        ({"mensagem": "nao"}, ["C NADA"]),
        ({"tipo_documento": "12"}, ["B EMAIL"]),
        ({"tipo_documento": "x"}, ["A SMS", "B EMAIL", "C NADA"]),
        ({"cronograma": "sim"}, ["C NADA"]),
        ({"cronograma": "nao"}, ["A SMS", "B EMAIL"]),
        ({"ativa": "nao"}, ["C NADA"]),
        ({"ativa": "sim"}, ["A SMS", "B EMAIL"]),
        ({"mensagem": "x", "ativa": "sim"}, ["A SMS", "B EMAIL"]),
        ({"descricao": "\0"}, ["A SMS", "B EMAIL", "C NADA"]),
        ({"descricao": "%_"}, []),
    ],
)
def test_the_filter(operador, filtro, achadas):
    nova_acao(descricao="A SMS", por_email=False)
    nova_acao(descricao="B EMAIL", por_sms=False, tipo_documento=12)
    do_cronograma = {"por_sms": False, "por_email": False, "compoe_cronograma": True, "ordem_cronograma": 1}
    nova_acao(descricao="C NADA", **do_cronograma, ativa=False)

    linhas = operador.get(MANTER, filtro).context["pagina"].linhas

    assert [linha.descricao for linha in linhas] == achadas


def test_a_filter_that_makes_no_sense_says_so(operador):
    nova_acao()

    assert "Faça uma escolha válida" in operador.get(MANTER, {"mensagem": "x"}).text


def test_actions_are_removed_after_a_confirmation(operador):
    umas = [nova_acao(descricao="VELHA"), nova_acao(descricao="OUTRA")]
    AcaoCobranca.objects.filter(pk=umas[0].pk).update(por_sms=False, por_email=False)
    AcaoCobranca.objects.filter(pk=umas[1].pk).update(por_sms=False, por_email=False, predecessora=umas[0])
    pedido = {"remover": [acao.pk for acao in umas], "pedido": str(uuid.uuid4())}

    pergunta = operador.post(MANTER, pedido)

    assert "Confirma remoção?" in pergunta.text and "VELHA" in pergunta.text
    assert AcaoCobranca.objects.count() == 2
    for _ in range(2):
        resposta = operador.post(MANTER, pedido | {"confirmado": "1"}, follow=True)
    assert "Nenhum registro" not in resposta.text
    assert not AcaoCobranca.objects.exists()
    assert LogEntry.objects.count() == 2


@pytest.mark.parametrize("remover", [[], ["x"], ["9" * 40], ["\0"], ["999"]])
def test_nothing_selected_is_told(operador, remover):
    nova_acao()

    resposta = operador.post(MANTER, {"remover": remover})

    assert "Nenhum registro selecionado." in resposta.text
    assert AcaoCobranca.objects.count() == 1


def test_a_filter_of_any_length_does_not_keep_an_action_from_being_removed(operador):
    unica = nova_acao()

    resposta = operador.post(
        f"{MANTER}?descricao={'%F0%9F%98%80' * 200}",
        {"remover": unica.pk, "confirmado": "1", "pedido": str(uuid.uuid4())},
    )

    assert resposta.status_code == 302
    assert not AcaoCobranca.objects.exists()


def test_what_holds_an_action_is_named_and_none_is_removed(operador):
    livre, comandada, seguida = (
        nova_acao(),
        nova_acao(),
        nova_acao(descricao="PRIMEIRA", por_sms=False, por_email=False),
    )
    comandada.comandos.create(titulo="Corte de maio")
    nova_acao(descricao="SEGUNDA", por_sms=False, por_email=False, predecessora_alternativa=seguida)

    resposta = operador.post(
        MANTER, {"remover": [livre.pk, comandada.pk, seguida.pk], "confirmado": "1", "pedido": str(uuid.uuid4())}
    )

    assert "o comando “Corte de maio” é dela" in resposta.text
    assert "PRIMEIRA não pode ser removida: é predecessora de SEGUNDA." in resposta.text
    assert AcaoCobranca.objects.count() == 4


def test_who_answers_no_keeps_the_marks(operador):
    acao = nova_acao()

    resposta = operador.post(MANTER, {"remover": acao.pk, "voltar": "1"})

    assert "checked" in resposta.text
    assert AcaoCobranca.objects.exists()


def test_an_empty_list_says_what_to_do(operador):
    assert "Insira uma ação que envie mensagem" in operador.get(MANTER).text
    nova_acao()
    assert "Mude o filtro" in operador.get(MANTER, {"descricao": "zzz"}).text


def test_the_pages_ask_few_questions_of_the_database(operador, django_assert_max_num_queries):
    for _ in range(12):
        acao = nova_acao()

    for pagina in (MANTER, INSERIR, f"{MANTER}{acao.pk}/"):
        with django_assert_max_num_queries(12):
            operador.get(pagina)
