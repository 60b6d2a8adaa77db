"""The dossier: what left can be shown, by whom it was ordered, and any byte that changes is seen."""

import io
import json
import uuid
from datetime import timedelta

import pypdfium2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as ajustes
from hypothesis import strategies as st

from mensageria import composicao, conferencia, dossie, dossie_pdf, envio
from mensageria.canais.base import FalhaDeEnvio
from mensageria.canais.memoria import CanalDeMemoria
from mensageria.canais.sms import Recibo
from mensageria.estados import Classe, Estado
from mensageria.models import (
    Canal,
    ChaveDeAssinatura,
    Imutavel,
    Mensagem,
    ReciboDeEntrega,
    TentativaEnvio,
)
from mensageria.retornos import registrar
from tests.fabricas import HOJE, meio_dia, nova_conta, novas_saidas, novo_cliente, novo_parametro_sistema
from tests.mensageria.apoio import nova_mensagem

AGORA = meio_dia(HOJE)


@pytest.fixture
def servicos(db):
    novo_parametro_sistema()
    return dict(zip((Canal.EMAIL, Canal.SMS), novas_saidas(), strict=True))


@pytest.fixture
def enviada(servicos):
    """Make a message that was sent through a channel in memory: `enviada(Canal.SMS)`."""

    def nova(canal=Canal.EMAIL, *, canal_de_envio=None, **campos) -> Mensagem:
        cliente = novo_cliente(nome="ANA <DA> SILVA", documento="52998224725")
        conta = nova_conta(cliente=cliente)
        versao = f"{conta.vencimento:%Y%m%d}:{int(conta.valor * 100)}"
        mensagem = nova_mensagem(canal=canal, objeto_id=conta.pk, versao_objeto=versao, cliente=cliente, **campos)
        envio.enviar(servicos[canal], canal=canal_de_envio or CanalDeMemoria(), relogio=lambda: AGORA)
        mensagem.refresh_from_db()
        return mensagem

    return nova


def emitir(mensagem: Mensagem, por="maria") -> bytes:
    return dossie.emitir(mensagem.pk, por=por, agora=AGORA)


def confere(arquivo: bytes) -> bool:
    """Offline."""
    try:
        achados = list(conferencia.conferir(conferencia.ler(arquivo)))
    except conferencia.Ilegivel:
        return False
    return all(achado.confere is not False for achado in achados)


def conferir(arquivo: bytes, pasta, *opcoes: str) -> str:
    """What the command says. Raises CommandError."""
    caminho, saida = pasta / "dossie", io.StringIO()
    caminho.write_bytes(arquivo)
    call_command("conferir_dossie", str(caminho), *opcoes, stdout=saida)
    return saida.getvalue()


# What is in it


@pytest.mark.parametrize("canal", list(Canal))
def test_it_holds_what_left_byte_by_byte(enviada, canal):
    memoria = CanalDeMemoria()
    mensagem = enviada(canal, canal_de_envio=memoria)

    dito = json.loads(emitir(mensagem))["dossie"]

    assert dito["conteudo"]["texto"].encode() == memoria.recebidos[0].conteudo
    assert dito["conteudo"]["sha256"] == mensagem.envios.get().resumo == dito["tentativas"][0]["sha256"]
    assert "o SHA-256 é o mesmo" in " ".join(dito["declaracao"])


def test_it_says_who_when_by_what_and_in_which_versions(enviada, admin_user):
    mensagem = enviada()

    dito = json.loads(emitir(mensagem, por=admin_user))["dossie"]

    assert dito["emitido_por"] == admin_user.username
    assert dito["emitido_em"] == AGORA.isoformat()
    assert dito["mensagem"]["destino"] == mensagem.destino == mensagem.cliente.email
    assert dito["de_que_fala"]["titulo"] == "Conta 11/2026"
    assert ["Valor", "R$ 123,45"] in dito["de_que_fala"]["dados"]
    assert dito["versoes"]["texto"]["sha256"] == mensagem.texto.resumo
    assert dito["versoes"]["renderizador"] == composicao.RENDERIZADOR
    assert len(dito["versoes"]["layout"]["sha256"]["html"]) == 64
    assert dito["versoes"]["programa"]["sha256"] == dossie.impressao_do_programa()
    (tentativa,) = dito["tentativas"]
    assert (tentativa["classe"], tentativa["momento"]) == ("aceita", timezone.localtime(AGORA).isoformat())


