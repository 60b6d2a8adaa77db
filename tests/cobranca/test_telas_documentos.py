"""The documents of a comando: the list, one of them, and the page that is printed."""

import base64
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from cadastro.digitos import formatar_matricula
from cobranca import pagavel
from cobranca.fonte import FonteDeDocumentos
from cobranca.models import CobrancaDocumento, CobrancaDocumentoItem, ImovelSemDocumento, TipoDocumento
from faturamento.models import Conta, DebitoACobrar
from mensageria.models import Canal
from tests.cobranca.test_fichas import nova_conta_bancaria
from tests.fabricas import (
    HOJE,
    nova_conta,
    novo_cliente,
    novo_comando,
    novo_imovel,
    novo_parametro_sistema,
    novo_vinculo,
)
from tests.mensageria.apoio import nova_mensagem
from tests.mensageria.pagamento.leitura import da_imagem, do_pdf, texto_do_pdf


@pytest.fixture(autouse=True)
def sistema(db):
    return novo_parametro_sistema()


@pytest.fixture
def operador(entrar):
    return entrar("operador")


def novo_documento(comando=None, *, ficha: bool = False, cliente=None, **campos) -> CobrancaDocumento:
    """Over a conta of 80,00 and a multa of 20,00."""
    imovel, cliente = novo_imovel(), cliente or novo_cliente()
    novo_vinculo(cliente, imovel)
    conta = nova_conta(imovel=imovel, cliente=cliente, valor="80.00", referencia=202609)
    debito = DebitoACobrar.objects.create(imovel=imovel, descricao="MULTA <ATRASO>", referencia=202610, valor=20)
    hoje = timezone.localdate()
    padrao = {"emissao": hoje, "validade": hoje + timedelta(days=10), "valor": Decimal(100), "tipo_documento": 8}
    if ficha:
        conta_bancaria = campos.pop("conta_bancaria", None) or nova_conta_bancaria()
        padrao |= {"conta_bancaria": conta_bancaria, "nosso_numero": CobrancaDocumento.objects.count() + 1}
    documento = CobrancaDocumento.objects.create(
        comando=comando or novo_comando(gerado_em=timezone.now(), documentos_gerados=1),
        imovel=imovel,
        localidade=imovel.localidade,
        **padrao | campos,
    )
    CobrancaDocumentoItem.objects.create(documento=documento, conta=conta, valor=80)
    CobrancaDocumentoItem.objects.create(documento=documento, debito=debito, valor=20)
    return documento


def da(documento) -> str:
    return f"/cobranca/documentos/{documento.pk}/"


def visivel(resposta) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", resposta.text).split())


# One document


def test_a_document_shows_what_it_charges_and_its_total(operador):
    cliente = novo_cliente(nome="ANA <DA> SILVA")
    documento = novo_documento(cliente=cliente)

    tela = visivel(operador.get(da(documento)))

    for palavras in (
        f"Documento de cobrança {documento.pk}",
        "Conta 09/2026",
        "MULTA &lt;ATRASO&gt; 10/2026",
        "R$ 80,00",
        "R$ 20,00",
        "Total R$ 100,00",
        "ANA &lt;DA&gt; SILVA",
        "em aberto",
        f"Tipo de documento {TipoDocumento.objects.get(pk=documento.tipo_documento)}",
        f"Validade {documento.validade:%d/%m/%Y}",
    ):
        assert palavras in tela, palavras


@pytest.mark.parametrize("ficha", [False, True], ids=["arrecadacao", "ficha"])
def test_its_bar_code_is_read_by_a_camera_and_its_line_is_there(operador, sistema, ficha):
    documento = novo_documento(ficha=ficha)
    esperado = pagavel.de(documento, sistema)

    resposta = operador.get(da(documento))

    (imagem,) = re.findall(r'src="data:image/png;base64,([^"]+)"', resposta.text)
    assert da_imagem(base64.b64decode(imagem)) == {"ITF": esperado.codigo}
    assert esperado.linha_formatada in visivel(resposta)
    assert len(esperado.linha) == (47 if ficha else 48)
    assert ("Nosso número" in visivel(resposta)) == ficha


