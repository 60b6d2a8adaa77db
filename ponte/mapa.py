"""What is read of GSAN: for each of our files, the tables, and the column or expression that gives each field.

This is the module to change for a GSAN whose tables differ. A tuple lists alternatives, the first whose columns the
database has is used; a literal at its end makes the column optional. Alternatives apart, a missing column stops the
bridge before anything is read. Field names are the columns of our files (`ponte.arquivos`); the meaning of the tables
is in docs/ponte.md.

`mudou` says which rows an incremental pass reads again: conditions over {desde}, a moment of the source's clock. A row
without a moment is always read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

Expressao = str | tuple[str, ...]
PRIMEIRO_DAQUI = 2**31  # GSAN's numbers have four bytes: it never gives this one, nor those after it


class ColunasFaltam(Exception):
    """The database is not the GSAN that the map describes; the message names what it lacks."""


@dataclass(frozen=True)
class Leitura:
    """One of our files, read from the source in pieces of whole keys, in the order of the keys."""

    nome: str
    de: str
    chave: str
    campos: Mapping[str, Expressao]
    mudou: tuple[str, ...] = ()  # without it everything is read in each pass: for what is small
    onde: str = "true"
    linhas: str = "true"  # of the rows of a key, those that become lines
    agrupar: bool = False  # a line for each key
    # Fields that name a row of an owner, who is the key: what the owner has here and not there is let go of.
    posse: tuple[str, ...] = ()
    # The reading that brings the rows that this one speaks of, by the same key: what comes before them is read again.
    de_quem: str = ""
    fala_de: tuple[str, ...] = ()  # others of whose rows it speaks
    # In a complete pass the keys come from here: SQL for those after %s, up to %s of them. What is closed at the source
    # is not read whole, only asked about.
    daqui: str = ""


def recente(coluna: str) -> str:
    return f"({coluna} >= {{desde}} OR {coluna} IS NULL)"


def limpo(coluna: str) -> str:
    """A text in one line: a line break in a name would break the line of the file."""
    return f"btrim(translate({coluna}, E'\\n\\r\\t', '   '))"


def _possivel(coluna: str) -> str:
    """A date that is not needed: without it when it is absurd."""
    return f"CASE WHEN {coluna} BETWEEN DATE '1900-01-01' AND DATE '2199-12-31' THEN {coluna} END"


_COBRADO = "coalesce(da.dbac_nnprestacaocobradas, 0) >= greatest(da.dbac_nnprestacaodebito, 1)"
_CONTAS_EM_ABERTO = f"""SELECT id FROM faturamento_conta
    WHERE pago_em IS NULL AND situacao IN (0, 1, 2) AND id > %s AND id < {PRIMEIRO_DAQUI} ORDER BY id LIMIT %s"""
_DEBITOS_EM_ABERTO = f"""SELECT id FROM faturamento_debitoacobrar
    WHERE pago_em IS NULL AND NOT cancelado AND id > %s AND id < {PRIMEIRO_DAQUI} ORDER BY id LIMIT %s"""
_DOCUMENTOS_EM_ABERTO = f"""SELECT g.id FROM ponte_documentodogsan g
    JOIN cobranca_cobrancadocumento d ON d.id = g.documento_id
    WHERE d.pago_em IS NULL AND NOT d.cancelado AND g.id > %s AND g.id < {PRIMEIRO_DAQUI} ORDER BY g.id LIMIT %s"""


def _pagamentos(nome: str, campo: str, coluna: str, de_quem: str, daqui: str) -> Leitura:
    """Payments of one kind of object: all that were made for it, summed, whether the month was closed or not."""
    recentes = " UNION ALL ".join(
        f"SELECT {a}.{coluna} FROM {tabela} {a} WHERE {recente(f'{a}.{prefixo}_tmultimaalteracao')}"
        for tabela, a, prefixo in (
            ("arrecadacao.pagamento", "pg", "pgmt"),
            ("arrecadacao.pagamento_historico", "ph", "pghi"),
        )
    )
    return Leitura(
        nome=nome,
        de=f"""(SELECT pg.{coluna} AS objeto, pg.pgmt_dtpagamento AS dia, pg.pgmt_vlpagamento AS valor
                FROM arrecadacao.pagamento pg WHERE coalesce(pg.pgmt_icexpurgado, 2) <> 1
                UNION ALL
                SELECT ph.{coluna}, ph.pghi_dtpagamento, ph.pghi_vlpagamento
                FROM arrecadacao.pagamento_historico ph WHERE coalesce(ph.pghi_icexpurgado, 2) <> 1) pago""",
        chave="pago.objeto",
        campos={campo: "pago.objeto", "pago_em": "max(pago.dia)", "valor": "sum(pago.valor)"},
        mudou=(f"pago.objeto IN ({recentes})",),
        agrupar=True,
        de_quem=de_quem,
        daqui=daqui,
    )


LEITURAS = (
    Leitura(
        nome="localidades",
        de="""cadastro.localidade lo
              LEFT JOIN cadastro.gerencia_regional gr ON gr.greg_id = lo.greg_id
              LEFT JOIN cadastro.municipio mu ON mu.muni_id = lo.muni_idprincipal
              LEFT JOIN cadastro.unidade_federacao uf ON uf.unfe_id = mu.unfe_id""",
        chave="lo.loca_id",
        campos={
            "codigo": "lo.loca_id",
            "nome": limpo("lo.loca_nmlocalidade"),
            "gerencia": limpo("gr.greg_nmregional"),
            "municipio": limpo("mu.muni_nmmunicipio"),
            "uf": "uf.unfe_dsufsigla",
            "ddd": "mu.muni_cdddd",
        },
    ),
    Leitura(
        nome="grupos",
        de="faturamento.faturamento_grupo gf",
        chave="gf.ftgr_id",
        campos={
            "codigo": "gf.ftgr_id",
            "descricao": limpo("gf.ftgr_dsfaturamentogrupo"),
            "abreviatura": limpo("gf.ftgr_dsabreviado"),
            "referencia": "gf.ftgr_amreferencia",
            "dia_vencimento": "gf.ftgr_nndiavencimento",
        },
    ),
    Leitura(
        nome="imoveis",
        de="""cadastro.imovel im
              LEFT JOIN cadastro.quadra qd ON qd.qdra_id = im.qdra_id
              LEFT JOIN cadastro.setor_comercial st ON st.stcm_id = qd.stcm_id
              LEFT JOIN micromedicao.rota ro ON ro.rota_id = qd.rota_id
              LEFT JOIN cadastro.imovel_perfil pe ON pe.iper_id = im.iper_id
              LEFT JOIN cadastro.logradouro_bairro lb ON lb.lgbr_id = im.lgbr_id
              LEFT JOIN cadastro.bairro ba ON ba.bair_id = lb.bair_id
              LEFT JOIN cadastro.logradouro lg ON lg.logr_id = lb.logr_id
              LEFT JOIN cadastro.logradouro_tipo lt ON lt.lgtp_id = lg.lgtp_id
              LEFT JOIN cadastro.logradouro_titulo tt ON tt.lgtt_id = lg.lgtt_id""",
        chave="im.imov_id",
        campos={
            "matricula": "im.imov_id",
            "localidade": "st.loca_id",
            "setor": "st.stcm_cdsetorcomercial",
            "quadra": "qd.qdra_nnquadra",
            "rota": "ro.rota_cdrota",
            "lote": "im.imov_nnlote",
            "sublote": "im.imov_nnsublote",
            "endereco": "left({}, 150)".format(
                limpo(
                    "concat_ws(' - ', concat_ws(', ', nullif(concat_ws(' ', lt.lgtp_dslogradourotipo,"
                    " tt.lgtt_dslogradourotitulo, lg.logr_nmlogradouro), ''), nullif(btrim(im.imov_nnimovel), ''),"
                    " nullif(btrim(im.imov_dscomplementoendereco), '')), ba.bair_nmbairro)"
                )
            ),
            # Without a main category, that of most economias.
            "categoria": """coalesce(im.imov_idcategoriaprincipal, (
                SELECT sc.catg_id FROM cadastro.imovel_subcategoria sb
                JOIN cadastro.subcategoria sc ON sc.scat_id = sb.scat_id WHERE sb.imov_id = im.imov_id
                GROUP BY sc.catg_id ORDER BY sum(sb.imsb_qteconomia) DESC, sc.catg_id LIMIT 1))""",
            "perfil": "im.iper_id",
            "perfil_descricao": limpo("pe.iper_dsimovelperfil"),
            "situacao_agua": "im.last_id",
            "situacao_esgoto": ("CASE WHEN im.lest_id BETWEEN 1 AND 6 THEN im.lest_id END", "NULL"),
        },
        mudou=(
            recente("im.imov_tmultimaalteracao"),
            "im.qdra_id IN (SELECT q2.qdra_id FROM cadastro.quadra q2 LEFT JOIN micromedicao.rota r2"
            " ON r2.rota_id = q2.rota_id WHERE q2.qdra_tmultimaalteracao >= {desde}"
            " OR r2.rota_tmultimaalteracao >= {desde})",
            "im.iper_id IN (SELECT p2.iper_id FROM cadastro.imovel_perfil p2"
            " WHERE p2.iper_tmultimaalteracao >= {desde})",
        ),
    ),
    Leitura(
        nome="clientes",
        de="cadastro.cliente cl LEFT JOIN cadastro.cliente_tipo tp ON tp.cltp_id = cl.cltp_id",
        chave="cl.clie_id",
        campos={
            "cliente": "cl.clie_id",
            "nome": limpo("cl.clie_nmcliente"),
            "nome_abreviado": f"coalesce({limpo('cl.clie_nmabreviado')}, '')",
            # What the document tells comes first (`ponte.arquivos`).
            "tipo": ("coalesce(tp.cltp_icpessoafisicajuridica, 1)", "1"),
            "validado": ("coalesce(cl.clie_iccpfcnpjvalidado, 2)", "2"),
            "rg": f"coalesce({limpo('cl.clie_nnrg')}, '')",
            "rg_emissao": _possivel("cl.clie_dtrgemissao"),
            "nascimento": _possivel("cl.clie_dtnascimento"),
            "sexo": "CASE WHEN cl.psex_id IN (1, 2) THEN cl.psex_id END",
            "nome_mae": f"coalesce({limpo('cl.clie_nnmae')}, '')",
            "dia_vencimento": "CASE WHEN cl.clie_ddvencimento BETWEEN 1 AND 31 THEN cl.clie_ddvencimento END",
            "acrescimos": "coalesce(cl.clie_iccobrancaacrescimos, 1)",
            "acao_cobranca": "coalesce(cl.clie_icacaocobranca, 1)",
            "negativacao": ("coalesce(cl.clie_icpermitenegativacao, 1)", "1"),
            "fatura_antecipada": ("coalesce(cl.clie_icgerafaturaantecipada, 2)", "2"),
            "documento": "coalesce(nullif(btrim(cl.clie_nncpf), ''), nullif(btrim(cl.clie_nncnpj), ''))",
            "email": limpo("cl.clie_dsemail"),
            "por_sms": ("coalesce(cl.clie_icenviasms, 2)", "coalesce(cl.clie_icenviosms, 2)", "2"),
            "por_email": ("coalesce(cl.clie_icenviaemail, 2)", "coalesce(cl.clie_icenvioemail, 2)", "2"),
            "ativo": "coalesce(cl.clie_icuso, 1)",
        },
        mudou=(recente("cl.clie_tmultimaalteracao"),),
    ),
    Leitura(
        nome="telefones",
        de="cadastro.cliente cl LEFT JOIN cadastro.cliente_fone fo ON fo.clie_id = cl.clie_id",
        chave="cl.clie_id",
        campos={
            "cliente": "cl.clie_id",
            "tipo": "fo.fnet_id",
            "ddd": "btrim(fo.cfon_cdddd)",
            "numero": "translate(fo.cfon_nnfone, '-. ()', '')",
            "ramal": "coalesce(btrim(fo.cfon_nnfoneramal), '')",
            "contato": (limpo("fo.cfon_nmcontato"), "''"),
            "principal": "CASE WHEN fo.cfon_icfonepadrao = 1 THEN 1 ELSE 2 END",
            "sms": ("CASE WHEN fo.cfon_icfonesms = 1 THEN 1 ELSE 2 END", "2"),
        },
        mudou=(
            recente("cl.clie_tmultimaalteracao"),
            "cl.clie_id IN (SELECT f2.clie_id FROM cadastro.cliente_fone f2"
            f" WHERE {recente('f2.cfon_tmultimaalteracao')})",
        ),
        linhas="fo.cfon_id IS NOT NULL",
        posse=("cliente", "ddd", "numero", "ramal"),
    ),
    Leitura(
        nome="vinculos",
        de="cadastro.imovel im LEFT JOIN cadastro.cliente_imovel vi ON vi.imov_id = im.imov_id",
        chave="im.imov_id",
        campos={
            "matricula": "im.imov_id",
            "cliente": "vi.clie_id",
            "relacao": "vi.crtp_id",
            "inicio": "vi.clim_dtrelacaoinicio",
            # Nobody is the customer of an imóvel that is excluded.
            "fim": "coalesce(vi.clim_dtrelacaofim, CASE WHEN im.imov_icexclusao = 1"
            " THEN greatest(vi.clim_dtrelacaoinicio, im.imov_tmultimaalteracao::date) END)",
        },
        mudou=(
            recente("im.imov_tmultimaalteracao"),
            "im.imov_id IN (SELECT v2.imov_id FROM cadastro.cliente_imovel v2"
            f" WHERE {recente('v2.clim_tmultimaalteracao')})",
        ),
        linhas="vi.clim_id IS NOT NULL",
        posse=("matricula", "cliente", "relacao", "inicio"),
    ),
    Leitura(
        nome="contas",
        de="""faturamento.conta ct
              LEFT JOIN cadastro.cliente_conta cc ON cc.cnta_id = ct.cnta_id AND cc.crtp_id = 2
              LEFT JOIN cadastro.imovel im ON im.imov_id = ct.imov_id
              LEFT JOIN cadastro.quadra qd ON qd.qdra_id = im.qdra_id
              LEFT JOIN micromedicao.rota ro ON ro.rota_id = qd.rota_id""",
        chave="ct.cnta_id",
        campos={
            "conta": "ct.cnta_id",
            "matricula": "ct.imov_id",
            "referencia": "ct.cnta_amreferenciaconta",
            "grupo": ("coalesce(ct.ftgr_id, ro.ftgr_id)", "ro.ftgr_id"),
            "emissao": "coalesce(ct.cnta_dtemissao, ct.cnta_dtinclusao, ct.cnta_tmultimaalteracao::date)",
            "vencimento": "ct.cnta_dtvencimentoconta",
            "agua": "ct.cnta_vlagua",
            "esgoto": "ct.cnta_vlesgoto",
            "debitos": "ct.cnta_vldebitos",
            "creditos": "ct.cnta_vlcreditos",
            "impostos": ("ct.cnta_vlimpostos", "0"),
            "situacao": "ct.dcst_idatual",
            "usuario": "cc.clie_id",
        },
        mudou=(
            recente("ct.cnta_tmultimaalteracao"),
            "ct.cnta_id IN (SELECT c2.cnta_id FROM cadastro.cliente_conta c2"
            " WHERE c2.clct_tmultimaalteracao >= {desde})",
        ),
    ),
    Leitura(
        nome="debitos",
        de="faturamento.debito_a_cobrar da LEFT JOIN faturamento.debito_tipo dt ON dt.dbtp_id = da.dbtp_id",
        chave="da.dbac_id",
        campos={
            "debito": "da.dbac_id",
            "matricula": "da.imov_id",
            "descricao": f"coalesce({limpo('dt.dbtp_dsdebitotipo')}, 'DÉBITO A COBRAR')",
            "referencia": "coalesce(da.dbac_amreferenciadebito, da.dbac_amreferenciacontabil)",
            # What the contas have not charged yet; when they charged it all there is nothing more to charge.
            "valor": f"CASE WHEN {_COBRADO} THEN da.dbac_vldebito ELSE da.dbac_vldebito"
            " - trunc(da.dbac_vldebito / greatest(da.dbac_nnprestacaodebito, 1), 2)"
            " * coalesce(da.dbac_nnprestacaocobradas, 0) END",
            "cancelado": f"CASE WHEN da.dcst_idatual IN (0, 1, 2) AND NOT {_COBRADO} THEN 2 ELSE 1 END",
        },
        mudou=(recente("da.dbac_tmultimaalteracao"),),
    ),
    _pagamentos("pagamentos", "conta", "cnta_id", "contas", _CONTAS_EM_ABERTO),
    _pagamentos("pagamentos_debitos", "debito", "dbac_id", "debitos", _DEBITOS_EM_ABERTO),
    Leitura(
        nome="contas_encerradas",
        de="faturamento.conta_historico ch",
        chave="ch.cnta_id",
        campos={
            "conta": "ch.cnta_id",
            "situacao": "ch.dcst_idatual",
            "encerrada_em": "coalesce(ch.cnhi_tmcontahistorico, ch.cnhi_tmultimaalteracao)::date",
        },
        mudou=(recente("ch.cnhi_tmultimaalteracao"), "ch.cnhi_tmcontahistorico >= {desde}"),
        de_quem="contas",
        daqui=_CONTAS_EM_ABERTO,
    ),
    Leitura(
        nome="debitos_encerrados",
        de="faturamento.deb_a_cobrar_hist dh",
        chave="dh.dbac_id",
        campos={"debito": "dh.dbac_id"},
        mudou=(recente("dh.dahi_tmultimaalteracao"),),
        de_quem="debitos",
        daqui=_DEBITOS_EM_ABERTO,
    ),
    # Only those of an eventual command: an action that sends messages composes no cronograma.
    Leitura(
        nome="documentos",
        de="""cobranca.cobranca_documento cd
              JOIN cobranca.cobranca_acao ca ON ca.cbac_id = cd.cbac_id""",
        chave="cd.cbdo_id",
        campos={
            "documento": "cd.cbdo_id",
            "comando": "cd.cacm_id",
            "sequencial": "cd.cbdo_nnsequenciadocumento",
            "matricula": "cd.imov_id",
            "tipo": "cd.dotp_id",
            "emissao": "cd.cbdo_tmemissao::date",
            "validade": (
                "coalesce(cd.cbdo_dtvalidade::date, cd.cbdo_tmemissao::date + ca.cbac_nndiasvalidade)",
                "cd.cbdo_tmemissao::date + ca.cbac_nndiasvalidade",
            ),
            "valor": "cd.cbdo_vldocumento",
        },
        onde="cd.cacm_id IS NOT NULL AND cd.imov_id IS NOT NULL AND cd.cbdo_tmemissao >= {emitidos_desde}",
        mudou=(recente("cd.cbdo_tmultimaalteracao"),),
    ),
    Leitura(
        nome="documentos_itens",
        de="""cobranca.cobranca_documento_item it
              JOIN cobranca.cobranca_documento cd ON cd.cbdo_id = it.cbdo_id""",
        chave="it.cbdo_id",
        campos={
            "documento": "it.cbdo_id",
            "conta": "it.cnta_id",
            "debito": "it.dbac_id",
            "valor": "it.cdit_vlitemcobrado",
        },
        onde="cd.cacm_id IS NOT NULL AND cd.cbac_id IS NOT NULL AND cd.cbdo_tmemissao >= {emitidos_desde}",
        linhas="(it.cnta_id IS NOT NULL OR it.dbac_id IS NOT NULL)",
        mudou=(recente("it.cdit_tmultimaalteracao"), "cd.cbdo_tmultimaalteracao >= {desde}"),
        de_quem="documentos",
        fala_de=("contas", "debitos"),
    ),
    _pagamentos("pagamentos_documentos", "documento", "cbdo_id", "documentos", _DOCUMENTOS_EM_ABERTO),
)

# The actions and commands of documents that came, by the ids of the commands (= ANY %s).
COMANDOS = """
SELECT DISTINCT cm.cacm_id, coalesce(nullif(btrim(cm.cacm_dstitulo), ''), 'Comando ' || cm.cacm_id),
    btrim(ca.cbac_dscobrancaacao), coalesce(ca.cbac_nndiasvalidade, 1), coalesce(ca.dotp_id, 1),
    coalesce(cm.cacm_tmrealizacao, cm.cacm_tmcomando, cm.cacm_tmultimaalteracao)::date
