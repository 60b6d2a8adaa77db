"""Which imóveis a comando makes documents for, over what, and why the others get none."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from cadastro.models import Relacao
from cobranca.documentos import JaGerado, NaoGera, gerar_documentos
from cobranca.models import CobrancaDocumento, ComandoAcao, CriterioCobranca, ImovelSemDocumento
from faturamento.models import Conta, DebitoACobrar
from tests.fabricas import (
    HOJE,
    meio_dia,
    nova_acao,
    nova_conta,
    nova_localidade,
    novo_cliente,
    novo_comando,
    novo_fone,
    novo_imovel,
    novo_parametro_sistema,
    novo_vinculo,
)

pytestmark = pytest.mark.django_db

DIAS, MINIMO = 5, Decimal("50.00")
UM_DIA = timedelta(days=1)


@pytest.fixture(autouse=True)
def parametros():
    novo_parametro_sistema()


def acao_com(*, dias=DIAS, minimo=MINIMO, **campos):
    criterio = CriterioCobranca.objects.create(descricao="CRITÉRIO", dias_de_atraso=dias, valor_minimo=minimo)
    return nova_acao(**{"criterio": criterio} | campos)


def gerar(acao=None, **comando) -> ComandoAcao:
    comando = novo_comando(acao or acao_com(), **comando)
    gerar_documentos(comando.pk, hoje=HOJE, agora=meio_dia(HOJE))
    comando.refresh_from_db()
    return comando


def devedor(*valores: str, cliente=None, **imovel):
    """An imóvel with a present usuário and one overdue conta of each value (100.00 unless told)."""
    imovel = novo_imovel(**imovel)
    if cliente is not False:
        novo_vinculo(cliente or novo_cliente(), imovel)
    for mes, valor in enumerate(valores or ["100.00"], start=1):
        atrasada(imovel, valor=valor, referencia=202600 + mes)
    return imovel


def atrasada(imovel, **campos) -> Conta:
    return nova_conta(imovel=imovel, **{"valor": "100.00", "vencimento": HOJE - 30 * UM_DIA} | campos)


def novo_debito(imovel, **campos) -> DebitoACobrar:
    return DebitoACobrar.objects.create(
        imovel=imovel, **{"descricao": "MULTA", "referencia": 202610, "valor": Decimal("30.00")} | campos
    )


def motivos() -> dict[int, int]:
    return dict(ImovelSemDocumento.objects.values_list("imovel", "motivo"))


def test_an_imovel_that_owes_gets_one_document_over_its_contas():
    imovel = devedor("60.00", "40.50")

    comando = gerar(acao_com(dias_de_validade=10, tipo_documento=8))

    documento = CobrancaDocumento.objects.get()
    assert (documento.comando, documento.imovel, documento.localidade_id) == (comando, imovel, 1)
    assert (documento.emissao, documento.validade) == (HOJE, HOJE + 10 * UM_DIA)
    assert (documento.valor, documento.tipo_documento) == (Decimal("100.50"), 8)
    assert set(documento.itens.values_list("conta", "valor")) == set(imovel.contas.values_list("pk", "valor"))
    assert (comando.gerado_em, comando.documentos_gerados) == (meio_dia(HOJE), 1)


def test_the_counts_are_of_documents_and_of_those_left_without():
    devedor()
    devedor("10.00")

    comando = novo_comando(acao_com())

    assert gerar_documentos(comando.pk, hoje=HOJE, agora=meio_dia(HOJE)) == {"documentos": 1, "sem_documento": 1}


def test_the_items_of_every_document_sum_to_its_value():
    for _ in range(3):
        novo_debito(devedor("60.00", "0.01", "39.99"))

    gerar(acao_com(considera_debitos=True))

    somas = CobrancaDocumento.objects.annotate(soma=Sum("itens__valor")).values_list("valor", "soma")
    assert list(somas) == [(Decimal("130.00"), Decimal("130.00"))] * 3


@pytest.mark.parametrize(("dias_de_atraso", "entra"), [(DIAS - 1, False), (DIAS, True), (DIAS + 1, True), (-3, False)])
def test_a_conta_counts_from_the_criterions_day_on(dias_de_atraso, entra):
    imovel = devedor()
    imovel.contas.update(vencimento=HOJE - dias_de_atraso * UM_DIA)

    gerar()

    assert CobrancaDocumento.objects.exists() is entra
    assert motivos() == {}


def test_only_the_contas_late_enough_are_in_the_document():
    imovel = devedor("80.00")
    atrasada(imovel, valor="70.00", vencimento=HOJE - (DIAS - 1) * UM_DIA, referencia=202611)

    gerar()

    assert CobrancaDocumento.objects.get().valor == Decimal("80.00")


@pytest.mark.parametrize(("valores", "entra"), [(["49.99"], False), (["50.00"], True), (["25.00", "25.00"], True)])
def test_the_minimum_value_is_that_of_the_whole_debt_and_itself_enough(valores, entra):
    imovel = devedor(*valores)

    gerar()

    assert CobrancaDocumento.objects.exists() is entra
    assert motivos() == ({} if entra else {imovel.pk: 34})


@pytest.mark.parametrize(("considera", "valor"), [(True, "130.00"), (False, "100.00")])
def test_debitos_are_in_the_document_only_when_the_action_considers_them(considera, valor):
    novo_debito(devedor())

    gerar(acao_com(considera_debitos=considera))

    assert CobrancaDocumento.objects.get().valor == Decimal(valor)


def test_debitos_that_are_paid_or_cancelled_are_left_out():
    imovel = devedor()
    novo_debito(imovel, pago_em=HOJE)
    novo_debito(imovel, cancelado=True)

    gerar(acao_com(considera_debitos=True))

    assert CobrancaDocumento.objects.get().valor == Decimal("100.00")


def test_debitos_count_towards_the_minimum_but_alone_make_no_document():
    com_conta = devedor("20.00")
    novo_debito(com_conta)
    so_debito = novo_imovel()
    novo_vinculo(novo_cliente(), so_debito)
    novo_debito(so_debito, valor=Decimal("500.00"))

    gerar(acao_com(considera_debitos=True))

    assert CobrancaDocumento.objects.get().imovel == com_conta


@pytest.mark.parametrize(
    "campos",
    [{"pago_em": HOJE}, *({"situacao": s} for s in range(3, 11)), {"valor_creditos": Decimal("100.00")}],
    ids=str,
)
def test_contas_that_are_paid_cancelled_or_empty_are_not_owed(campos):
    imovel = devedor()
    imovel.contas.update(**campos)

    gerar()

    assert not CobrancaDocumento.objects.exists()
    assert motivos() == {}


@pytest.mark.parametrize("situacao", [0, 1, 2])
def test_contas_normal_retificada_and_incluida_are_owed(situacao):
    devedor().contas.update(situacao=situacao)

    gerar()

    assert CobrancaDocumento.objects.count() == 1


# The present usuário.


@pytest.mark.parametrize(
    ("inicio", "fim", "atual"),
    [
        (HOJE, None, True),
        (HOJE + UM_DIA, None, False),
        (HOJE - UM_DIA, HOJE, False),
        (HOJE - UM_DIA, HOJE + UM_DIA, True),
        (HOJE - 9 * UM_DIA, HOJE - UM_DIA, False),
    ],
)
def test_the_usuario_is_who_is_so_today(inicio, fim, atual):
    imovel = devedor(cliente=False)
    novo_vinculo(novo_cliente(), imovel, inicio=inicio, fim=fim)

    gerar()

    assert motivos() == ({} if atual else {imovel.pk: 35})


def test_the_day_of_a_change_belongs_to_the_new_usuario():
    imovel = devedor(cliente=False)
    novo_vinculo(novo_cliente(), imovel, inicio=HOJE - 9 * UM_DIA, fim=HOJE)
    novo_vinculo(novo_cliente(por_sms=False, por_email=False), imovel, inicio=HOJE)

    gerar()

    assert motivos() == {imovel.pk: 33}


@pytest.mark.parametrize("relacao", [Relacao.PROPRIETARIO, Relacao.RESPONSAVEL])
def test_another_relation_is_no_usuario(relacao):
    imovel = devedor(cliente=False)
    novo_vinculo(novo_cliente(), imovel, relacao=relacao)

    gerar()

    assert motivos() == {imovel.pk: 35}


# Motivo 33: no channel that both the action and the customer have.

SEM_CANAL = {
    "both off": {"por_sms": False, "por_email": False},
    "no phone and no address": {"celular": None, "email": ""},
    "a phone that is no celular and no address": {"celular": "812345678", "email": ""},
    "a DDD that does not exist and no address": {"ddd": "23", "email": ""},
    "inactive": {"ativo": False},
}


@pytest.mark.parametrize("cliente", SEM_CANAL)
def test_a_usuario_without_any_channel_gets_no_document(cliente):
    imovel = devedor(cliente=novo_cliente(**SEM_CANAL[cliente]))

    gerar()

    assert motivos() == {imovel.pk: 33}


def test_a_celular_that_is_not_marked_sms_is_no_channel():
    cliente = novo_cliente(celular=None, email="")
    novo_fone(cliente, principal=True)
    imovel = devedor(cliente=cliente)

    gerar()

    assert motivos() == {imovel.pk: 33}


@pytest.mark.parametrize("cliente", [{"por_sms": False}, {"por_email": False}, {"celular": None}, {"email": ""}])
def test_one_channel_is_enough_when_the_action_has_both(cliente):
    devedor(cliente=novo_cliente(**cliente))

    gerar()

    assert motivos() == {}


@pytest.mark.parametrize(
    ("acao", "cliente"),
    [
        ({"por_email": False, "tentativas_email": 0}, {"por_sms": False}),
        ({"por_email": False, "tentativas_email": 0}, {"celular": None}),
        ({"por_sms": False}, {"por_email": False}),
        ({"por_sms": False}, {"email": ""}),
    ],
)
def test_trap_with_only_one_channel_on_motivo_33_rejects_who_lacks_it(acao, cliente):
    """GSAN's test never rejects when the action has only one channel (gsan.md 2.6)."""
    imovel = devedor(cliente=novo_cliente(**cliente))

    gerar(acao_com(**acao))

    assert motivos() == {imovel.pk: 33}
    assert not CobrancaDocumento.objects.exists()


