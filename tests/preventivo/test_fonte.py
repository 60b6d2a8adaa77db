"""What the engine asks about boletos, and the e-mail that comes of it."""

from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from cadastro.models import ParametroSistema
from mensageria import composicao, envio, fontes
from mensageria.estados import Estado
from mensageria.fontes import SemExemplo
from mensageria.models import Anexo, Canal, Mensagem
from mensageria.palavras import nome_da_origem
from mensageria.textos import conferir_texto
from preventivo import fonte, regra
from preventivo.models import Aviso, Boleto, Campanha, Operacao
from simuladores.boletos import pix_de
from simuladores.smtp import ServidorSMTP
from tests.fabricas import HOJE, novo_parametro_sistema
from tests.preventivo.fabricas import AGORA, nova_campanha, nova_operacao, novo_boleto, novo_registro, novo_tipo

S = Campanha.Situacao
B = Boleto.Situacao
F = fonte.FonteDeBoletos()


@pytest.fixture
def smtp():
    with ServidorSMTP() as servidor:
        yield servidor


@pytest.fixture
def operacao(db, smtp):
    novo_parametro_sistema()
    return nova_operacao(smtp=("127.0.0.1", smtp.porta))


@pytest.fixture
def campanha(operacao):
    return nova_campanha(operacao, situacao=S.ENVIANDO)


@pytest.fixture
def boleto(campanha):
    registro = novo_registro(campanha, cpf="12345678909")
    return novo_boleto(campanha, registro=registro, parcela=3, pix=pix_de(123.45, "abc"))


def aviso_de(boleto) -> Aviso:
    regra.gerar(boleto.campanha, AGORA)
    return Aviso.objects.get(boleto=boleto)


def motivos(aviso, versao=f"{HOJE:%Y%m%d}") -> dict:
    return F.motivos_de_cancelamento(Canal.EMAIL, {aviso.pk: versao}, HOJE)


def test_the_app_registers_its_origin():
    assert isinstance(fontes.da_origem("preventivo"), fonte.FonteDeBoletos)
    assert nome_da_origem("preventivo") == "Campanha Preventiva"
    assert fontes.da_origem("preventivo").assunto == "boletos"


def test_what_is_still_owed_is_not_cancelled(boleto):
    assert motivos(aviso_de(boleto)) == {}


@pytest.mark.parametrize(
    ("do_boleto", "da_campanha", "motivo"),
    [
        ({"situacao": B.PAGO}, {}, "paga"),
        ({"situacao": B.CANCELADO}, {}, "objeto_cancelado"),
        ({"situacao": B.AUSENTE}, {}, "objeto_cancelado"),
        ({"vencimento": HOJE + timedelta(days=1)}, {}, "objeto_alterado"),
        ({}, {"situacao": S.CANCELADA}, "campanha_cancelada"),
        ({}, {"situacao": S.PAUSADA}, None),
    ],
)
def test_what_must_not_leave_any_more_and_why(boleto, do_boleto, da_campanha, motivo):
    aviso = aviso_de(boleto)
    if do_boleto:
        Boleto.objects.update(**do_boleto)
    if da_campanha:
        Campanha.objects.update(**da_campanha)

    assert motivos(aviso) == ({aviso.pk: motivo} if motivo else {})


def test_an_aviso_that_is_gone_is_a_cancelled_object(boleto):
    aviso = aviso_de(boleto)
    Aviso.objects.all().delete()

    assert F.motivos_de_cancelamento(Canal.EMAIL, {aviso.pk or 1: "20261110", 10**9: "x"}, HOJE)[10**9] == (
        "objeto_cancelado"
    )


def test_the_destination_is_the_address_or_the_operator_s_in_a_test(boleto):
    aviso = aviso_de(boleto)
    assert F.destinos(Canal.EMAIL, [aviso.pk, 10**9], HOJE) == {aviso.pk: "ana@exemplo.com.br"}
    assert F.destinos(Canal.SMS, [aviso.pk], HOJE) == {}

    Campanha.objects.update(teste_para="eu@exemplo.com.br")
    assert F.destinos(Canal.EMAIL, [aviso.pk], HOJE) == {aviso.pk: "eu@exemplo.com.br"}


