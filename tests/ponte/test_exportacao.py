"""What became of the messages, as a report of GSAN finds it."""

from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import call_command

from cadastro.models import Cliente, Imovel
from cobranca.models import CobrancaDocumento
from mensageria.estados import Classe, Estado
from mensageria.models import Canal, Lote, Mensagem, Remetente, TentativaEnvio, VersaoTexto
from ponte import exportacao
from ponte.exportacao import Exportadas, exportar
from ponte.models import LoteExportado
from ponte.origem import ErroDaOrigem, Origem, parametros
from tests.fabricas import nova_conta, novas_saidas
from tests.ponte import gsan as falso


@pytest.fixture
def levar(db, gsan):
    def agora() -> Exportadas:
        with Origem(parametros(gsan.url), escrever=True) as origem:
            return exportar(origem)

    return agora


@pytest.fixture
def saidas(db):
    return novas_saidas()


@pytest.fixture
def nova(saidas, agora):
    """A message of a lote of its own, unless told otherwise."""
    servico, gateway = saidas

    def mensagem(objeto: int, *, origem="faturamento", canal=Canal.EMAIL, estado=Estado.PENDENTE, lote=None, **campos):
        lote = lote or Lote.objects.create(execucao=uuid4(), origem=origem, canal=canal)
        texto = VersaoTexto.objects.da(canal, "Olá")
        por_onde = {"gateway": gateway} if canal == Canal.SMS else {"remetente": Remetente.objects.get(servico=servico)}
        nascida = Mensagem.objects.create(
            lote=lote,
            chave=f"{origem}:{objeto}:{canal}:{uuid4().hex[:8]}",
            canal=canal,
            origem=origem,
            objeto_id=objeto,
            destino="ana@exemplo.com.br" if canal == Canal.EMAIL else "5584987654321",
            texto=texto,
            enviar_apos=agora,
            expira_em=agora + timedelta(days=2),
            proxima_tentativa_em=agora,
            **por_onde | campos,
        )
        for passo in caminho(estado):
            mudar(nascida, passo)
        return nascida

    return mensagem


def caminho(estado: Estado) -> list[Estado]:
    """How a message gets there."""
    return {
        Estado.PENDENTE: [],
        Estado.CANCELADA: [Estado.CANCELADA],
        Estado.EM_ENVIO: [Estado.EM_ENVIO],
        Estado.ENTREGUE: [Estado.EM_ENVIO, Estado.ENVIADA, Estado.ENTREGUE],
    }.get(estado, [Estado.EM_ENVIO, estado])


def mudar(mensagem: Mensagem, estado: Estado, **campos) -> None:
    reserva = 1 if estado == Estado.EM_ENVIO else None
    Mensagem.objects.filter(pk=mensagem.pk).update(estado=estado, reserva_id=reserva, **campos)


def la(gsan, colunas: str = "*") -> list[tuple]:
    return gsan.executar(f"SELECT {colunas} FROM avisa.mensagem_resultado ORDER BY mensagem")


def test_a_message_of_a_conta(gsan, trazer, nova, levar, agora):
    gsan.imovel(19)
    gsan.cliente(5)
    gsan.conta(77, 19, 5)
    trazer()
    mensagem = nova(77, cliente_id=5, estado=Estado.ENVIADA, enviada_em=agora, codigo_retorno="250", tentativas=1)
    for numero, resposta in ((1, "4.2.1 tente depois"), (2, "2.0.0 Ok: queued as 4F")):
        TentativaEnvio.objects.create(
            mensagem=mensagem,
            numero=numero,
            servico="SMTP_1",
            destino=mensagem.destino,
            momento=agora + timedelta(minutes=numero),
            classe=Classe.ACEITA,
            reserva=numero,
            codigo="250",
            resposta=resposta,
        )

    assert levar() == Exportadas(lotes=1, lidas=1, novas=1)

    colunas = "chave, mensagem, origem, canal, imov_id, cnta_id, cbdo_id, clie_id, destino, situacao, codigo_retorno"
    assert la(gsan, colunas) == [
        (mensagem.chave, mensagem.pk, "faturamento", "EMAIL", 19, 77, None, 5, "ana@exemplo.com.br", "enviada", 2)
    ]
    colunas = "codigo_servidor, palavras_do_servidor, servico, enviada_em, tentativa_em"
    assert la(gsan, colunas) == [("250", "2.0.0 Ok: queued as 4F", "SMTP_1", agora, agora + timedelta(minutes=2))]


def test_a_message_of_a_document_has_the_numbers_of_gsan(gsan, trazer, nova, levar):
    gsan.imovel(19)
    gsan.comando(4)
    gsan.documento(900, 19, 4)
    trazer()
    nova(CobrancaDocumento.objects.get().pk, origem="cobranca", canal=Canal.SMS)

    levar()

    assert la(gsan, "origem, canal, imov_id, cnta_id, cbdo_id, cacm_id, comando") == [
        ("cobranca", "SMS", 19, None, 900, 4, "INADIMPLENTES (GSAN 4)")
    ]


