"""Ficha de compensação, from the parameter to what a bank's camera reads: numbers once, frozen, and said in words."""

import threading
import uuid
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from batch.execucao import executar_pendentes
from cadastro.models import ParametroSistema
from cobranca import numeracao, pagavel, pendencias
from cobranca.avisos import gerar_avisos
from cobranca.documentos import NaoGera, gerar_documentos
from cobranca.fonte import FonteDeDocumentos
from cobranca.models import CobrancaDocumento, ComandoAcao, ContaBancaria
from cobranca.situacao import situacao_do_documento
from mensageria import envio
from mensageria.canais.memoria import CanalDeMemoria
from mensageria.models import Canal, Mensagem
from mensageria.pagamento import boleto
from mensageria.textos import POSICOES_DO_CODIGO
from tests.fabricas import (
    HOJE,
    meio_dia,
    nova_acao,
    nova_conta,
    novas_saidas,
    novo_cliente,
    novo_comando,
    novo_imovel,
    novo_parametro_sistema,
    novo_vinculo,
)
from tests.mensageria.pagamento.leitura import da_imagem, do_pdf, texto_do_pdf
from tests.mensageria.test_composicao import ler

AGORA = meio_dia(HOJE)


@pytest.fixture
def sistema(db) -> ParametroSistema:
    return novo_parametro_sistema(valor_ficha_extrato=Decimal("200.00"))


def nova_conta_bancaria(**campos) -> ContaBancaria:
    padrao = {"banco": "001", "agencia": "1234", "convenio": "7654321", "carteira": "17"}
    return ContaBancaria.objects.create(**padrao | campos)


def devedor(valor: str, localidade=None, **cliente):
    """An imóvel with a conta overdue for a month."""
    imovel, usuario = novo_imovel(localidade=localidade), novo_cliente(**cliente)
    novo_vinculo(usuario, imovel)
    vencida = HOJE - timedelta(days=30)
    nova_conta(imovel=imovel, cliente=usuario, emissao=vencida - timedelta(days=9), vencimento=vencida, valor=valor)
    return imovel


def gerar(comando: ComandoAcao | None = None) -> ComandoAcao:
    comando = comando or novo_comando()
    gerar_documentos(comando.pk, hoje=HOJE, agora=AGORA)
    comando.refresh_from_db()
    return comando


def do(imovel) -> CobrancaDocumento:
    return CobrancaDocumento.objects.select_related("conta_bancaria").get(imovel=imovel)


# Who is a ficha


def test_from_the_value_of_the_parameter_on_a_document_is_a_ficha(sistema):
    conta = nova_conta_bancaria(proximo_nosso_numero=41)
    menor, igual, maior = devedor("199.99"), devedor("200.00"), devedor("5000.00")

    comando = gerar()

    assert [do(imovel).nosso_numero for imovel in (menor, igual, maior)] == [None, 41, 42]
    assert [do(imovel).conta_bancaria for imovel in (menor, igual, maior)] == [None, conta, conta]
    assert (comando.fichas, comando.fichas_sem_conta) == (2, 0)
    conta.refresh_from_db()
    assert conta.proximo_nosso_numero == 43


def test_without_a_value_no_document_is_a_ficha(db):
    novo_parametro_sistema(valor_ficha_extrato=None)
    nova_conta_bancaria()
    imovel = devedor("5000.00")

    gerar()

    assert not do(imovel).ficha


def test_an_amount_that_takes_the_place_of_the_due_date_keeps_the_code_of_arrecadacao(sistema):
    nova_conta_bancaria()
    imovel = devedor("100000000.00")

    gerar()

    assert not do(imovel).ficha


def test_a_ficha_stays_one_and_so_does_what_is_none(sistema):
    nova_conta_bancaria()
    menor, maior = devedor("100.00"), devedor("300.00")
    gerar()
    antes = [pagavel.de(do(imovel), sistema) for imovel in (menor, maior)]

    novo_parametro_sistema(valor_ficha_extrato=None)
    ContaBancaria.objects.update(ativa=False)
    depois = [pagavel.de(do(imovel), ParametroSistema.atual()) for imovel in (menor, maior)]

    assert depois == antes
    assert [len(p.linha) for p in depois] == [48, 47]


# Its number


