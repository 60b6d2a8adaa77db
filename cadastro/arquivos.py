"""The files of cadastro, in the order in which they depend on each other: places, imóveis, customers, phones, links.

SQL here follows the names of `cadastro.models`; `l` is the line (see `cadastro.importacao`).
"""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from cadastro.documentos import normalizar_documento
from cadastro.importacao import (
    Alvo,
    Arquivo,
    Coerencia,
    Coluna,
    Recusa,
    RegraDeConjunto,
    Tipo,
    anotar,
    data,
    identificador,
    inteiro,
    matricula,
    registrar,
    sim_nao,
    texto,
)
from cadastro.nomes import normalizar_nome
from cadastro.telefones import DDDS

UFS = "AC|AL|AM|AP|BA|CE|DF|ES|GO|MA|MG|MS|MT|PA|PB|PE|PI|PR|RJ|RN|RO|RR|RS|SC|SE|SP|TO"
TAMANHO_DO_NOME = 100
TAMANHO_DO_EMAIL = 254
_DDDS = "|".join(sorted(DDDS))
_EMAIL_SIMPLES = re.compile(r"[a-z0-9_+-]+(\.[a-z0-9_+-]+)*@([a-z0-9]{1,60}\.)+[a-z]{2,60}", re.IGNORECASE)


def normalizar_email(email: str) -> str:
    """The address as it came. Raises ValueError when Django's validator would refuse it."""
    if len(email) <= TAMANHO_DO_EMAIL and not _EMAIL_SIMPLES.fullmatch(email):  # the plain ones, without its cost
        try:
            validate_email(email)
        except ValidationError:
            raise ValueError("E-mail inválido.") from None
    return email


def nome_composto(nome: str) -> str:
    """The name in NFC, since a decomposed é would cost an SMS its alphabet."""
    return unicodedata.normalize("NFC", nome)


def nome_de_busca(nome: str) -> str:
    """The searched form, cut to its column: a few characters grow when they lose their accents (ß, ligatures)."""
    return normalizar_nome(nome.strip(" \t\N{NO-BREAK SPACE}"))[:TAMANHO_DO_NOME]


def ddd() -> Tipo:
    return texto(2, f"^({_DDDS})$", "DDD inexistente.")


LOCALIDADES = Arquivo(
    nome="localidades",
    colunas=(
        Coluna("codigo", inteiro(1, 999)),
        Coluna("nome", texto(30)),
        Coluna("gerencia", texto(60)),
        Coluna("municipio", texto(60)),
        Coluna("uf", texto(2, f"^({UFS})$", "UF inexistente.")),
        Coluna("ddd", ddd()),
    ),
    chave=("l.codigo",),
    coerencias=(
        Coerencia("ddd", ("l.uf", "l.municipio"), "l.ddd", "Na linha {d.primeira} o município tem o DDD {d.valor}."),
    ),
    preparar=(
        """INSERT INTO cadastro_gerencia (nome)
           SELECT l.gerencia FROM imp_linha l WHERE l.erro IS NULL EXCEPT SELECT nome FROM cadastro_gerencia""",
        """INSERT INTO cadastro_municipio (nome, uf, ddd)
           SELECT DISTINCT l.municipio, l.uf, l.ddd FROM imp_linha l WHERE l.erro IS NULL AND NOT EXISTS
           (SELECT FROM cadastro_municipio m WHERE m.nome = l.municipio AND m.uf = l.uf)""",
        anotar("""UPDATE cadastro_municipio m SET ddd = l.ddd FROM imp_linha l
                  WHERE l.erro IS NULL AND m.nome = l.municipio AND m.uf = l.uf AND m.ddd <> l.ddd
                  RETURNING l.linha"""),
    ),
    alvo=Alvo(
        tabela="cadastro_localidade",
        chave={"id": "l.codigo"},
        campos={"nome": "l.nome", "gerencia_id": "g.id", "municipio_id": "m.id"},
        juncoes="""JOIN cadastro_gerencia g ON g.nome = l.gerencia
                   JOIN cadastro_municipio m ON m.nome = l.municipio AND m.uf = l.uf""",
    ),
    tabelas=("cadastro_gerencia", "cadastro_municipio"),
)

_SETOR_DA_LINHA = "JOIN cadastro_setorcomercial s ON s.localidade_id = l.localidade AND s.codigo = l.setor"
_ROTA_DA_LINHA = f"{_SETOR_DA_LINHA} JOIN cadastro_rota r ON r.setor_id = s.id AND r.codigo = l.rota"
_PERFIL_SEM_DESCRICAO = """
    SELECT l.linha, 'perfil_descricao', concat('O perfil ', l.perfil, ' não existe: informe a descrição.')
    FROM imp_linha l WHERE l.erro IS NULL AND l.perfil NOT IN
         (SELECT id FROM cadastro_perfil
          UNION SELECT perfil FROM imp_linha WHERE erro IS NULL AND perfil_descricao IS NOT NULL)"""