def test_the_process_that_commanded_it_is_in_it(enviada, novo_336, admin_user):
    iniciado = novo_336(usuario=admin_user, autorizado_por=admin_user)
    mensagem = enviada()
    mensagem.lote.execucao = iniciado.execucao
    mensagem.lote.save()

    comando = dict(json.loads(emitir(mensagem))["dossie"]["comando"])

    assert comando["Comandado por"] == comando["Autorizado por"] == admin_user.username
    assert f"iniciado nº {iniciado.pk}" in comando["Processo"]


def test_it_has_no_whole_cpf_and_no_secret(enviada, servicos):
    servicos[Canal.EMAIL].senha = "senha-muito-secreta"
    servicos[Canal.EMAIL].save()
    arquivo = emitir(enviada()).decode()

    assert '"***.982.247-**"' in arquivo
    assert "52998224725" not in arquivo and "senha-muito-secreta" not in arquivo
    assert ChaveDeAssinatura.objects.get().privada not in arquivo


def test_every_attempt_and_every_word_of_the_server_is_in_it(enviada):
    canal = CanalDeMemoria()
    mensagem = enviada(canal_de_envio=canal)
    TentativaEnvio.objects.create(
        mensagem=mensagem,
        numero=2,
        servico="OUTRO",
        destino="x@y.example",
        momento=AGORA + timedelta(hours=1),
        classe=Classe.CAIXA_CHEIA,
        codigo="452",
        resposta="4.2.2 Mailbox full",
        resumo="f" * 64,
    )

    dito = json.loads(emitir(mensagem))["dossie"]

    assert [t["resultado"] for t in dito["tentativas"]] == ["Aceita", "Caixa cheia"]
    assert dito["tentativas"][1]["resposta"] == "4.2.2 Mailbox full"
    achados = [a.texto for a in conferencia.conferir(conferencia.ler(emitir(mensagem)))]
    assert any("na 2ª tentativa foi outro conteúdo" in texto for texto in achados)


def test_a_receipt_is_in_it_with_the_moment_it_was_known(enviada):
    mensagem = enviada(Canal.SMS)
    chegou = AGORA + timedelta(minutes=7)

    for _ in range(2):
        registrar(mensagem, Recibo("entregue", "OK", "Delivered to handset"), chegou)

    (recibo,) = json.loads(emitir(mensagem))["dossie"]["recibos"]
    assert (recibo["situacao"], recibo["codigo"], recibo["texto"]) == ("entregue", "OK", "Delivered to handset")
    assert recibo["momento"] == timezone.localtime(chegou).isoformat()
    assert "A operadora confirmou a entrega ao destinatário." in json.loads(emitir(mensagem))["dossie"]["declaracao"]


def test_a_receipt_is_never_rewritten(enviada):
    mensagem = enviada(Canal.SMS)
    registrar(mensagem, Recibo("falha", "E1", "Unknown subscriber"), AGORA)
    recibo = ReciboDeEntrega.objects.get()

    with pytest.raises(Imutavel):
        recibo.save()
    with pytest.raises(Imutavel):
        recibo.delete()
    assert any("NÃO foi entregue" in texto for texto in json.loads(emitir(mensagem))["dossie"]["declaracao"])


class Recusa(CanalDeMemoria):
    def enviar(self, envelope, antes_do_corpo=None):
        raise FalhaDeEnvio(Classe.ENDERECO, "550", "5.1.1 No such user")