def test_no_number_is_given_twice_by_many_comandos_at_once(transactional_db):
    from tests.fabricas import nova_localidade

    novo_parametro_sistema(valor_ficha_extrato=Decimal("200.00"))
    conta, acao = nova_conta_bancaria(), nova_acao()
    localidades = [nova_localidade(codigo) for codigo in range(1, 5)]
    comandos = []
    for localidade in localidades:
        for _ in range(5):
            devedor("300.00", localidade=localidade)
        comandos.append(novo_comando(acao, localidade=localidade))
    erros, partida = [], threading.Barrier(len(comandos))

    def um(comando):
        try:
            partida.wait()
            gerar_documentos(comando.pk, hoje=HOJE, agora=AGORA)
        except Exception as erro:
            erros.append(erro)
        finally:
            connection.close()

    juntos = [threading.Thread(target=um, args=[comando]) for comando in comandos]
    for thread in juntos:
        thread.start()
    for thread in juntos:
        thread.join()

    assert erros == []
    numeros = sorted(CobrancaDocumento.objects.values_list("nosso_numero", flat=True))
    assert numeros == list(range(1, 21))
    conta.refresh_from_db()
    assert conta.proximo_nosso_numero == 21


def test_the_database_itself_refuses_a_number_given_twice(sistema):
    nova_conta_bancaria()
    devedor("300.00"), devedor("300.00")
    gerar()

    with pytest.raises(IntegrityError), transaction.atomic():
        CobrancaDocumento.objects.update(nosso_numero=1)


def test_an_account_without_numbers_enough_makes_nothing_and_says_so(sistema):
    conta = nova_conta_bancaria(
        banco="341", convenio="", conta="12345", carteira="109", proximo_nosso_numero=99_999_999
    )
    devedor("300.00"), devedor("300.00")
    comando = novo_comando()

    with pytest.raises(NaoGera, match="só tem nosso número até 99999999"):
        gerar(comando)

    conta.refresh_from_db()
    assert conta.proximo_nosso_numero == 99_999_999
    assert not CobrancaDocumento.objects.exists()


# The account


def test_only_one_account_is_active(sistema):
    nova_conta_bancaria()
    outra = ContaBancaria(banco="104", agencia="1234", convenio="200656", carteira="14")

    with pytest.raises(ValidationError, match="Já existe uma conta bancária ativa"):
        outra.full_clean()


def test_the_same_account_is_not_registered_twice(sistema):
    """Two rows would give the same numbers: of Banco do Brasil they are the convênio's, whatever the agência."""
    nova_conta_bancaria()
    outra = ContaBancaria(banco="001", agencia="9999", convenio="7654321", carteira="17", ativa=False)

    with pytest.raises(ValidationError, match="Este convênio já está cadastrado"):
        outra.full_clean()


def test_what_boletos_were_made_of_does_not_change_and_the_number_never_goes_back(sistema):
    conta = nova_conta_bancaria(proximo_nosso_numero=10)
    conta.carteira = "18"
    conta.full_clean()
    conta.save()
    devedor("300.00")
    gerar()
    conta.refresh_from_db()

    conta.carteira = "17"
    with pytest.raises(ValidationError, match="Há fichas desta conta"):
        conta.full_clean()
    conta.carteira, conta.proximo_nosso_numero = "18", 10
    with pytest.raises(ValidationError, match="não pode diminuir"):
        conta.full_clean()
    conta.proximo_nosso_numero = 500
    conta.full_clean()


def test_an_account_edited_while_numbers_are_given_does_not_give_them_again(sistema):
    aberta = nova_conta_bancaria()
    devedor("300.00")
    gerar()

    aberta.instrucoes = "Não receber após o vencimento"
    aberta.save()

    aberta.refresh_from_db()
    assert (aberta.proximo_nosso_numero, aberta.instrucoes) == (2, "Não receber após o vencimento")


def test_no_number_is_given_between_the_check_of_an_account_and_its_storing(transactional_db):
    """Else a carteira could change under a ficha that was just made."""
    conta = nova_conta_bancaria()
    vistas = []

    def numerar():
        try:
            with transaction.atomic():
                vistas.append(list(ContaBancaria.objects.select_for_update(skip_locked=True)))
        finally:
            connection.close()

    with transaction.atomic():
        conta.carteira = "18"
        conta.full_clean()
        outro = threading.Thread(target=numerar)
        outro.start()
        outro.join()

    assert vistas == [[]]


def test_what_the_bank_does_not_use_is_not_kept(sistema):
    conta = ContaBancaria(banco="237", agencia="1234", conta="1234567", convenio="999", carteira="09")

    conta.full_clean()

    assert conta.convenio == ""


# Without an account


