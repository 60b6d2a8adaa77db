"""The pure parts of the benches: how a run is judged. The runs themselves are `./avisa bench`."""

import json
from collections import Counter
from copy import deepcopy
from dataclasses import replace
from datetime import date

import pytest
from django.contrib import admin
from django.db import connection
from django.urls import get_resolver
from django.utils import timezone

from bench import (
    base,
    campanha,
    composicao,
    copia,
    corrida,
    cota,
    envio,
    fonte_simples,
    importacao,
    latencia,
    modelo,
    paginas,
    quedas,
    razoes,
    ritmo,
    saida,
)
from bench.__main__ import leitor
from bench.apuracao import (
    Fim,
    Mensagem,
    Morte,
    Passagem,
    apurar,
    ler_registro,
    mais_abertas,
    message_id,
    na_janela,
    pico,
    recebidas,
)
from cadastro import digitos
from cadastro.admin import TabelaGrande
from cadastro.models import Cliente, Imovel
from cadastro.nomes import normalizar_nome
from faturamento.models import Conta
from mensageria import balanco, fontes, models
from mensageria.estados import Estado
from tests.test_permissoes import nomes

PORTA = 50_000


def passagem(*, guardada: int = 100, confirmada: int | None = 200, cliente: int = PORTA, abertas: int = 1) -> Passagem:
    return Passagem("<a@x>", 1, cliente, abertas, guardada - 10, guardada, confirmada)


def resultado(**campos) -> corrida.Resultado:
    certo = {
        "mortes": 50,
        "na_janela": 15,
        "conexoes": 10,
        "mensagens": 5000,
        "perdidas": 0,
        "repetidas_silenciosas": 0,
        "repetidas": 0,
        "incertas": 500,
        "contagens_erradas": 0,
        "segundos": 1.0,
    }
    return corrida.Resultado(**certo | campos)


# Kills between a body and its reply


@pytest.mark.parametrize(
    ("momento", "dentro"),
    [(95, False), (99, False), (100, True), (150, True), (199, True), (200, False), (300, False)],
)
def test_a_kill_is_in_the_window_from_the_stored_body_to_its_250(momento, dentro):
    assert na_janela([passagem()], [Morte(momento, frozenset({PORTA}))]) == dentro


def test_a_250_that_never_left_keeps_the_window_open():
    assert na_janela([passagem(confirmada=None)], [Morte(10_000, frozenset({PORTA}))]) == 1


def test_the_window_of_another_sender_is_not_its_own():
    assert na_janela([passagem(cliente=PORTA + 1)], [Morte(150, frozenset({PORTA}))]) == 0


def test_a_kill_that_cuts_two_connections_counts_once():
    assert na_janela([passagem(), passagem(cliente=PORTA + 1)], [Morte(150, frozenset({PORTA, PORTA + 1}))]) == 1


# What the sink has


def test_the_log_pairs_each_250_with_the_body_of_its_connection(tmp_path):
    comum = {"abertas": 2, "chegada": 1}
    linhas = [
        {"id": "<a@x>", "conexao": 1, "cliente": 11, "guardada": 2, **comum},
        {"id": "<b@x>", "conexao": 2, "cliente": 12, "guardada": 3, **comum},
        {"conexao": 2, "confirmada": 4},
        {"id": "<c@x>", "conexao": 2, "cliente": 12, "guardada": 5, **comum},
        {"conexao": 2, "confirmada": 6},
    ]
    arquivo = tmp_path / "registro.jsonl"
    arquivo.write_text("".join(json.dumps(linha) + "\n" for linha in linhas))

    lidas = ler_registro(arquivo)

    assert [(p.id, p.confirmada) for p in lidas] == [("<a@x>", None), ("<b@x>", 4), ("<c@x>", 6)]
    assert mais_abertas(lidas) == 2


def test_messages_are_told_apart_by_the_message_id_of_their_head(tmp_path):
    corpo = b"Subject: x\r\nmessage-id: <a@x>\r\n\r\nMessage-ID: <falso@x>\r\n"
    for nome in ("1.eml", "2.eml"):
        (tmp_path / nome).write_bytes(corpo)
    (tmp_path / ".3.eml.tmp").write_bytes(corpo)

    assert recebidas(tmp_path) == {"<a@x>": 2}
    with pytest.raises(ValueError, match="sem Message-ID"):
        message_id(b"Subject: x\r\n\r\nMessage-ID: <falso@x>\r\n")


