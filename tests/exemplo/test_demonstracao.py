"""The demonstration, and what it leaves behind: read as the customers and their banks would read it."""

import io
import json
import re
from datetime import date, timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from html import unescape

import pypdfium2
import pytest
import zxingcpp
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from cobranca.models import CobrancaDocumento
from exemplo import demonstracao
from faturamento import codigo_barras
from faturamento.fonte import MotivoDeNaoGerar
from faturamento.models import ClienteConta, Conta
from mensageria.alfabeto import GSM7, alfabeto, posicoes
from mensageria.models import Mensagem, NaoGerada
from mensageria.textos import POSICOES_DO_CODIGO
from preventivo.models import Aviso, Boleto

HOJE = date(2027, 3, 31)  # the end of a month, and not the day of the test


@pytest.fixture(scope="module")
def demonstrada(django_db_setup, django_db_blocker, tmp_path_factory):
    """One run of the demonstration in a database of its own, as the command has it: (folder, result)."""
    pasta = tmp_path_factory.mktemp("demo")
    nomes = ("ENVIO", "PASTA_DIARIO", "ESPERA_ENTRE_TENTATIVAS", "ESPERA_DO_SERVICO")
    originais = {nome: getattr(settings, nome) for nome in nomes}
    with django_db_blocker.unblock(), demonstracao.banco_proprio():
        yield pasta, demonstracao.executar(pasta, demonstracao.relogio_de(HOJE), lambda _: None)
    with django_db_blocker.unblock(), CaptureQueriesContext(connection) as consultas:
        ContentType.objects.get_for_model(Aviso)
    assert len(consultas) == 1, "what was remembered of the demonstration's database outlived it"
    for nome, valor in originais.items():
        setattr(settings, nome, valor)


@pytest.fixture(scope="module")
def todos(demonstrada):
    arquivos = sorted((demonstrada[0] / "emails").glob("*.eml"))
    return [message_from_bytes(arquivo.read_bytes(), policy=policy.default) for arquivo in arquivos]


@pytest.fixture(scope="module")
def emails(todos):
    """Those of process 336."""
    return [email for email in todos if "avisos@aguas.example" in email["From"]]


@pytest.fixture(scope="module")
def boletos(todos):
    """Those of the campaigns."""
    return [email for email in todos if "Atendimento" in email["From"]]


@pytest.fixture(scope="module")
def alertas(todos):
    return [email for email in todos if "Robô Preventivo" in email["From"]]


@pytest.fixture(scope="module")
def sms(demonstrada):
    return [json.loads(linha) for linha in (demonstrada[0] / "sms.jsonl").read_text().splitlines()]


def fato(codigo: codigo_barras.CodigoArrecadacao) -> tuple[int, str, date, Decimal]:
    """(matrícula, name, due date, value) of the conta or document that a bar code speaks of."""
    if codigo.tipo == 3:
        conta = Conta.objects.get(imovel=codigo.matricula, referencia=codigo.referencia)
        nome = ClienteConta.objects.get(conta=conta, relacao=2).cliente.nome
        return conta.imovel_id, nome, conta.vencimento, conta.valor
    documento = CobrancaDocumento.objects.get(pk=codigo.sequencial)
    usuario = documento.imovel.vinculos.get(relacao=2, fim=None).cliente
    return documento.imovel_id, usuario.nome, documento.validade, documento.valor


def reais(valor: Decimal) -> str:
    return f"{valor:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")


def test_the_balance_closes(demonstrada):
    _, resultado = demonstrada

    assert resultado.problemas == []
    assert all(linha.fecha for linha in resultado.linhas)


def test_the_sample_shows_at_least_100_bills_due_now_some_programadas_and_every_reason(demonstrada):
    _, resultado = demonstrada

    assert Mensagem.objects.filter(origem="faturamento").values("objeto_id").distinct().count() >= 100
    assert sum(linha.programadas for linha in resultado.linhas) > 0
    motivos = set(NaoGerada.objects.filter(origem="faturamento").values_list("motivo", flat=True))
    que_o_exemplo_nao_tem = {
        *("sem_saida", "ja_anunciada", "cliente_inativo", "telefone_invalido", "nao_perturbe", "sem_janela")
    }
    assert motivos >= set(MotivoDeNaoGerar.values) - que_o_exemplo_nao_tem


def test_every_email_carries_the_bill_and_an_image_that_a_bank_reads(emails):
    assert len(emails) > 100
    for email in emails:
        (imagem,) = [parte for parte in email.walk() if parte.get_content_type() == "image/png"]
        lido = zxingcpp.read_barcode(Image.open(io.BytesIO(imagem.get_content())).convert("L"))
        assert lido.format == zxingcpp.BarcodeFormat.ITF
        codigo = codigo_barras.ler(lido.text)
        matricula, nome, vencimento, valor = fato(codigo)
        assert codigo.valor == valor
        for tipo in ("plain", "html"):
            texto = " ".join(unescape(email.get_body((tipo,)).get_content()).split())
            assert str(matricula) in texto
            assert " ".join(nome.split()) in texto
            assert f"{vencimento:%d/%m/%Y}" in texto
            assert reais(valor) in texto
            assert codigo_barras.linha_digitavel(lido.text) in texto
            assert "ÁGUAS DO EXEMPLO S.A." in texto and "11.222.333/0001-81" in texto


