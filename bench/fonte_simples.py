"""The plain messages of `envio`: text and HTML of some 4 KB about a customer, with an origin and a layout of their own.

Every question of the engine costs a real query, over the customers themselves.
"""

import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import TextChoices
from django.utils import timezone

from bench import modelo
from cadastro.models import Cliente, ParametroSistema
from exemplo import demonstracao
from mensageria import composicao, fontes
from mensageria.estados import Classe, Estado, Motivo
from mensageria.fontes import Objeto, linhas
from mensageria.models import Canal, Lote, Mensagem, OrigemEnvio, Remetente, ServicoEmail, VersaoTexto

ORIGEM = "bench"
PASTA = Path(__file__).resolve().parent / "templates"
MENSAGENS_POR_LOTE = 5000  # as those of a localidade
ASSUNTO = "{NOME}, sua conta de água vence amanhã"
CORPO = """\
Olá, {NOME}.

A conta de água do imóvel de matrícula {NUMERO} vence amanhã, no valor de R$ {VALOR}. Se o pagamento já foi feito, \
desconsidere esta mensagem: a baixa pode levar até três dias úteis para aparecer em nossos registros.

Para receber a segunda via, informe a matrícula {NUMERO} em nosso atendimento, que funciona todos os dias, a qualquer \
hora, por telefone, pela página ou em uma de nossas lojas. Leve um documento com foto.

{NOME}, confira também o seu cadastro: com o telefone e o e-mail em dia, os avisos de falta de água e de manutenção na \
sua rua chegam a tempo, e a conta chega todo mês sem papel. Vazamentos podem ser avisados na mesma hora, sem custo, \
por qualquer um desses meios.

Atenciosamente,
Atendimento ao Cliente
"""
EMPRESA = {
    "nome": "Companhia de Água do Exemplo",
    "cnpj": "11.222.333/0001-81",
    "endereco": "Rua das Nascentes, 100, Centro, Natal/RN, 59000-000",
}

QUE_RECEBEM = "SELECT id FROM cadastro_cliente WHERE id = ANY (%(ids)s) AND ativo AND por_email"
EMAILS = "SELECT id, email FROM cadastro_cliente WHERE id = ANY (%(ids)s) AND email <> ''"
NOMES = "SELECT id, nome FROM cadastro_cliente WHERE id = ANY (%(ids)s)"


class FonteSimples:
    nome = "Medição de envio"
    motivos_de_nao_gerar = TextChoices("MotivoDeNaoGerar", {"NENHUM": ("nenhum", "Nenhum")}, module=__name__)
    layout = "bench/1"
    assunto = ""
    dados = ()
    ver_textos = "mensageria.view_mensagem"
    escrever_textos = ()
    exemplo_por = ""

    def exemplo(self, matricula: int | None, hoje: date) -> int:
        return Cliente.objects.values_list("id", flat=True).latest("id")

    def objetos(self, ids: Collection[int]) -> dict[int, Objeto]:
        clientes = Cliente.objects.filter(id__in=ids).values_list("id", "nome")
        return {id_: Objeto(f"Cliente {id_}", id_, id_, nome) for id_, nome in clientes}

    def motivos_de_cancelamento(self, canal: int, versoes: Mapping[int, str], hoje: date) -> dict[int, str]:
        que_recebem = {id_ for (id_,) in linhas(QUE_RECEBEM, {"ids": list(versoes)})}
        return dict.fromkeys(versoes.keys() - que_recebem, Motivo.CANAL_DESLIGADO.value)

    def destinos(self, canal: int, ids: Collection[int], hoje: date) -> dict[int, str]:
        return dict(linhas(EMAILS, {"ids": list(ids)}))

    def contextos(self, ids: Collection[int], hoje: date) -> dict[int, dict[str, Any]]:
        return {id_: contexto(str(id_), nome, modelo.valor(id_)) for id_, nome in linhas(NOMES, {"ids": list(ids)})}