@pytest.mark.parametrize("ficha", [False, True], ids=["arrecadacao", "ficha"])
def test_it_is_printed_with_the_same_code(operador, sistema, ficha):
    documento = novo_documento(ficha=ficha, cliente=novo_cliente(nome="JOSÉ", documento="52998224725"))
    esperado = pagavel.de(documento, sistema)

    resposta = operador.get(f"{da(documento)}pdf/")

    assert resposta["Content-Type"] == "application/pdf"
    nome = "ficha" if ficha else "documento"
    assert resposta["Content-Disposition"] == f'attachment; filename="{nome}-{documento.pk}.pdf"'
    assert do_pdf(resposta.content) == {"ITF": esperado.codigo}
    escrito = texto_do_pdf(resposta.content)
    matricula = formatar_matricula(documento.imovel_id)
    for palavras in ("JOSÉ · ***.982.247-**", matricula, "Conta 09/2026; 1 débito a cobrar"):
        assert palavras in escrito, palavras


@pytest.mark.parametrize(
    ("referencias", "debitos", "palavras"),
    [
        ([], 0, ""),
        ([202609], 0, "Conta 09/2026"),
        ([202512, 202601, 202602], 2, "Contas 12/2025, 01/2026 e 02/2026; 2 débitos a cobrar"),
        ([], 1, "1 débito a cobrar"),
        ([*range(202301, 202313), 202401], 0, "13 contas, de 01/2023 a 01/2024"),
    ],
)
def test_what_a_document_charges_is_told_in_few_words(referencias, debitos, palavras):
    assert pagavel.referente(referencias, debitos) == palavras


def test_the_email_tells_what_the_page_tells_of_what_is_charged(sistema):
    documento = novo_documento(ficha=True)

    contexto = FonteDeDocumentos().contextos([documento.pk], timezone.localdate())[documento.pk]

    assert ["Referente a", "Conta 09/2026; 1 débito a cobrar"] in contexto["quadro"]
    assert ["Referente a", pagavel.o_que_cobra(documento)] in contexto["pdf"]["quadro"]


@pytest.mark.parametrize(
    ("mudar", "palavras"),
    [
        ({"cancelado": True}, "cancelado"),
        ({"pago_em": HOJE}, "pago em 10/11/2026"),
    ],
)
def test_what_is_not_paid_any_more_says_so_and_is_not_printed(operador, mudar, palavras):
    documento = novo_documento(**mudar)

    tela = operador.get(da(documento))

    assert palavras in visivel(tela)
    assert "Baixar em PDF" not in tela.text
    assert operador.get(f"{da(documento)}pdf/").status_code == 404


def test_it_is_paid_when_each_thing_that_it_charges_was_paid_by_itself(operador):
    documento = novo_documento()
    Conta.objects.update(pago_em=HOJE)
    assert "em aberto" in visivel(operador.get(da(documento)))

    DebitoACobrar.objects.update(pago_em=HOJE)

    assert "pago pelos itens" in visivel(operador.get(da(documento)))


def test_past_its_validity_it_is_overdue_and_still_paid(operador):
    hoje = timezone.localdate()
    documento = novo_documento(emissao=hoje - timedelta(days=9), validade=hoje - timedelta(days=1))

    tela = operador.get(da(documento))

    assert "vencido" in visivel(tela) and "Baixar em PDF" in tela.text


def test_its_messages_are_listed_and_lead_to_their_pages(operador):
    documento = novo_documento()
    mensagem = nova_mensagem(canal=Canal.SMS, origem="cobranca", objeto_id=documento.pk)
    nova_mensagem(origem="faturamento", objeto_id=documento.pk)

    tela = operador.get(da(documento))

    assert f'href="/mensagens/{mensagem.pk}/"' in tela.text
    assert len(re.findall(r'href="/mensagens/[0-9]+/"', tela.text)) == 1
    assert "Nenhuma mensagem fala deste documento" in visivel(operador.get(da(novo_documento())))


def test_a_message_leads_to_its_document_for_whoever_may_see_it(operador, entrar):
    documento = novo_documento()
    mensagem = nova_mensagem(canal=Canal.SMS, origem="cobranca", objeto_id=documento.pk)
    leitor = entrar("")
    leitor.pessoa.user_permissions.add(Permission.objects.get(codename="view_mensagem"))

    assert f'href="{da(documento)}"' in operador.get(f"/mensagens/{mensagem.pk}/").text
    de_quem_nao_ve = leitor.get(f"/mensagens/{mensagem.pk}/").text
    assert f"Documento de cobrança {documento.pk}" in de_quem_nao_ve and da(documento) not in de_quem_nao_ve