FROM cobranca.cobranca_acao_ativ_cmd cm JOIN cobranca.cobranca_acao ca ON ca.cbac_id = cm.cbac_id
WHERE cm.cacm_id = ANY (%s) ORDER BY 1
"""


@dataclass(frozen=True)
class Sumidas:
    """What is still in force here and is no longer at the source, in a complete pass, after the reading `depois_de`."""

    depois_de: str
    daqui: str
    existem: str  # SQL at the source, = ANY {chaves}
    dar_baixa: str  # SQL here, over `ponte_sumida` (id)


SUMIDAS = (
    Sumidas(
        depois_de="clientes",
        daqui=f"SELECT id FROM cadastro_cliente WHERE ativo AND id > %s AND id < {PRIMEIRO_DAQUI} ORDER BY id LIMIT %s",
        existem="SELECT cl.clie_id FROM cadastro.cliente cl WHERE cl.clie_id = ANY ({chaves})",
        dar_baixa="UPDATE cadastro_cliente t SET ativo = false, alterado_em = statement_timestamp()"
        " FROM ponte_sumida s WHERE t.id = s.id",
    ),
    Sumidas(
        depois_de="vinculos",
        daqui="SELECT DISTINCT imovel_id FROM cadastro_clienteimovel WHERE fim IS NULL AND imovel_id > %s"
        " ORDER BY imovel_id LIMIT %s",
        existem="SELECT im.imov_id FROM cadastro.imovel im WHERE im.imov_id = ANY ({chaves})",
        dar_baixa="UPDATE cadastro_clienteimovel t SET fim = greatest(t.inicio, %(hoje)s)"
        " FROM ponte_sumida s WHERE t.imovel_id = s.id AND t.fim IS NULL",
    ),
    Sumidas(
        depois_de="contas_encerradas",
        daqui=_CONTAS_EM_ABERTO,
        existem="""SELECT ct.cnta_id FROM faturamento.conta ct WHERE ct.cnta_id = ANY ({chaves})
            UNION ALL SELECT ch.cnta_id FROM faturamento.conta_historico ch WHERE ch.cnta_id = ANY ({chaves})""",
        dar_baixa="UPDATE faturamento_conta t SET situacao = 3 FROM ponte_sumida s WHERE t.id = s.id",
    ),
    Sumidas(
        depois_de="debitos_encerrados",
        daqui=_DEBITOS_EM_ABERTO,
        existem="SELECT da.dbac_id FROM faturamento.debito_a_cobrar da WHERE da.dbac_id = ANY ({chaves})",
        dar_baixa="UPDATE faturamento_debitoacobrar t SET cancelado = true FROM ponte_sumida s WHERE t.id = s.id",
    ),
    Sumidas(
        depois_de="documentos",
        daqui=_DOCUMENTOS_EM_ABERTO,
        existem="SELECT cd.cbdo_id FROM cobranca.cobranca_documento cd WHERE cd.cbdo_id = ANY ({chaves})",
        dar_baixa="UPDATE cobranca_cobrancadocumento t SET cancelado = true FROM ponte_documentodogsan g"
        " JOIN ponte_sumida s ON s.id = g.id WHERE t.id = g.documento_id",
    ),
)

# What to do here about what an owner let go of, over `ponte_posse`, whose columns are the fields `posse`, as texts.
SOLTAR = {
    "telefones": """
        UPDATE cadastro_clientefone t SET sms = false, principal = false
        WHERE (t.sms OR t.principal) AND t.cliente_id IN (SELECT cliente::bigint FROM ponte_posse) AND NOT EXISTS (
            SELECT FROM ponte_posse p WHERE p.cliente::bigint = t.cliente_id AND p.ddd = t.ddd AND p.numero = t.numero
            AND coalesce(p.ramal, '') = t.ramal)""",
    "vinculos": """
        UPDATE cadastro_clienteimovel t SET fim = t.inicio
        WHERE t.fim IS DISTINCT FROM t.inicio AND t.imovel_id IN (SELECT matricula::bigint FROM ponte_posse)
        AND NOT EXISTS (
            SELECT FROM ponte_posse p WHERE p.matricula::bigint = t.imovel_id AND p.cliente::bigint = t.cliente_id
            AND p.relacao::bigint = t.relacao AND p.inicio = t.inicio::text)""",
}

_TABELA = re.compile(r"\b(?:FROM|JOIN)\s+([a-z]+\.[a-z_0-9]+)\s+([a-z]\w*)", re.IGNORECASE)
_COLUNA = re.compile(r"\b([a-z]\w*)\.([a-z]\w*)\b")


def tabelas(sql: str) -> dict[str, str]:
    """{alias: schema.table} of all that a text of SQL reads."""
    return {alias: tabela for tabela, alias in _TABELA.findall(sql)}


@dataclass
class Consultas:
    """A Leitura as SQL for one source, with each alternative decided."""

    leitura: Leitura
    campos: dict[str, str] = field(default_factory=dict)

    @property
    def nomes(self) -> list[str]:
        return list(self.campos)

    def _filtro(self, desde: str | None, valores: Mapping[str, str]) -> str:
        partes = [self.leitura.onde.format(**valores), f"{self.leitura.chave} IS NOT NULL"]
        if desde and self.leitura.mudou:
            partes.append("(" + " OR ".join(self.leitura.mudou).format(desde=desde) + ")")
        return " AND ".join(partes)

    def fim_do_pedaco(self, desde: str | None, depois_de: int | None, limite: int, valores: Mapping[str, str]) -> str:
        """The last key of the next piece; no row when there is none."""
        inicio = "" if depois_de is None else f" AND {self.leitura.chave} > {depois_de}"
        return (
            f"SELECT max(p.k) FROM (SELECT {self.leitura.chave} AS k FROM {self.leitura.de}"
            f" WHERE {self._filtro(desde, valores)}{inicio} ORDER BY 1 LIMIT {limite}) p"
        )

    def faixa(self, depois_de: int | None, ate: int) -> str:
        inicio = "" if depois_de is None else f"{self.leitura.chave} > {depois_de} AND "
        return f"{inicio}{self.leitura.chave} <= {ate}"

    def escolhidas(self, chaves: list[int]) -> str:
        return f"{self.leitura.chave} = ANY ({vetor(chaves)})"

    def menos(self, chaves: list[int]) -> str:
        return f" AND NOT {self.escolhidas(chaves)}" if chaves else ""

    def das_linhas(self, desde: str | None, quais: str, valores: Mapping[str, str]) -> str:
        return self._selecao(self.nomes, f"{self._filtro(desde, valores)} AND {self.leitura.linhas} AND {quais}")

    def da_posse(self, desde: str | None, quais: str, valores: Mapping[str, str]) -> str:
        """Those of owners who have nothing too, with the rest empty."""
        return self._selecao(list(self.leitura.posse), f"{self._filtro(desde, valores)} AND {quais}")

    def _selecao(self, nomes: list[str], filtro: str) -> str:
        colunas = ", ".join(f"{self.campos[nome]} AS {nome}" for nome in nomes)
        grupo = f" GROUP BY {self.leitura.chave}" if self.leitura.agrupar else ""
        return f"SELECT {colunas} FROM {self.leitura.de} WHERE {filtro}{grupo} ORDER BY {self.leitura.chave}"


def vetor(chaves: list[int]) -> str:
    return "'{" + ",".join(map(str, chaves)) + "}'::integer[]"


def textos_de(leitura: Leitura) -> list[str]:
    """All the SQL of a reading, alternatives included."""
    campos = [
        e for expressao in leitura.campos.values() for e in ([expressao] if isinstance(expressao, str) else expressao)
    ]
    return [f"FROM {leitura.de}", *campos, *leitura.mudou, leitura.onde, leitura.linhas]


def preparar(leitura: Leitura, existentes: Mapping[str, set[str]]) -> Consultas:
    """Decide the alternatives by the columns that the database has. Raises ColunasFaltam."""
    apelidos = tabelas(" ".join(textos_de(leitura)))

    def faltam(sql: str) -> list[str]:
        return [
            f"{apelidos[apelido]}.{coluna}"
            for apelido, coluna in _COLUNA.findall(sql)
            if apelido in apelidos and coluna not in existentes.get(apelidos[apelido], ())
        ]

    consultas, ausentes = Consultas(leitura), []
    for nome, expressao in leitura.campos.items():
        opcoes = (expressao,) if isinstance(expressao, str) else expressao
        consultas.campos[nome] = next((opcao for opcao in opcoes if not faltam(opcao)), "")
        if not consultas.campos[nome]:
            ausentes += faltam(opcoes[-1])
    for sql in (leitura.de, *leitura.mudou, leitura.onde, leitura.linhas):
        ausentes += faltam(sql)
    if ausentes:
        raise ColunasFaltam(
            f"Em {leitura.nome}, o banco não tem {', '.join(sorted(set(ausentes)))}. "
            "Se este GSAN guarda isto em outro lugar, adapte ponte/mapa.py (docs/ponte.md)."
        )
    return consultas