def contexto(numero: str, nome: str, valor: str) -> dict[str, Any]:
    return {
        "valores": {"{NUMERO}": numero, "{NOME}": nome, "{VALOR}": valor},
        "quadro": [["Matrícula", numero], ["Cliente", nome], ["Valor", f"R$ {valor}"]],
        "empresa": EMPRESA,
    }


def registrar() -> None:
    """Let this process compose such messages; before it renders anything."""
    fontes.registrar(ORIGEM, FonteSimples())
    settings.TEMPLATES[0]["DIRS"].append(PASTA)


@contextmanager
def banco_modelo(mensagens: int, sufixo: str, antigas: int = 0) -> Iterator[str]:
    """A database with that many of them waiting, and others long over; yields its name."""
    with demonstracao.banco_proprio(f"bench_{sufixo}"):
        criar(mensagens)
        if antigas:
            envelhecer(antigas)
        nome = connection.settings_dict["NAME"]
        connection.close()
        yield nome


def criar(mensagens: int) -> None:
    """The customers, one message to each, and all that these need."""
    agora, execucao = timezone.now(), uuid.uuid4()
    ParametroSistema.objects.create(
        nome_estado="RIO GRANDE DO NORTE",
        nome_empresa=EMPRESA["nome"],
        abreviatura_empresa="BENCH",
        cnpj="11222333000181",
        codigo_febraban="0123",
        ano_mes_faturamento=agora.year * 100 + agora.month,
    )
    servico = ServicoEmail.objects.create(
        nome="BENCH", host="127.0.0.1", porta=1, seguranca=ServicoEmail.Seguranca.NENHUMA, ativo=False
    )
    remetente = Remetente.objects.create(nome=EMPRESA["nome"], email=modelo.DE, servico=servico)
    OrigemEnvio.objects.create(origem=ORIGEM, descricao=FonteSimples.nome, remetente=remetente)
    for primeira in range(1, mensagens + 1, MENSAGENS_POR_LOTE):
        Lote.objects.create(execucao=execucao, origem=ORIGEM, canal=Canal.EMAIL, acao=f"{primeira:09}")
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO cadastro_cliente (id, nome, nome_busca, email, por_sms, por_email, ativo, alterado_em)
            SELECT n, 'Cliente ' || n || ' da Silva', 'cliente ' || n || ' da silva',
                'cliente.' || n || '@example.com', false, true, true, now()
            FROM generate_series(1, %s) AS n
            """,
            [mensagens],
        )
        cursor.execute(
            """
            INSERT INTO mensageria_mensagem (
                lote_id, chave, canal, origem, objeto_id, versao_objeto, cliente_id, remetente_id, destino,
                texto_id, enviar_apos, expira_em, prioridade, tentativas_maximas, proxima_tentativa_em, criado_em
            )
            SELECT l.id, %(origem)s || ':' || c.id, %(canal)s, %(origem)s, c.id, '', c.id, %(remetente)s, c.email,
                %(texto)s, %(agora)s, %(ate)s, 0, 3, %(agora)s, %(agora)s
            FROM cadastro_cliente c
            JOIN mensageria_lote l ON l.acao = to_char((c.id - 1) / %(por_lote)s * %(por_lote)s + 1, 'FM000000000')
            ORDER BY c.id
            """,
            {
                "origem": ORIGEM,
                "canal": int(Canal.EMAIL),
                "remetente": remetente.pk,
                "texto": VersaoTexto.objects.da(Canal.EMAIL, CORPO, assunto=ASSUNTO).pk,
                "agora": agora,
                "ate": agora + timedelta(days=1),
                "por_lote": MENSAGENS_POR_LOTE,
            },
        )
        cursor.execute("ANALYZE")


def envelhecer(antigas: int) -> None:
    """That many messages to the same customers, over long ago: nine in ten sent, the rest failed or cancelled."""
    mensagem = Mensagem.objects.select_related("remetente").latest("id")
    execucao = uuid.uuid4()
    with transaction.atomic(), connection.cursor() as cursor:
        # A message is born pending, says the ledger: not these, and their counts are made with them.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            """
            INSERT INTO mensageria_lote (execucao, origem, canal, acao, criado_em)
            SELECT %s, %s, %s, 'antiga ' || n, now() - interval '90 days' FROM generate_series(0, %s) AS n
            """,
            [execucao, ORIGEM, int(Canal.EMAIL), antigas // MENSAGENS_POR_LOTE],
        )
        cursor.execute(
            """
            INSERT INTO mensageria_mensagem (
                lote_id, chave, canal, origem, objeto_id, versao_objeto, cliente_id, remetente_id, servico_id, destino,
                texto_id, contexto, enviar_apos, expira_em, prioridade, estado, tentativas, tentativas_maximas,
                proxima_tentativa_em, criado_em, enviada_em
            )
            SELECT l.id, %(origem)s || ':antiga:' || n, %(canal)s, %(origem)s, c.id, 'antiga', c.id, %(remetente)s,
                %(servico)s, c.email, %(texto)s,
                jsonb_build_object('destino', c.email, 'valores', jsonb_build_object('{NOME}', c.nome)),
                dia, dia + interval '1 day', 0, CASE n %% 20 WHEN 0 THEN %(falha)s WHEN 1 THEN %(cancelada)s
                ELSE %(enviada)s END, least(n %% 20, 1), 3, dia, dia, CASE WHEN n %% 20 > 1 THEN dia END
            FROM generate_series(1, %(antigas)s) AS n
            CROSS JOIN LATERAL (SELECT now() - interval '90 days' + n * interval '1 second' AS dia) AS dias
            JOIN cadastro_cliente c ON c.id = n %% (SELECT max(id) FROM cadastro_cliente) + 1
            JOIN mensageria_lote l ON l.execucao = %(execucao)s AND l.acao = 'antiga ' || n / %(por_lote)s
            """,
            {
                "origem": ORIGEM,
                "canal": int(Canal.EMAIL),
                "remetente": mensagem.remetente_id,
                "servico": mensagem.remetente.servico_id,
                "texto": mensagem.texto_id,
                "falha": int(Estado.FALHA),
                "cancelada": int(Estado.CANCELADA),
                "enviada": int(Estado.ENVIADA),
                "antigas": antigas,
                "execucao": execucao,
                "por_lote": MENSAGENS_POR_LOTE,
            },
        )
        cursor.execute(
            """
            INSERT INTO mensageria_lotecontagem (lote_id, estado, quantidade)
            SELECT lote_id, estado, count(*) FROM mensageria_mensagem WHERE versao_objeto = 'antiga' GROUP BY 1, 2
            """
        )
        cursor.execute(
            """
            INSERT INTO mensageria_tentativaenvio (
                mensagem_id, numero, servico, destino, momento, duracao_ms, classe, codigo, resposta, resumo,
                pedido_motivo
            )
            SELECT id, 1, 'BENCH', destino, enviada_em, 20, %s, '250', '2.0.0 Ok', md5(chave) || md5(destino), ''
            FROM mensageria_mensagem WHERE versao_objeto = 'antiga' AND estado = %s
            """,
            [Classe.ACEITA.value, int(Estado.ENVIADA)],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")


def mensagem_modelo() -> modelo.Modelo:
    """What Avisa would send, with the marks in place of a customer's words: read back from the message itself."""
    numero, nome, valor = modelo.palavras(0)
    mensagem = Mensagem(
        canal=Canal.EMAIL,
        origem=ORIGEM,
        chave=f"{ORIGEM}:0",
        texto=VersaoTexto(canal=Canal.EMAIL, assunto=ASSUNTO, corpo=CORPO),
        remetente=Remetente(nome=EMPRESA["nome"], email=modelo.DE),
    )
    mensagem.contexto = composicao.preparar(
        mensagem, contexto(numero, nome, valor), modelo.endereco(0), timezone.now(), 0
    )
    email = message_from_bytes(composicao.conteudo(mensagem), policy=policy.default)
    partes = (email.get_body([tipo]).get_content() for tipo in ("plain", "html"))
    return modelo.Modelo(email["Subject"], *partes)
