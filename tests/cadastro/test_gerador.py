import csv
import random
import re
import shutil
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db.models import Exists, OuterRef, Q

from cadastro import gerador
from cadastro.documentos import cnpj_valido, cpf_valido
from cadastro.gerador import gerar_base
from cadastro.importacao import importar
from cadastro.models import Cliente, ClienteFone, Imovel
from cadastro.telefones import celular_e164
from faturamento.models import ClienteConta, Conta, DebitoACobrar
from tests.fabricas import HOJE

EXEMPLO = Path(settings.BASE_DIR) / "dados" / "exemplo"
FICTICIOS = re.compile(r"@(example\.(com|net|org)|[a-z]+\.example)$")
MAGICAS = ("recusado", "lotada", "temporario", "insiste", "lento", "cai", "caiantes")
DIAS_DIFICEIS = [date(2026, 1, 31), date(2026, 2, 28), date(2028, 2, 29), date(2026, 12, 31), date(2027, 1, 1), HOJE]


def ler(pasta, nome):
    with (pasta / f"{nome}.csv").open(encoding="utf-8", newline="") as arquivo:
        return list(csv.DictReader(arquivo, delimiter=";"))


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    pasta = tmp_path_factory.mktemp("base")
    gerar_base(imoveis=1200, semente=7, saida=pasta, hoje=HOJE)
    return pasta


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path, base):
    for nome, semente in (("igual", 7), ("outra", 8)):
        gerar_base(imoveis=1200, semente=semente, saida=tmp_path / nome, hoje=HOJE)

    def conteudo(pasta):
        return {nome: (pasta / f"{nome}.csv").read_bytes() for nome in gerador.CABECALHOS}

    assert conteudo(tmp_path / "igual") == conteudo(base)
    assert conteudo(tmp_path / "outra") != conteudo(base)


@pytest.mark.parametrize("quantos", [1, 2, 7, 301])
def test_any_size_is_imported_without_a_refusal(db, tmp_path, quantos):
    linhas = gerar_base(imoveis=quantos, semente=1, saida=tmp_path, hoje=HOJE)
    resultados = importar(tmp_path)

    assert {r.arquivo: r.novas for r in resultados} == linhas
    assert not any(r.erro or r.recusadas for r in resultados)
    assert [r.iguais for r in importar(tmp_path)] == list(linhas.values())


def test_nothing_generated_can_reach_a_person(base):
    emails = [c["email"] for c in ler(base, "clientes") if c["email"]]
    fones = ler(base, "telefones")

    assert len(emails) > 500
    assert all(FICTICIOS.search(email) for email in emails)
    assert len(set(emails)) == len(emails)
    for fone in fones:
        assert fone["numero"].startswith("90" if fone["tipo"] == "3" else "20")
        assert fone["tipo"] != "3" or celular_e164(fone["ddd"], fone["numero"])


def test_documents_are_valid_and_unique_and_some_have_letters(base):
    documentos = [c["documento"] for c in ler(base, "clientes") if c["documento"]]

    assert len(set(documentos)) == len(documentos)
    assert all(cpf_valido(d) or cnpj_valido(d) for d in documentos)
    assert Counter(len(d) for d in documentos)[14] > 50
    assert sum(not d.isdigit() for d in documentos) > 10


def test_the_base_has_the_oddities_of_a_real_one(base):
    clientes, fones, contas = (ler(base, nome) for nome in ("clientes", "telefones", "contas"))
    nomes = [c["nome"] for c in clientes]
    com_fone = {f["cliente"] for f in fones}
    repetidos = Counter((f["ddd"], f["numero"]) for f in fones)

    assert max(map(len, nomes)) > 80
    assert any(not nome.isascii() for nome in nomes)
    assert any(";" in nome and '"' in nome for nome in nomes)
    assert any("'" in nome for nome in nomes)
    assert any(c["cliente"] not in com_fone for c in clientes)
    assert any(not c["email"] for c in clientes)
    assert any(c["por_sms"] == c["por_email"] == "N" and c["email"] for c in clientes)
    assert max(repetidos.values()) > 1
    assert {c["situacao"] for c in contas} == {"0", "1", "3", "4", "5"}
    assert len({c["referencia"] for c in contas}) == 4
    assert len({f["ddd"] for f in fones}) > 3


def test_proportions_are_exact_in_each_hundred():
    baralho = gerador._Baralho(random.Random(1), gerador.CANAIS)

    assert Counter(baralho.tirar() for _ in range(300)) == {canal: 3 * n for canal, n in gerador.CANAIS.items()}


def test_the_command_writes_the_files_and_says_how_many(tmp_path, capsys):
    call_command("gerar_base", imoveis=10, semente=1, saida=tmp_path, hoje=HOJE)

    assert "imoveis.csv: 10\n" in capsys.readouterr().out