def test_without_an_active_account_the_code_of_arrecadacao_stays_and_it_is_said(sistema):
    nova_conta_bancaria(ativa=False)
    imovel = devedor("300.00")
    devedor("100.00")

    comando = gerar()

    assert not do(imovel).ficha and len(pagavel.de(do(imovel), sistema).linha) == 48
    assert (comando.fichas, comando.fichas_sem_conta) == (0, 1)


def test_process_336_says_before_it_starts_that_no_account_is_active(sistema):
    palavras = [pendencia.texto for pendencia in pendencias.das_fichas(AGORA)]

    assert palavras == [
        "Documentos a partir de R$ 200,00 deveriam sair como ficha de compensação, mas nenhuma conta bancária está"
        " ativa: sairão com o código de arrecadação."
    ]
    assert pendencias.das_fichas(AGORA)[0] in pendencias.da_funcionalidade(AGORA)

    nova_conta_bancaria()
    assert pendencias.das_fichas(AGORA) == []
    ContaBancaria.objects.all().delete()
    novo_parametro_sistema(valor_ficha_extrato=None)
    assert pendencias.das_fichas(AGORA) == []


def test_who_makes_the_documents_is_told_before_and_after(sistema, entrar):
    devedor("300.00")
    comando, operador = novo_comando(), entrar("operador")
    tela, pedido = f"/cobranca/comandos/{comando.pk}/", {"pedido": str(uuid.uuid4())}

    pergunta = operador.post(tela, pedido).text
    assert "nenhuma conta bancária está ativa: sairão com o código de arrecadação." in pergunta
    operador.post(tela, pedido | {"confirmado": "1"})
    executar_pendentes(timezone.now())
    feito = operador.get(tela).text

    assert "1 documento com valor de ficha saiu com o código de arrecadação" in feito


# What is sent


@dataclass(frozen=True)
class Enviadas:
    documento: CobrancaDocumento
    email: Mensagem
    sms: Mensagem
    conteudos: dict


@pytest.fixture
def enviadas(sistema) -> Enviadas:
    """A ficha announced by both channels."""
    novo_parametro_sistema(valor_ficha_extrato=Decimal("200.00"), tamanho_maximo_sms=164)
    servico, gateway = novas_saidas()
    nova_conta_bancaria(instrucoes="Não receber após o vencimento")
    imovel = devedor("345.67", documento="52998224725")
    acao = nova_acao(dias_de_vencimento=3, texto_sms="{NOME} {MATRICULA} {VALORDOC} {VALIDADEDOC}")
    comando = gerar(novo_comando(acao))
    gerar_avisos(comando_id=comando.pk, execucao=uuid.uuid4(), hoje=HOJE, agora=AGORA)
    conteudos = {}
    for qual in (servico, gateway):
        canal = CanalDeMemoria()
        assert envio.enviar(qual, canal=canal, relogio=lambda: AGORA) == {"aceita": 1}
        conteudos[qual.canal] = canal.recebidos[0].conteudo
    return Enviadas(
        do(imovel),
        Mensagem.objects.get(canal=Canal.EMAIL),
        Mensagem.objects.get(canal=Canal.SMS),
        conteudos,
    )


def test_the_sms_carries_the_47_digits_in_the_place_of_the_48(enviadas, sistema):
    linha = pagavel.de(enviadas.documento, sistema).linha
    texto = enviadas.conteudos[Canal.SMS].decode()

    assert texto.endswith(f" Barras: {linha}")
    assert len(f" Barras: {linha}") <= POSICOES_DO_CODIGO
    assert len(texto) <= sistema.tamanho_maximo_sms


def test_the_day_told_to_pay_by_is_the_last_on_which_a_bank_takes_the_boleto(enviadas):
    ultimo = f"{enviadas.documento.vence_em:%d/%m/%Y}"

    assert enviadas.documento.vence_em < enviadas.documento.validade
    assert ultimo in enviadas.conteudos[Canal.SMS].decode()
    assert f"Pague até {ultimo}." in ler(enviadas.conteudos[Canal.EMAIL]).get_body(("plain",)).get_content()