_TRES_DIGITOS = "EXISTS (SELECT FROM cadastro_parametrosistema WHERE digitos_da_quadra = 3)"

IMOVEIS = Arquivo(
    nome="imoveis",
    colunas=(
        Coluna("matricula", matricula()),
        Coluna("localidade", inteiro(1, 999)),
        Coluna("setor", inteiro(0, 999)),
        Coluna("quadra", inteiro(0, 9999)),
        Coluna("rota", inteiro(0, 9999)),
        Coluna("lote", inteiro(0, 9999), obrigatoria=False, padrao="0"),
        Coluna("sublote", inteiro(0, 999), obrigatoria=False, padrao="0"),
        Coluna("endereco", texto(150), obrigatoria=False, padrao="''"),
        Coluna("categoria", inteiro(1, 4)),
        Coluna("perfil", inteiro(1, 32767)),
        Coluna("perfil_descricao", texto(40), obrigatoria=False),
        Coluna("situacao_agua", inteiro(1, 8), obrigatoria=False, padrao="3"),
        Coluna("situacao_esgoto", inteiro(1, 6), obrigatoria=False, pode_faltar=True),  # empty: as it is stored
    ),
    chave=("l.matricula",),
    juncoes="LEFT JOIN cadastro_localidade lo ON lo.id = l.localidade",
    recusas=(
        Recusa("localidade", "lo.id IS NULL", "Localidade {l.localidade} não existe."),
        Recusa("quadra", f"l.quadra > 999 AND {_TRES_DIGITOS}", "A quadra deve ter no máximo 3 dígitos."),
    ),
    coerencias=(
        Coerencia(
            "perfil_descricao",
            ("l.perfil",),
            "l.perfil_descricao",
            "Na linha {d.primeira} o perfil {l.perfil} é “{d.valor}”.",
        ),
        Coerencia(
            "rota",
            ("l.localidade", "l.setor", "l.quadra"),
            "l.rota",
            "Na linha {d.primeira} a quadra {l.quadra} é da rota {d.valor}.",
        ),
    ),
    conjuntos=(RegraDeConjunto(recusar=_PERFIL_SEM_DESCRICAO, desistir=_PERFIL_SEM_DESCRICAO),),
    preparar=(
        """INSERT INTO cadastro_perfil (id, descricao)
           SELECT l.perfil, min(l.perfil_descricao) FROM imp_linha l
           WHERE l.erro IS NULL AND NOT EXISTS (SELECT FROM cadastro_perfil p WHERE p.id = l.perfil)
           GROUP BY l.perfil""",
        anotar("""UPDATE cadastro_perfil p SET descricao = l.perfil_descricao FROM imp_linha l
                  WHERE l.erro IS NULL AND p.id = l.perfil AND p.descricao <> l.perfil_descricao RETURNING l.linha"""),
        """INSERT INTO cadastro_setorcomercial (localidade_id, codigo)
           SELECT l.localidade, l.setor FROM imp_linha l WHERE l.erro IS NULL
           EXCEPT SELECT localidade_id, codigo FROM cadastro_setorcomercial""",
        f"""INSERT INTO cadastro_rota (setor_id, codigo)
            SELECT s.id, l.rota FROM imp_linha l {_SETOR_DA_LINHA} WHERE l.erro IS NULL
            EXCEPT SELECT setor_id, codigo FROM cadastro_rota""",
        f"""INSERT INTO cadastro_quadra (setor_id, numero, rota_id)
            SELECT DISTINCT s.id, l.quadra, r.id FROM imp_linha l {_ROTA_DA_LINHA} WHERE l.erro IS NULL
            AND NOT EXISTS (SELECT FROM cadastro_quadra q WHERE q.setor_id = s.id AND q.numero = l.quadra)""",
        anotar(f"""UPDATE cadastro_quadra q SET rota_id = r.id FROM imp_linha l {_ROTA_DA_LINHA}
                   WHERE l.erro IS NULL AND q.setor_id = s.id AND q.numero = l.quadra AND q.rota_id <> r.id
                   RETURNING l.linha"""),
    ),
    alvo=Alvo(
        tabela="cadastro_imovel",
        chave={"matricula": "l.matricula"},
        campos={
            "quadra_id": "q.id",
            "localidade_id": "l.localidade",
            "lote": "l.lote",
            "sublote": "l.sublote",
            "endereco": "l.endereco",
            "categoria": "l.categoria",
            "perfil_id": "l.perfil",
            "situacao_agua": "l.situacao_agua",
            "situacao_esgoto": "coalesce(l.situacao_esgoto, t.situacao_esgoto)",
        },
        ao_criar={"situacao_esgoto": "coalesce(l.situacao_esgoto, 1)"},
        juncoes=f"{_SETOR_DA_LINHA} JOIN cadastro_quadra q ON q.setor_id = s.id AND q.numero = l.quadra",
    ),
    tabelas=("cadastro_setorcomercial", "cadastro_rota", "cadastro_quadra"),
)

