"""The e-mail of a boleto: Pix, PDF and the way out, read back as a mail client would, and the same bytes for ever."""

import json
import os
import subprocess
import sys
from collections import Counter
from types import SimpleNamespace

import pytest
from django.conf import settings as configuracao
from hypothesis import given
from hypothesis import strategies as st

from faturamento.fonte import FonteDeContas
from mensageria import composicao, descadastro, envio, previa, reserva, trabalhador
from mensageria.barras import png_itf
from mensageria.canais.memoria import CanalDeMemoria
from mensageria.composicao import NaoCompoe, preparar
from mensageria.correio import nome_de_arquivo
from mensageria.estados import Estado
from mensageria.models import Anexo, Canal, Mensagem, OrigemEnvio, Remetente, TentativaEnvio, VersaoTexto
from mensageria.pagamento import qr
from tests.fabricas import nova_conta, novas_saidas, novo_cliente, novo_parametro_sistema
from tests.mensageria.apoio import nova_mensagem
from tests.mensageria.pagamento.leitura import da_imagem, do_pdf, texto_do_pdf
from tests.mensageria.pagamento.test_pix import DINAMICO, escrever
from tests.mensageria.test_composicao import AGORA, ler, mensagem, no_fio, visivel

CODIGO = "34195819600000000621090063571277307144464000"
LINHA = "34191090086357127730871444640008581960000000062"
FORMATADA = "34191.09008 63571.277308 71444.640008 5 81960000000062"
PDF = b"%PDF-1.4\n\xe2\xe3 a company's own\r\n.\r\n%%EOF"


def bruto(**campos) -> dict:
    """What a Fonte of boletos answers."""
    return {
        "titulo": "Boleto Claro",
        "cor": "#b5121b",
        "layout": "boleto/1",
        "valores": {"{NOME}": "ANA", "{VALOR}": "0,62"},
        "quadro": [
            ["Beneficiário", "TELEFONIA FICTÍCIA S.A."],
            ["CNPJ do beneficiário", "11.222.333/0001-81"],
            ["Vencimento", "16/03/2026"],
            ["Valor", "R$ 0,62"],
        ],
        "empresa": {"nome": "AGÊNCIA", "cnpj": "11.222.333/0001-81", "endereco": "", "telefone": "", "site": ""},
        "codigo": CODIGO,
        "linha": LINHA,
        "linha_formatada": FORMATADA,
        "pix": DINAMICO,
        "pdf": {"pagador": "CPF ***.982.247-**"},
    } | campos


@pytest.fixture
def com_saida(monkeypatch, settings):
    settings.URL_BASE = "https://avisa.exemplo.com.br"
    monkeypatch.setattr(FonteDeContas, "assunto", "boletos")


def preparada(dados=None, **campos):
    m = mensagem(**campos)
    m.id = 7
    m.contexto = json.loads(
        json.dumps(preparar(m, bruto() if dados is None else dados, "ana@exemplo.com.br", AGORA, 164))
    )
    return m


def tipos(lida) -> list[str]:
    return [parte.get_content_type() for parte in lida.walk()]


def anexos(lida) -> list:
    return [parte for parte in lida.walk() if parte.get_content_disposition() == "attachment"]


def imagens(lida) -> list[bytes]:
    return [parte.get_content() for parte in lida.walk() if parte.get_content_type() == "image/png"]