def test_an_action_that_sends_nothing_asks_for_no_channel():
    devedor(cliente=novo_cliente(**SEM_CANAL["both off"]))

    gerar(acao_com(por_sms=False, por_email=False))

    assert CobrancaDocumento.objects.count() == 1


# What an action asks of the imóvel, of its usuário and of what was done before: motivos 37 to 40.


@pytest.mark.parametrize(("campo", "situacoes"), [("agua", "situacoes_agua"), ("esgoto", "situacoes_esgoto")])
def test_only_imoveis_in_the_situations_of_the_action_get_a_document(campo, situacoes):
    ligado, cortado = (devedor(**{f"situacao_{campo}": situacao}) for situacao in (3, 5))

    gerar(acao_com(**{situacoes: [3, 4]}))

    assert CobrancaDocumento.objects.get().imovel == ligado
    assert motivos() == {cortado.pk: 37}


@pytest.mark.parametrize("vencimento", [None, 7])  # of fichas, and there is none
def test_documents_that_would_be_worth_nothing_when_they_are_announced_are_not_made_yet(vencimento):
    devedor()
    acao = acao_com(dias_de_validade=15, dias_de_vencimento=vencimento)
    ate = HOJE + 15 * UM_DIA

    with pytest.raises(NaoGera, match=f"valem só até {ate:%d/%m/%Y}: gere-os a partir de {HOJE + UM_DIA:%d/%m/%Y}"):
        gerar(acao, enviar_a_partir_de=ate + UM_DIA)

    assert gerar(acao, enviar_a_partir_de=ate).documentos_gerados == 1