_DOCUMENTO_DE_OUTRO = """
    SELECT l.linha, 'documento', concat(CASE length(l.documento) WHEN 11 THEN 'CPF' ELSE 'CNPJ' END,
                                        ' já informado para cliente ', t.id, '.')
    FROM imp_linha l JOIN cadastro_cliente t ON t.documento = l.documento AND t.id <> l.cliente
    WHERE l.erro IS NULL"""
_DOCUMENTO_REPETIDO = """
    SELECT linha, 'documento', concat('O documento já está na linha ', primeira, '.')
    FROM (SELECT l.linha, first_value(l.linha) OVER (PARTITION BY l.documento
                 ORDER BY (t.documento IS NOT DISTINCT FROM l.documento) DESC, l.linha) AS primeira
          FROM imp_linha l LEFT JOIN cadastro_cliente t ON t.id = l.cliente
          WHERE l.erro IS NULL AND l.documento IN
                (SELECT documento FROM imp_linha WHERE erro IS NULL GROUP BY documento HAVING count(*) > 1)) x
    WHERE linha <> primeira"""

_TIPO = "CASE length(l.documento) WHEN 11 THEN 1 WHEN 14 THEN 2 ELSE {se_nao} END"  # as Cliente.save

CLIENTES = Arquivo(
    nome="clientes",
    colunas=(
        Coluna("cliente", identificador()),
        Coluna("nome", texto(TAMANHO_DO_NOME), converter=nome_composto),
        Coluna("documento", texto(14), obrigatoria=False, converter=normalizar_documento),
        Coluna("email", texto(TAMANHO_DO_EMAIL), obrigatoria=False, padrao="''", converter=normalizar_email),
        Coluna("por_sms", sim_nao(), obrigatoria=False, padrao="false"),
        Coluna("por_email", sim_nao(), obrigatoria=False, padrao="false"),
        Coluna("ativo", sim_nao(), obrigatoria=False, padrao="true"),
    ),
    chave=("l.cliente",),
    derivadas={"nome_busca": ("nome", nome_de_busca)},
    conjuntos=(
        RegraDeConjunto(
            recusar=f"""{_DOCUMENTO_DE_OUTRO} AND NOT EXISTS
                (SELECT FROM imp_linha o WHERE o.cliente = t.id AND o.erro IS NULL)
                UNION ALL {_DOCUMENTO_REPETIDO}""",
            desistir=_DOCUMENTO_DE_OUTRO,
        ),
    ),
    preparar=(  # documents may be swapped: free those that change hands before the update, which goes row by row
        anotar("""UPDATE cadastro_cliente t SET documento = NULL, alterado_em = statement_timestamp() FROM imp_linha l
                  WHERE l.erro IS NULL AND t.id = l.cliente AND t.documento IS DISTINCT FROM l.documento AND EXISTS
                  (SELECT FROM imp_linha o WHERE o.erro IS NULL AND o.documento = t.documento) RETURNING l.linha"""),
    ),
    alvo=Alvo(
        tabela="cadastro_cliente",
        chave={"id": "l.cliente"},
        campos={
            "nome": "l.nome",
            "nome_busca": "coalesce(l.nome_busca, '')",
            "documento": "l.documento",
            "email": "l.email",
            "por_sms": "l.por_sms",
            "por_email": "l.por_email",
            "ativo": "l.ativo",
        },
        ao_criar={"alterado_em": "statement_timestamp()", "tipo": _TIPO.format(se_nao=1)},
        ao_alterar={"alterado_em": "statement_timestamp()", "tipo": _TIPO.format(se_nao="t.tipo")},
        sequencia="id",
    ),
)

_MESMO_FONE = "{o}.cliente = t.cliente_id AND {o}.ddd = t.ddd AND {o}.numero = t.numero AND {o}.ramal = t.ramal"


