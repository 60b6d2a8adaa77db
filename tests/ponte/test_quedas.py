"""A bridge that is killed, and a source that goes away: real processes, stopped at a known place by a lock."""

import sys

import psycopg2
import pytest
from django.db import connection

from cadastro.models import Cliente
from faturamento.models import Conta
from ponte.exportacao import TABELA, exportar
from ponte.importacao import TRAVA, Pedido, importar
from ponte.models import Passagem
from ponte.origem import ConexaoPerdida, Origem, parametros
from tests.ponte import gsan as falso
from tests.ponte.conftest import AGORA
from tests.processos import ambiente_com_este_banco, esperar, matar, processo

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTES = range(100, 110)


@pytest.fixture
def cheio(gsan):
    gsan.imovel(19)
    for numero in CLIENTES:
        gsan.cliente(numero)
        gsan.fone(numero)
        gsan.conta(numero, 19, numero)
    return gsan


def ponte(gsan, tmp_path):
    """The command in a process of its own, with pieces of four customers."""
    comando = [sys.executable, "manage.py", "importar_gsan", "--url", gsan.url, "--lote", "4", "--saida", str(tmp_path)]
    return processo(comando, ambiente_com_este_banco())


def espera_por_trava(banco: str) -> bool:
    """Whether some session of that database waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'", [banco])
        return cursor.fetchone()[0] > 0


def aqui() -> psycopg2.extensions.connection:
    """Another session with the database of the test."""
    do_django = connection.get_connection_params()
    do_django.pop("cursor_factory", None)
    return psycopg2.connect(**do_django)


def trazer(gsan, tmp_path, **pedido):
    padrao = {"hoje": AGORA.date(), "agora": AGORA, "relatorios": tmp_path}
    with Origem(parametros(gsan.url)) as origem:
        return {r.leitura: r for r in importar(origem, Pedido(**padrao | pedido))}


def ninguem_com_a_ponte() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s", [TRAVA[0]])
        return cursor.fetchone()[0] == 0


def test_a_bridge_killed_in_the_middle_of_a_table_goes_on_from_there(cheio, tmp_path):
    Cliente.objects.create(pk=106, nome="QUEM JÁ ESTAVA")
    outra = aqui()
    with outra.cursor() as cursor:
        cursor.execute("SELECT FROM cadastro_cliente WHERE id = 106 FOR UPDATE")  # of the second piece
    with ponte(cheio, tmp_path) as filho:
        esperar(lambda: espera_por_trava(connection.settings_dict["NAME"]))
        matar(filho)
    outra.rollback()
    outra.close()
    esperar(ninguem_com_a_ponte)
    passagem = Passagem.objects.get(leitura="clientes")
    assert (passagem.ate, passagem.em_curso, passagem.marca) == (103, True, "")
    assert Cliente.objects.filter(pk__in=CLIENTES).count() == 5  # the first piece, and who was there

    feito = trazer(cheio, tmp_path)

    assert (feito["clientes"].retomada, feito["clientes"].lidas) == (True, 6)
    assert sorted(Cliente.objects.values_list("nome", flat=True)) == [f"CLIENTE {n}" for n in CLIENTES]
    assert Conta.objects.count() == len(CLIENTES)
    assert not any(passagem.em_curso for passagem in Passagem.objects.all())
    assert trazer(cheio, tmp_path)["clientes"].lidas == 0


def test_a_bridge_killed_between_two_tables_does_not_read_the_first_again(cheio, tmp_path):
    outra = falso.Gsan(cheio.nome)
    outra.conexao.autocommit = False
    outra.executar("LOCK TABLE faturamento.conta IN ACCESS EXCLUSIVE MODE")
    with ponte(cheio, tmp_path) as filho:
        esperar(lambda: espera_por_trava(cheio.nome))
        matar(filho)
    outra.conexao.rollback()
    outra.fechar()
    esperar(ninguem_com_a_ponte)
    assert Passagem.objects.get(leitura="clientes").marca

    feito = trazer(cheio, tmp_path)

    assert (feito["clientes"].lidas, feito["clientes"].completa, feito["contas"].novas) == (0, False, len(CLIENTES))


def test_a_source_that_goes_away_midway_is_said_and_the_next_run_goes_on(cheio, tmp_path):
    """Its session is ended while a piece of the contas is being read."""
    outra = falso.Gsan(cheio.nome)
    lidas = []

    def ao_ler(leitura: str, *_) -> None:
        lidas.append(leitura)
        if lidas.count("contas") == 1 and leitura == "contas":
            outra.executar(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'avisa-ponte'"
            )

    with pytest.raises(ConexaoPerdida, match="Sem conexão com o GSAN"):
        trazer(cheio, tmp_path, linhas_por_pedaco=4, progresso=ao_ler)
    outra.fechar()
    assert Passagem.objects.get(leitura="contas").ate == 103
    assert Conta.objects.count() == 4

    feito = trazer(cheio, tmp_path, linhas_por_pedaco=4)

    assert (feito["contas"].retomada, feito["contas"].lidas, Conta.objects.count()) == (True, 6, len(CLIENTES))


def test_an_export_whose_other_side_goes_away_leaves_nothing_half_written(cheio, tmp_path):
    with Origem(parametros(cheio.url), escrever=True) as origem:
        exportar(origem)
        with pytest.raises(ConexaoPerdida), origem.transacao():
            origem.executar(f"INSERT INTO {TABELA} (chave, atualizada_em) VALUES ('a', now())")
            cheio.executar(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'avisa-ponte'"
            )
            origem.executar("SELECT 1")

    assert cheio.executar(f"SELECT count(*) FROM {TABELA}") == [(0,)]
