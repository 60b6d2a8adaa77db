"""The tables of a GSAN that the bridge reads, to try it against, written from what is known of them.

Only the columns that the bridge uses are here; the types are those of GSAN's mappings.
"""

ESQUEMAS = ("cadastro", "micromedicao", "faturamento", "cobranca", "arrecadacao")

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
    iper_id integer, last_id integer, lest_id integer, imov_idcategoriaprincipal integer, imov_icexclusao smallint,
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


def _digito(numero: str, casas: int) -> str:
    """SQL for the módulo 11 digit of a number."""
    soma = " + ".join(f"{numero} / {10**casa} % 10 * {casa + 2}" for casa in range(casas))
    return f"((11 - ({soma}) % 11) % 11 % 10)"


def _cpf(base: str) -> str:
    """SQL for a valid CPF of a number of nine digits."""
    um = f"(({' + '.join(f'{base} / {10**casa} % 10 * {9 - casa % 9}' for casa in range(9))}) % 11 % 10)"
    dois = f"(({' + '.join(f'{base} / {10**casa} % 10 * {8 - casa}' for casa in range(9))} + {um} * 9) % 11 % 10)"
    return f"lpad(({base} * 100 + {um} * 10 + {dois})::text, 11, '0')"


def povoar(clientes: int) -> tuple[str, ...]:
    """SQL that fills them: so many customers, each with a mobile, an imóvel, the link and a conta due soon.

    Of each hundred, one has an e-mail that is none, and one a mobile without its ninth digit.
    """
    quando = "timestamp '2026-06-01 08:00' + i * interval '1 second'"
    return (
        "INSERT INTO cadastro.unidade_federacao VALUES (1, 'RN')",
        "INSERT INTO cadastro.municipio VALUES (1, 'NATAL', 84, 1, '2026-01-01')",
        "INSERT INTO cadastro.gerencia_regional VALUES (1, 'GERÊNCIA NATAL')",
        "INSERT INTO cadastro.imovel_perfil VALUES (1, 'NORMAL', '2026-01-01')",
        "INSERT INTO cadastro.cliente_tipo VALUES (1, 1)",
        """INSERT INTO cadastro.localidade SELECT l, 'LOCALIDADE ' || l, 1, 1, 1, '2026-01-01'
           FROM generate_series(1, 50) l""",
        """INSERT INTO faturamento.faturamento_grupo SELECT g, 'GRUPO ' || g, 'G' || g, 202606, 5 * g
           FROM generate_series(1, 5) g""",
        "INSERT INTO cadastro.setor_comercial SELECT l, 1, l, '2026-01-01' FROM generate_series(1, 50) l",
        "INSERT INTO micromedicao.rota SELECT l, 1, l, 1 + l % 5, '2026-01-01' FROM generate_series(1, 50) l",
        """INSERT INTO cadastro.quadra SELECT l * 1000 + q, q, l, l, '2026-01-01'
           FROM generate_series(1, 50) l, generate_series(1, 200) q""",
        "INSERT INTO cadastro.logradouro VALUES (1, 'DAS NASCENTES', NULL, NULL)",
        "INSERT INTO cadastro.bairro VALUES (1, 'CENTRO')",
        "INSERT INTO cadastro.logradouro_bairro VALUES (1, 1, 1)",
        f"""INSERT INTO cadastro.cliente (clie_id, clie_nmcliente, cltp_id, clie_nncpf, clie_dsemail, clie_icenviasms,
                clie_icenviaemail, clie_icuso, clie_tmultimaalteracao)
            SELECT i, 'CLIENTE DE NÚMERO ' || i, 1, {_cpf("(100000000 + i)::bigint")},
                CASE WHEN i % 100 = 7 THEN 'NAO TEM' ELSE 'cliente' || i || '@example.com' END, 1, 1, 1, {quando}
            FROM generate_series(1, {clientes}) i""",
        f"""INSERT INTO cadastro.cliente_fone (clie_id, fnet_id, cfon_cdddd, cfon_nnfone, cfon_icfonepadrao,
                cfon_icfonesms, cfon_tmultimaalteracao)
            SELECT i, 3, '84', CASE WHEN i % 100 = 9 THEN '' ELSE '9' END || '8' || lpad(i::text, 7, '0'), 1, 1,
                {quando}
            FROM generate_series(1, {clientes}) i""",
        f"""INSERT INTO cadastro.imovel (imov_id, qdra_id, imov_nnlote, imov_nnsublote, imov_nnimovel, lgbr_id, iper_id,
                last_id, imov_idcategoriaprincipal, imov_icexclusao, imov_tmultimaalteracao)
            SELECT i * 10 + {_digito("i", 8)}, (1 + i % 50) * 1000 + 1 + i / 50 % 200, i / 10000 % 9999, 0, i % 9999, 1,
                1, 3, 1, 2, {quando}
            FROM generate_series(1, {clientes}) i""",
        f"""INSERT INTO cadastro.cliente_imovel (imov_id, clie_id, crtp_id, clim_dtrelacaoinicio,
                clim_tmultimaalteracao)
            SELECT i * 10 + {_digito("i", 8)}, i, 2, '2020-01-01', {quando} FROM generate_series(1, {clientes}) i""",
        f"""INSERT INTO faturamento.conta (cnta_id, imov_id, cnta_amreferenciaconta, ftgr_id, cnta_dtemissao,
                cnta_dtvencimentoconta, cnta_vlagua, cnta_vlesgoto, cnta_vldebitos, cnta_vlcreditos, dcst_idatual,
                cnta_tmultimaalteracao)
            SELECT i, i * 10 + {_digito("i", 8)}, 202606, 1 + (1 + i % 50) % 5, '2026-06-01', '2026-06-20',
                30 + i % 20000 / 100.0, 10, 0, 0, 0, {quando}
            FROM generate_series(1, {clientes}) i""",
        f"""INSERT INTO cadastro.cliente_conta (cnta_id, clie_id, crtp_id, clct_tmultimaalteracao)
            SELECT i, i, 2, {quando} FROM generate_series(1, {clientes}) i""",
        # As a real one has them, by the foreign keys.
        "CREATE INDEX ON cadastro.cliente_fone (clie_id)",
        "CREATE INDEX ON cadastro.cliente_imovel (imov_id)",
        "CREATE INDEX ON cadastro.cliente_conta (cnta_id)",
        "VACUUM ANALYZE",
    )


LINHAS_POR_CLIENTE = 5  # that the bridge reads: customer, phone, imóvel, link and conta