def _uma_marca(marca: str, nome: str) -> RegraDeConjunto:
    """At most one phone of a customer has this mark. The one that has it now and keeps it comes before a new claim."""
    motivo = (
        f"concat('O cliente já tem um {nome}', CASE WHEN primeira > 0 THEN concat(', na linha ', primeira) END, '.')"
    )
    conflito = f"""
        SELECT linha, cliente, primeira FROM (
            SELECT linha, cliente, first_value(linha) OVER (PARTITION BY cliente ORDER BY ordem, linha) AS primeira
            FROM (SELECT l.linha, l.cliente, CASE WHEN t.{marca} THEN 0 ELSE 1 END AS ordem
                  FROM imp_linha l LEFT JOIN cadastro_clientefone t ON {_MESMO_FONE.format(o="l")}
                  WHERE l.erro IS NULL AND l.{marca}
                  UNION ALL
                  SELECT 0, t.cliente_id, -1 FROM cadastro_clientefone t
                  WHERE t.{marca} AND t.cliente_id IN (SELECT cliente FROM imp_linha WHERE erro IS NULL AND {marca})
                  AND NOT EXISTS (SELECT FROM imp_linha o WHERE o.erro IS NULL AND {_MESMO_FONE.format(o="o")})
                 ) marcados) x
        WHERE linha <> primeira"""
    return RegraDeConjunto(
        recusar=f"SELECT linha, '{marca}', {motivo} FROM ({conflito}) c",
        desistir=f"""SELECT l.linha, '{marca}', concat('Os telefones do cliente têm mais de um {nome}.')
                     FROM imp_linha l WHERE l.cliente IN (SELECT cliente FROM ({conflito}) c)""",
    )


TELEFONES = Arquivo(
    nome="telefones",
    colunas=(
        Coluna("cliente", identificador()),
        Coluna("tipo", inteiro(1, 4)),
        Coluna("ddd", ddd()),
        Coluna(
            "numero",
            texto(
                15,
                "^[0-9]([-. ]?[0-9]){6,8}$",
                "Número do Telefone deve conter entre 7 e 9 dígitos.",
                "translate({x}, '-. ', '')",
            ),
        ),
        Coluna("ramal", texto(4, "^[0-9]{1,4}$", "Ramal inválido."), obrigatoria=False, padrao="''"),
        Coluna("contato", texto(50), obrigatoria=False, padrao="''"),
        Coluna("principal", sim_nao(), obrigatoria=False, padrao="false"),
        Coluna("sms", sim_nao(), obrigatoria=False, padrao="false"),
    ),
    chave=("l.cliente", "l.ddd", "l.numero", "l.ramal"),
    juncoes="LEFT JOIN cadastro_cliente c ON c.id = l.cliente",
    recusas=(
        Recusa("cliente", "c.id IS NULL", "Cliente {l.cliente} não existe."),
        Recusa("sms", "l.sms AND l.tipo <> 3", "Telefone SMS deve ser do Tipo Celular."),
        Recusa(
            "numero",
            "l.sms AND l.numero !~ '^9[0-9]{8}$'",
            "O celular marcado para SMS deve ter 9 dígitos e começar por 9.",
        ),
    ),
    conjuntos=(_uma_marca("sms", "telefone marcado para SMS"), _uma_marca("principal", "telefone principal")),
    preparar=tuple(  # a mark that moves leaves the old phone first: the update goes row by row
        anotar(f"""UPDATE cadastro_clientefone t SET {marca} = false FROM imp_linha l
                   WHERE l.erro IS NULL AND l.existente AND {_MESMO_FONE.format(o="l")} AND t.{marca} AND NOT l.{marca}
                   RETURNING l.linha""")
        for marca in ("sms", "principal")
    ),
    alvo=Alvo(
        tabela="cadastro_clientefone",
        chave={"cliente_id": "l.cliente", "ddd": "l.ddd", "numero": "l.numero", "ramal": "l.ramal"},
        campos={"tipo": "l.tipo", "contato": "l.contato", "principal": "l.principal", "sms": "l.sms"},
    ),
)

_MESMO_VINCULO = """{o}.matricula = t.imovel_id AND {o}.cliente = t.cliente_id AND {o}.relacao = t.relacao
                    AND {o}.inicio = t.inicio"""
_OUTROS_USUARIOS = f"""
    SELECT t.imovel_id, daterange(t.inicio, t.fim) AS periodo FROM cadastro_clienteimovel t
    WHERE t.relacao = 2 AND NOT EXISTS
          (SELECT FROM imp_linha o WHERE o.erro IS NULL AND {_MESMO_VINCULO.format(o="o")})
    AND EXISTS (SELECT FROM imp_linha l WHERE l.erro IS NULL AND l.relacao = 2 AND l.matricula = t.imovel_id)"""