def test_what_the_texts_and_the_layout_get(boleto, campanha):
    aviso = aviso_de(boleto)
    acordo = boleto.acordo.numero

    contexto = F.contextos([aviso.pk], HOJE)[aviso.pk]

    assert contexto["valores"] == {
        "{NOME_OPERACAO}": "Claro",
        "{CPF}": "***.456.789-**",
        "{VALOR}": "123,45",
        "{VENCIMENTO}": "10/11/2026",
        "{ACORDO}": acordo,
        "{PARCELA}": "3",
        "{BENEFICIARIO}": "Telefonia do Exemplo S.A.",
        "{CNPJ_BENEFICIARIO}": "11.222.333/0001-81",
    }
    assert {dado.tag for dado in F.dados} == contexto["valores"].keys()
    assert contexto["quadro"] == [
        ["Beneficiário", "Telefonia do Exemplo S.A."],
        ["CNPJ do beneficiário", "11.222.333/0001-81"],
        ["Acordo", acordo],
        ["Parcela", "3"],
        ["Vencimento", "10/11/2026"],
        ["Valor", "R$ 123,45"],
    ]
    assert (contexto["codigo"], contexto["linha"], contexto["pix"]) == (boleto.codigo, boleto.linha, boleto.pix)
    assert contexto["linha_formatada"].replace(" ", "").replace(".", "") == boleto.linha
    assert contexto["cor"] == "#0b5c8a" and contexto["empresa"]["nome"] == "COMPANHIA DE ÁGUAS DE TESTE"
    assert contexto["pdf"] == {"pagador": "CPF ***.456.789-**"} and "anexo" not in contexto


def test_who_sends_for_an_operation_signs_in_the_place_of_the_company(boleto):
    aviso = aviso_de(boleto)
    Operacao.objects.update(assinatura=" Cobrança Ltda. \r\n\r\nCNPJ 11.222.333/0001-81\r\nAtendimento 0800 000 0198")

    contexto = F.contextos([aviso.pk], HOJE)[aviso.pk]

    assert contexto["empresa"] == {
        "nome": "Cobrança Ltda.",
        "endereco": "CNPJ 11.222.333/0001-81 · Atendimento 0800 000 0198",
    }


def test_an_agency_that_said_nothing_of_itself_sends_all_the_same(boleto, smtp):
    ParametroSistema.objects.all().delete()
    aviso_de(boleto)

    envio.enviar(boleto.campanha.operacao.remetente.servico, relogio=lambda: AGORA)

    assert [recebida.destinos for recebida in smtp.recebidas] == [("ana@exemplo.com.br",)]


def test_what_the_company_did_not_say_is_not_shown(campanha):
    aviso = aviso_de(novo_boleto(campanha))

    contexto = F.contextos([aviso.pk], HOJE)[aviso.pk]

    do_beneficiario = ["Beneficiário", "CNPJ do beneficiário"]
    assert [rotulo for rotulo, _ in contexto["quadro"]] == [*do_beneficiario, "Acordo", "Vencimento", "Valor"]
    assert "pix" not in contexto and contexto["valores"]["{PARCELA}"] == ""


def test_the_company_s_pdf_goes_instead_of_a_drawn_one(campanha):
    pdf = Anexo.objects.guardar(b"%PDF-1.4", nome="boleto-1.pdf", tipo="application/pdf")
    aviso = aviso_de(novo_boleto(campanha, pdf=pdf))

    contexto = F.contextos([aviso.pk], HOJE)[aviso.pk]

    assert contexto["anexo"] == [pdf.pk, "boleto-1.pdf"] and "pdf" not in contexto


def test_a_boleto_whose_line_stopped_being_right_is_not_composed(boleto):
    aviso = aviso_de(boleto)
    Boleto.objects.update(codigo="", problema="não confere")

    assert F.contextos([aviso.pk], HOJE) == {aviso.pk: {"impedimento": "não confere"}}