def test_an_action_of_no_situation_reaches_them_all():
    for situacao in range(1, 9):
        devedor(situacao_agua=situacao, situacao_esgoto=min(situacao, 6))

    gerar()

    assert CobrancaDocumento.objects.count() == 8


@pytest.mark.parametrize(("so_valido", "motivo"), [(True, {38}), (False, set())])
def test_an_action_for_valid_documents_leaves_out_who_has_none(so_valido, motivo):
    devedor()
    devedor(cliente=novo_cliente(documento="52998224725"))

    gerar(acao_com(so_documento_valido=so_valido))

    assert set(motivos().values()) == motivo
    assert CobrancaDocumento.objects.count() == (1 if so_valido else 2)


@pytest.mark.parametrize(("idade", "cobra"), [(9, False), (10, True), (20, True), (21, False)])
def test_validar_por_item_charges_what_is_within_the_days(idade, cobra):
    imovel = devedor("80.00")
    imovel.contas.update(vencimento=HOJE - 15 * UM_DIA)
    atrasada(imovel, valor="70.00", vencimento=HOJE - idade * UM_DIA, referencia=202611)

    gerar(acao_com(valida_por_item=True, dias_minimos=10, dias_maximos=20))

    documento = CobrancaDocumento.objects.get()
    assert documento.valor == Decimal("150.00" if cobra else "80.00")
    assert sum(documento.itens.values_list("valor", flat=True)) == documento.valor


