"""A database with GSAN's tables (simuladores.gsan), and rows of them with what each test cares about."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import quote, urlencode

import psycopg2
from django.db import connection
from psycopg2 import sql

from simuladores.gsan import DDL, ESQUEMAS

PARA_TODAS = """
SELECT format('%%I.%%I', schemaname, tablename) FROM pg_tables WHERE schemaname = ANY (%s) ORDER BY 1
"""
# Whoever writes a table of GSAN gets an error, whatever the role.
INTOCAVEL = """
CREATE FUNCTION public.recusar() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'alguém escreveu em %', TG_RELID::regclass; END $$
"""

ANTES = "2026-11-01 08:00:00"  # when the rows were written, unless told otherwise


class Gsan:
    """The fake GSAN: SQL on it, and rows of its tables with what each test cares about."""

    def __init__(self, nome: str):
        self.nome = nome
        self.conexao = psycopg2.connect(**_parametros(nome))
        self.conexao.autocommit = True
        self.executar("SET TimeZone = 'America/Sao_Paulo'")  # as the application that writes there

    @property
    def url(self) -> str:
        return endereco(self.nome)

    def executar(self, comando: str, valores=None) -> list[tuple]:
        with self.conexao.cursor() as cursor:
            cursor.execute(comando, valores)
            return cursor.fetchall() if cursor.description else []

    def inserir(self, tabela: str, **campos) -> None:
        nomes = sql.SQL(", ").join(map(sql.Identifier, campos))
        vagas = sql.SQL(", ").join(sql.Placeholder() * len(campos))
        onde = sql.Identifier(*tabela.split("."))
        with self.conexao.cursor() as cursor:
            cursor.execute(sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(onde, nomes, vagas), list(campos.values()))

    def limpar(self) -> None:
        tabelas = ", ".join(tabela for (tabela,) in self.executar(PARA_TODAS, [list(ESQUEMAS)]))
        self.executar(f"TRUNCATE {tabelas}; DROP SCHEMA IF EXISTS avisa CASCADE")

    def fechar(self) -> None:
        self.conexao.close()

    # --- rows ---

    def lugares(self) -> None:
        """One of each place: localidade 1, setor 1, quadra 10, rota 3, group 2, perfil 1, and an address."""
        self.inserir("cadastro.unidade_federacao", unfe_id=1, unfe_dsufsigla="RN")
        self.inserir("cadastro.municipio", muni_id=1, muni_nmmunicipio="NATAL", muni_cdddd=84, unfe_id=1)
        self.inserir("cadastro.gerencia_regional", greg_id=1, greg_nmregional="GERÊNCIA NATAL")
        self.inserir("cadastro.localidade", loca_id=1, loca_nmlocalidade="PONTA NEGRA", greg_id=1, muni_idprincipal=1)
        self.inserir("cadastro.setor_comercial", stcm_id=1, stcm_cdsetorcomercial=1, loca_id=1)
        self.inserir("micromedicao.rota", rota_id=1, rota_cdrota=3, stcm_id=1, ftgr_id=2)
        self.inserir("cadastro.quadra", qdra_id=1, qdra_nnquadra=10, stcm_id=1, rota_id=1)
        self.inserir("cadastro.imovel_perfil", iper_id=1, iper_dsimovelperfil="NORMAL")
        self.inserir("cadastro.bairro", bair_id=1, bair_nmbairro="CAPIM MACIO")
        self.inserir("cadastro.logradouro_tipo", lgtp_id=1, lgtp_dslogradourotipo="RUA")
        self.inserir("cadastro.logradouro_titulo", lgtt_id=1, lgtt_dslogradourotitulo="DOUTOR")
        self.inserir("cadastro.logradouro", logr_id=1, logr_nmlogradouro="JOSÉ GONÇALVES", lgtp_id=1, lgtt_id=1)
        self.inserir("cadastro.logradouro_bairro", lgbr_id=1, logr_id=1, bair_id=1)
        self.inserir("cadastro.subcategoria", scat_id=20, catg_id=2)
        self.inserir("cadastro.cliente_tipo", cltp_id=1, cltp_icpessoafisicajuridica=1)
        self.inserir("cadastro.cliente_tipo", cltp_id=2, cltp_icpessoafisicajuridica=2)
        self.inserir(
            "faturamento.faturamento_grupo",
            ftgr_id=2,
            ftgr_dsfaturamentogrupo="GRUPO 2",
            ftgr_dsabreviado="G2",
            ftgr_amreferencia=202611,
            ftgr_nndiavencimento=15,
        )
        self.inserir("faturamento.debito_tipo", dbtp_id=1, dbtp_dsdebitotipo="MULTA")

    def imovel(self, matricula: int, *, em: str = ANTES, **campos) -> int:
        padrao = {"qdra_id": 1, "imov_nnlote": 7, "imov_nnsublote": 0, "lgbr_id": 1, "iper_id": 1, "last_id": 3}
        padrao |= {"imov_idcategoriaprincipal": 1, "imov_icexclusao": 2, "imov_nnimovel": "12"}
        self.inserir("cadastro.imovel", imov_id=matricula, imov_tmultimaalteracao=em, **padrao | campos)
        return matricula

    def cliente(self, id_: int, *, em: str = ANTES, **campos) -> int:
        padrao = {"clie_nmcliente": f"CLIENTE {id_}", "cltp_id": 1, "clie_icenviasms": 1, "clie_icenviaemail": 1}
        padrao |= {"clie_dsemail": f"cliente{id_}@exemplo.com.br", "clie_icuso": 1}
        self.inserir("cadastro.cliente", clie_id=id_, clie_tmultimaalteracao=em, **padrao | campos)
        return id_

    def fone(self, cliente: int, numero: str = "987654321", *, em: str = ANTES, **campos) -> None:
        padrao = {"fnet_id": 3, "cfon_cdddd": "84", "cfon_icfonepadrao": 1, "cfon_icfonesms": 1}
        self.inserir(
            "cadastro.cliente_fone", clie_id=cliente, cfon_nnfone=numero, cfon_tmultimaalteracao=em, **padrao | campos
        )

    def vinculo(self, imovel: int, cliente: int, *, em: str = ANTES, **campos) -> None:
        padrao = {"crtp_id": 2, "clim_dtrelacaoinicio": "2020-01-01"}
        self.inserir(
            "cadastro.cliente_imovel", imov_id=imovel, clie_id=cliente, clim_tmultimaalteracao=em, **padrao | campos
        )

    def conta(self, id_: int, imovel: int, cliente: int | None = None, *, em: str = ANTES, **campos) -> int:
        padrao = {"cnta_amreferenciaconta": 202611, "ftgr_id": 2, "cnta_dtemissao": "2026-11-01", "dcst_idatual": 0}
        padrao |= {"cnta_dtvencimentoconta": "2026-11-20", "cnta_vlagua": "100.00", "cnta_vlesgoto": "23.45"}
        padrao |= {"cnta_vldebitos": 0, "cnta_vlcreditos": 0}
        self.inserir("faturamento.conta", cnta_id=id_, imov_id=imovel, cnta_tmultimaalteracao=em, **padrao | campos)
        if cliente:
            self.inserir("cadastro.cliente_conta", cnta_id=id_, clie_id=cliente, crtp_id=2, clct_tmultimaalteracao=em)
        return id_

    def debito(self, id_: int, imovel: int, *, em: str = ANTES, **campos) -> int:
        padrao = {"dbtp_id": 1, "dbac_amreferenciadebito": 202610, "dbac_vldebito": "90.00", "dcst_idatual": 0}
        padrao |= {"dbac_nnprestacaodebito": 3, "dbac_nnprestacaocobradas": 1}
        self.inserir(
            "faturamento.debito_a_cobrar", dbac_id=id_, imov_id=imovel, dbac_tmultimaalteracao=em, **padrao | campos
        )
        return id_

    def pagamento(self, *, em: str = ANTES, historico: bool = False, **campos) -> None:
        p, tabela = ("pghi", "pagamento_historico") if historico else ("pgmt", "pagamento")
        padrao = {f"{p}_dtpagamento": "2026-11-05", f"{p}_vlpagamento": "123.45", f"{p}_tmultimaalteracao": em}
        self.inserir(f"arrecadacao.{tabela}", **padrao | campos)

    def comando(self, id_: int, acao: str = "AVISO DE CORTE") -> int:
        self.inserir("cobranca.cobranca_acao", cbac_id=id_, cbac_dscobrancaacao=acao, cbac_nndiasvalidade=10, dotp_id=8)
        self.inserir(
            "cobranca.cobranca_acao_ativ_cmd",
            cacm_id=id_,
            cbac_id=id_,
            cacm_dstitulo="INADIMPLENTES",
            cacm_tmcomando=ANTES,
            cacm_tmultimaalteracao=ANTES,
        )
        return id_

    def documento(self, id_: int, imovel: int, comando: int, *, em: str = ANTES, **campos) -> int:
        padrao = {"cbdo_nnsequenciadocumento": 41, "cbac_id": comando, "cacm_id": comando, "dotp_id": 8}
        padrao |= {"cbdo_tmemissao": "2026-11-02 10:00", "cbdo_vldocumento": "123.45"}
        self.inserir(
            "cobranca.cobranca_documento", cbdo_id=id_, imov_id=imovel, cbdo_tmultimaalteracao=em, **padrao | campos
        )
        return id_

    def item(self, documento: int, *, em: str = ANTES, **campos) -> None:
        self.inserir(
            "cobranca.cobranca_documento_item",
            cbdo_id=documento,
            cdit_tmultimaalteracao=em,
            **{"cdit_vlitemcobrado": "123.45"} | campos,
        )


def endereco(nome: str, usuario: str = "", senha: str = "") -> str:
    parametros = _parametros(nome)
    quem = ":".join(quote(parte, safe="") for parte in (usuario or parametros["user"], senha) if parte)
    if parametros["host"].startswith("/"):
        return f"postgresql://{quem}@/{quote(nome)}?{urlencode({'host': parametros['host']})}"
    senha_do_servidor = f":{quote(parametros['password'])}" if not senha and parametros.get("password") else ""
    return f"postgresql://{quem}{senha_do_servidor}@{parametros['host']}:{parametros['port']}/{quote(nome)}"


def _parametros(nome: str) -> dict:
    do_django = connection.get_connection_params() | {"dbname": nome}
    do_django.pop("cursor_factory", None)
    return do_django


@contextmanager
def _servidor() -> Iterator[psycopg2.extensions.cursor]:
    conexao = psycopg2.connect(**_parametros("postgres"))
    conexao.autocommit = True
    with closing(conexao), conexao.cursor() as cursor:
        yield cursor


def criar(nome: str, codificacao: str = "UTF8") -> Gsan:
    with _servidor() as cursor:
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(nome)))
        cursor.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE 'C' LC_CTYPE 'C'").format(
                sql.Identifier(nome), sql.Literal(codificacao)
            )
        )
    gsan = Gsan(nome)
    gsan.executar(DDL)
    return gsan


def apagar(gsan: Gsan) -> None:
    gsan.fechar()
    with _servidor() as cursor:
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(gsan.nome)))
