"""The rules of an action (gsan.md 3.2): each message lies at its field, and a valid action passes."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from cadastro.models import ParametroSistema
from cobranca.models import AcaoCobranca, TipoDocumento, TipoServico
from tests.fabricas import nova_acao, novo_parametro_sistema

pytestmark = pytest.mark.django_db

SEM_CANAL = {"por_sms": False, "por_email": False, "tentativas_email": 0, "texto_sms": "", "texto_email": ""}


@pytest.fixture(autouse=True)
def parametros():
    novo_parametro_sistema()


def do_cronograma(ordem: int, **campos) -> AcaoCobranca:
    return nova_acao(**SEM_CANAL | {"compoe_cronograma": True, "ordem_cronograma": ordem} | campos)


def erros(acao: AcaoCobranca) -> dict[str, list[str]]:
    try:
        acao.full_clean()
    except ValidationError as erro:
        return erro.message_dict
    return {}


def com(acao: AcaoCobranca, **campos) -> dict[str, list[str]]:
    """What is wrong with the action once these fields have changed."""
    for campo, valor in campos.items():
        setattr(acao, campo, valor)
    return erros(acao)


def test_an_action_that_sends_by_both_channels_alone_passes():
    assert erros(nova_acao()) == {}


@pytest.mark.parametrize("canal", ["por_sms", "por_email"])
def test_an_action_of_one_channel_needs_nothing_of_the_other(canal):
    so_sms = {"tentativas_email": 0, "texto_email": "", "assunto": ""}
    outro = {"por_email": False, **so_sms} if canal == "por_sms" else {"por_sms": False, "texto_sms": ""}

    assert erros(nova_acao(**outro)) == {}


def test_an_action_of_the_cronograma_with_its_neighbours_and_service_passes():
    primeira, segunda = do_cronograma(1), do_cronograma(2)
    servico = TipoServico.objects.create(pk=1, descricao="CORTE")
    terceira = do_cronograma(
        3, predecessora=segunda, dias_da_predecessora=0, predecessora_alternativa=primeira, tipo_servico=servico
    )

    assert erros(terceira) == {}


def test_an_action_that_neither_sends_nor_is_in_the_cronograma_passes():
    assert erros(nova_acao(**SEM_CANAL)) == {}


# FS0017, FS0018, FS0019: an action that sends messages stands alone.


@pytest.mark.parametrize("canal", ["por_sms", "por_email"])
def test_fs0017_an_action_with_messages_has_no_service(canal):
    servico = TipoServico.objects.create(pk=1, descricao="CORTE")

    achados = com(nova_acao(), tipo_servico=servico, **{"por_sms": False, "por_email": False} | {canal: True})

    assert achados == {"tipo_servico": ["Ação com mensagem não pode ter Tipo de Serviço associado."]}


@pytest.mark.parametrize(
    ("campo", "nome"),
    [
        ("predecessora", "Ação Predecessora"),
        ("predecessora_alternativa", "Ação Predecessora Alternativa"),
    ],
)
def test_fs0018_an_action_with_messages_has_no_predecessora_nor_alternativa(campo, nome):
    achados = com(nova_acao(dias_da_predecessora=1), **{campo: do_cronograma(1)})

    assert achados == {campo: [f"Ação com mensagem não pode ter {nome}."]}


def test_fs0019_an_action_with_messages_is_not_in_the_cronograma():
    achados = com(nova_acao(), compoe_cronograma=True, ordem_cronograma=1)

    assert achados == {"compoe_cronograma": ["Ação com mensagem não pode compor o cronograma."]}


@pytest.mark.parametrize("campo", ["predecessora", "predecessora_alternativa"])
def test_fs0020_the_predecessora_and_the_alternativa_send_no_messages(campo):
    acao = do_cronograma(5, dias_da_predecessora=1)

    assert com(acao, **{campo: nova_acao()}) == {campo: ["A Ação Predecessora não pode ter mensagem associada."]}


@pytest.mark.parametrize("campo", ["predecessora", "predecessora_alternativa"])
@pytest.mark.parametrize(
    ("canal", "resto"),
    [
        ("por_sms", {"texto_sms": "Pague {VALORDOC}"}),
        ("por_email", {"texto_email": "Pague {VALORDOC}", "assunto": "Débito", "tentativas_email": 3}),
    ],
)
def test_a_channel_is_not_turned_on_in_an_action_that_others_follow(campo, canal, resto):
    seguida = do_cronograma(1)
    seguinte = do_cronograma(2, dias_da_predecessora=1, **{campo: seguida})

    achados = com(seguida, compoe_cronograma=False, ordem_cronograma=0, **{canal: True} | resto)

    assert achados == {
        canal: [f"Ação com mensagem não pode ter sucessora, e é predecessora de {seguinte.descricao}."],
    }


@pytest.mark.parametrize("canal", ["por_sms", "por_email"])
@pytest.mark.parametrize("vizinhanca", ["tipo_servico", "predecessora", "predecessora_alternativa", "cronograma"])
def test_the_database_refuses_an_action_with_messages_that_is_not_alone(canal, vizinhanca):
    ligado = {"por_sms": False, "por_email": False} | {canal: True}
    acao = nova_acao(**ligado)
    outra = do_cronograma(1)
    vizinho = {
        "tipo_servico": {"tipo_servico": TipoServico.objects.create(pk=1, descricao="CORTE")},
        "predecessora": {"predecessora": outra},
        "predecessora_alternativa": {"predecessora_alternativa": outra},
        "cronograma": {"compoe_cronograma": True},
    }[vizinhanca]

    with pytest.raises(IntegrityError, match="acao_com_mensagem_fica_so"), transaction.atomic():
        AcaoCobranca.objects.filter(pk=acao.pk).update(**vizinho)


@pytest.mark.parametrize("campos", [{"texto_sms": ""}, {"texto_email": ""}, {"tentativas_email": 0}])
def test_the_database_refuses_a_channel_without_its_text_or_attempts(campos):
    acao = nova_acao()

    with pytest.raises(IntegrityError, match="com_texto"), transaction.atomic():
        AcaoCobranca.objects.filter(pk=acao.pk).update(**campos)


# Rules 3 to 7: the cronograma.


def test_rule_7_an_obrigatoria_is_of_the_cronograma():
    assert erros(do_cronograma(1, obrigatoria=True)) == {}
    assert com(nova_acao(), obrigatoria=True) == {"obrigatoria": ["Ação Obrigatória deve compor o cronograma."]}
    with pytest.raises(IntegrityError, match="acao_obrigatoria_no_cronograma"), transaction.atomic():
        nova_acao(obrigatoria=True)


@pytest.mark.parametrize("campo", ["predecessora", "predecessora_alternativa"])
def test_rule_3_only_an_action_of_the_cronograma_has_a_predecessora(campo):
    fora = nova_acao(**SEM_CANAL, dias_da_predecessora=1)

    achados = com(fora, **{campo: do_cronograma(1)})

    assert list(achados) == [campo]
    assert "não compõe o cronograma" in achados[campo][0]


def test_rule_4_two_actions_never_share_an_order():
    do_cronograma(7, descricao="CORTE")
    outra = do_cronograma(8)

    assert com(outra, ordem_cronograma=7) == {
        "ordem_cronograma": ["Ação CORTE já cadastrada com o número de ordem informado."],
    }
    with pytest.raises(IntegrityError, match="acao_ordem_unica"), transaction.atomic():
        AcaoCobranca.objects.filter(pk=outra.pk).update(ordem_cronograma=7)


def test_an_action_may_keep_its_own_order():
    assert erros(do_cronograma(7)) == {}


def test_an_action_of_the_cronograma_has_an_order():
    assert com(do_cronograma(7), ordem_cronograma=0) == {"ordem_cronograma": ["Informe Ordem no Cronograma."]}


@pytest.mark.parametrize("campo", ["predecessora", "predecessora_alternativa"])
@pytest.mark.parametrize("ordem", [4, 5])
def test_rules_5_and_6_the_order_comes_after_that_of_the_predecessora(campo, ordem):
    acao = do_cronograma(9, dias_da_predecessora=1, **{campo: do_cronograma(5)})

    achados = com(acao, ordem_cronograma=ordem)

    assert list(achados) == ["ordem_cronograma"]
    assert any("maior que a da ação predecessora" in mensagem for mensagem in achados["ordem_cronograma"])


@pytest.mark.parametrize("campo", ["predecessora", "predecessora_alternativa"])
def test_an_action_does_not_move_past_those_that_follow_it(campo):
    """The other end of rules 5 and 6; without it two actions could precede each other."""
    seguida = do_cronograma(1)
    seguinte = do_cronograma(2, dias_da_predecessora=1, **{campo: seguida})

    achados = com(seguida, ordem_cronograma=3)

    assert achados == {"ordem_cronograma": [f"A ordem deve ser menor que a da sucessora {seguinte.descricao}."]}


@pytest.mark.parametrize("campo", ["predecessora", "predecessora_alternativa"])
def test_an_action_does_not_precede_itself(campo):
    acao = do_cronograma(3, dias_da_predecessora=1)

    assert com(acao, **{campo: acao})[campo] == ["Uma ação não pode ser predecessora de si mesma."]


@pytest.mark.parametrize("campo", ["ordem_cronograma", "tentativas_email"])
def test_a_number_left_empty_in_a_form_is_stored_as_zero(campo):
    acao = nova_acao(**SEM_CANAL)

    assert com(acao, **{campo: None}) == {}
    acao.save()

    acao.refresh_from_db()
    assert getattr(acao, campo) == 0


def test_what_is_switched_off_is_stored_as_zero():
    acao = do_cronograma(7)

    assert com(acao, compoe_cronograma=False, tentativas_email=3) == {}

    assert (acao.ordem_cronograma, acao.tentativas_email) == (0, 0)


# Rule 8: the days of each item.


@pytest.mark.parametrize("falta", ["Mínimo", "Máximo"])
def test_rule_8_validar_por_item_asks_for_both_days(falta):
    campo, outro = ("dias_minimos", "dias_maximos") if falta == "Mínimo" else ("dias_maximos", "dias_minimos")

    assert com(nova_acao(), valida_por_item=True, **{outro: 30}) == {
        campo: [f"Informe Quantidade de Dias {falta} de Cobrança."]
    }


def test_the_maximum_of_the_days_is_not_under_the_minimum():
    assert com(nova_acao(), valida_por_item=True, dias_minimos=0, dias_maximos=0) == {}
    assert com(nova_acao(), valida_por_item=True, dias_minimos=31, dias_maximos=30) == {
        "dias_maximos": ["Quantidade de Dias Máximo de Cobrança não pode ser menor que a Quantidade de Dias Mínimo."]
    }
    with pytest.raises(IntegrityError, match="acao_dias_dos_itens"), transaction.atomic():
        nova_acao(valida_por_item=True, dias_minimos=31, dias_maximos=30)


@pytest.mark.parametrize("campo", ["dias_minimos", "dias_maximos", "dias_da_predecessora"])
def test_days_that_do_not_apply_are_stored_empty(campo):
    acao = nova_acao()

    assert com(acao, **{campo: 30}) == {}
    assert getattr(acao, campo) is None


# The description and the document.


@pytest.mark.parametrize("descricao", ["AVISO DE CORTE", "2ª CARTA - LIGADOS/CORTADOS (RES.)", "Cobrança nº 3, água"])
def test_a_plain_description_passes(descricao):
    assert com(nova_acao(), descricao=descricao) == {}


@pytest.mark.parametrize("especial", ["@", "#", "_", "*", "<", '"', "'", "%", "😀", "{", "$"])
def test_the_description_has_no_special_characters(especial):
    assert com(nova_acao(), descricao=f"AVISO {especial} DE {especial} CORTE") == {
        "descricao": [f"Descrição da Ação de Cobrança não pode ter caracteres especiais: {especial}"]
    }


def test_the_type_of_document_exists():
    assert com(nova_acao(), tipo_documento=98) == {"tipo_documento": ["Tipo de Documento inexistente."]}


def test_a_type_that_asks_for_it_needs_a_text_of_the_actions_own():
    TipoDocumento.objects.create(pk=98, descricao="CARTA", pede_texto=True)
    acao = nova_acao(tipo_documento=98)

    assert com(acao, texto_personalizado=" ") == {"texto_personalizado": ["Informe Texto personalizado."]}
    assert com(acao, texto_personalizado="Procure-nos.") == {}
    assert list(com(acao, texto_personalizado="x" * 501)) == ["texto_personalizado"]


def test_a_document_does_not_fall_due_after_its_validade():
    acao = nova_acao(dias_de_validade=10)

    assert com(acao, dias_de_vencimento=10) == {}
    assert com(acao, dias_de_vencimento=11) == {
        "dias_de_vencimento": [
            "Número de Dias de Vencimento não pode ser maior que o Número de Dias de Validade da Ação."
        ]
    }


# Rules 13 to 18: the texts.


@pytest.mark.parametrize("vazio", ["", "  \n "])
def test_rule_13_sms_needs_a_text(vazio):
    assert com(nova_acao(), texto_sms=vazio) == {"texto_sms": ["Informe Texto SMS."]}


def test_rule_14_email_needs_a_number_of_attempts():
    assert com(nova_acao(), tentativas_email=0) == {
        "tentativas_email": ["Informe número máximo de tentativas de envio."],
    }


def test_rule_14_the_number_of_attempts_has_two_digits():
    assert list(com(nova_acao(), tentativas_email=100)) == ["tentativas_email"]


def test_rule_15_email_needs_a_text_and_a_subject():
    assert com(nova_acao(), texto_email=" ", assunto="") == {
        "texto_email": ["Informe Texto E-MAIL."],
        "assunto": ["Informe Assunto do e-mail."],
    }


def test_rule_16_a_predecessora_comes_with_its_days():
    acao = do_cronograma(2)

    assert com(acao, predecessora=do_cronograma(1)) == {
        "dias_da_predecessora": ["Informe Número de Dias entre a Ação e sua Predecessora."],
    }
    assert com(acao, dias_da_predecessora=0) == {}


@pytest.mark.parametrize(("letras", "cabe"), [(107 - 13, True), (108 - 13, False)])
def test_rule_17_the_expanded_text_and_57_fit_the_maximum(letras, cabe):
    novo_parametro_sistema(tamanho_maximo_sms=164)

    achados = com(nova_acao(), texto_sms="x" * letras + "{VALORDOC}")

    assert achados == (
        {}
        if cabe
        else {
            "texto_sms": [
                "O texto usa 108 posições que, com as 57 do código de barras, passam do tamanho máximo de 164."
            ]
        }
    )


def test_rule_17_follows_the_parameter_of_the_system():
    novo_parametro_sistema(tamanho_maximo_sms=100)

    assert list(com(nova_acao(), texto_sms="x" * 44)) == ["texto_sms"]
    assert com(nova_acao(), texto_sms="x" * 43) == {}


@pytest.mark.parametrize(("campo", "nome"), [("texto_sms", "SMS"), ("texto_email", "E-MAIL"), ("assunto", "assunto")])
def test_rule_18_tags_are_balanced_and_known(campo, nome):
    assert com(nova_acao(), **{campo: "Pague {VALORDOC"}) == {
        campo: [f"Quantidade de tags inválidas {nome}. Há 1 chave aberta “{{” e 0 chaves fechadas “}}”."]
    }
    assert com(nova_acao(), **{campo: "Vence {VENCTO}"}) == {
        campo: [f"O texto do {nome} está com dados inválidos: {{VENCTO}}."],
    }


def test_trap_rule_18_a_tag_inside_another_is_refused():
    """GSAN looks after taking the known tags away, and of this one leaves a good one behind."""
    assert com(nova_acao(), texto_sms="Pague {MATRI{NOME}CULA}") == {
        "texto_sms": ["O texto do SMS está com dados inválidos: {MATRI e CULA}."]
    }


def test_texts_of_a_channel_that_is_off_are_not_judged():
    assert com(nova_acao(**SEM_CANAL), texto_sms="{XYZ", texto_email="{XYZ") == {}


def test_without_the_parameters_of_the_system_the_operator_is_told_so():
    acao = nova_acao()
    ParametroSistema.objects.all().delete()

    assert erros(acao) == {"__all__": ["Informe os parâmetros do sistema antes de continuar."]}
