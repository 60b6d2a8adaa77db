"""The bridge over time: what changed, what is gone, what is hostile, and what is never done."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from cadastro.importacao import ErroDeImportacao
from cadastro.models import Cliente, ClienteFone, ClienteImovel, Imovel
from cobranca.models import CobrancaDocumento
from faturamento.fonte import FonteDeContas
from faturamento.models import Conta, DebitoACobrar
from mensageria.estados import Motivo
from mensageria.models import Canal
from ponte import recusadas
from ponte.importacao import EmAndamento, MuitasSumiram, sozinha
from ponte.models import Passagem, Recusada
from ponte.origem import ConexaoPerdida, ErroDaOrigem, Origem, parametros, sem_senha
from tests.ponte import gsan as falso

DEPOIS = "2030-01-01"  # after the mark of any run before it
MODELOS = (Imovel, Cliente, ClienteFone, ClienteImovel, Conta, DebitoACobrar, CobrancaDocumento)


@pytest.fixture
def cheio(gsan):
    """Two customers with an imóvel, a phone, a conta and a document each."""
    gsan.comando(4)
    for numero, matricula in ((5, 19), (6, 27)):
        gsan.imovel(matricula)
        gsan.cliente(numero)
        gsan.fone(numero, f"98765432{numero}")
        gsan.vinculo(matricula, numero)
        gsan.conta(70 + numero, matricula, numero)
        gsan.debito(numero, matricula)
        gsan.documento(900 + numero, matricula, 4)
        gsan.item(900 + numero, cnta_id=70 + numero)
    return gsan


def retrato() -> dict[str, list]:
    """Everything that is here, but for when it was written."""
    return {
        modelo.__name__: sorted(
            modelo.objects.values_list(*[c.attname for c in modelo._meta.concrete_fields if c.name != "alterado_em"]),
            key=str,
        )
        for modelo in MODELOS
    }


# Incremental, and the same again


def test_reading_again_changes_nothing(cheio, trazer):
    trazer()
    antes = retrato()

    for completa in (False, True):
        feito = trazer(completa=completa)

        assert {r.novas + r.alteradas + r.sumidas for r in feito.values()} == {0}
        assert retrato() == antes


def test_only_what_was_written_since_is_read(cheio, trazer):
    trazer()
    cheio.executar(
        "UPDATE cadastro.cliente SET clie_nmcliente = 'OUTRA', clie_tmultimaalteracao = %s WHERE clie_id = 6", [DEPOIS]
    )

    feito = trazer()

    assert (feito["clientes"].lidas, feito["clientes"].alteradas, feito["contas"].lidas) == (1, 1, 0)
    assert Cliente.objects.get(pk=6).nome == "OUTRA"


def test_what_is_written_while_it_is_read_is_read_by_the_next_run(cheio, trazer):
    """A transaction that began before the run and ends after it: its rows bear a moment from before."""
    outra = falso.Gsan(cheio.nome)
    outra.conexao.autocommit = False
    outra.executar(
        "UPDATE cadastro.cliente SET clie_nmcliente = 'DEPOIS', clie_tmultimaalteracao = localtimestamp"
        " WHERE clie_id = 5"
    )
    trazer(sobreposicao=0)
    assert Cliente.objects.get(pk=5).nome == "CLIENTE 5"

    outra.conexao.commit()
    outra.fechar()
    trazer(sobreposicao=0)

    assert Cliente.objects.get(pk=5).nome == "DEPOIS"


def test_the_overlap_covers_clocks_that_are_apart(cheio, trazer):
    trazer()
    cheio.executar(
        "UPDATE cadastro.cliente SET clie_nmcliente = 'ATRASADO',"
        " clie_tmultimaalteracao = localtimestamp - interval '10 minutes' WHERE clie_id = 5"
    )

    trazer(sobreposicao=0)
    assert Cliente.objects.get(pk=5).nome == "CLIENTE 5"
    Passagem.objects.filter(leitura="clientes").update(marca=cheio.executar("SELECT localtimestamp::text")[0][0])
    trazer(sobreposicao=15)
    assert Cliente.objects.get(pk=5).nome == "ATRASADO"


def test_a_row_without_a_moment_is_always_read(cheio, trazer):
    trazer()
    cheio.executar(
        "UPDATE cadastro.cliente SET clie_nmcliente = 'SEM HORA', clie_tmultimaalteracao = NULL WHERE clie_id = 5"
    )

    trazer()

    assert Cliente.objects.get(pk=5).nome == "SEM HORA"


def test_a_quadra_that_goes_to_another_rota_takes_its_imoveis(cheio, trazer):
    trazer()
    cheio.inserir("micromedicao.rota", rota_id=2, rota_cdrota=8, stcm_id=1, ftgr_id=2)
    cheio.executar("UPDATE cadastro.quadra SET rota_id = 2, qdra_tmultimaalteracao = %s", [DEPOIS])

    assert trazer()["imoveis"].lidas == 2

    assert Imovel.objects.first().quadra.rota.codigo == 8


def test_one_table_alone(cheio, trazer):
    feito = trazer(tabelas=("clientes",))

    assert list(feito) == ["clientes"]
    assert (Cliente.objects.count(), Imovel.objects.count()) == (2, 0)


@pytest.mark.parametrize("linhas", [1, 2, 3])
def test_pieces_of_any_size_give_the_same(cheio, trazer, linhas):
    for n in range(10, 16):
        cheio.cliente(n)
        cheio.fone(n, "32221111", cfon_icfonesms=2, cfon_icfonepadrao=2)
        cheio.fone(n, "987650000")

    feito = trazer(linhas_por_pedaco=linhas)

    assert (feito["clientes"].novas, feito["telefones"].novas, feito["contas"].novas) == (8, 14, 2)
    assert ClienteFone.objects.filter(sms=True).count() == 8


# What is gone


def test_a_phone_that_was_removed_takes_no_more_sms_and_another_takes_its_mark(cheio, trazer):
    trazer()
    cheio.executar("DELETE FROM cadastro.cliente_fone WHERE clie_id = 5")
    cheio.fone(5, "991112222", em=DEPOIS)

    trazer()

    novo, velho = ClienteFone.objects.filter(cliente=5).order_by("-sms")
    assert (novo.numero, novo.sms, novo.principal) == ("991112222", True, True)
    assert (velho.numero, velho.sms, velho.principal) == ("987654325", False, False)


def test_the_last_phone_that_was_removed_is_noticed_when_the_customer_was_touched(cheio, trazer):
    trazer()
    cheio.executar("DELETE FROM cadastro.cliente_fone WHERE clie_id = 5")
    cheio.executar("UPDATE cadastro.cliente SET clie_tmultimaalteracao = %s WHERE clie_id = 5", [DEPOIS])

    assert trazer()["telefones"].sumidas == 1

    assert list(ClienteFone.objects.filter(sms=True).values_list("cliente", flat=True)) == [6]


def test_a_link_whose_start_was_corrected_makes_room_for_itself(cheio, trazer):
    trazer()
    cheio.executar(
        "UPDATE cadastro.cliente_imovel SET clim_dtrelacaoinicio = '2021-05-01', clim_tmultimaalteracao = %s"
        " WHERE clie_id = 5",
        [DEPOIS],
    )

    feito = trazer()

    assert feito["vinculos"].recusadas == 0
    em_vigor = ClienteImovel.objects.em_vigor(date(2026, 11, 10)).get(imovel=19)
    assert em_vigor.inicio == date(2021, 5, 1)


def test_whoever_vanished_is_inactive_here_and_never_removed(cheio, trazer):
    trazer()
    for tabela, chave in (
        ("cadastro.cliente", "clie_id = 5"),
        ("cadastro.imovel", "imov_id = 19"),
        ("faturamento.conta", "cnta_id = 75"),
        ("faturamento.debito_a_cobrar", "dbac_id = 5"),
        ("cobranca.cobranca_documento", "cbdo_id = 905"),
    ):
        cheio.executar(f"DELETE FROM {tabela} WHERE {chave}")
    trazer()
    assert Cliente.objects.get(pk=5).ativo  # only a complete pass asks

    trazer(completa=True)

    assert not Cliente.objects.get(pk=5).ativo
    assert ClienteImovel.objects.get(imovel=19).fim == date(2026, 11, 10)
    assert Conta.objects.get(pk=75).situacao == Conta.Situacao.CANCELADA
    assert DebitoACobrar.objects.get(pk=5).cancelado
    assert CobrancaDocumento.objects.get(no_gsan=905).cancelado
    assert Cliente.objects.get(pk=6).ativo
    assert Conta.objects.get(pk=76).em_vigor


def test_whoever_is_inserted_here_has_a_code_that_gsan_never_gives(cheio, trazer):
    trazer()
    daqui = Cliente.objects.create(nome="MARIA DAS DORES")
    cheio.cliente(7, clie_nmcliente="JOÃO, O SEGUINTE")

    trazer(completa=True)

    daqui.refresh_from_db()
    assert (daqui.nome, daqui.ativo) == ("MARIA DAS DORES", True)
    assert Cliente.objects.get(pk=7).nome == "JOÃO, O SEGUINTE"


def test_an_empty_source_is_taken_for_another_database(cheio, trazer):
    for numero in range(100, 130):
        cheio.cliente(numero)
    trazer()
    cheio.executar("TRUNCATE cadastro.cliente")

    with pytest.raises(MuitasSumiram, match="clientes: de 32 que valem aqui, 32 não estão no GSAN"):
        trazer(completa=True)
    assert Cliente.objects.filter(ativo=True).count() == 32

    trazer(completa=True, aceitar_sumidas=True)
    assert not Cliente.objects.filter(ativo=True).exists()


def test_a_customer_out_of_use_is_inactive(cheio, trazer):
    trazer()
    cheio.executar(
        "UPDATE cadastro.cliente SET clie_icuso = 2, clie_tmultimaalteracao = %s WHERE clie_id = 5", [DEPOIS]
    )

    trazer()

    assert not Cliente.objects.get(pk=5).ativo


# Payments, and the closing of the month


def encerrar(gsan, conta: int, situacao: int = 0, em: str = DEPOIS) -> None:
    """What the closing does: the conta, its customer and its payments go to the history."""
    gsan.executar("DELETE FROM faturamento.conta WHERE cnta_id = %s", [conta])
    gsan.inserir(
        "faturamento.conta_historico",
        cnta_id=conta,
        dcst_idatual=situacao,
        cnhi_tmcontahistorico="2026-11-30 22:00",
        cnhi_tmultimaalteracao=em,
    )
    gsan.executar(
        "INSERT INTO arrecadacao.pagamento_historico (cnta_id, pghi_dtpagamento, pghi_vlpagamento,"
        " pghi_tmultimaalteracao) SELECT cnta_id, pgmt_dtpagamento, pgmt_vlpagamento, %s FROM arrecadacao.pagamento"
        " WHERE cnta_id = %s",
        [em, conta],
    )
    gsan.executar("DELETE FROM arrecadacao.pagamento WHERE cnta_id = %s", [conta])


def test_a_conta_that_is_paid_at_the_source_is_not_announced(cheio, trazer):
    trazer()
    conta = Conta.objects.get(pk=75)
    versao = f"{conta.vencimento:%Y%m%d}:{int(conta.valor * 100)}"
    fonte = FonteDeContas()
    assert fonte.motivos_de_cancelamento(Canal.EMAIL, {75: versao}, date(2026, 11, 10)) == {}
    cheio.pagamento(cnta_id=75, em=DEPOIS)

    trazer()

    assert fonte.motivos_de_cancelamento(Canal.EMAIL, {75: versao}, date(2026, 11, 10)) == {75: Motivo.PAGA}


@pytest.mark.parametrize("completa", [False, True])
def test_a_conta_that_went_to_the_history_keeps_the_day_of_its_payment(cheio, trazer, completa):
    trazer()
    cheio.pagamento(cnta_id=75)
    encerrar(cheio, 75)

    trazer(completa=completa)

    assert (Conta.objects.get(pk=75).pago_em, Conta.objects.get(pk=75).situacao) == (date(2026, 11, 5), 0)
    assert Conta.objects.get(pk=76).pago_em is None


def test_a_conta_closed_without_a_payment_of_its_own_is_owed_by_nobody(cheio, trazer):
    trazer()
    encerrar(cheio, 75)
    encerrar(cheio, 76, situacao=5)

    trazer()

    assert Conta.objects.get(pk=75).pago_em == date(2026, 11, 30)
    assert (Conta.objects.get(pk=76).situacao, Conta.objects.get(pk=76).pago_em) == (Conta.Situacao.PARCELADA, None)


def test_what_was_closed_before_the_first_run_is_not_read(cheio, trazer):
    encerrar(cheio, 75)

    feito = trazer()

    assert (feito["contas_encerradas"].lidas, Conta.objects.count()) == (0, 1)


def test_a_debito_that_was_closed_is_not_charged(cheio, trazer):
    trazer()
    cheio.executar("DELETE FROM faturamento.debito_a_cobrar WHERE dbac_id = 5")
    cheio.inserir("faturamento.deb_a_cobrar_hist", dbac_id=5, dahi_tmultimaalteracao=DEPOIS)

    trazer()

    assert [d.cancelado for d in DebitoACobrar.objects.order_by("pk")] == [True, False]


def test_documents_of_long_ago_do_not_come(cheio, trazer):
    cheio.imovel(35)
    cheio.documento(800, 35, 4, cbdo_tmemissao="2019-01-01")

    trazer()

    assert sorted(CobrancaDocumento.objects.values_list("no_gsan", flat=True)) == [905, 906]


# Hostile data


def relato(resultado) -> str:
    return resultado.relatorio.read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
    ("escrito", "fica", "motivo"),
    [
        ("ana@exemplo.com.br;bia@exemplo.com.br", "ana@exemplo.com.br", "Há mais de um e-mail: ficou o primeiro."),
        ("naotem@, bia@exemplo.com.br", "bia@exemplo.com.br", "Há mais de um e-mail: ficou o primeiro."),
        ("NAO TEM", "", "E-mail inválido: ficou em branco."),
        ("  ", "", None),
        (None, "", None),
    ],
)
def test_an_address_of_no_use_leaves_the_customer(gsan, trazer, escrito, fica, motivo):
    gsan.cliente(5, clie_dsemail=escrito)

    clientes = trazer()["clientes"]

    assert (Cliente.objects.get().email, clientes.novas, clientes.avisos) == (fica, 1, int(motivo is not None))
    assert motivo is None or motivo in relato(clientes)


def test_a_document_of_no_use_leaves_the_customer(gsan, trazer):
    gsan.cliente(5, clie_nncpf="11111111111")

    clientes = trazer()["clientes"]

    assert Cliente.objects.get().documento is None
    assert "CPF ou CNPJ inválido: ficou em branco." in relato(clientes)


@pytest.mark.parametrize("linhas", [1, 100])
def test_of_two_customers_with_one_cpf_the_first_keeps_it(gsan, trazer, linhas):
    for numero in (5, 6, 7):
        gsan.cliente(numero, clie_nncpf="52998224725")

    clientes = trazer(linhas_por_pedaco=linhas)["clientes"]

    assert list(Cliente.objects.order_by("pk").values_list("documento", flat=True)) == ["52998224725", None, None]
    assert (clientes.novas, clientes.avisos) == (3, 2)
    assert "O documento é o mesmo do cliente 5: ficou em branco." in relato(clientes)


def test_whoever_has_a_cpf_here_keeps_it_against_one_who_comes_before(gsan, trazer):
    gsan.cliente(6, clie_nncpf="52998224725")
    trazer()
    gsan.cliente(5, clie_nncpf="52998224725", em=DEPOIS)

    trazer(completa=True)

    assert list(Cliente.objects.order_by("pk").values_list("documento", flat=True)) == [None, "52998224725"]


def test_documents_that_change_hands(gsan, trazer):
    gsan.cliente(5, clie_nncpf="52998224725")
    gsan.cliente(6, clie_nncpf="11144477735")
    trazer()
    gsan.executar(
        "UPDATE cadastro.cliente SET clie_nncpf = CASE clie_id WHEN 5 THEN '11144477735' ELSE '52998224725'"
        " END, clie_tmultimaalteracao = %s",
        [DEPOIS],
    )

    trazer()

    assert list(Cliente.objects.order_by("pk").values_list("documento", flat=True)) == ["11144477735", "52998224725"]


@pytest.mark.parametrize("numero", ["87654321", "32221234"])
def test_a_phone_marked_for_sms_that_is_no_mobile_is_kept_without_the_mark(gsan, trazer, numero):
    gsan.cliente(5)
    gsan.fone(5, numero)

    telefones = trazer()["telefones"]

    assert (ClienteFone.objects.get().numero, ClienteFone.objects.get().sms) == (numero, False)
    assert "Não é celular de 9 dígitos: ficou sem a marca de SMS." in relato(telefones)


def test_phones_that_are_none_are_refused_with_the_reason(gsan, trazer):
    gsan.cliente(5)
    for numero, ddd in (("123", "84"), ("987654321", "00"), (None, "84"), ("ABC", "84")):
        gsan.fone(5, numero, cfon_cdddd=ddd, cfon_icfonesms=2, cfon_icfonepadrao=2)

    telefones = trazer()["telefones"]

    assert (telefones.lidas, telefones.recusadas, ClienteFone.objects.count()) == (4, 4, 0)
    for motivo in ("Número do Telefone deve conter entre 7 e 9 dígitos.", "DDD inexistente.", "Campo obrigatório."):
        assert motivo in relato(telefones)


def test_orphans_and_absurd_rows_are_refused_with_the_reason(gsan, trazer):
    gsan.imovel(19)
    gsan.imovel(20)  # its digit is wrong
    gsan.cliente(5)
    gsan.vinculo(19, 999)
    gsan.vinculo(19, 5, clim_dtrelacaoinicio="0001-01-01")
    gsan.conta(70, 43)
    gsan.conta(71, 19, 999)
    gsan.conta(72, 19, cnta_vlagua="-10.00")
    gsan.conta(73, 19, cnta_vlcreditos="500.00")
    gsan.conta(74, 19, cnta_dtvencimentoconta="infinity")
    gsan.conta(75, 19, cnta_amreferenciaconta=202613)
    gsan.conta(76, 19, 5)

    feito = trazer()

    assert "Matrícula inválida: o dígito não confere." in relato(feito["imoveis"])
    for motivo in ("Cliente 999 não existe.", "Deve ser uma data como"):
        assert motivo in relato(feito["vinculos"])
    for motivo in (
        "Imóvel 43 não existe.",
        "Cliente 999 não existe.",
        "Não pode ser negativo.",
        "O valor total da conta seria negativo: -376,55.",
        "Deve ser uma data como",
        "Ano mês de referência inválido.",
    ):
        assert motivo in relato(feito["contas"])
    assert list(Conta.objects.values_list("pk", flat=True)) == [76]
    assert (feito["contas"].lidas, feito["contas"].novas, feito["contas"].recusadas) == (7, 1, 6)


# What was refused, again


def test_what_was_refused_comes_when_what_it_lacked_does_and_with_what_was_paid_meanwhile(gsan, trazer):
    gsan.conta(70, 19, 5)
    gsan.vinculo(19, 5)
    assert trazer()["contas"].recusadas == 1
    gsan.imovel(19, em=DEPOIS)
    gsan.pagamento(cnta_id=70)
    assert trazer()["contas"].recusadas == 1  # the customer is still missing

    gsan.cliente(5, em=DEPOIS)
    feito = trazer(sobreposicao=0)

    assert (feito["contas"].novas, feito["vinculos"].novas, feito["pagamentos"].novas) == (1, 1, 1)
    assert Conta.objects.get(pk=70).pago_em == date(2026, 11, 5)
    assert not Recusada.objects.exists()


def test_what_lacks_nothing_but_sense_is_asked_for_in_turn_and_few_at_a_time(gsan, trazer, monkeypatch):
    monkeypatch.setattr(recusadas, "POR_VEZ", 1)
    gsan.imovel(19)
    for conta in (71, 72, 73):
        gsan.conta(conta, 19, cnta_vlagua="-10.00")
    trazer()

    ditas = [relato(trazer()["contas"]).splitlines()[1:] for _ in range(4)]

    assert [[linha.split(";")[2][1:] for linha in umas] for umas in ditas] == [["71"], ["72"], ["73"], ["71"]]


def test_what_was_refused_and_is_gone_at_the_source_is_forgotten(gsan, trazer):
    gsan.conta(70, 19)
    trazer()
    gsan.executar("DELETE FROM faturamento.conta")

    assert trazer()["contas"].lidas == 0
    trazer()

    assert not Recusada.objects.exists()


def test_what_was_mended_at_the_source_is_forgotten_by_the_ordinary_reading(gsan, trazer):
    gsan.imovel(19)
    gsan.conta(70, 19, cnta_vlagua="-10.00")
    trazer()
    gsan.executar("UPDATE faturamento.conta SET cnta_vlagua = 10, cnta_tmultimaalteracao = %s", [DEPOIS])

    feito = trazer()

    assert (feito["contas"].novas, feito["contas"].recusadas) == (1, 0)
    assert not Recusada.objects.filter(leitura="contas").exists()


def test_a_conta_that_is_made_and_paid_between_two_readings_of_a_run_is_paid_after_the_next(cheio, trazer):
    def no_meio(leitura, *_):
        if leitura == "debitos":
            ((agora,),) = cheio.executar("SELECT localtimestamp::text")
            cheio.conta(90, 19, 5, em=agora)
            cheio.pagamento(cnta_id=90, em=agora)

    trazer(progresso=no_meio, sobreposicao=0)
    assert not Conta.objects.filter(pk=90).exists()

    trazer(sobreposicao=0)

    assert Conta.objects.get(pk=90).pago_em == date(2026, 11, 5)


def test_an_item_waits_for_its_conta_that_was_refused_and_for_one_that_was_made_meanwhile(cheio, trazer):
    def no_meio(leitura, *_):
        if leitura == "debitos":
            ((agora,),) = cheio.executar("SELECT localtimestamp::text")
            cheio.conta(90, 19, 5, em=agora)
            cheio.item(905, cnta_id=90, em=agora)

    cheio.conta(91, 19, 999)
    cheio.item(905, cnta_id=91)

    trazer(progresso=no_meio, sobreposicao=0)
    assert itens(905) == {75}
    cheio.cliente(999, em=DEPOIS)
    trazer(sobreposicao=0)

    assert itens(905) == {75, 90, 91}
    assert not Recusada.objects.exists()


def itens(documento: int) -> set[int]:
    daqui = CobrancaDocumento.objects.get(no_gsan=documento)
    return set(daqui.itens.values_list("conta", flat=True))


def test_what_could_not_even_be_read_is_asked_for_again_with_its_payments(gsan, trazer):
    gsan.imovel(19)
    gsan.debito(5, 19)
    gsan.executar("UPDATE faturamento.debito_tipo SET dbtp_dsdebitotipo = E'MULTA\x01'")
    assert trazer()["debitos"].recusadas == 1
    gsan.pagamento(dbac_id=5)
    trazer()
    gsan.executar("UPDATE faturamento.debito_tipo SET dbtp_dsdebitotipo = 'MULTA'")

    trazer()

    assert DebitoACobrar.objects.get(pk=5).pago_em == date(2026, 11, 5)


def test_what_is_refused_is_counted_and_reported_once_in_a_run(gsan, trazer):
    gsan.imovel(19)
    gsan.conta(70, 19, cnta_vlagua="-10.00", em=None)  # without a moment it is read by every run
    gsan.executar("UPDATE cadastro.localidade SET loca_nmlocalidade = NULL")

    for completa in (False, False, True):
        feito = trazer(completa=completa)
        for leitura in ("contas", "localidades"):
            assert (feito[leitura].lidas, feito[leitura].recusadas) == (1, 1), (leitura, completa)
            assert len(relato(feito[leitura]).splitlines()) == 2


def test_no_row_here_is_held_while_the_source_is_read(gsan, trazer, monkeypatch):
    gsan.imovel(19)
    gsan.vinculo(19, 999)
    trazer()
    fora = len(connection.atomic_blocks)
    copiar, abertas = Origem.copiar, []

    def espiar(origem, *tudo):
        abertas.append(len(connection.atomic_blocks))
        return copiar(origem, *tudo)

    monkeypatch.setattr(Origem, "copiar", espiar)
    assert trazer()["vinculos"].recusadas == 1

    assert set(abertas) == {fora}


def test_a_simulation_remembers_nothing(gsan, trazer):
    gsan.conta(70, 19)

    assert trazer(simular=True)["contas"].recusadas == 1
    assert not Recusada.objects.exists()


def test_text_that_would_break_a_csv_comes_whole(gsan, trazer):
    gsan.cliente(5, clie_nmcliente='D\'ÁVILA; "ZÉ"\nDA SILVA\t')
    gsan.cliente(6, clie_nmcliente="\\N")

    trazer()

    assert list(Cliente.objects.order_by("pk").values_list("nome", flat=True)) == ['D\'ÁVILA; "ZÉ" DA SILVA', "\\N"]


def test_the_report_of_refusals_says_the_field_the_reason_and_the_line(gsan, trazer):
    gsan.imovel(19)
    gsan.conta(72, 19, cnta_vlagua="-10.00")
    gsan.conta(73, 19, cnta_vlagua="-11.00")

    linhas = relato(trazer(linhas_por_pedaco=1)["contas"]).splitlines()

    assert linhas[0].startswith('coluna;motivo;"conta;matricula;')
    assert [linha.split(";")[:2] for linha in linhas[1:]] == [["agua", "Não pode ser negativo."]] * 2
    assert '"72;19;202611;' in linhas[1]


@pytest.mark.parametrize("codificacao", ["LATIN1", "SQL_ASCII"])
def test_a_database_in_latin1_or_in_none_gives_its_accents(db, trazer, monkeypatch, gsan, codificacao):
    outro = falso.criar(f"{gsan.nome}_{codificacao.lower()}", codificacao)
    try:
        outro.conexao.set_client_encoding("LATIN1")
        outro.lugares()
        outro.cliente(5, clie_nmcliente="JOSÉ GONÇALVES")
        monkeypatch.setattr(gsan, "nome", outro.nome)
        trazer()
    finally:
        falso.apagar(outro)

    assert Cliente.objects.get().nome == "JOSÉ GONÇALVES"


# What is never done


def test_nothing_is_written_at_the_source(cheio, trazer):
    """Triggers on every table refuse whoever writes; and the session itself cannot."""
    cheio.executar(falso.INTOCAVEL)
    tabelas = [tabela for (tabela,) in cheio.executar(falso.PARA_TODAS, [list(falso.ESQUEMAS)])]
    try:
        for tabela in tabelas:
            cheio.executar(
                f"CREATE TRIGGER intocavel BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {tabela}"
                " EXECUTE FUNCTION public.recusar()"
            )
        trazer()
        trazer(completa=True)
    finally:
        cheio.executar("DROP FUNCTION public.recusar() CASCADE")
    with Origem(parametros(cheio.url)) as origem, pytest.raises(ErroDaOrigem, match="read-only transaction"):
        origem.executar("DELETE FROM cadastro.cliente")
    with Origem(parametros(cheio.url)) as origem, pytest.raises(ErroDaOrigem, match="read-only transaction"):
        origem.executar("CREATE TEMPORARY TABLE x (a integer)")


def test_a_role_that_may_only_read_is_enough(cheio, trazer, monkeypatch):
    cheio.executar("DROP ROLE IF EXISTS leitor_do_gsan; CREATE ROLE leitor_do_gsan LOGIN PASSWORD 'se/nh@'")
    try:
        for esquema in falso.ESQUEMAS:
            cheio.executar(f"GRANT USAGE ON SCHEMA {esquema} TO leitor_do_gsan")
            cheio.executar(f"GRANT SELECT ON ALL TABLES IN SCHEMA {esquema} TO leitor_do_gsan")
        url = falso.endereco(cheio.nome, "leitor_do_gsan", "se/nh@")
        monkeypatch.setattr(type(cheio), "url", property(lambda _: url))
        trazer()
    finally:
        cheio.executar("DROP OWNED BY leitor_do_gsan; DROP ROLE leitor_do_gsan")

    assert Conta.objects.count() == 2


def test_what_takes_too_long_is_given_up(gsan):
    with Origem(parametros(gsan.url)) as origem:
        assert origem.linhas("SHOW statement_timeout") == [("15min",)]
        assert origem.linhas("SHOW lock_timeout") == [("1min",)]
        origem.executar("SET statement_timeout = 1")
        with pytest.raises(ErroDaOrigem, match="O banco do GSAN recusou: canceling statement"):
            origem.linhas("SELECT count(*) FROM generate_series(1, 100000000)")


def test_a_simulation_says_what_it_would_do_and_stores_nothing(cheio, trazer):
    cheio.cliente(7, clie_nmcliente=None)

    feito = trazer(simular=True)

    assert (feito["clientes"].novas, feito["clientes"].recusadas, feito["contas"].novas) == (2, 1, 2)
    assert "Campo obrigatório." in relato(feito["clientes"])
    assert not (Cliente.objects.exists() or Conta.objects.exists() or Passagem.objects.exists())


def test_two_runs_at_once_are_refused(cheio, trazer):
    with sozinha(), pytest.raises(EmAndamento, match="já está em andamento"):
        trazer()

    assert trazer()["clientes"].novas == 2


def test_a_report_is_of_one_run(cheio, trazer):
    cheio.cliente(7, clie_nmcliente=None)
    relatorio = trazer()["clientes"].relatorio
    cheio.executar("UPDATE cadastro.cliente SET clie_nmcliente = 'ANA' WHERE clie_id = 7")

    assert trazer(completa=True)["clientes"].relatorio is None
    assert not relatorio.exists()


# The command


def comando(*argumentos: str) -> str:
    saida = StringIO()
    call_command("importar_gsan", *argumentos, stdout=saida, stderr=saida, verbosity=0)
    return saida.getvalue()


def test_the_command_shows_what_became_of_each_table(db, cheio, tmp_path):
    dito = comando("--url", cheio.url, "--saida", str(tmp_path))

    linha = next(linha for linha in dito.splitlines() if linha.startswith("contas "))
    assert linha.split() == ["contas", "2", "2", "0", "0", "0", "0", "0"]


def test_the_command_takes_the_address_of_the_settings(db, cheio, tmp_path, settings):
    from environ import Env

    settings.BANCO_GSAN = Env.db_url_config(cheio.url)

    comando("--saida", str(tmp_path), "--tabela", "clientes")

    assert Cliente.objects.count() == 2


def test_without_an_address_the_command_says_where_to_put_it(db, settings):
    settings.BANCO_GSAN = None
    with pytest.raises(CommandError, match="Informe o endereço do banco do GSAN em --url ou na variável GSAN_URL"):
        comando()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ana:s3gr3do@127.0.0.1:1/gsan",
        "postgresql://ana:s3gr3do@127.0.0.1:porta/gsan",
        "postgresql://ana:s3gr3do@127.0.0.1:1/gsan?options=-c%20nada",
        "postgres//ana:s3gr3do@127.0.0.1/gsan",
    ],
)
def test_the_password_is_never_shown(db, url, capfd, caplog):
    with pytest.raises(CommandError) as erro:
        comando("--url", url)

    tudo = f"{erro.value} {capfd.readouterr()} {caplog.text} {erro.value.__cause__}"
    assert "s3gr3do" not in tudo


@pytest.mark.parametrize(
    ("dito", "limpo"),
    [
        ('could not connect to "postgresql://ana:s3gr3do@h/b"', 'could not connect to "postgresql://ana:***@h/b"'),
        ("host=h password=s3gr3do user=x", "host=h password=*** user=x"),
        ("a senha s3gr3do\n foi recusada", "a senha *** foi recusada"),
    ],
)
def test_words_of_a_server_lose_the_password(dito, limpo):
    assert sem_senha(dito, "s3gr3do") == limpo


def test_a_source_that_does_not_answer_is_said(db):
    with pytest.raises(ConexaoPerdida, match=r"Sem conexão com o GSAN \(127.0.0.1/gsan\)"):
        Origem(parametros("postgresql://ana@127.0.0.1:1/gsan")).__enter__()


def test_a_piece_that_cannot_be_stored_stops_the_run(cheio, trazer):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cadastro_cliente ADD CONSTRAINT nada CHECK (id <> 6)")
    with pytest.raises(ErroDeImportacao, match="clientes: O banco de dados recusou o arquivo"):
        trazer()
    assert Imovel.objects.count() == 2
    assert Passagem.objects.get(leitura="clientes").em_curso
