"""Which boletos of a campaign are announced, to whom, and why others are not. Set-based, in blocks.

On the campaign's own local day, from its hour on, each boleto that is open and due on a day of the rule becomes an
Aviso for each address. One whose copy is old waits for the company to confirm it, until the end of its due date.
"""

from collections import Counter
from collections.abc import Collection
from datetime import date, datetime, timedelta
from itertools import count

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from mensageria import decisoes, geracao
from mensageria.estados import Estado
from mensageria.models import Canal, Isencao, Lote, OrigemEnvio, VersaoTexto, inicio_do_dia
from preventivo.fonte import ORIGEM, VERSAO, FonteDeBoletos
from preventivo.models import Boleto, Campanha, CampanhaQuerySet, Layout, Registro

TRAVA = 0x41560006  # the first half of the key of the lock that an operação is generated under
BLOCO = 10_000  # boletos by one transaction: pausing and cancelling wait for no more
TENTATIVAS = 3  # of each e-mail
RETENCAO = timedelta(minutes=10)  # of a message whose boleto must be asked about first

# Of an Aviso `a` of a boleto `b`: whether its message (`dele.vivo`) leaves or left; one that has none yet gets it in
# this transaction. The sum keeps it a look in the index for each: a table that is being filled has statistics by which
# all the messages of the origin would be read for each.
VIVO = """CROSS JOIN LATERAL (
        SELECT count(*) = 0 OR bool_or(
            m.estado <> %(cancelada)s AND NOT (m.estado = %(pendente)s AND b.campanha_id = ANY (%(canceladas)s))
        ) AS vivo
        FROM mensageria_mensagem m WHERE m.origem = %(origem)s AND m.objeto_id = a.id
    ) dele"""
# Boletos of the rule that have no Aviso yet, each with the addresses of its CPF.
NOVOS = """SELECT DISTINCT ON (b.id, lower(v.email)) NULL::bigint AS id, b.id AS boleto_id, v.email
    FROM (
        SELECT b.id, b.acordo_id FROM preventivo_boleto b
        WHERE b.campanha_id = %(campanha)s AND b.vencimento = ANY (%(vencimentos)s) AND b.situacao = %(aberto)s
            AND NOT EXISTS (SELECT FROM preventivo_aviso a WHERE a.boleto_id = b.id)
        ORDER BY b.id LIMIT %(bloco)s
    ) b
    JOIN preventivo_acordo ac ON ac.id = b.acordo_id
    JOIN preventivo_registro r ON r.id = ac.registro_id
    CROSS JOIN LATERAL unnest(r.emails) AS v (email)
    ORDER BY b.id, lower(v.email)"""
# Those that waited, and the company has spoken of since.
CONFIRMADOS = """SELECT a.id, a.boleto_id, a.email
    FROM preventivo_aviso a
    JOIN preventivo_boleto b ON b.id = a.boleto_id
    WHERE a.campanha_id = %(campanha)s AND a.situacao = 'aguardando' AND b.conferido_em >= %(confirma_desde)s
    ORDER BY a.id LIMIT %(bloco)s"""
# Those that another campaign of the day was to send, which was cancelled before it did.
ABANDONADOS = f"""SELECT r.id, r.boleto_id, r.email
    FROM preventivo_aviso r
    JOIN preventivo_boleto br ON br.id = r.boleto_id
    WHERE r.campanha_id = %(campanha)s AND r.situacao = 'repetido' AND NOT EXISTS (
        SELECT FROM preventivo_boleto b
        JOIN preventivo_aviso a ON a.boleto_id = b.id AND a.situacao = 'na_fila'
        {VIVO}
        WHERE dele.vivo AND b.numero = br.numero AND b.campanha_id = ANY (%(outras)s)
            AND lower(a.email) = lower(r.email)
    )
    ORDER BY r.id LIMIT %(bloco)s"""
INSERIR = """INSERT INTO preventivo_aviso (campanha_id, boleto_id, email, situacao)
    SELECT %(campanha)s, boleto_id, email, situacao FROM decididos
    RETURNING id, boleto_id, email, situacao"""
ATUALIZAR = """UPDATE preventivo_aviso a SET situacao = d.situacao
    FROM decididos d WHERE a.id = d.id
    RETURNING a.id, a.boleto_id, a.email, a.situacao"""