def test_an_imovel_without_any_item_within_the_days_gets_no_document():
    imovel = devedor()

    gerar(acao_com(valida_por_item=True, dias_minimos=31, dias_maximos=60))

    assert motivos() == {imovel.pk: 39}


@pytest.mark.parametrize(("referencia", "cobra"), [(202610, True), (202609, False)])
def test_the_age_of_a_debito_counts_from_the_end_of_its_month(referencia, cobra):
    novo_debito(devedor(), referencia=referencia)  # HOJE is the 10th of November

    gerar(acao_com(considera_debitos=True, valida_por_item=True, dias_minimos=9, dias_maximos=30))

    assert CobrancaDocumento.objects.get().valor == Decimal("130.00" if cobra else "100.00")


@pytest.mark.parametrize("campo", ["predecessora", "predecessora_alternativa"])
@pytest.mark.parametrize(("ha", "vai"), [(29, False), (30, True)])
def test_an_action_follows_its_predecessora_after_so_many_days(campo, ha, vai):
    sem_mensagem = {"por_sms": False, "por_email": False}
    primeira = acao_com(**sem_mensagem)
    seguido, novo = devedor(), devedor()
    novo.contas.update(vencimento=HOJE)
    gerar(primeira)
    CobrancaDocumento.objects.update(emissao=HOJE - ha * UM_DIA)
    novo.contas.update(vencimento=HOJE - 30 * UM_DIA)
    criterio = primeira.criterio
    seguinte = nova_acao(criterio=criterio, dias_da_predecessora=30, **sem_mensagem, **{campo: primeira})

    comando = gerar(seguinte)

    assert list(comando.documentos.values_list("imovel", flat=True)) == ([seguido.pk] if vai else [])
    assert motivos() == {novo.pk: 40} | ({} if vai else {seguido.pk: 40})


def test_a_cancelled_document_of_the_predecessora_does_not_count():
    sem_mensagem = {"por_sms": False, "por_email": False}
    primeira = acao_com(**sem_mensagem)
    imovel = devedor()
    gerar(primeira)
    CobrancaDocumento.objects.update(cancelado=True)

    gerar(nova_acao(criterio=primeira.criterio, predecessora=primeira, dias_da_predecessora=0, **sem_mensagem))

    assert motivos() == {imovel.pk: 40}


def test_an_imovel_that_owes_no_conta_gets_a_document_when_the_action_says_so():
    imovel = novo_imovel()
    novo_vinculo(novo_cliente(), imovel)
    novo_debito(imovel, valor=Decimal("500.00"))
    sem_nada = novo_imovel()
    novo_vinculo(novo_cliente(), sem_nada)

    gerar(acao_com(considera_debitos=True, executa_sem_debito=True))

    assert CobrancaDocumento.objects.get().imovel == imovel  # a document that charges nothing cannot be paid
    assert motivos() == {}


def test_who_owes_no_conta_is_looked_for_in_the_localidade_of_the_comando():
    for codigo in (1, 2):
        imovel = novo_imovel(localidade=nova_localidade(codigo))
        novo_vinculo(novo_cliente(), imovel)
        novo_debito(imovel, valor=Decimal("500.00"))

    gerar(acao_com(considera_debitos=True, executa_sem_debito=True), localidade=nova_localidade(1))

    assert CobrancaDocumento.objects.get().localidade_id == 1


@pytest.mark.parametrize(("decrescente", "valores"), [(True, [300, 200, 100]), (False, [100, 300, 200])])
def test_the_documents_are_numbered_from_the_largest_value_when_the_action_says_so(decrescente, valores):
    for valor in ("100.00", "300.00", "200.00"):
        devedor(valor)

    gerar(acao_com(por_valor_decrescente=decrescente))

    assert list(CobrancaDocumento.objects.order_by("id").values_list("valor", flat=True)) == valores


@pytest.mark.parametrize(("dias", "vencimento"), [(5, HOJE + 5 * UM_DIA), (0, HOJE), (None, None)])
def test_a_document_falls_due_by_the_days_of_its_action(dias, vencimento):
    devedor()

    gerar(acao_com(dias_de_validade=10, dias_de_vencimento=dias))

    documento = CobrancaDocumento.objects.get()
    assert (documento.vencimento, documento.validade) == (vencimento, HOJE + 10 * UM_DIA)