def test_what_no_server_took_proves_nothing_and_says_so(enviada):
    mensagem = enviada(Canal.SMS, canal_de_envio=Recusa())

    dito = json.loads(emitir(mensagem))["dossie"]

    assert dito["declaracao"] == ["Este dossiê NÃO prova o envio: nenhum servidor aceitou a mensagem."]
    assert dito["tentativas"][0]["resposta"] == "5.1.1 No such user"


def test_a_message_that_was_not_composed_has_a_dossier_too(servicos, tmp_path):
    mensagem = nova_mensagem()

    arquivo = emitir(mensagem)

    assert json.loads(arquivo)["dossie"]["conteudo"]["falta"] == "A mensagem não foi composta: nada saiu."
    assert "O dossiê confere." in conferir(arquivo, tmp_path)
    assert confere(dossie_pdf.desenhar(arquivo))


# Its PDF


def test_the_pdf_says_it_in_words_and_carries_the_json_and_the_message(enviada):
    mensagem = enviada()
    arquivo = emitir(mensagem)

    documento = pypdfium2.PdfDocument(dossie_pdf.desenhar(arquivo))

    texto = "\n".join(pagina.get_textpage().get_text_bounded() for pagina in documento)
    for palavras in ("Dossiê da mensagem", "ANA <DA> SILVA", "Conta 11/2026", "***.982.247-**", mensagem.destino):
        assert palavras in texto, palavras
    anexos = {
        (anexo := documento.get_attachment(i)).get_name(): bytes(anexo.get_data())
        for i in range(documento.count_attachments())
    }
    assert anexos[f"dossie-{mensagem.pk}.json"] == arquivo
    assert composicao.resumo(anexos[f"mensagem-{mensagem.pk}.eml"]) == mensagem.envios.get().resumo


# Whether it is what was issued


@pytest.mark.parametrize("formato", ["json", "pdf"])
@pytest.mark.parametrize("canal", list(Canal))
def test_what_was_issued_holds_offline_and_against_the_database(enviada, tmp_path, formato, canal):
    arquivo = emitir(enviada(canal))
    arquivo = dossie_pdf.desenhar(arquivo) if formato == "pdf" else arquivo

    sozinho = conferir(arquivo, tmp_path, "--sem-banco")
    assert "O dossiê confere." in sozinho and "compare a impressão digital" in sozinho
    dito = conferir(arquivo, tmp_path)

    assert "O dossiê confere." in dito and "NÃO" not in dito
    assert "a chave que assinou é desta instalação" in dito
    assert "o conteúdo recomposto do banco é o do dossiê" in dito


@ajustes(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400)
@given(dados=st.data())
def test_any_single_byte_that_changes_is_seen(um_de_cada_formato, dados):
    arquivo = dados.draw(st.sampled_from(um_de_cada_formato))
    onde = dados.draw(st.integers(0, len(arquivo) - 1))
    outro = dados.draw(st.integers(0, 255).filter(lambda byte: byte != arquivo[onde]))

    assert not confere(arquivo[:onde] + bytes([outro]) + arquivo[onde + 1 :])


@pytest.fixture
def um_de_cada_formato(enviada) -> list[bytes]:
    arquivo = emitir(enviada(Canal.SMS))
    return [arquivo, dossie_pdf.desenhar(arquivo)]


def test_every_byte_of_the_end_counts_and_none_may_be_added_or_cut(um_de_cada_formato):
    for arquivo in um_de_cada_formato:
        assert confere(arquivo)
        for onde in range(1, 200):
            assert not confere(arquivo[:-onde] + bytes([arquivo[-onde] ^ 1]) + arquivo[len(arquivo) - onde + 1 :]), onde
        for alterado in (arquivo + b"\n", arquivo[:-1], b" " + arquivo, arquivo + arquivo, b""):
            assert not confere(alterado)


def test_hexadecimal_in_capitals_is_another_file(um_de_cada_formato):
    """The same signature in other letters is no other signature; but no byte may change."""
    for arquivo in um_de_cada_formato:
        valor = json.loads(um_de_cada_formato[0])["assinatura"]["valor"].encode()
        assert not confere(arquivo.replace(valor, valor.upper()))