# What becomes of each boleto and address. `outras` are the campaigns among which one is sent only once.
DECIDIR = f"""
WITH enderecos AS ({{enderecos}}), avaliados AS (
    SELECT e.id, e.boleto_id, e.email, b.numero, CASE
        WHEN b.conferido_em < %(confirma_desde)s THEN 'aguardando'
        WHEN b.situacao <> %(aberto)s THEN 'pago'
        WHEN b.codigo = '' THEN 'linha_invalida'
    END AS barrado
    FROM enderecos e JOIN preventivo_boleto b ON b.id = e.boleto_id
), vivos AS MATERIALIZED (
    SELECT DISTINCT b.numero, lower(a.email) AS email
    FROM (SELECT DISTINCT numero FROM avaliados WHERE barrado IS NULL) n
    JOIN preventivo_boleto b ON b.numero = n.numero AND b.campanha_id = ANY (%(outras)s)
    JOIN preventivo_aviso a ON a.boleto_id = b.id AND a.situacao = 'na_fila'
    {VIVO}
    WHERE dele.vivo
), decididos AS (
    SELECT v.id, v.boleto_id, v.email, CASE
        WHEN v.barrado IS NOT NULL THEN v.barrado
        WHEN row_number() OVER (PARTITION BY v.numero, lower(v.email), v.barrado ORDER BY v.boleto_id) > 1
            OR vivos.email IS NOT NULL THEN 'repetido'
        ELSE 'na_fila'
    END AS situacao
    FROM avaliados v
    LEFT JOIN vivos ON vivos.numero = v.numero AND vivos.email = lower(v.email)
), escritos AS (
    {{escrever}}
), candidatos AS (
    INSERT INTO candidata (objeto_id, versao, prioridade, enviar_apos, expira_em, destino_email)
    SELECT e.id, {VERSAO}, greatest(-99, least(99, %(hoje)s::date - b.vencimento))::smallint, %(agora)s,
        (b.vencimento + 1)::timestamp AT TIME ZONE %(fuso)s, coalesce(nullif(%(teste_para)s, ''), e.email)
    FROM escritos e JOIN preventivo_boleto b ON b.id = e.boleto_id
    WHERE e.situacao = 'na_fila'
)
SELECT situacao, count(*) FROM escritos GROUP BY situacao
"""

# The due date of the boleto came to its end without the company's word.
SEM_CONFIRMACAO = """
UPDATE preventivo_aviso a SET situacao = 'sem_confirmacao'
FROM preventivo_boleto b
WHERE a.campanha_id = %(campanha)s AND a.situacao = 'aguardando' AND b.id = a.boleto_id AND b.vencimento < %(hoje)s
"""
# The company confirmed another due date, which the rule does not take: it was not to be announced.
FORA_DA_REGRA = """
DELETE FROM preventivo_aviso a
USING preventivo_boleto b
WHERE a.campanha_id = %(campanha)s AND a.situacao = 'aguardando' AND b.id = a.boleto_id
    AND b.conferido_em >= %(confirma_desde)s AND b.situacao = %(aberto)s AND b.vencimento <> ALL (%(vencimentos)s)
"""


def gerar(campanha: Campanha, agora: datetime, *, blocos: int | None = None) -> Counter:
    """Make the Avisos and the messages that are due, or so many blocks of them; return how many Avisos by situação, and
    `mensagens`.

    Safe to repeat, and twice at the same time: a boleto and an address have one message in a campaign, and one among
    those of its operação and day.
    """
    total: Counter = Counter()
    for _ in count() if blocos is None else range(blocos):
        feito, ha_mais = _gerar_bloco(campanha.pk, agora)
        total.update(feito)
        if not ha_mais:
            break
    return total


def ha_a_gerar(campanha: Campanha) -> bool:
    """Whether a boleto of the rule has no Aviso."""
    return boletos_na_regra(campanha).filter(avisos=None).exists()


def boletos_na_regra(campanha: Campanha):
    """Open, and due on a day of the rule."""
    return Boleto.objects.filter(
        campanha=campanha, vencimento__in=vencimentos(campanha), situacao=Boleto.Situacao.ABERTO
    )


def vencimentos(campanha: Campanha) -> list[date]:
    return [campanha.dia + timedelta(days=dias) for dias in campanha.operacao.dias_do_vencimento]


def layout_de(campanha: Campanha) -> Layout | None:
    """The version that it began with, or the one in force."""
    return campanha.layout or Layout.objects.em_vigor(campanha.tipo)


@transaction.atomic
def _gerar_bloco(pk: int, agora: datetime) -> tuple[Counter, bool]:
    """A block, if nobody else holds the campaign; and whether there is more."""
    campanha = _travar(pk)
    if campanha is None or agora < campanha.envia_em:
        return Counter(), False
    layout = layout_de(campanha)
    if layout is None or campanha.operacao.remetente_id is None:
        return Counter(), False  # campanhas.espera says so
    if campanha.layout_id is None:
        campanha.layout = layout
        campanha.save(update_fields=["layout"])
    valores = _valores(campanha, agora)
    total, ha_mais = Counter(), False
    geracao.criar_candidatas()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [TRAVA, campanha.operacao_id])
        cursor.execute(SEM_CONFIRMACAO, valores)
        cursor.execute(FORA_DA_REGRA, valores)
        passos = [(CONFIRMADOS, ATUALIZAR)]
        if valores["hoje"] == campanha.dia:
            passos.append((NOVOS, INSERIR))
            if valores["canceladas"]:
                passos.append((ABANDONADOS, ATUALIZAR))
        for enderecos, escrever in passos:
            cursor.execute(DECIDIR.format(enderecos=enderecos, escrever=escrever), valores)
            feitos = dict(cursor.fetchall())
            total.update(feitos)
            ha_mais |= sum(feitos.values()) >= BLOCO
    if total["na_fila"]:
        total["mensagens"] = _enfileirar(campanha, layout, agora)
    return total, ha_mais