def test_what_keeps_it_from_having_a_code_is_said_in_its_place(operador):
    documento = novo_documento(tipo_documento=100)

    assert "O tipo do documento deve ir de 1 a 99." in visivel(operador.get(da(documento)))
    assert operador.get(f"{da(documento)}pdf/").status_code == 404


def test_a_document_made_elsewhere_keeps_its_number(operador):
    documento = novo_documento(sequencial=4321)
    mensagem = nova_mensagem(canal=Canal.SMS, origem="cobranca", objeto_id=documento.pk)

    for caminho in (da(documento), f"/mensagens/{mensagem.pk}/"):
        assert "Documento de cobrança 4321" in visivel(operador.get(caminho))


# The list


def test_the_list_shows_the_documents_of_its_comando_by_matricula(operador):
    comando = novo_comando(gerado_em=timezone.now(), documentos_gerados=3)
    seus = [novo_documento(comando) for _ in range(3)]
    de_outro = novo_documento()

    resposta = operador.get(f"/cobranca/comandos/{comando.pk}/documentos/")

    assert [d.pk for d in resposta.context["pagina"].linhas] == [d.pk for d in sorted(seus, key=lambda d: d.imovel_id)]
    assert f'href="{da(de_outro)}"' not in resposta.text


def test_the_list_is_paged_by_key(operador):
    comando = novo_comando(gerado_em=timezone.now(), documentos_gerados=12)
    matriculas = sorted(novo_documento(comando).imovel_id for _ in range(12))
    endereco = f"/cobranca/comandos/{comando.pk}/documentos/"

    primeira = operador.get(endereco, {"exibir": 5})
    segunda = operador.get(endereco + primeira.context["pagina"].proxima)

    assert [d.imovel_id for d in primeira.context["pagina"].linhas] == matriculas[:5]
    assert [d.imovel_id for d in segunda.context["pagina"].linhas] == matriculas[5:10]


def test_the_list_is_filtered_by_matricula_and_by_form(operador):
    comando = novo_comando(gerado_em=timezone.now(), documentos_gerados=2)
    guia, ficha = novo_documento(comando), novo_documento(comando, ficha=True)
    endereco = f"/cobranca/comandos/{comando.pk}/documentos/"

    def achados(**filtro):
        return [d.pk for d in operador.get(endereco, filtro).context["pagina"].linhas]

    matricula = str(guia.imovel_id)
    assert achados(matricula=f"{matricula[:-1]}.{matricula[-1]}") == achados(matricula=matricula) == [guia.pk]
    assert achados(forma="ficha") == [ficha.pk]
    assert achados(forma="arrecadacao") == [guia.pk]
    assert achados(matricula="123456789") == []
    assert "Matrícula inválida." in operador.get(endereco, {"matricula": "12x"}).text


def test_an_empty_list_says_why(operador):
    sem = operador.get(f"/cobranca/comandos/{novo_comando().pk}/documentos/")

    assert "Os documentos ainda não foram gerados" in sem.text


def test_the_comando_leads_to_its_documents_and_counts_its_fichas(operador):
    comando = novo_comando(gerado_em=timezone.now(), documentos_gerados=5, fichas=2)

    tela = operador.get(f"/cobranca/comandos/{comando.pk}/")

    assert f'href="/cobranca/comandos/{comando.pk}/documentos/"' in tela.text
    assert "2 documentos são ficha de compensação" in visivel(tela)


def test_who_may_not_see_documents_sees_none(entrar):
    leitor, documento = entrar(""), novo_documento()
    leitor.pessoa.user_permissions.add(Permission.objects.get(codename="view_comandoacao"))

    assert "Ver os documentos" not in leitor.get(f"/cobranca/comandos/{documento.comando_id}/").text
    for caminho in (da(documento), f"{da(documento)}pdf/", f"/cobranca/comandos/{documento.comando_id}/documentos/"):
        assert leitor.get(caminho).status_code == 403


def test_who_may_not_see_messages_sees_the_document_without_them(entrar):
    leitor, documento = entrar(""), novo_documento()
    leitor.pessoa.user_permissions.add(Permission.objects.get(codename="view_cobrancadocumento"))
    nova_mensagem(origem="cobranca", objeto_id=documento.pk)

    assert "/mensagens/" not in leitor.get(da(documento)).text