def test_who_alters_and_signs_again_is_known_by_the_key(enviada, tmp_path):
    arquivo = emitir(enviada())
    nossa = ChaveDeAssinatura.objects.get()
    privada = Ed25519PrivateKey.generate()
    falsa = ChaveDeAssinatura(
        publica=privada.public_key().public_bytes_raw().hex(), privada=privada.private_bytes_raw().hex()
    )
    dito = json.loads(arquivo)["dossie"]
    dito["mensagem"]["destino"] = "outro@exemplo.com.br"

    forjado = dossie.assinar(dito, falsa)

    assert confere(forjado), "it is coherent: only the key tells"
    with pytest.raises(CommandError):
        conferir(forjado, tmp_path)
    with pytest.raises(CommandError):
        conferir(forjado, tmp_path, "--sem-banco", "--chave", nossa.impressao)
    assert "O dossiê confere." in conferir(arquivo, tmp_path, "--sem-banco", "--chave", nossa.impressao.upper())


def test_what_the_database_says_otherwise_is_told(enviada, tmp_path):
    mensagem = enviada()
    arquivo = emitir(mensagem)
    TentativaEnvio.objects.update(resposta="outra coisa")

    with pytest.raises(CommandError, match="NÃO CONFERE"):
        conferir(arquivo, tmp_path)
    assert "O dossiê confere." in conferir(arquivo, tmp_path, "--sem-banco")


def test_who_asked_for_an_attempt_may_have_another_name_by_now(enviada, admin_user, tmp_path):
    mensagem = enviada()
    TentativaEnvio.objects.update(pedido_por=admin_user, pedido_motivo="pediu")
    arquivo = emitir(mensagem)
    admin_user.username = "outro-nome"
    admin_user.save()

    assert "O dossiê confere." in conferir(arquivo, tmp_path)


def test_a_message_that_is_not_in_the_database_is_told(enviada, tmp_path):
    mensagem = enviada()
    arquivo = emitir(mensagem)
    Mensagem.objects.filter(pk=mensagem.pk).update(chave=f"outra:{uuid.uuid4()}")

    with pytest.raises(CommandError):
        conferir(arquivo, tmp_path)


def test_what_came_after_it_was_issued_is_told_and_is_no_fault(enviada, tmp_path):
    mensagem = enviada(Canal.SMS)
    arquivo = emitir(mensagem)
    registrar(mensagem, Recibo("entregue", "OK", ""), AGORA)

    dito = conferir(arquivo, tmp_path)

    assert "depois da emissão o banco guardou mais 1 em recibos" in dito
    assert "O dossiê confere." in dito


@pytest.mark.parametrize(
    "arquivo",
    [b"", b"{}", b"[1]", b"\xff\xfe", b"%PDF-1.4 de outra pessoa", b"[" * 100_000, b'{"assinatura": {}, "dossie": {}}'],
)
def test_what_is_no_dossier_is_refused_in_words(arquivo, tmp_path, db):
    with pytest.raises(CommandError, match="NÃO CONFERE"):
        conferir(arquivo, tmp_path)


def test_a_signed_dossier_without_what_it_must_have_does_not_hold(db):
    chave = ChaveDeAssinatura.objects.atual(AGORA)

    assert not confere(dossie.assinar({"formato": dossie.FORMATO}, chave))


def test_a_file_that_is_not_there_is_said(tmp_path, db):
    with pytest.raises(CommandError, match="não pôde ser lido"):
        call_command("conferir_dossie", str(tmp_path / "nenhum"))


# Its key


def test_one_key_signs_all_and_is_encrypted_at_rest(db):

    uma, outra = (ChaveDeAssinatura.objects.atual(AGORA) for _ in range(2))
    with connection.cursor() as cursor:
        cursor.execute("SELECT privada FROM mensageria_chavedeassinatura")
        ((guardada,),) = cursor.fetchall()

    assert uma == outra
    assert uma.privada not in guardada


