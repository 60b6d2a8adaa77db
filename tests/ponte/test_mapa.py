"""Each field of GSAN's tables, where it lands here; and a GSAN whose tables are others."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.forms.models import model_to_dict

from cadastro.importacao import ErroDeImportacao
from cadastro.models import Cliente, ClienteFone, ClienteImovel, Imovel, Localidade, ParametroSistema, Relacao
from cobranca.avisos import comandos_a_avisar, gerar_avisos
from cobranca.fonte import FonteDeDocumentos
from cobranca.models import AcaoCobranca, CobrancaDocumento
from faturamento import codigo_barras
from faturamento.models import ClienteConta, Conta, DebitoACobrar, FaturamentoGrupo
from mensageria.models import Mensagem
from ponte import mapa
from ponte.arquivos import ARQUIVOS
from tests.fabricas import nova_acao, novas_saidas, novo_parametro_sistema

HOJE = date(2026, 11, 10)


def test_every_reading_of_the_map_has_a_file_and_gives_all_that_it_must_have():
    for leitura in mapa.LEITURAS:
        colunas = ARQUIVOS[leitura.nome].colunas
        assert {c.nome for c in colunas if c.obrigatoria} <= set(leitura.campos) <= {c.nome for c in colunas}
        assert set(leitura.posse) <= set(leitura.campos)
    assert set(mapa.SOLTAR) == {leitura.nome for leitura in mapa.LEITURAS if leitura.posse}
    assert {s.depois_de for s in mapa.SUMIDAS} <= set(ARQUIVOS)


def test_a_localidade_with_its_gerencia_and_its_municipio(gsan, trazer):
    trazer()

    localidade = Localidade.objects.select_related("gerencia", "municipio").get()
    assert (localidade.pk, localidade.nome) == (1, "PONTA NEGRA")
    assert localidade.gerencia.nome == "GERÊNCIA NATAL"
    assert (localidade.municipio.nome, localidade.municipio.uf, localidade.municipio.ddd) == ("NATAL", "RN", "84")


def test_a_group_with_its_reference(gsan, trazer):
    trazer()

    grupo = FaturamentoGrupo.objects.get()
    assert (grupo.pk, grupo.descricao, grupo.abreviatura) == (2, "GRUPO 2", "G2")
    assert (grupo.referencia, grupo.dia_vencimento) == (202611, 15)


def test_an_imovel_with_its_place_profile_and_address(gsan, trazer):
    gsan.imovel(
        19, imov_dscomplementoendereco="CASA 2", imov_nnsublote=3, last_id=5, lest_id=3, imov_idcategoriaprincipal=3
    )

    trazer()

    imovel = Imovel.objects.select_related("quadra__setor", "quadra__rota", "perfil").get()
    assert imovel.inscricao == "001.001.010.0007.003"
    assert (imovel.matricula, imovel.quadra.rota.codigo) == (19, 3)
    assert imovel.endereco == "RUA DOUTOR JOSÉ GONÇALVES, 12, CASA 2 - CAPIM MACIO"
    assert (imovel.categoria, imovel.situacao_agua, imovel.situacao_esgoto) == (3, 5, 3)
    assert (imovel.perfil.pk, imovel.perfil.descricao) == (1, "NORMAL")


def test_an_imovel_without_a_main_category_has_that_of_most_economias(gsan, trazer):
    gsan.inserir("cadastro.subcategoria", scat_id=10, catg_id=1)
    gsan.imovel(19, imov_idcategoriaprincipal=None)
    gsan.inserir("cadastro.imovel_subcategoria", imov_id=19, scat_id=10, imsb_qteconomia=1)
    gsan.inserir("cadastro.imovel_subcategoria", imov_id=19, scat_id=20, imsb_qteconomia=4)

    trazer()

    assert Imovel.objects.get().categoria == Imovel.Categoria.COMERCIAL


def test_a_person(gsan, trazer):
    gsan.cliente(
        5,
        clie_nmcliente="MARIA DA CONCEIÇÃO",
        clie_nmabreviado="MARIA",
        clie_nncpf="52998224725",
        clie_iccpfcnpjvalidado=1,
        clie_nnrg="1234567",
        clie_dtrgemissao="1999-05-06",
        clie_dtnascimento="1980-02-29",
        psex_id=2,
        clie_nnmae="ANA",
        clie_ddvencimento=20,
        clie_iccobrancaacrescimos=2,
        clie_icacaocobranca=2,
        clie_icpermitenegativacao=2,
        clie_icgerafaturaantecipada=1,
        clie_dsemail="maria@exemplo.com.br",
        clie_icenviasms=1,
        clie_icenviaemail=2,
    )

    trazer()

    assert model_to_dict(Cliente.objects.get(pk=5)) | {"nome_busca": "maria da conceicao"} == model_to_dict(
        Cliente(
            pk=5,
            nome="MARIA DA CONCEIÇÃO",
            nome_abreviado="MARIA",
            nome_busca="maria da conceicao",
            tipo=Cliente.Tipo.FISICA,
            documento="52998224725",
            documento_validado=True,
            rg="1234567",
            rg_emissao=date(1999, 5, 6),
            nascimento=date(1980, 2, 29),
            sexo=Cliente.Sexo.FEMININO,
            nome_mae="ANA",
            dia_vencimento=20,
            acrescimos=False,
            acao_cobranca=False,
            negativacao=False,
            fatura_antecipada=True,
            email="maria@exemplo.com.br",
            por_sms=True,
            por_email=False,
            ativo=True,
        )
    ) | {"nome_busca": "maria da conceicao"}
    assert Cliente.objects.get().nome_busca == "maria da conceicao"


def test_a_company_and_somebody_of_no_document(gsan, trazer):
    gsan.cliente(6, clie_nncnpj="11222333000181", cltp_id=1)  # the document tells
    gsan.cliente(7, cltp_id=2, clie_icuso=2)

    trazer()

    empresa, sem = Cliente.objects.order_by("pk")
    assert (empresa.documento, empresa.tipo) == ("11222333000181", Cliente.Tipo.JURIDICA)
    assert (sem.documento, sem.tipo, sem.ativo) == (None, Cliente.Tipo.JURIDICA, False)


def test_the_phones_of_a_customer_with_their_marks(gsan, trazer):
    gsan.cliente(5)
    gsan.fone(5, "987654321", cfon_icfonepadrao=2, cfon_icfonesms=1)
    gsan.fone(5, "32221234", fnet_id=1, cfon_nnfoneramal="12", cfon_nmcontato="JOÃO", cfon_icfonesms=None)

    trazer()

    celular, fixo = ClienteFone.objects.order_by("-numero")
    assert (celular.cliente_id, celular.tipo, celular.ddd, celular.numero) == (5, 3, "84", "987654321")
    assert (celular.principal, celular.sms) == (False, True)
    assert (fixo.tipo, fixo.numero, fixo.ramal, fixo.contato) == (1, "32221234", "12", "JOÃO")
    assert (fixo.principal, fixo.sms) == (True, False)


def test_the_customers_of_an_imovel(gsan, trazer):
    gsan.imovel(19)
    gsan.cliente(5)
    gsan.cliente(6)
    gsan.vinculo(19, 5, clim_dtrelacaoinicio="2019-01-01", clim_dtrelacaofim="2024-12-31")
    gsan.vinculo(19, 6, clim_dtrelacaoinicio="2024-12-31")
    gsan.vinculo(19, 5, crtp_id=1)

    trazer()

    assert {(v.cliente_id, v.relacao, v.inicio, v.fim) for v in ClienteImovel.objects.filter(imovel=19)} == {
        (5, Relacao.USUARIO, date(2019, 1, 1), date(2024, 12, 31)),
        (6, Relacao.USUARIO, date(2024, 12, 31), None),
        (5, Relacao.PROPRIETARIO, date(2020, 1, 1), None),
    }


def test_nobody_is_the_customer_of_an_imovel_that_is_excluded(gsan, trazer):
    gsan.imovel(19, imov_icexclusao=1, em="2026-10-01 09:00")
    gsan.cliente(5)
    gsan.vinculo(19, 5)

    trazer()

    assert ClienteImovel.objects.get().fim == date(2026, 10, 1)
    assert not ClienteImovel.objects.em_vigor(HOJE).exists()


def test_a_conta_with_its_frozen_customer(gsan, trazer):
    gsan.imovel(19)
    gsan.cliente(5)
    gsan.cliente(6)
    gsan.vinculo(19, 6)
    gsan.conta(
        77,
        19,
        5,
        cnta_vlagua="100.10",
        cnta_vlesgoto="50.05",
        cnta_vldebitos="10.00",
        cnta_vlcreditos="5.00",
        cnta_vlimpostos="1.15",
        dcst_idatual=1,
    )

    trazer()

    conta = Conta.objects.get()
    assert (conta.pk, conta.imovel_id, conta.localidade_id, conta.perfil_id) == (77, 19, 1, 1)
    assert (conta.grupo_id, conta.referencia, conta.situacao) == (2, 202611, Conta.Situacao.RETIFICADA)
    assert (conta.emissao, conta.vencimento) == (date(2026, 11, 1), date(2026, 11, 20))
    parcelas = conta.valor_agua, conta.valor_esgoto, conta.valor_debitos, conta.valor_creditos, conta.valor_impostos
    assert parcelas == tuple(map(Decimal, ("100.10", "50.05", "10.00", "5.00", "1.15")))
    assert conta.valor == Decimal("154.00")
    assert ClienteConta.objects.get().cliente_id == 5  # not the present usuário


def test_a_conta_without_a_group_or_an_emission_has_those_of_its_rota_and_of_its_inclusion(gsan, trazer):
    gsan.imovel(19)
    gsan.conta(77, 19, ftgr_id=None, cnta_dtemissao=None, cnta_dtinclusao="2026-11-03")

    trazer()

    assert (Conta.objects.get().grupo_id, Conta.objects.get().emissao) == (2, date(2026, 11, 3))


def test_a_debito_is_what_the_contas_have_not_charged_yet(gsan, trazer):
    gsan.imovel(19)
    gsan.debito(3, 19)  # 90,00 in three parts, one of them charged
    gsan.debito(4, 19, dbac_nnprestacaocobradas=3)
    gsan.debito(5, 19, dcst_idatual=3)

    trazer()

    debito = DebitoACobrar.objects.get(pk=3)
    assert (debito.descricao, debito.referencia, debito.valor) == ("MULTA", 202610, Decimal("60.00"))
    assert [d.cancelado for d in DebitoACobrar.objects.order_by("pk")] == [False, True, True]


@pytest.mark.parametrize("historico", [False, True])
def test_a_payment_reaches_the_conta(gsan, trazer, historico):
    gsan.imovel(19)
    gsan.conta(77, 19)
    gsan.pagamento(cnta_id=77, historico=historico)

    trazer()

    assert Conta.objects.get().pago_em == date(2026, 11, 5)


def test_two_payments_that_make_the_amount_pay_and_one_that_does_not_is_reported(gsan, trazer):
    gsan.imovel(19)
    gsan.conta(77, 19)
    gsan.conta(78, 19)
    gsan.pagamento(cnta_id=77, pgmt_vlpagamento="100.00")
    gsan.pagamento(cnta_id=77, pgmt_vlpagamento="23.45", pgmt_dtpagamento="2026-11-07")
    gsan.pagamento(cnta_id=78, pgmt_vlpagamento="100.00")

    feito = trazer()

    assert Conta.objects.get(pk=77).pago_em == date(2026, 11, 7)
    assert Conta.objects.get(pk=78).pago_em is None
    assert "100,00, é menor que o devido, 123,45." in feito["pagamentos"].relatorio.read_text()


def test_a_payment_that_was_expunged_does_not_count(gsan, trazer):
    gsan.imovel(19)
    gsan.conta(77, 19)
    gsan.pagamento(cnta_id=77, pgmt_icexpurgado=1)

    trazer()

    assert Conta.objects.get().pago_em is None


def test_a_payment_of_a_debito(gsan, trazer):
    gsan.imovel(19)
    gsan.debito(3, 19)
    gsan.pagamento(dbac_id=3, pgmt_vlpagamento="60.00")

    trazer()

    assert DebitoACobrar.objects.get().pago_em == date(2026, 11, 5)


def test_a_document_with_its_items_its_command_and_its_action(gsan, trazer):
    gsan.imovel(19)
    gsan.conta(77, 19)
    gsan.debito(3, 19)
    gsan.comando(4)
    gsan.documento(900, 19, 4, cbdo_vldocumento="183.45")
    gsan.item(900, cnta_id=77)
    gsan.item(900, dbac_id=3, cdit_vlitemcobrado="60.00")
    gsan.item(900, gpag_id=1)  # a guia: nothing that we keep

    trazer()

    documento = CobrancaDocumento.objects.select_related("comando__acao").get()
    assert (documento.imovel_id, documento.localidade_id, documento.tipo_documento) == (19, 1, 8)
    assert (documento.emissao, documento.validade) == (date(2026, 11, 2), date(2026, 11, 12))
    assert (documento.valor, documento.sequencial, documento.no_gsan.pk) == (Decimal("183.45"), 41, 900)
    assert {(i.conta_id, i.debito_id, i.valor) for i in documento.itens.all()} == {
        (77, None, Decimal("123.45")),
        (None, 3, Decimal("60.00")),
    }
    acao = documento.comando.acao
    assert documento.comando.titulo == "INADIMPLENTES (GSAN 4)"
    assert (acao.descricao, acao.dias_de_validade, acao.tipo_documento) == ("AVISO DE CORTE", 10, 8)
    assert not acao.envia_mensagem


def test_a_document_is_of_the_action_that_has_its_description_here(gsan, trazer):
    gsan.imovel(19)
    gsan.comando(4)
    gsan.documento(900, 19, 4)
    trazer(tabelas=("localidades", "imoveis"))
    trazer(tabelas=("documentos",))
    acao = AcaoCobranca.objects.get()
    gsan.comando(5, acao="Aviso de Corte")
    gsan.documento(901, 19, 5, em="2030-01-01")

    trazer()

    assert list(CobrancaDocumento.objects.values_list("comando__acao", flat=True)) == [acao.pk] * 2


def test_the_bar_code_of_a_document_has_the_number_that_gsan_gave_it(gsan, trazer):
    gsan.imovel(19)
    gsan.cliente(5)
    gsan.vinculo(19, 5)
    gsan.comando(4)
    gsan.documento(900, 19, 4)
    trazer()
    novo_parametro_sistema()

    documento = CobrancaDocumento.objects.get()
    contexto = FonteDeDocumentos().contextos([documento.pk], HOJE)[documento.pk]

    assert contexto["codigo"] == codigo_barras.codigo_documento(
        localidade=1,
        matricula=19,
        sequencial=41,
        tipo_documento=8,
        valor=Decimal("123.45"),
        empresa="0123",
        modulo=ParametroSistema.atual().modulo_digito_verificador,
    )


def test_a_payment_of_a_document(gsan, trazer):
    gsan.imovel(19)
    gsan.conta(77, 19)
    gsan.comando(4)
    gsan.documento(900, 19, 4)
    gsan.item(900, cnta_id=77)
    gsan.pagamento(cbdo_id=900, cnta_id=77)

    trazer()

    assert CobrancaDocumento.objects.get().pago_em == Conta.objects.get().pago_em == date(2026, 11, 5)


def test_documents_that_came_are_announced_once_each_by_the_action_of_their_description(gsan, trazer, agora):
    for matricula, cliente in ((19, 5), (27, 6)):
        gsan.imovel(matricula)
        gsan.cliente(cliente)
        gsan.vinculo(matricula, cliente)
    gsan.comando(4)
    gsan.documento(900, 19, 4)
    novo_parametro_sistema()
    novas_saidas()
    nova_acao(descricao="Aviso de corte", por_sms=False)

    def anunciar() -> list[str]:
        for comando, _ in comandos_a_avisar():
            gerar_avisos(comando_id=comando, execucao=uuid4(), hoje=HOJE, agora=agora)
        return sorted(Mensagem.objects.values_list("destino", flat=True))

    trazer()
    assert anunciar() == ["cliente5@exemplo.com.br"]
    gsan.documento(901, 27, 4, em="2030-01-01")
    trazer()

    assert anunciar() == ["cliente5@exemplo.com.br", "cliente6@exemplo.com.br"]
    assert AcaoCobranca.objects.get().comandos.get().documentos_gerados == 2


# A GSAN whose tables are others


@pytest.fixture
def de_outro_fork(gsan):
    """The switches of a customer as another company named them, and phones without a mark of SMS."""
    gsan.executar("""
        ALTER TABLE cadastro.cliente RENAME clie_icenviasms TO clie_icenviosms;
        ALTER TABLE cadastro.cliente RENAME clie_icenviaemail TO clie_icenvioemail;
        ALTER TABLE cadastro.cliente_fone RENAME cfon_icfonesms TO outra""")
    yield gsan
    gsan.executar("""
        ALTER TABLE cadastro.cliente RENAME clie_icenviosms TO clie_icenviasms;
        ALTER TABLE cadastro.cliente RENAME clie_icenvioemail TO clie_icenviaemail;
        ALTER TABLE cadastro.cliente_fone RENAME outra TO cfon_icfonesms""")


def test_alternatives_of_the_map_serve_a_gsan_with_other_columns(de_outro_fork, trazer):
    padrao = {"clie_id": 5, "clie_nmcliente": "ANA", "clie_icenviosms": 1, "clie_icenvioemail": 2, "clie_icuso": 1}
    de_outro_fork.inserir("cadastro.cliente", **padrao)
    de_outro_fork.inserir("cadastro.cliente_fone", clie_id=5, fnet_id=3, cfon_cdddd="84", cfon_nnfone="987654321")

    trazer()

    cliente = Cliente.objects.get()
    assert (cliente.por_sms, cliente.por_email) == (True, False)
    assert not cliente.fones.get().sms


def test_a_column_that_is_missing_is_named_before_anything_is_read(gsan, trazer):
    gsan.executar("ALTER TABLE faturamento.conta RENAME cnta_vlagua TO outra")
    try:
        with pytest.raises(ErroDeImportacao, match=r"Em contas, o banco não tem faturamento\.conta\.cnta_vlagua\."):
            trazer()
    finally:
        gsan.executar("ALTER TABLE faturamento.conta RENAME outra TO cnta_vlagua")
    assert not Localidade.objects.exists()


def test_a_table_that_is_unknown_is_named(gsan, trazer):
    with pytest.raises(ErroDeImportacao, match="Não há tabela clientas; as que há são localidades, "):
        trazer(tabelas=("clientas",))