def test_a_boleto_carries_all_in_both_parts_and_as_pdf(com_saida):
    m = preparada()

    conteudo = composicao.conteudo(m)

    lida = ler(conteudo)
    no_fio(conteudo)
    assert not any(parte.defects for parte in lida.walk())
    assert tipos(lida) == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "image/png",
        "application/pdf",
    ]
    assert [da_imagem(imagem) for imagem in imagens(lida)] == [{"ITF": CODIGO}, {"QR Code": DINAMICO}]
    (anexo,) = anexos(lida)
    assert anexo.get_filename() == "boleto.pdf"
    assert do_pdf(anexo.get_content()) == {"ITF": CODIGO, "QR Code": DINAMICO}
    assert "CPF ***.982.247-**" in texto_do_pdf(anexo.get_content())
    html = visivel(lida.get_body(("html",)).get_content())
    ditos = [
        *[texto for linha in bruto()["quadro"] for texto in linha],
        LINHA,
        FORMATADA,
        DINAMICO,
        "AGÊNCIA",
        "golpes",
    ]
    for parte in (lida.get_body(("plain",)).get_content(), " ".join(" ".join(html.textos).split())):
        assert [dito for dito in ditos if dito not in parte] == []
    atributos = [atributos for tag, atributos in html.etiquetas if tag in ("img", "a", "td")]
    cids = [parte["Content-ID"].strip("<>") for parte in lida.walk() if parte["Content-ID"]]
    assert [a["src"] for a in atributos if "src" in a] == [f"cid:{cid}" for cid in cids]
    assert [a["href"] for a in atributos if "href" in a] == [m.contexto["descadastro"]]
    assert any("background:#b5121b" in a.get("style", "") for a in atributos)
    assert m.contexto["descadastro"] in lida.get_body(("plain",)).get_content()
    assert lida["List-Unsubscribe"] == f"<{m.contexto['descadastro']}>"
    assert lida["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_an_origin_that_may_not_be_opted_out_of_offers_no_way_out():
    lida = ler(composicao.conteudo(preparada()))

    assert lida["List-Unsubscribe"] is lida["List-Unsubscribe-Post"] is None
    assert "receber" not in lida.get_body(("html",)).get_content()


@pytest.mark.parametrize("falta", ["pix", "pdf", "codigo"])
def test_what_is_not_there_is_not_shown(falta, com_saida):
    dados = bruto()
    del dados[falta]

    lida = ler(composicao.conteudo(preparada(dados | {"pdf": {"codigo": CODIGO}} if falta == "codigo" else dados)))

    texto = lida.get_body(("plain",)).get_content()
    assert len(imagens(lida)) == (2 if falta == "pdf" else 1)
    assert len(anexos(lida)) == (falta != "pdf")
    assert ("Pix copia e cola" in texto) is (falta != "pix")
    assert ("em PDF" in texto) is (falta != "pdf")
    assert "cid:" not in lida.get_body(("html",)).get_content().replace("cid:codigo@", "").replace("cid:pix@", "")


def test_the_link_is_of_who_gets_the_message_even_when_it_is_diverted(com_saida, settings):
    settings.ENVIO = "desvio:teste@exemplo.com.br"

    m = preparada()

    token = m.contexto["descadastro"].rstrip("/").rpartition("/")[2]
    assert descadastro.ler(token) == descadastro.Pedido("teste@exemplo.com.br", "boletos", 7)


# The company's own PDF


@pytest.mark.django_db
def test_the_companys_own_pdf_goes_as_it_came(com_saida):
    guardado = Anexo.objects.guardar(PDF, nome="Boleto nº 7 – São João.pdf", tipo="application/pdf")
    m = preparada(bruto(anexo=[guardado.resumo, guardado.nome]))

    conteudo = composicao.conteudo(m)

    no_fio(conteudo)
    (anexo,) = anexos(ler(conteudo))
    assert anexo.get_content() == PDF
    assert anexo.get_filename() == "Boleto-no-7-Sao-Joao.pdf"


@pytest.mark.django_db
def test_a_pdf_that_is_not_kept_says_so():
    m = preparada(bruto(anexo=["0" * 64, "boleto.pdf"]))

    with pytest.raises(NaoCompoe, match=r"O anexo boleto\.pdf não está guardado"):
        composicao.conteudo(m)


@given(st.binary(max_size=500), st.text(max_size=60))
def test_any_attachment_and_any_name_come_back(conteudo, nome):
    m = preparada(bruto(anexo=["a", nome]))

    email = composicao.email(m.contexto, m.texto, {"a": conteudo})

    no_fio(email)
    (anexo,) = anexos(ler(email))
    assert anexo.get_content() == conteudo
    assert anexo.get_filename().encode() == nome_de_arquivo(nome)
    assert not anexo.defects


@pytest.mark.parametrize(
    ("nome", "limpo"),
    [
        ("boleto.pdf", b"boleto.pdf"),
        ("fatura", b"fatura.pdf"),
        ("", b"boleto.pdf"),
        ("...", b"boleto.pdf"),
        ('a"\r\nBcc: x.pdf', b"a-Bcc-x.pdf"),
        ("../../etc/passwd", b"etc-passwd.pdf"),
        ("x" * 200, b"x" * 30 + b".pdf"),
    ],
)
def test_the_name_of_a_file_is_harmless(nome, limpo):
    assert nome_de_arquivo(nome) == limpo


# Whatever the values

VALOR = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)