@pytest.mark.parametrize(
    ("canal", "estado", "retorno", "codigo"),
    [
        (Canal.SMS, Estado.PENDENTE, "", 0),
        (Canal.SMS, Estado.EM_ENVIO, "", 0),
        (Canal.SMS, Estado.CANCELADA, "", 0),
        (Canal.SMS, Estado.FALHA, "1", 1),
        (Canal.SMS, Estado.ENVIADA, "2", 2),
        (Canal.SMS, Estado.FALHA, "3", 3),
        (Canal.SMS, Estado.ENTREGUE, "4", 4),
        (Canal.SMS, Estado.INCERTA, "", None),
        (Canal.EMAIL, Estado.ENVIADA, "250", 2),
        (Canal.EMAIL, Estado.FALHA, "550", 1),
        (Canal.EMAIL, Estado.ENTREGUE, "250", 4),
    ],
)
def test_the_codes_of_return_are_those_of_gsan(gsan, nova, levar, canal, estado, retorno, codigo):
    nova(77, canal=canal, estado=estado, codigo_retorno=retorno)

    levar()

    assert la(gsan, "situacao, codigo_retorno") == [(estado.name.lower(), codigo)]


def test_only_lotes_that_changed_are_written_again(gsan, nova, levar):
    quieta, outra = nova(77), nova(78)
    levar()
    assert levar() == Exportadas()

    mudar(outra, Estado.CANCELADA, motivo="paga")

    assert levar() == Exportadas(lotes=1, lidas=1, alteradas=1)
    assert la(gsan, "mensagem, situacao, motivo") == [
        (quieta.pk, "pendente", ""),
        (outra.pk, "cancelada", "paga"),
    ]


def test_changes_that_leave_the_counts_equal_are_seen(gsan, nova, levar):
    """One message goes back and another one goes forth: the lote counts the same."""
    primeira = nova(77, estado=Estado.EM_ENVIO)
    segunda = nova(78, lote=primeira.lote)
    levar()

    mudar(primeira, Estado.PENDENTE)
    mudar(segunda, Estado.EM_ENVIO)

    assert levar().alteradas == 2
    assert la(gsan, "situacao") == [("pendente",), ("em_envio",)]


def test_writing_again_after_a_kill_repeats_nothing(gsan, nova, levar):
    nova(77)
    levar()
    antes = la(gsan)
    LoteExportado.objects.all().delete()  # killed between the two databases

    assert levar() == Exportadas(lotes=1, lidas=1)
    assert la(gsan) == antes


def test_many_lotes_go_in_groups(gsan, nova, levar, monkeypatch):
    monkeypatch.setattr(exportacao, "MENSAGENS_POR_VEZ", 2)
    for numero in range(5):
        nova(numero)

    assert levar() == Exportadas(lotes=5, lidas=5, novas=5)


def test_messages_of_campaigns_are_not_gsans_business(gsan, nova, levar):
    nova(1, origem="preventivo")

    assert levar() == Exportadas()
    assert la(gsan) == []


def test_no_table_of_gsan_is_touched(gsan, nova, levar):
    gsan.executar(falso.INTOCAVEL)
    try:
        for (tabela,) in gsan.executar(falso.PARA_TODAS, [list(falso.ESQUEMAS)]):
            gsan.executar(
                f"CREATE TRIGGER intocavel BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {tabela}"
                " EXECUTE FUNCTION public.recusar()"
            )
        nova(77)
        levar()
    finally:
        gsan.executar("DROP FUNCTION public.recusar() CASCADE")

    criadas = gsan.executar(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        " AND NOT schemaname = ANY (%s)",
        [list(falso.ESQUEMAS)],
    )
    assert criadas == [("avisa", "mensagem_resultado")]


def test_a_role_that_owns_only_our_schema_is_enough(gsan, nova, db):
    nova(77)
    gsan.executar("DROP ROLE IF EXISTS escritor_do_avisa; CREATE ROLE escritor_do_avisa LOGIN")
    try:
        gsan.executar("CREATE SCHEMA avisa AUTHORIZATION escritor_do_avisa")
        with Origem(parametros(falso.endereco(gsan.nome, "escritor_do_avisa")), escrever=True) as origem:
            assert exportar(origem).novas == 1
            with pytest.raises(ErroDaOrigem, match="permission denied"):
                origem.executar("DELETE FROM cadastro.cliente")
    finally:
        gsan.executar("DROP OWNED BY escritor_do_avisa CASCADE; DROP ROLE escritor_do_avisa")


def test_the_command_says_what_it_wrote(gsan, nova):
    nova(77)
    saida = StringIO()

    call_command("exportar_gsan", "--url", gsan.url, stdout=saida)

    assert "1 mensagens de 1 lotes que mudaram; 1 novas, 0 alteradas." in saida.getvalue()


def test_a_conta_that_is_not_from_gsan_is_written_without_its_numbers(gsan, nova, levar):
    nova(123456)

    levar()

    assert la(gsan, "imov_id, cnta_id, cbdo_id") == [(None, None, None)]


def test_numbers_that_gsan_cannot_have_are_left_out(gsan, trazer, nova, levar):
    """A conta or a customer made here may have a number beyond those of GSAN, whose columns are of four bytes."""
    gsan.imovel(19)
    trazer()
    dela = Cliente.objects.create(pk=2**31, nome="Maria das Dores")
    conta = nova_conta(pk=2**31 + 5, imovel=Imovel.objects.get(pk=19), cliente=dela)
    nova(conta.pk, cliente_id=dela.pk)

    levar()

    assert la(gsan, "imov_id, cnta_id, clie_id") == [(19, None, None)]


def test_letters_that_the_database_of_gsan_lacks_stop_no_outcome(gsan, nova):
    outro = falso.criar(f"{gsan.nome}_saida_latin1", "LATIN1")
    try:
        nova(77, motivo="“José” não serve – caixa cheia 😀")
        with Origem(parametros(outro.url), escrever=True) as origem:
            exportar(origem)
        outro.conexao.set_client_encoding("UTF8")
        assert la(outro, "motivo") == [("?José? não serve ? caixa cheia ?",)]
    finally:
        falso.apagar(outro)