_USUARIOS_DO_ARQUIVO = "FROM imp_linha l WHERE l.erro IS NULL AND l.relacao = 2"
# A table with the very constraint of the target takes the periods in order and tells which do not fit. Only imóveis
# with more than one period, stored or in the file, are disputed; the rest never get here.
_OCUPAR_PERIODOS = f"""
    DROP TABLE IF EXISTS imp_periodo, imp_disputa;
    CREATE TEMP TABLE imp_periodo (linha integer, imovel integer, periodo daterange,
        EXCLUDE USING gist (int4range(imovel, imovel, '[]') WITH &&, periodo WITH &&)) ON COMMIT DROP;
    CREATE TEMP TABLE imp_disputa ON COMMIT DROP AS
        SELECT imovel FROM (SELECT l.matricula AS imovel {_USUARIOS_DO_ARQUIVO}
                            UNION ALL SELECT imovel_id FROM ({_OUTROS_USUARIOS}) e) u
        GROUP BY imovel HAVING count(*) > 1;
    INSERT INTO imp_periodo SELECT 0, imovel_id, periodo FROM ({_OUTROS_USUARIOS}) e
        WHERE imovel_id IN (SELECT imovel FROM imp_disputa);
    INSERT INTO imp_periodo SELECT l.linha, l.matricula, daterange(l.inicio, l.fim) {_USUARIOS_DO_ARQUIVO}
        AND l.matricula IN (SELECT imovel FROM imp_disputa) ORDER BY NOT l.existente, l.linha ON CONFLICT DO NOTHING;
    """
_USUARIO_SEM_LUGAR = """FROM imp_linha l WHERE l.erro IS NULL AND l.relacao = 2
    AND l.matricula IN (SELECT imovel FROM imp_disputa) AND NOT EXISTS
        (SELECT FROM imp_periodo p WHERE p.linha = l.linha)"""

VINCULOS = Arquivo(
    nome="vinculos",
    colunas=(
        Coluna("matricula", matricula()),
        Coluna("cliente", identificador()),
        Coluna("relacao", inteiro(1, 3)),
        Coluna("inicio", data()),
        Coluna("fim", data(), obrigatoria=False),
    ),
    chave=("l.matricula", "l.cliente", "l.relacao", "l.inicio"),
    juncoes="""LEFT JOIN cadastro_imovel i ON i.matricula = l.matricula
               LEFT JOIN cadastro_cliente c ON c.id = l.cliente""",
    recusas=(
        Recusa("matricula", "i.matricula IS NULL", "Imóvel {l.matricula} não existe."),
        Recusa("cliente", "c.id IS NULL", "Cliente {l.cliente} não existe."),
        Recusa("fim", "l.fim < l.inicio", "A data de fim não pode ser anterior à de início."),
    ),
    conjuntos=(
        RegraDeConjunto(
            antes=_OCUPAR_PERIODOS,
            recusar=f"""SELECT l.linha, 'inicio', concat('O imóvel já tem um usuário neste período, ', (
                            SELECT CASE min(p.linha) WHEN 0 THEN 'no cadastro'
                                   ELSE concat('na linha ', min(p.linha)) END
                            FROM imp_periodo p WHERE p.imovel = l.matricula AND p.periodo && daterange(l.inicio, l.fim)
                        ), '.') {_USUARIO_SEM_LUGAR}""",
            desistir=f"""SELECT linha, 'inicio', 'Os usuários do imóvel se sobrepõem.' FROM imp_linha
                         WHERE relacao = 2 AND matricula IN (SELECT l.matricula {_USUARIO_SEM_LUGAR})""",
        ),
    ),
    preparar=(  # a period that ends earlier makes room before another grows into it
        anotar(f"""UPDATE cadastro_clienteimovel t SET fim = l.fim FROM imp_linha l
                   WHERE l.erro IS NULL AND l.existente AND {_MESMO_VINCULO.format(o="l")}
                   AND (l.fim < t.fim OR (t.fim IS NULL AND l.fim IS NOT NULL)) RETURNING l.linha"""),
    ),
    alvo=Alvo(
        tabela="cadastro_clienteimovel",
        chave={"imovel_id": "l.matricula", "cliente_id": "l.cliente", "relacao": "l.relacao", "inicio": "l.inicio"},
        campos={"fim": "l.fim"},
    ),
)

registrar(LOCALIDADES, IMOVEIS, CLIENTES, TELEFONES, VINCULOS)