@given(st.data())
def test_the_skeleton_says_what_the_layout_draws(data):
    m = preparada(
        bruto(
            titulo=data.draw(VALOR),
            cor=data.draw(st.sampled_from(["#000000", "#ffffff", ""])),
            valores={"{NOME}": data.draw(VALOR), "{VALOR}": data.draw(VALOR)},
            quadro=data.draw(st.lists(st.tuples(VALOR, VALOR), max_size=3)),
            pix=data.draw(st.sampled_from(["", DINAMICO, escrever(_59="A & <B>")])),
        ),
        corpo="Olá, {NOME}:\n\n{VALOR}",
    )
    m.contexto["descadastro"] = data.draw(
        st.sampled_from(["https://x.exemplo/d/?a=1&b=2", "https://x.exemplo/" + "a" * 200])
    )

    conteudo = composicao.email(m.contexto, m.texto)

    lida = ler(conteudo)
    no_fio(conteudo)
    assert not any(parte.defects for parte in lida.walk())
    for formato, extensao in (("plain", "txt"), ("html", "html")):
        desenhado = composicao.no_layout(extensao, m.contexto, m.texto)
        assert linhas(lida.get_body((formato,)).get_content()) == linhas(desenhado)
    assert imagens(lida) == [png_itf(CODIGO), *([qr.png(m.contexto["pix"])] if m.contexto["pix"] else [])]
    assert max(len(linha) for linha in conteudo.split(b"\r\n") if b"List-Unsubscribe:" not in linha) <= 76


def linhas(texto: str) -> str:
    return texto.replace("\r\n", "\n").replace("\r", "\n")


# For ever


EM_OUTRO_PROCESSO = """
import json, sys, django
django.setup()
from mensageria import composicao
from mensageria.models import VersaoTexto
pedido = json.load(sys.stdin)
print(composicao.resumo(composicao.email(pedido["contexto"], VersaoTexto(**pedido["texto"]))))
"""


def test_what_was_kept_renders_to_the_same_bytes_whatever_changed_since(com_saida, settings):
    """The address of the product, its keys, the process: the link is in the context, and the PDF says no moment."""
    texto = {"canal": 2, "assunto": "Boleto de {NOME}", "corpo": "{NOME} deve {VALOR}"}
    m = preparada()
    aqui = composicao.resumo(composicao.email(m.contexto, VersaoTexto(**texto)))

    settings.URL_BASE = "https://outro.exemplo"
    saida = subprocess.run(
        [sys.executable, "-c", EM_OUTRO_PROCESSO],
        input=json.dumps({"contexto": m.contexto, "texto": texto}),
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONHASHSEED": "3", "DJANGO_SETTINGS_MODULE": "config.settings", "TZ": "Asia/Tokyo"},
        cwd=configuracao.BASE_DIR,
    )

    assert composicao.resumo(composicao.email(m.contexto, VersaoTexto(**texto))) == aqui
    assert saida.stdout.split()[-1] == aqui