def test_what_an_old_key_signed_still_holds_after_another_took_its_place(enviada, tmp_path):
    mensagem = enviada()
    antigo = emitir(mensagem)
    saida = io.StringIO()

    call_command("chave_do_dossie", "--trocar", stdout=saida)
    novo = emitir(mensagem)

    assert "O dossiê confere." in conferir(antigo, tmp_path)
    assert "O dossiê confere." in conferir(novo, tmp_path)
    chaves = [json.loads(arquivo)["assinatura"]["impressao_da_chave"] for arquivo in (antigo, novo)]
    assert chaves[0] != chaves[1]
    assert chaves[1] in saida.getvalue()


def test_without_the_key_of_the_key_no_dossier_is_issued_and_it_says_what_to_do(enviada, entrar):
    mensagem, supervisor = enviada(), entrar("supervisor")
    emitir(mensagem)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE mensageria_chavedeassinatura SET privada = 'ilegivel'")

    resposta = supervisor.post(reverse("mensageria:dossie", args=[mensagem.pk]), follow=True)

    assert "O dossiê não foi emitido" in resposta.text and "chave_do_dossie --trocar" in resposta.text
    call_command("chave_do_dossie", "--trocar", stdout=io.StringIO())
    assert supervisor.post(reverse("mensageria:dossie", args=[mensagem.pk])).content.startswith(b"%PDF-")


# The page


def test_who_may_gets_the_file_and_it_is_logged(enviada, entrar):
    mensagem, supervisor = enviada(), entrar("supervisor")
    pagina = reverse("mensageria:mensagem", args=[mensagem.pk])

    assert "Emitir em PDF" in supervisor.get(pagina).text
    for formato, tipo in (("pdf", "application/pdf"), ("json", "application/json")):
        resposta = supervisor.post(reverse("mensageria:dossie", args=[mensagem.pk]), {"formato": formato})

        assert resposta["Content-Type"] == tipo
        assert resposta["Content-Disposition"] == f'attachment; filename="dossie-{mensagem.pk}.{formato}"'
        assert confere(resposta.content)
    assert [str(entrada.get_change_message()) for entrada in LogEntry.objects.order_by("pk")] == [
        "Dossiê emitido em PDF.",
        "Dossiê emitido em JSON.",
    ]


def test_who_may_not_sees_no_button_and_gets_nothing(enviada, entrar):
    mensagem, operador = enviada(), entrar("operador")

    assert "Emitir em PDF" not in operador.get(reverse("mensageria:mensagem", args=[mensagem.pk])).text
    assert operador.post(reverse("mensageria:dossie", args=[mensagem.pk])).status_code == 403
    assert not ChaveDeAssinatura.objects.exists()


def test_a_dossier_is_asked_for_by_a_form_and_in_a_format_that_there_is(enviada, entrar):
    endereco, supervisor = reverse("mensageria:dossie", args=[enviada().pk]), entrar("supervisor")

    assert supervisor.get(endereco).status_code == 405
    assert supervisor.post(endereco, {"formato": "exe"}).status_code == 404
    assert Mensagem.objects.get().estado == Estado.ENVIADA


def test_without_the_database_it_says_that_the_key_is_to_be_compared(enviada, tmp_path, monkeypatch):
    """A dossier that somebody signed with a key of his own would look the same."""

    def sem_resposta(lido):
        raise OperationalError("connection refused")

    arquivo = emitir(enviada())
    monkeypatch.setattr(conferencia, "conferir_com_o_banco", sem_resposta)

    for opcoes in ((), ("--sem-banco",)):
        assert "compare a impressão digital" in conferir(arquivo, tmp_path, *opcoes)
    chave = json.loads(arquivo)["assinatura"]["impressao_da_chave"]
    assert "compare a impressão digital" not in conferir(arquivo, tmp_path, "--chave", chave)