def test_every_sms_fits_and_its_48_digits_are_those_of_its_bill(sms):
    assert len(sms) > 100
    for mensagem in sms:
        texto = mensagem["text"]
        assert posicoes(texto) <= 164 and alfabeto(texto) == GSM7
        assert re.fullmatch(r" Barras: [0-9]{48}", texto[-POSICOES_DO_CODIGO:])
        codigo = codigo_barras.ler(texto[-48:])
        matricula, _, vencimento, valor = fato(codigo)
        assert codigo.valor == valor
        assert str(matricula) in texto and f"{vencimento:%d/%m/%Y}" in texto and reais(valor) in texto
        assert re.fullmatch(r"55[1-9][0-9]9[0-9]{8}", mensagem["to"])


def test_a_campaign_of_each_company_ends_and_its_numbers_agree(demonstrada):
    _, resultado = demonstrada

    assert {campanha.operacao.nome for campanha, _ in resultado.campanhas} == {"Claro", "Net", "Sem Parar"}
    for campanha, funil in resultado.campanhas:
        assert campanha.encerrada
        assert funil.mensagens == funil.enviadas + funil.falhas + funil.incertas + funil.canceladas > 0
        assert funil.registros == campanha.registros and funil.acordos == campanha.acordos


def lidos(imagem: Image.Image) -> set[tuple]:
    """(format, text) of each code in an image. Lines of a QR may look like a short code of bars."""
    formatos = (zxingcpp.BarcodeFormat.ITF, zxingcpp.BarcodeFormat.QRCode)
    return {(codigo.format, codigo.text) for codigo in zxingcpp.read_barcodes(imagem.convert("L"), formats=formatos)}


def test_every_image_and_pdf_of_a_boleto_reads_back_to_its_line_and_its_pix(boletos):
    com_pix = 0
    for email in boletos:
        boleto = Boleto.objects.get(avisos=Mensagem.objects.get(id_externo=email["Message-ID"]).objeto_id)
        codigos = {(zxingcpp.BarcodeFormat.ITF, boleto.codigo)}
        codigos |= {(zxingcpp.BarcodeFormat.QRCode, boleto.pix)} if boleto.pix else set()
        imagens = [parte.get_content() for parte in email.walk() if parte.get_content_type() == "image/png"]
        assert codigos <= set().union(*(lidos(Image.open(io.BytesIO(imagem))) for imagem in imagens))
        assert len(imagens) == len(codigos)
        com_pix += bool(boleto.pix)
        assert boleto.linha in email.get_body(("plain",)).get_content()
        (pdf,) = [parte.get_content() for parte in email.walk() if parte.get_content_type() == "application/pdf"]
        if boleto.pdf is None:  # else it is the company's own
            assert codigos <= lidos(pypdfium2.PdfDocument(pdf)[0].render(scale=3).to_pil())
        else:
            assert pdf == bytes(boleto.pdf.conteudo)
    assert com_pix


def test_no_boleto_reaches_an_address_twice_and_all_are_of_the_rule(boletos):
    avisos = [Mensagem.objects.get(id_externo=email["Message-ID"]).objeto_id for email in boletos]
    fatos = Aviso.objects.filter(pk__in=avisos).values_list("boleto__numero", "email", "boleto__vencimento")

    assert len(avisos) == len(set(avisos)) == len({(numero, email) for numero, email, _ in fatos})
    assert {vencimento - HOJE for *_, vencimento in fatos} == {timedelta(0), timedelta(7)}


def test_the_exhausted_service_is_told_about_and_the_next_one_takes_over(alertas):
    textos = {email["Subject"]: email.get_body(("plain",)).get_content() for email in alertas}

    assert "Limite de Envios Esgotado!" in textos["Alerta de Limite de Consumo"]
    assert "O serviço SERVICO_3 da operação Net esgotou o limite de envios." in textos["Alerta de Limite de Consumo"]
    troca = textos["Troca de Envio Confirmada"]
    assert "A operação Net envia agora com o serviço SERVICO_5, no lugar de SERVICO_3." in troca


def test_the_demonstration_finds_what_does_not_close(demonstrada):
    pasta, resultado = demonstrada
    primeiro = sorted((pasta / "emails").glob("*.eml"))[0]
    conteudo = primeiro.read_bytes()

    primeiro.unlink()
    assert any("não chegaram" in problema for problema in demonstracao._problemas(resultado, pasta))
    for nome in ("a.eml", "b.eml"):
        (pasta / "emails" / nome).write_bytes(conteudo)
    assert any("mais de uma vez" in problema for problema in demonstracao._problemas(resultado, pasta))
    (pasta / "emails" / "a.eml").unlink()
    (pasta / "emails" / "b.eml").rename(primeiro)