# The engine


@pytest.fixture
def de_boletos(db, com_saida, monkeypatch):
    """Contas that say what boletos do; the service that they leave through."""
    novo_parametro_sistema()
    verdadeiro = FonteDeContas.contextos
    monkeypatch.setattr(
        FonteDeContas,
        "contextos",
        lambda fonte, ids, hoje: {id_: bruto() | extras.get(id_, {}) for id_ in verdadeiro(fonte, ids, hoje)},
    )
    extras: dict[int, dict] = {}
    return SimpleNamespace(servico=novas_saidas()[0], extras=extras)


def nova(**extra) -> Mensagem:
    conta = nova_conta(cliente=novo_cliente())
    versao = f"{conta.vencimento:%Y%m%d}:{int(conta.valor * 100)}"
    return nova_mensagem(objeto_id=conta.pk, versao_objeto=versao, **extra)


def test_a_block_reads_its_attachments_in_one_query(de_boletos, django_assert_max_num_queries):
    guardados = [Anexo.objects.guardar(PDF + bytes([n]), nome="b.pdf", tipo="application/pdf") for n in range(5)]
    for n in range(10):
        de_boletos.extras[nova().objeto_id] = {"anexo": [guardados[n % 5].resumo, "b.pdf"]}
    canal = CanalDeMemoria()

    with django_assert_max_num_queries(200) as capturadas:
        feito = envio.enviar(de_boletos.servico, canal=canal, relogio=lambda: AGORA)

    assert feito == {"aceita": 10}
    lidos = [c["sql"] for c in capturadas.captured_queries if "mensageria_anexo" in c["sql"]]
    assert len([sql for sql in lidos if "OCTET_LENGTH" not in sql.upper()]) == 1
    assert len(lidos) == 2, "what they weigh is asked before"
    enviados = Counter(anexos(ler(envelope.conteudo))[0].get_content() for envelope in canal.recebidos)
    assert enviados == {PDF + bytes([n]): 2 for n in range(5)}


@pytest.fixture
def pesadas(de_boletos, monkeypatch) -> list[Mensagem]:
    """Five messages in order, each with a PDF of its own, of which a block may hold two."""
    monkeypatch.setattr(reserva, "MAIOR_PESO", 2 * len(PDF) + 5)
    mensagens = []
    for n in range(5):
        guardado = Anexo.objects.guardar(PDF + bytes([n]), nome="b.pdf", tipo="application/pdf")
        mensagens.append(m := nova(prioridade=5 - n))
        de_boletos.extras[m.objeto_id] = {"anexo": [guardado.resumo, "b.pdf"]}
    return mensagens


def reservar(servico, quantas: int = 10) -> list[int]:
    with trabalhador.vagas(servico, 1) as [vaga]:
        bloco = reserva.reservar(vaga, "um", AGORA, quantas)
        bloco.dominios.close()
        return [m.id for m in bloco.mensagens]


def test_a_block_holds_the_attachments_that_fit_and_leaves_the_rest_untouched(
    de_boletos, pesadas, django_assert_max_num_queries
):
    antes = {m["id"]: m for m in Mensagem.objects.values()}

    with django_assert_max_num_queries(200) as capturadas:
        tomadas = reservar(de_boletos.servico)

    assert tomadas == [m.pk for m in pesadas[:2]]
    depois = {m["id"]: m for m in Mensagem.objects.values()}
    assert [depois[m.pk] == antes[m.pk] for m in pesadas] == [False, False, True, True, True]
    lido = "".join(c["sql"] for c in capturadas.captured_queries if "mensageria_anexo" in c["sql"]).rpartition("SELECT")
    resumos = [de_boletos.extras[m.objeto_id]["anexo"][0] for m in pesadas]
    assert [resumo in lido[2] for resumo in resumos] == [True, True, False, False, False]
    assert reservar(de_boletos.servico) == [m.pk for m in pesadas[2:4]], "in their order, by whoever comes next"