# The verdict on each message


@pytest.mark.parametrize("fim", [Fim.ENVIADA, Fim.PENDENTE])
def test_what_is_told_as_sent_or_ended_nowhere_and_never_arrived_is_lost(fim):
    assert apurar({"<a@x>": Mensagem(fim)}, Counter()).perdidas == 1


@pytest.mark.parametrize("fim", [Fim.FALHA, Fim.CANCELADA, Fim.INCERTA])
def test_what_is_told_not_to_have_arrived_is_not_lost(fim):
    assert apurar({"<a@x>": Mensagem(fim)}, Counter()).perdidas == 0


@pytest.mark.parametrize(("duvidas", "em_silencio"), [(0, 1), (1, 0)])
def test_a_repeat_is_silent_when_nobody_was_told_of_a_doubt(duvidas, em_silencio):
    apurado = apurar({"<a@x>": Mensagem(Fim.ENVIADA, duvidas)}, Counter({"<a@x>": 2}))

    assert (apurado.repetidas, apurado.em_silencio, apurado.incertas) == (1, em_silencio, duvidas)


# The verdict on a run


@pytest.mark.parametrize(("mortes", "na_janela_", "vale"), [(50, 15, True), (50, 14, False), (0, 0, True)])
def test_a_run_needs_15_of_50_kills_in_the_window(mortes, na_janela_, vale):
    assert resultado(mortes=mortes, na_janela=na_janela_).vale is vale


@pytest.mark.parametrize(
    "falta", [{"perdidas": 1}, {"repetidas_silenciosas": 1}, {"contagens_erradas": 1}, {"incertas": 501}]
)
def test_each_promise_can_be_broken(falta):
    assert resultado().cumpre
    assert not resultado(**falta).cumpre


def test_the_exit_status_tells_an_invalid_run_from_a_broken_promise(capsys):
    nomes = {"nao_reenviar": "Avisa", "post_office": "outro"}
    do_outro = resultado(repetidas_silenciosas=9, repetidas=9)

    def julgar(do_avisa: corrida.Resultado) -> int:
        return quedas.julgar(nomes, {"nao_reenviar": do_avisa, "post_office": do_outro})

    assert julgar(resultado()) == saida.CUMPRE
    assert julgar(resultado(perdidas=1)) == saida.NAO_CUMPRE
    assert julgar(resultado(perdidas=1, na_janela=14)) == saida.INVALIDA
    assert "só 14 de 50 mortes na janela" in capsys.readouterr().err


def test_the_json_has_the_figures_of_the_product_and_those_beside_it():
    dados = quedas.como_json({"nao_reenviar": resultado(), "post_office": resultado(repetidas=7)})

    chaves = {"mortes", "na_janela", "conexoes", "perdidas", "repetidas_silenciosas", "repetidas", "incertas"}
    assert chaves <= dados.keys() and chaves <= dados["post_office"].keys()
    assert (dados["repetidas"], dados["post_office"]["repetidas"]) == (0, 7)


def test_a_quota_is_used_to_the_last_message_and_told_once():
    certo = cota.Resultado(
        cota=1000,
        mensagens=1500,
        trabalhadores=8,
        mortes=4,
        usado=1000,
        enviadas=993,
        incertas=7,
        recebidas=998,
        repetidas_silenciosas=0,
        alertas=1,
        contagens_erradas=0,
    )

    assert certo.faltas() == []
    for errado in ({"usado": 999}, {"usado": 1001}, {"enviadas": 992}, {"recebidas": 1001}, {"alertas": 2}):
        assert replace(certo, **errado).faltas()


@pytest.mark.parametrize(
    ("momentos", "esperado"),
    [([], 0), ([5], 1), ([0, 10], 2), ([0, 11], 1), ([30, 0, 9, 21, 20, 10], 3), ([0, 0, 0], 3)],
)
def test_the_peak_is_of_any_closed_window_wherever_it_begins(momentos, esperado):
    assert pico(momentos, 10) == esperado