# Motivo 36, and the rest.


@pytest.mark.parametrize(("envia", "motivo"), [(True, {36}), (False, set())])
def test_imoveis_of_the_special_programme_get_no_document_that_is_sent(envia, motivo):
    devedor(perfil=5)
    novo_parametro_sistema(perfil_programa_especial_id=5)

    gerar(acao_com(por_sms=envia, por_email=envia))

    assert set(motivos().values()) == motivo


def test_without_a_special_programme_nobody_is_left_out_for_it():
    novo_parametro_sistema(perfil_programa_especial=None)
    devedor()

    gerar()

    assert motivos() == {}


def test_one_motivo_for_each_imovel_and_the_value_comes_first():
    imovel = devedor("10.00", perfil=5, cliente=False)
    novo_parametro_sistema(perfil_programa_especial_id=5)

    gerar()

    assert motivos() == {imovel.pk: 34}


def test_a_comando_of_one_localidade_sees_only_its_imoveis():
    daqui = devedor(localidade=nova_localidade(1))
    devedor(localidade=nova_localidade(2))
    devedor("1.00", localidade=nova_localidade(2))

    gerar(localidade=nova_localidade(1))

    assert CobrancaDocumento.objects.get().imovel == daqui
    assert motivos() == {}


def test_the_localidade_is_where_the_imovel_is_now():
    """An imóvel that moved owes its old contas too, and its document is of its present localidade."""
    mudou = devedor("60.00", "40.00", localidade=nova_localidade(2))
    mudou.contas.filter(referencia=202601).update(localidade=nova_localidade(1))

    acao = acao_com()

    gerar(acao, localidade=nova_localidade(1))
    assert not CobrancaDocumento.objects.exists()

    gerar(acao, localidade=nova_localidade(2))
    documento = CobrancaDocumento.objects.get()
    assert (documento.valor, documento.localidade_id) == (Decimal("100.00"), 2)


def test_documents_are_generated_once():
    devedor()
    comando = gerar()

    with pytest.raises(JaGerado, match="já foram gerados"):
        gerar_documentos(comando.pk, hoje=HOJE, agora=meio_dia(HOJE))

    assert CobrancaDocumento.objects.count() == 1


def test_a_cancelled_comando_makes_no_documents():
    devedor()
    comando = novo_comando(acao_com(), cancelado_em=meio_dia(HOJE))

    with pytest.raises(NaoGera, match="foi cancelado"):
        gerar_documentos(comando.pk, hoje=HOJE, agora=meio_dia(HOJE))

    assert not CobrancaDocumento.objects.exists()


def test_another_comando_makes_its_own_documents():
    devedor()
    acao = acao_com()

    gerar(acao)
    gerar(acao)

    assert CobrancaDocumento.objects.count() == 2


def test_the_number_of_statements_does_not_grow_with_the_imoveis():
    acao = acao_com(considera_debitos=True)
    consultas = []
    for quantos in (1, 30):
        for _ in range(quantos):
            novo_debito(devedor())
        with CaptureQueriesContext(
            connection,
        ) as capturadas:
            gerar(acao)
        consultas.append(len(capturadas))

    assert consultas[0] == consultas[1]


def test_the_sequencial_of_the_bar_code_never_passes_nine_digits():
    devedor()
    devedor()
    tabela = CobrancaDocumento._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), 999999998)", [tabela])
    comando = novo_comando(acao_com())

    with pytest.raises(IntegrityError, match="documento_sequencial_de_9_digitos"), transaction.atomic():
        gerar_documentos(comando.pk, hoje=HOJE, agora=meio_dia(HOJE))

    comando.refresh_from_db()
    assert comando.gerado_em is None
    assert not CobrancaDocumento.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), 1)", [tabela])


def test_a_usuario_whose_acao_de_cobranca_is_nao_gets_no_document():
    fora = devedor(cliente=novo_cliente(acao_cobranca=False))
    dentro = devedor()

    comando = gerar()

    assert list(comando.documentos.values_list("imovel", flat=True)) == [dentro.pk]
    assert ImovelSemDocumento.objects.get().imovel == fora
    assert ImovelSemDocumento.objects.get().motivo == ImovelSemDocumento.Motivo.FORA_DA_COBRANCA