def test_all_of_the_heavy_ones_leave_in_one_turn_each_once(de_boletos, pesadas):
    canal = CanalDeMemoria()

    assert envio.enviar(de_boletos.servico, canal=canal, relogio=lambda: AGORA) == {"aceita": 5}

    assert [anexos(ler(e.conteudo))[0].get_content() for e in canal.recebidos] == [PDF + bytes([n]) for n in range(5)]


def test_one_that_alone_is_more_than_a_block_holds_leaves_alone(de_boletos, pesadas, monkeypatch):
    monkeypatch.setattr(reserva, "MAIOR_PESO", 1)

    assert reservar(de_boletos.servico) == [pesadas[0].pk]


def test_where_nothing_is_attached_nothing_is_weighed(de_boletos, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(reserva, "MAIOR_PESO", 0)
    esperadas = {nova().pk for _ in range(3)}

    with django_assert_max_num_queries(200) as capturadas:
        assert set(reservar(de_boletos.servico)) == esperadas

    assert not [c["sql"] for c in capturadas.captured_queries if "mensageria_anexo" in c["sql"]]


def test_what_was_sent_renders_again_to_the_hash_of_its_attempt(de_boletos):
    com_pdf, da_empresa = nova(), nova()
    guardado = Anexo.objects.guardar(PDF, nome="b.pdf", tipo="application/pdf")
    de_boletos.extras[da_empresa.objeto_id] = {"anexo": [guardado.resumo, "b.pdf"]}

    envio.enviar(de_boletos.servico, canal=CanalDeMemoria(), relogio=lambda: AGORA)

    for m in Mensagem.objects.filter(pk__in=[com_pdf.pk, da_empresa.pk]):
        assert composicao.resumo(composicao.conteudo(m)) == TentativaEnvio.objects.get(mensagem=m).resumo


def test_one_whose_attachment_is_gone_is_cancelled_with_the_reason_and_stops_nobody(de_boletos):
    sem, com = nova(), nova()
    de_boletos.extras[sem.objeto_id] = {"anexo": ["0" * 64, "b.pdf"]}

    feito = envio.enviar(de_boletos.servico, canal=CanalDeMemoria(), relogio=lambda: AGORA)

    sem.refresh_from_db(), com.refresh_from_db()
    assert feito == {"aceita": 1, "canceladas": 1}
    assert (sem.estado, com.estado) == (Estado.CANCELADA, Estado.ENVIADA)
    assert sem.motivo == "sem_contexto: O anexo b.pdf não está guardado."


def test_the_preview_shows_both_images_and_takes_the_colour_that_is_not_stored_yet(de_boletos):
    objeto = nova().objeto_id
    rascunho = previa.Rascunho(texto_email="Olá, {NOME}", assunto="Boleto")

    vista = previa.compor("faturamento", rascunho, agora=AGORA, objeto=objeto, trocas={"cor": "#123456"})

    html = vista.email.fechado
    assert html.count("data:image/png;base64,") == 2 and "cid:" not in html
    assert "background:#123456" in html
    assert vista.do_canal(Canal.SMS) is None


def test_a_preview_may_be_from_another_remetente(de_boletos):
    outro = Remetente.objects.create(nome="Claro", email="claro@exemplo.com.br", servico=de_boletos.servico)
    OrigemEnvio.objects.all().delete()
    objeto, rascunho = nova_conta(cliente=novo_cliente()).pk, previa.Rascunho(texto_email="Olá")

    vista = previa.compor("faturamento", rascunho, agora=AGORA, objeto=objeto, remetente=outro)

    assert vista.email.de == "Claro <claro@exemplo.com.br>"
    assert vista.origem.servico(Canal.EMAIL) == de_boletos.servico
    sem = previa.compor("faturamento", rascunho, agora=AGORA, objeto=objeto)
    assert sem.email.problema.startswith("Escolha o remetente")