def _travar(pk: int) -> Campanha | None:
    """Boletos may be stored meanwhile, which a stronger lock would not let."""
    linhas = Campanha.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    linhas = linhas.select_related("operacao", "tipo", "layout").defer("operacao__segredo")
    return linhas.filter(pk=pk, situacao__in=Campanha.NO_ENVIO).first()


def _valores(campanha: Campanha, agora: datetime) -> dict:
    return {
        "campanha": campanha.pk,
        "outras": list(do_mesmo_dia(campanha).values_list("pk", flat=True)),
        "canceladas": list(
            do_mesmo_dia(campanha).filter(situacao=Campanha.Situacao.CANCELADA).values_list("pk", flat=True)
        ),
        "vencimentos": vencimentos(campanha),
        "confirma_desde": campanha.confirma_desde,
        "teste_para": campanha.teste_para,
        "hoje": timezone.localdate(agora),
        "agora": agora,
        "fuso": settings.TIME_ZONE,
        "bloco": BLOCO,
        "origem": ORIGEM,
        "aberto": Boleto.Situacao.ABERTO.value,
        "cancelada": Estado.CANCELADA.value,
        "pendente": Estado.PENDENTE.value,
    }


def do_mesmo_dia(campanha: Campanha) -> CampanhaQuerySet:
    """Its operação's real campaigns of that day, itself among them; a test stands alone."""
    if campanha.teste_para:
        return Campanha.objects.filter(pk=campanha.pk)
    return Campanha.objects.filter(
        operacao=campanha.operacao_id,
        teste_para="",
        envia_em__gte=inicio_do_dia(campanha.dia),
        envia_em__lt=inicio_do_dia(campanha.dia + timedelta(days=1)),
    )


def em_outra_do_dia(campanha: Campanha):
    """The registros of CPFs that another campaign of that day has: what it announces is not announced again."""
    S = Campanha.Situacao
    outras = do_mesmo_dia(campanha).exclude(pk=campanha.pk)
    outras = outras.exclude(situacao__in=(S.IMPORTANDO, S.A_CONFERIR, S.CANCELADA))
    delas = Registro.objects.filter(campanha__in=outras)
    return Registro.objects.filter(campanha=campanha, cpf__in=delas.values("cpf"))


def _enfileirar(campanha: Campanha, layout: Layout, agora: datetime) -> int:
    # By it, too many refusals pause a campaign.
    OrigemEnvio.objects.get_or_create(origem=ORIGEM, defaults={"descricao": FonteDeBoletos.nome})
    texto = VersaoTexto(canal=Canal.EMAIL, corpo=layout.corpo, assunto=layout.assunto)
    contagem = geracao.enfileirar(
        execucao=campanha.execucao,
        origem=ORIGEM,
        unidade=campanha.pk,
        saidas=geracao.saidas(ORIGEM, {Canal.EMAIL: texto}, TENTATIVAS),
        agora=agora,
        acao=campanha.tipo.nome,
        remetente=campanha.operacao.remetente_id,
        isencao=Isencao.TESTE.value if campanha.teste_para else "",
    )
    return contagem["email"]


# What stayed for another day

# Messages that may leave soon, of boletos that the company has not spoken of today.
VELHAS = """
SELECT m.id, ac.registro_id
FROM mensageria_mensagem m
JOIN mensageria_lote l ON l.id = m.lote_id
JOIN preventivo_aviso a ON a.id = m.objeto_id
JOIN preventivo_boleto b ON b.id = a.boleto_id
JOIN preventivo_acordo ac ON ac.id = b.acordo_id
WHERE l.execucao = %(execucao)s AND m.estado = %(pendente)s AND m.proxima_tentativa_em <= %(logo)s
    AND b.conferido_em < %(hoje)s
LIMIT %(bloco)s
"""


def segurar_velhas(campanha: Campanha, agora: datetime) -> int:
    """After the campaign's day, hold what its boletos must be asked about again before it leaves; return how many.

    They are held a little at a time: this is called again and again, until the company has spoken of them on that day.
    """
    if timezone.localdate(agora) <= campanha.dia:
        return 0
    seguras = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                VELHAS,
                {
                    "execucao": campanha.execucao,
                    "pendente": Estado.PENDENTE.value,
                    "logo": agora + RETENCAO / 2,
                    "hoje": inicio_do_dia(timezone.localdate(agora)),
                    "bloco": BLOCO,
                },
            )
            velhas = cursor.fetchall()
        if not velhas:
            return seguras
        seguras += decisoes.adiar([mensagem for mensagem, _ in velhas], agora + RETENCAO)
        registros = Registro.objects.filter(pk__in={registro for _, registro in velhas}, proxima_em=None)
        registros.update(proxima_em=agora)


def segurar_dos_lotes(lotes: Collection[int], agora: datetime) -> None:
    """The same for what comes back to the queue, whoever brought it and from whatever page."""
    for campanha in Campanha.objects.filter(execucao__in=Lote.objects.filter(pk__in=lotes).values("execucao")):
        segurar_velhas(campanha, agora)