def test_what_a_message_speaks_of_is_told_without_the_whole_cpf(boleto):
    aviso = aviso_de(boleto)

    objeto = F.objetos([aviso.pk, 10**9])[aviso.pk]

    assert (objeto.titulo, objeto.cliente, objeto.matricula) == (f"Boleto {boleto.numero}", "CPF ***.456.789-**", None)
    assert "12345678909" not in str(objeto)


def test_each_method_is_one_query_for_any_number(campanha, django_assert_num_queries):
    for n in range(5):
        novo_boleto(campanha, [f"a{n}@exemplo.com.br"])
    regra.gerar(campanha, AGORA)
    ids = list(Aviso.objects.values_list("pk", flat=True))

    for pergunta in (
        lambda: F.motivos_de_cancelamento(Canal.EMAIL, dict.fromkeys(ids, "20261110"), HOJE),
        lambda: F.destinos(Canal.EMAIL, ids, HOJE),
        lambda: F.objetos(ids),
    ):
        with django_assert_num_queries(1):
            pergunta()
    with django_assert_num_queries(2):  # the company's parameters too
        assert len(F.contextos(ids, HOJE)) == 5


def test_an_example_is_the_newest_of_the_tipo_or_else_of_its_operacao(operacao, campanha):
    outro = novo_tipo(operacao, "OUTRO")
    with pytest.raises(SemExemplo, match="Ainda não há boleto"):
        fonte.exemplo_do_tipo(outro)
    primeiro = aviso_de(novo_boleto(campanha))
    novo_boleto(campanha, codigo="", problema="errada")
    regra.gerar(campanha, AGORA)
    assert fonte.exemplo_do_tipo(outro) == fonte.exemplo_do_tipo(campanha.tipo) == F.exemplo(None, HOJE) == primeiro.pk

    de_outro = aviso_de(novo_boleto(nova_campanha(operacao, tipo=outro, situacao=S.ENVIANDO)))
    assert (fonte.exemplo_do_tipo(outro), fonte.exemplo_do_tipo(campanha.tipo)) == (de_outro.pk, primeiro.pk)


def test_the_layouts_of_the_first_day_use_only_tags_that_exist(campanha):
    from preventivo.models import Layout

    assert Layout.objects.exists()
    for layout in Layout.objects.all():
        for texto in (layout.assunto, layout.corpo):
            assert conferir_texto("layout", texto, fonte.DADOS_PREVENTIVO, transliterado=False) == []


def test_the_e_mail_that_leaves_has_line_pix_pdf_and_a_way_out(operacao, boleto, smtp):
    regra.gerar(boleto.campanha, AGORA)

    assert envio.enviar(operacao.remetente.servico, relogio=lambda: AGORA)["aceita"] == 1

    recebida = message_from_bytes(smtp.recebidas[0].conteudo, policy=policy.default)
    texto = recebida.get_body(("plain",)).get_content()
    assert recebida["To"] == "ana@exemplo.com.br" and recebida["Subject"] == "Boleto Claro de 10/11/2026"
    assert boleto.linha in texto and boleto.pix in texto and "***.456.789-**" in texto
    assert "12345678909" not in smtp.recebidas[0].conteudo.decode("latin-1")
    assert [parte.get_content_type() for parte in recebida.iter_attachments()] == ["application/pdf"]
    assert recebida["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    mensagem = Mensagem.objects.get()
    assert mensagem.estado == Estado.ENVIADA
    # What was sent can be made again.
    assert composicao.resumo(composicao.conteudo(mensagem)) == mensagem.envios.get().resumo


def test_right_before_it_leaves_it_is_asked_whether_it_is_still_owed(operacao, boleto, smtp):
    regra.gerar(boleto.campanha, AGORA)
    Boleto.objects.update(situacao=B.PAGO)

    envio.enviar(operacao.remetente.servico, relogio=lambda: AGORA)

    assert not smtp.recebidas
    assert Mensagem.objects.values_list("estado", "motivo").get() == (Estado.CANCELADA, "paga")