def test_the_email_shows_and_attaches_a_boleto_that_a_bank_reads(enviadas, sistema):
    documento, lida = enviadas.documento, ler(enviadas.conteudos[Canal.EMAIL])
    esperado = pagavel.de(documento, sistema)
    (imagem,) = [parte.get_content() for parte in lida.walk() if parte.get_content_type() == "image/png"]
    (anexo,) = [parte for parte in lida.walk() if parte.get_content_disposition() == "attachment"]

    assert da_imagem(imagem) == {"ITF": esperado.codigo}
    assert do_pdf(anexo.get_content()) == {"ITF": esperado.codigo}
    assert anexo.get_filename() == f"ficha-{documento.numero}.pdf"
    cobranca = boleto.ler_linha(boleto.linha_do_codigo(do_pdf(anexo.get_content())["ITF"]), HOJE)
    assert (cobranca.valor, cobranca.vencimento) == (Decimal("345.67"), documento.vence_em)
    escrito = texto_do_pdf(anexo.get_content())
    for palavras in (
        esperado.linha_formatada,
        "76543210000000001",
        "001 Banco do Brasil",
        "1234 / 7654321",
        "Não receber após o vencimento",
        "***.982.247-**",
        "COMPANHIA DE ÁGUAS DE TESTE",
        "345,67",
    ):
        assert palavras in escrito, palavras
    assert esperado.linha in lida.get_body(("plain",)).get_content()
    assert "está anexo, em PDF" in lida.get_body(("plain",)).get_content()


def test_what_was_sent_is_made_again_byte_by_byte(enviadas):
    from mensageria import composicao

    ContaBancaria.objects.update(instrucoes="outra")
    for mensagem in (enviadas.email, enviadas.sms):
        assert composicao.resumo(composicao.conteudo(mensagem)) == mensagem.envios.get().resumo


def test_a_due_date_of_its_own_is_the_one_of_the_boleto(sistema):
    nova_conta_bancaria()
    imovel = devedor("300.00")
    gerar()
    documento = do(imovel)
    documento.vencimento = HOJE + timedelta(days=3)
    documento.save()

    contexto = FonteDeDocumentos().contextos([documento.pk], HOJE)[documento.pk]

    assert boleto.ler_linha(contexto["linha"], HOJE).vencimento == HOJE + timedelta(days=3)
    assert ["Vencimento", "13/11/2026"] in contexto["quadro"]


@pytest.mark.parametrize(("dias", "entra"), [(3, True), (4, False)])
def test_a_ficha_is_announced_up_to_its_due_date_and_a_document_up_to_its_validity(sistema, dias, entra):
    """After it banks refuse the boleto, however long the document is valid."""
    nova_conta_bancaria()
    ficha, documento = devedor("300.00"), devedor("100.00")
    comando = gerar(novo_comando(nova_acao(dias_de_vencimento=3, dias_de_validade=10)))
    hoje = HOJE + timedelta(days=dias)
    novas_saidas()
    gerar_avisos(comando_id=comando.pk, execucao=uuid.uuid4(), hoje=hoje, agora=meio_dia(hoje))

    prazos = dict(Mensagem.objects.filter(canal=Canal.EMAIL).values_list("objeto_id", "expira_em"))

    assert (do(ficha).pk in prazos) is entra
    assert timezone.localtime(prazos[do(documento).pk]).date() == HOJE + timedelta(days=11)
    if entra:
        assert timezone.localtime(prazos[do(ficha).pk]).date() == HOJE + timedelta(days=4)
    assert situacao_do_documento(do(ficha), hoje).nome == ("em aberto" if entra else "vencido")
    assert situacao_do_documento(do(documento), hoje).nome == "em aberto"


def test_the_contexts_of_a_block_take_the_same_queries_whatever_its_size(sistema, django_assert_num_queries):
    nova_conta_bancaria()
    for _ in range(6):
        devedor("300.00")
    gerar()
    ids = list(CobrancaDocumento.objects.values_list("pk", flat=True))

    with django_assert_num_queries(3):
        assert len(FonteDeDocumentos().contextos(ids, timezone.localdate(AGORA))) == 6


def test_numbering_without_documents_takes_none(sistema):
    conta = nova_conta_bancaria()

    assert numeracao.numerar(novo_comando().pk) == {"fichas": 0, "fichas_sem_conta": 0}
    conta.refresh_from_db()
    assert conta.proximo_nosso_numero == 1


def test_fichas_that_would_be_due_before_they_are_announced_are_not_made_yet(sistema):
    nova_conta_bancaria()
    acao, devida = nova_acao(dias_de_validade=15, dias_de_vencimento=7), HOJE + timedelta(days=7)
    cedo, a_tempo = (novo_comando(acao, enviar_a_partir_de=devida + timedelta(days=dia)) for dia in (1, 0))

    with pytest.raises(NaoGera, match=f"valem só até {devida:%d/%m/%Y}"):
        gerar_documentos(cedo.pk, hoje=HOJE, agora=AGORA)
    gerar_documentos(a_tempo.pk, hoje=HOJE, agora=AGORA)