def test_a_rate_is_judged_by_its_peak_and_its_average():
    def medir(quantas: int, a_cada: int) -> ritmo.Resultado:
        chegadas = [replace(passagem(), chegada=numero * a_cada) for numero in range(quantas)]
        return ritmo.medir(chegadas, 1, 0, 0)

    assert medir(1500, ritmo.SEGUNDO // 48).cumpre
    assert not medir(1500, ritmo.SEGUNDO // 46).cumpre
    assert not medir(1800, ritmo.SEGUNDO // 55).cumpre
    assert medir(1470, ritmo.SEGUNDO // 49).media == 49.0


# Who is ahead, and by how much


def amostra(segundos: float, registradas: int, *memoria: int) -> razoes.Amostra:
    return razoes.Amostra(segundos, registradas, dict(enumerate(memoria)))


def test_each_run_is_compared_with_the_one_beside_it():
    uma = razoes.razao([800, 900, 1000], [100, 300, 200])

    assert uma.como_json() == {"mediana": 5.0, "minimo": 3.0, "maximo": 8.0, "pares": [8.0, 3.0, 5.0]}


def test_half_a_pair_is_no_pair():
    with pytest.raises(ValueError, match="shorter"):
        razoes.razao([800, 900], [100])


def test_the_first_and_the_last_tenth_have_rates_of_their_own():
    abrindo = amostra(5, 0)
    amostras = [
        amostra(0, 0),
        abrindo,
        amostra(6, 20),
        amostra(8, 60),
        amostra(9, 80),
        amostra(9, 80),
        amostra(13, 100),
    ]

    assert razoes.decimos(amostras) == (pytest.approx(20), pytest.approx(5))


def test_a_run_that_was_seen_once_has_no_tenths():
    with pytest.raises(ValueError, match="não se viu"):
        razoes.decimos([amostra(0, 0), amostra(1, 0)])


def test_memory_is_that_of_the_largest_process_and_flat_when_the_second_half_has_no_more():
    mega = razoes.MEGA
    amostras = [amostra(0, 0, 50 * mega), amostra(1, 1, 80 * mega, 100 * mega), amostra(2, 2, 90 * mega), amostra(3, 3)]

    assert razoes.memoria_mb(amostras) == 100
    assert razoes.crescimento(amostras) == pytest.approx(0.9)


@pytest.mark.parametrize(("chave", "deles", "falta"), [("post_office", 100, False), ("post_office", 101, True)])
def test_a_ratio_is_judged_by_its_median(chave, deles, falta):
    assert bool(envio.Comparacao(chave, "outro", [800, 800, 1], [deles, deles, 1000]).falta) is falta


def test_a_peer_without_a_goal_is_only_shown(capsys):
    uma = envio.Comparacao("django_mailer", "django-mailer", [100], [1000])

    assert not uma.falta
    assert envio.tabela([uma]).splitlines()[1].split() == ["django-mailer", "100", "1000", "0,1", "0,1", "0,1", "–"]


def test_memory_has_to_be_small_and_flat():
    memoria = envio.Memoria()
    memoria.ver([amostra(0, 0, 150 * razoes.MEGA), amostra(1, 1, 160 * razoes.MEGA)])
    assert not [*memoria.faltas()]

    memoria.ver([amostra(0, 0, 150 * razoes.MEGA), amostra(1, 1, 210 * razoes.MEGA)])
    assert len([*memoria.faltas()]) == 2


def test_the_json_has_each_ratio_with_its_pairs_and_rates():
    memoria = envio.Memoria()
    memoria.ver([amostra(0, 0, razoes.MEGA), amostra(1, 1, razoes.MEGA)])
    dados = envio.como_json([envio.Comparacao("nodemailer", "x", [400.4, 600], [100, 100])], memoria)

    assert dados["razao"]["nodemailer"]["pares"] == [4.004, 6.0]
    assert dados["por_segundo"]["nodemailer"] == {"avisa": [400, 600], "outro": [100, 100]}
    assert dados["memoria_mb"] == {"maximo": 1.0, "crescimento": 1.0}


def test_one_message_for_each_connection_and_round_trip_is_all_that_latency_allows():
    assert latencia.eficiencia_de(200, conexoes=10) == pytest.approx(1)


def test_the_peers_send_what_avisa_composes(tmp_path, settings, monkeypatch):
    monkeypatch.setattr(fontes, "_fontes", {})
    settings.TEMPLATES = deepcopy(settings.TEMPLATES)
    fonte_simples.registrar()
    dela = fonte_simples.mensagem_modelo()
    assert all(marca in parte for parte in (dela.texto, dela.html) for marca in modelo.palavras(0))
    assert len(dela.texto) + len(dela.html) > 3000

    modelo.guardar(dela, tmp_path / "modelo.json")
    [_, (destino, partes)] = modelo.mensagens(tmp_path / "modelo.json", 2)

    assert (destino, partes.assunto) == (
        "cliente.2@example.com",
        "Cliente 2 da Silva, sua conta de água vence amanhã",
    )
    assert "matrícula 2 vence" in partes.texto and "R$ 3,90" in partes.html
    assert "@NOME@" not in partes.texto + partes.html


@pytest.mark.django_db
def test_a_plain_message_costs_its_source_one_query_for_each_question(django_assert_num_queries):
    fonte_simples.criar(3)
    fonte_simples.envelhecer(40)
    fonte, hoje = fonte_simples.FonteSimples(), date(2026, 11, 22)

    assert models.Mensagem.objects.devidas(timezone.now()).count() == 3
    assert models.Mensagem.objects.filter(estado=Estado.ENVIADA).count() == models.TentativaEnvio.objects.count() == 36
    assert balanco.conferir() == []
    Cliente.objects.filter(pk=2).update(por_email=False)
    with django_assert_num_queries(3):
        assert list(fonte.motivos_de_cancelamento(models.Canal.EMAIL, {1: "", 2: "", 9: ""}, hoje)) == [2, 9]
        assert fonte.destinos(models.Canal.EMAIL, [1, 9], hoje) == {1: "cliente.1@example.com"}
        assert fonte.contextos([1], hoje)[1]["valores"]["{NOME}"] == "Cliente 1 da Silva"


def test_the_table_aligns_names_to_the_left_and_numbers_to_the_right():
    assert saida.tabela(["", "mortes"], [["Avisa", 50], ["outro", 7.5]]) == (
        "        mortes\nAvisa       50\noutro      7,5"
    )


def test_a_bench_is_asked_for_by_its_name():
    assert leitor().parse_args(["quedas", "--mortes", "10", "--sem-post-office"]).conexoes == 10
    with pytest.raises(SystemExit):
        leitor().parse_args(["quedas", "--mortes", "0"])
    pedido = leitor().parse_args(["envio", "--so", "nodemailer", "--pares", "1"])
    assert (pedido.so, pedido.pares, pedido.mensagens) == (["nodemailer"], 1, None)


# Generation, import and pages


def par_da_composicao(**campos) -> composicao.Par:
    return composicao.Par(
        **({"mensagens": 900, "de_fora": 600, "segundos": 10.0, "memoria_mb": 110, "nu": 6.0} | campos)
    )


@pytest.mark.parametrize(
    ("falta", "dita"),
    [
        ({}, []),
        ({"nu": 4.9}, ["a geração tem 0.5 da velocidade do INSERT nu (0.49)"]),
        ({"segundos": 121.0, "nu": 70.0}, ["dez vezes as contas levam até 12 vezes o tempo (12.1)"]),
        ({"memoria_mb": 301}, ["o trabalhador fica em 300 MB (301)"]),
    ],
)
def test_a_generation_is_judged_by_the_larger_base_its_growth_and_its_memory(falta, dita):
    menores, maiores = [par_da_composicao(segundos=10.0)], [par_da_composicao(**falta)]

    assert composicao.Resultado({1000: menores, 10_000: maiores}).faltas() == dita


def test_the_ratio_of_the_generations_is_the_median_of_the_pairs_of_the_larger_base():
    maiores = [par_da_composicao(nu=nu) for nu in (9.0, 5.0, 6.0)]
    resultado = composicao.Resultado({10: [par_da_composicao(nu=1.0)], 100: maiores})

    assert composicao.como_json(resultado)["razao"] == {
        "insert_select": 0.6,
        "insert_select_menor": 0.5,
        "insert_select_maior": 0.9,
        "milhao": 1.0,
    }


@pytest.mark.parametrize(
    ("copy", "memoria", "faltas"),
    [
        (2.0, 110, []),
        (1.9, 110, ["a importação tem 0.2 da velocidade do COPY nu (0.19)"]),
        (2.0, 127, ["a memória não cresce com o arquivo (110 e 127 MB)"]),
    ],
)
def test_an_import_is_judged_by_its_ratio_and_by_a_smaller_one(copy, memoria, faltas):
    par = importacao.Par(linhas=500, segundos=10.0, memoria_mb=memoria, copy=copy)

    da_campanha = campanha.Resultado([campanha.Par(segundos=10.0, copy=2.0)], 60, 76)

    assert importacao.Resultado(600, [par], 110, da_campanha).faltas() == faltas


@pytest.mark.parametrize(
    ("copy", "memoria", "faltas"),
    [
        (2.0, 76, []),
        (1.9, 76, ["a importação de campanha tem 0.2 da velocidade do COPY nu (0.19)"]),
        (2.0, 77, ["a memória não cresce com o arquivo da campanha (60 e 77 MB)"]),
    ],
)
def test_the_import_of_a_campaign_is_judged_by_its_ratio_and_by_a_smaller_one(copy, memoria, faltas):
    resultado = campanha.Resultado([campanha.Par(segundos=10.0, copy=copy)], 60, memoria)

    assert [promessa for promessa, cumprida in resultado.promessas().items() if not cumprida] == faltas
    assert (resultado.como_json()["copy"], resultado.como_json()["memoria_mb"]) == (copy / 10, memoria)


def test_the_file_of_the_campaign_has_refused_lines_and_repeated_ones():
    cabecalho, *linhas = campanha.arquivo(200, 1).decode().splitlines()

    assert (cabecalho, len(linhas), len(set(linhas))) == ("cpf;email", 200, 196)
    assert sum(linha.startswith("11111111111;") for linha in linhas) == 2


@pytest.mark.django_db
def test_what_the_bare_insert_and_the_bare_copy_write_are_all_columns_but_those_that_the_database_gives():
    assert "id" not in composicao._colunas("mensageria_mensagem").split(", ")
    assert {"chave", "lote_id", "estado"} <= set(composicao._colunas("mensageria_mensagem").split(", "))
    assert {"id", "imovel_id", "valor_agua"} <= set(copia.colunas(Conta).split(", "))
    assert "valor" not in copia.colunas(Conta).split(", ")


@pytest.mark.parametrize(
    ("valores", "p95"), [([7.0], 7.0), ([float(n) for n in range(1, 21)], 19.0), ([3.0, 1.0, 2.0], 3.0)]
)
def test_nineteen_in_twenty_do_not_pass_the_p95(valores, p95):
    assert paginas.percentil(valores, 95) == p95


def test_a_page_is_judged_by_its_time_and_by_its_queries():
    certa = paginas.Medida("certa", 12, 100.0, 150.0)

    assert paginas.faltas([certa, replace(certa, consultas=32, consultas_maximas=32)]) == []
    assert paginas.faltas([replace(certa, p95_ms=150.1)]) == [
        "certa: 150.1 ms no p95 (até 150) e 12 consultas (até 12)"
    ]
    assert paginas.faltas([replace(certa, consultas=13)]) == [
        "certa: 150.0 ms no p95 (até 150) e 13 consultas (até 12)"
    ]


def test_every_url_of_the_operator_is_a_list_that_is_measured_or_is_said_to_have_none():
    listas = {pagina.url for pagina in paginas.PAGINAS}

    assert listas | paginas.SEM_LISTA == nomes(get_resolver().url_patterns)
    assert not listas & paginas.SEM_LISTA


def test_every_large_list_of_the_administration_is_searched():
    grandes = {
        f"{modelo._meta.app_label}_{modelo._meta.model_name}"
        for modelo, seu_admin in admin.site._registry.items()
        if isinstance(seu_admin, TabelaGrande)
    }

    assert grandes == paginas.BUSCAS.keys()


@pytest.mark.django_db
def test_a_base_is_whole():
    base._encher(60)

    assert (Imovel.objects.count(), Cliente.objects.count(), Conta.objects.count()) == (60, 60, 180)
    assert all(digitos.matricula_valida(imovel.pk) for imovel in Imovel.objects.all())
    for cliente in Cliente.objects.all():
        cliente.full_clean()
        assert cliente.nome_busca == normalizar_nome(cliente.nome)
    assert Cliente.objects.get(pk=7).email == Cliente.objects.get(pk=7).nome_busca.split()[0] + ".7@example.com"
    Cliente(nome="OUTRO").save()  # after the ids that the base gave
    assert connection.introspection.get_constraints(connection.cursor(), "cadastro_clienteimovel").keys() >= {
        "vinculo_um_usuario_por_vez"
    }