def test_the_pages_ask_few_questions_of_the_database(operador, django_assert_max_num_queries):
    comando = novo_comando(gerado_em=timezone.now(), documentos_gerados=12)
    banco = nova_conta_bancaria()
    documentos = [novo_documento(comando, ficha=True, conta_bancaria=banco) for _ in range(12)]
    for _ in range(5):
        nova_mensagem(origem="cobranca", objeto_id=documentos[0].pk)

    for pagina in (f"/cobranca/comandos/{comando.pk}/documentos/", da(documentos[0]), f"{da(documentos[0])}pdf/"):
        with django_assert_max_num_queries(12):
            assert operador.get(pagina).status_code == 200
    assert documentos[0].valor == Decimal(100)


# Consultar Imóvel, aba Documentos de Cobrança


def aba(operador, documento) -> str:
    return " ".join(operador.get(f"/cobranca/imovel/{documento.imovel_id}/documentos/").text.split())


def test_the_aba_of_an_imovel_tells_the_number_that_the_bar_code_carries(operador):
    documento = novo_documento(sequencial=777001)
    pagina = aba(operador, documento)

    assert f'<a href="/cobranca/documentos/{documento.pk}/">777001</a>' in pagina


def test_the_aba_of_an_imovel_says_of_a_document_what_its_page_says(operador, django_assert_max_num_queries):
    ontem = timezone.localdate() - timedelta(days=1)
    vencido, pago, aberto = novo_documento(emissao=ontem, validade=ontem), novo_documento(), novo_documento()
    Conta.objects.filter(imovel=pago.imovel).update(pago_em=ontem)
    DebitoACobrar.objects.filter(imovel=pago.imovel).update(pago_em=ontem)

    assert "vencido" in aba(operador, vencido)
    assert "pago pelos itens" in aba(operador, pago)
    with django_assert_max_num_queries(12):
        assert "em aberto" in aba(operador, aberto)


# Who got none


def test_who_was_left_out_is_listed_with_the_reason_and_found_by_it(operador):
    comando, outro = (novo_comando(gerado_em=timezone.now()) for _ in range(2))
    imoveis = sorted((novo_imovel(endereco=f"RUA {n}") for n in range(3)), key=lambda imovel: imovel.pk)
    motivos = ImovelSemDocumento.Motivo
    for imovel, motivo in zip(imoveis, (motivos.SEM_CANAL, motivos.VALOR_ABAIXO, motivos.SEM_CANAL), strict=True):
        ImovelSemDocumento.objects.create(comando=comando, imovel=imovel, motivo=motivo)
    ImovelSemDocumento.objects.create(comando=outro, imovel=imoveis[0], motivo=motivos.SEM_USUARIO)
    do_comando = operador.get(f"/cobranca/comandos/{comando.pk}/").text
    endereco = f"/cobranca/comandos/{comando.pk}/sem-documento/"

    def achados(**filtro):
        return [um.imovel_id for um in operador.get(endereco, filtro).context["pagina"].linhas]

    assert f'href="{endereco}?motivo=33">Usuário sem canal de mensagem</a>' in do_comando
    assert achados() == [imovel.pk for imovel in imoveis]
    assert achados(motivo=33) == [imoveis[0].pk, imoveis[2].pk]
    assert achados(matricula=str(imoveis[1].pk)) == [imoveis[1].pk]
    assert achados(matricula="xx") == [] and achados(motivo="xx") == [imovel.pk for imovel in imoveis]
    tela = visivel(operador.get(endereco, {"motivo": 34}))
    assert f"{formatar_matricula(imoveis[1].pk)}" in tela and "Débito abaixo do valor mínimo" in tela
    assert "Nenhum imóvel assim ficou sem documento" in operador.get(endereco, {"motivo": 41}).text


def test_who_was_left_out_costs_few_queries(operador, django_assert_max_num_queries):
    comando = novo_comando(gerado_em=timezone.now())
    for _ in range(10):
        ImovelSemDocumento.objects.create(comando=comando, imovel=novo_imovel(), motivo=33)

    with django_assert_max_num_queries(8):
        operador.get(f"/cobranca/comandos/{comando.pk}/sem-documento/")
