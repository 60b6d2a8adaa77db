"""A database with GSAN's tables: those that the bridge reads, written from the facts, with the columns that it uses."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import quote, urlencode

import psycopg2
from django.db import connection
from psycopg2 import sql

DDL = """
CREATE SCHEMA cadastro; CREATE SCHEMA micromedicao; CREATE SCHEMA faturamento; CREATE SCHEMA cobranca;
CREATE SCHEMA arrecadacao;

CREATE TABLE cadastro.unidade_federacao (unfe_id integer PRIMARY KEY, unfe_dsufsigla char(2));
CREATE TABLE cadastro.municipio (muni_id integer PRIMARY KEY, muni_nmmunicipio varchar(30), muni_cdddd smallint,
    unfe_id integer, muni_tmultimaalteracao timestamp);
CREATE TABLE cadastro.gerencia_regional (greg_id integer PRIMARY KEY, greg_nmregional varchar(25));
CREATE TABLE cadastro.localidade (loca_id integer PRIMARY KEY, loca_nmlocalidade varchar(30), greg_id integer,
    muni_idprincipal integer, loca_icuso smallint, loca_tmultimaalteracao timestamp);
CREATE TABLE cadastro.setor_comercial (stcm_id integer PRIMARY KEY, stcm_cdsetorcomercial integer, loca_id integer,
    stcm_tmultimaalteracao timestamp);
CREATE TABLE micromedicao.rota (rota_id integer PRIMARY KEY, rota_cdrota smallint, stcm_id integer, ftgr_id integer,
    rota_tmultimaalteracao timestamp);
CREATE TABLE cadastro.quadra (qdra_id integer PRIMARY KEY, qdra_nnquadra integer, stcm_id integer, rota_id integer,
    qdra_tmultimaalteracao timestamp);
CREATE TABLE cadastro.imovel_perfil (iper_id integer PRIMARY KEY, iper_dsimovelperfil varchar(20),
    iper_tmultimaalteracao timestamp);
CREATE TABLE cadastro.bairro (bair_id integer PRIMARY KEY, bair_nmbairro varchar(30));
CREATE TABLE cadastro.logradouro_tipo (lgtp_id integer PRIMARY KEY, lgtp_dslogradourotipo varchar(20));
CREATE TABLE cadastro.logradouro_titulo (lgtt_id integer PRIMARY KEY, lgtt_dslogradourotitulo varchar(25));
CREATE TABLE cadastro.logradouro (logr_id integer PRIMARY KEY, logr_nmlogradouro varchar(40), lgtp_id integer,
    lgtt_id integer);
CREATE TABLE cadastro.logradouro_bairro (lgbr_id integer PRIMARY KEY, logr_id integer, bair_id integer);
CREATE TABLE cadastro.subcategoria (scat_id integer PRIMARY KEY, catg_id integer);
CREATE TABLE cadastro.imovel (imov_id integer PRIMARY KEY, qdra_id integer, imov_nnlote smallint,
    imov_nnsublote smallint, imov_nnimovel varchar(5), imov_dscomplementoendereco varchar(25), lgbr_id integer,
    iper_id integer, last_id integer, imov_idcategoriaprincipal integer, imov_icexclusao smallint,
    imov_tmultimaalteracao timestamp);
CREATE TABLE cadastro.imovel_subcategoria (imov_id integer, scat_id integer, imsb_qteconomia smallint,
    PRIMARY KEY (imov_id, scat_id));
CREATE TABLE cadastro.cliente_tipo (cltp_id integer PRIMARY KEY, cltp_icpessoafisicajuridica smallint);
CREATE TABLE cadastro.cliente (clie_id integer PRIMARY KEY, clie_nmcliente varchar(50), clie_nmabreviado varchar(40),
    cltp_id integer, clie_nncpf varchar(11), clie_nncnpj varchar(14), clie_iccpfcnpjvalidado smallint,
    clie_nnrg varchar(13), clie_dtrgemissao date, clie_dtnascimento date, psex_id integer, clie_nnmae varchar(50),
    clie_ddvencimento smallint, clie_iccobrancaacrescimos smallint, clie_icacaocobranca smallint,
    clie_icpermitenegativacao smallint, clie_icgerafaturaantecipada smallint, clie_dsemail varchar(40),
    clie_icenviasms smallint, clie_icenviaemail smallint, clie_icuso smallint, clie_tmultimaalteracao timestamp);