# --- the sample ---


def test_the_sample_is_what_the_generator_writes(tmp_path):
    gerar_base(imoveis=300, semente=336, saida=tmp_path, hoje=HOJE, relativo=True)

    for nome in gerador.CABECALHOS:
        assert (tmp_path / f"{nome}.csv").read_bytes() == (EXEMPLO / f"{nome}.csv").read_bytes(), nome


def test_no_date_of_the_sample_is_absolute():
    for nome in ("contas", "vinculos", "pagamentos", "grupos", "debitos"):
        for linha in ler(EXEMPLO, nome):
            datas = [
                linha[c] for c in ("emissao", "vencimento", "inicio", "fim", "pago_em", "referencia") if linha.get(c)
            ]
            assert all(re.fullmatch(r"[DM][+-]\d+", valor) for valor in datas), linha


@pytest.fixture(params=DIAS_DIFICEIS, ids=str)
def exemplo_importado(db, tmp_path, request):
    shutil.copytree(EXEMPLO, tmp_path / "exemplo")
    for resultado in importar(tmp_path / "exemplo", hoje=request.param):
        assert not resultado.erro
        assert not resultado.recusadas
    return request.param


def test_on_any_day_the_sample_has_bills_to_announce_and_every_reason_for_being_left_out(exemplo_importado):
    hoje = exemplo_importado
    do_usuario = Q(cliente__contas__conta=OuterRef("pk"), cliente__contas__relacao=2)
    tem_celular = Exists(ClienteFone.objects.filter(do_usuario, sms=True, cliente__por_sms=True))
    usuario = ClienteConta.objects.filter(conta=OuterRef("pk"), relacao=2)
    tem_email = Exists(usuario.filter(cliente__por_email=True).exclude(cliente__email=""))
    na_janela = Q(vencimento__range=(hoje, hoje + timedelta(days=5)))
    em_vigor, valor = Q(situacao__in=(0, 1, 2)), Q(valor__gte=10)
    publico = Q(imovel__categoria__in=(1, 2, 4)) & ~Q(perfil=5)
    contas = Conta.objects.filter(referencia=hoje.year * 100 + hoje.month).annotate(
        canal=Q(tem_celular) | Q(tem_email), com_usuario=Exists(usuario)
    )
    abertas = contas.filter(pago_em=None)

    assert abertas.filter(na_janela, em_vigor, valor, publico, canal=True).count() >= 100
    assert abertas.filter(vencimento__gt=hoje + timedelta(days=5), canal=True).filter(em_vigor).count() >= 5
    assert abertas.filter(vencimento__lt=hoje, canal=True).filter(em_vigor).count() >= 5
    for motivo in (
        contas.filter(na_janela, em_vigor, pago_em__isnull=False),
        abertas.filter(na_janela, ~em_vigor),
        abertas.filter(na_janela, em_vigor, valor__lt=10),
        abertas.filter(na_janela, em_vigor, imovel__categoria=3),
        abertas.filter(na_janela, em_vigor, perfil=5),
        abertas.filter(na_janela, em_vigor, com_usuario=False),
        abertas.filter(na_janela, em_vigor, com_usuario=True, canal=False),
        Conta.objects.filter(referencia__lt=hoje.year * 100 + hoje.month, pago_em=None, vencimento__lt=hoje),
    ):
        assert motivo.exists()
    sem_canal = Cliente.objects.filter(contas__isnull=False)
    assert sem_canal.filter(por_sms=False, por_email=False, fones__sms=True).exclude(email="").exists()
    assert sem_canal.filter(por_sms=True, fones__isnull=False).exclude(fones__sms=True).exists()
    assert sem_canal.filter(por_email=True, email="").exists()
    assert DebitoACobrar.objects.filter(pago_em=None, cancelado=False).exists()


def test_the_sample_meets_each_fault_of_the_simulators_a_few_times(exemplo_importado):
    na_janela = Conta.objects.filter(
        pago_em=None, situacao=0, vencimento__range=(exemplo_importado, exemplo_importado + timedelta(days=5))
    )

    for nome in MAGICAS:
        quantas = na_janela.filter(clientes__cliente__email__contains=f"+{nome}@").count()
        assert 1 <= quantas <= (2 if nome in ("lento", "cai", "caiantes") else 4), nome
    for final in ("0001", "0002", "0003", "0004"):
        assert 2 <= ClienteFone.objects.filter(sms=True, numero__endswith=final).count() <= 4
    assert Imovel.objects.count() == 300


def test_accented_letters_of_a_name_stay_in_its_address(base):
    clientes = [
        cliente for cliente in ler(base, "clientes") if cliente["nome"].startswith("JOSÉ ") and cliente["email"]
    ]
    assert clientes
    assert all(cliente["email"].startswith("jose") for cliente in clientes)