CREATE TABLE cadastro.cliente_fone (cfon_id serial PRIMARY KEY, clie_id integer, fnet_id integer, cfon_cdddd varchar(2),
    cfon_nnfone varchar(9), cfon_nnfoneramal varchar(4), cfon_nmcontato varchar(50), cfon_icfonepadrao smallint,
    cfon_icfonesms smallint, cfon_tmultimaalteracao timestamp);
CREATE TABLE cadastro.cliente_imovel (clim_id serial PRIMARY KEY, imov_id integer, clie_id integer, crtp_id integer,
    clim_dtrelacaoinicio date, clim_dtrelacaofim date, clim_tmultimaalteracao timestamp);

CREATE TABLE faturamento.faturamento_grupo (ftgr_id integer PRIMARY KEY, ftgr_dsfaturamentogrupo varchar(25),
    ftgr_dsabreviado varchar(3), ftgr_amreferencia integer, ftgr_nndiavencimento smallint);
CREATE TABLE faturamento.conta (cnta_id integer PRIMARY KEY, imov_id integer, cnta_amreferenciaconta integer,
    ftgr_id integer, cnta_dtemissao date, cnta_dtinclusao date, cnta_dtvencimentoconta date, cnta_vlagua numeric(13,2),
    cnta_vlesgoto numeric(13,2), cnta_vldebitos numeric(13,2), cnta_vlcreditos numeric(13,2),
    cnta_vlimpostos numeric(13,2), dcst_idatual integer, cnta_tmultimaalteracao timestamp);
CREATE TABLE faturamento.conta_historico (cnta_id integer PRIMARY KEY, dcst_idatual integer,
    cnhi_tmcontahistorico timestamp, cnhi_tmultimaalteracao timestamp);
CREATE TABLE cadastro.cliente_conta (clct_id serial PRIMARY KEY, cnta_id integer, clie_id integer, crtp_id integer,
    clct_tmultimaalteracao timestamp);
CREATE TABLE faturamento.debito_tipo (dbtp_id integer PRIMARY KEY, dbtp_dsdebitotipo varchar(30));
CREATE TABLE faturamento.debito_a_cobrar (dbac_id integer PRIMARY KEY, imov_id integer, dbtp_id integer,
    dbac_amreferenciadebito integer, dbac_amreferenciacontabil integer, dbac_vldebito numeric(13,2),
    dbac_nnprestacaodebito smallint, dbac_nnprestacaocobradas smallint, dcst_idatual integer,
    dbac_tmultimaalteracao timestamp);
CREATE TABLE faturamento.deb_a_cobrar_hist (dbac_id integer PRIMARY KEY, dahi_tmultimaalteracao timestamp);

CREATE TABLE cobranca.cobranca_acao (cbac_id integer PRIMARY KEY, cbac_dscobrancaacao varchar(40),
    cbac_nndiasvalidade smallint, dotp_id integer);
CREATE TABLE cobranca.cobranca_acao_ativ_cmd (cacm_id integer PRIMARY KEY, cbac_id integer, cacm_dstitulo varchar(100),
    cacm_tmcomando timestamp, cacm_tmrealizacao timestamp, cacm_tmultimaalteracao timestamp);
CREATE TABLE cobranca.cobranca_documento (cbdo_id integer PRIMARY KEY, cbdo_nnsequenciadocumento integer,
    cbac_id integer, cacm_id integer, imov_id integer, dotp_id integer, cbdo_tmemissao timestamp,
    cbdo_dtvalidade timestamp, cbdo_vldocumento numeric(13,2), cbdo_tmultimaalteracao timestamp);
CREATE TABLE cobranca.cobranca_documento_item (cdit_id serial PRIMARY KEY, cbdo_id integer, cnta_id integer,
    dbac_id integer, gpag_id integer, cdit_vlitemcobrado numeric(13,2), cdit_tmultimaalteracao timestamp);

CREATE TABLE arrecadacao.pagamento (pgmt_id serial PRIMARY KEY, cnta_id integer, dbac_id integer, cbdo_id integer,
    pgmt_dtpagamento date, pgmt_vlpagamento numeric(13,2), pgmt_icexpurgado smallint,
    pgmt_tmultimaalteracao timestamp);
CREATE TABLE arrecadacao.pagamento_historico (pghi_id serial PRIMARY KEY, cnta_id integer, dbac_id integer,
    cbdo_id integer, pghi_dtpagamento date, pghi_vlpagamento numeric(13,2), pghi_icexpurgado smallint,
    pghi_tmultimaalteracao timestamp);
"""
ESQUEMAS = ("cadastro", "micromedicao", "faturamento", "cobranca", "arrecadacao")
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
