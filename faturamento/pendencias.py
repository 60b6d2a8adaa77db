"""What process 336 still lacks on the billing side, a function for each topic. Every answer is cheap, at any volume."""

from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from batch.models import Processo
from batch.registro import Pendencia
from cadastro.models import Cliente, ClienteFone, Localidade, ParametroSistema
from faturamento.avisos import ainda_a_vencer
from faturamento.fonte import ORIGEM, mes_ano
from faturamento.models import Conta, FaturamentoGrupo, ParametroMensagem
from mensageria import pendencias as da_mensageria

PROCESSO = 336
PARAMETRIZAR = "faturamento:parametrizar_mensagem"
CLIENTES = "cadastro:clientes"
PROCESSOS = "admin:batch_processo_changelist"


def da_funcionalidade(agora: datetime) -> list[Pendencia]:
    """All that generating the messages of contas may lack."""
    topicos = (do_sistema, do_texto, das_contas, da_saida, dos_clientes, dos_telefones)
    return [pendencia for topico in topicos for pendencia in topico(agora)]


def do_sistema(agora: datetime) -> list[Pendencia]:
    if ParametroSistema.objects.exists():
        return []
    texto = "Os parâmetros do sistema, com o Tamanho Máximo Mensagem via SMS, ainda não foram informados: informe-os."
    return [Pendencia(texto, "cadastro:parametros")]


def do_texto(agora: datetime) -> list[Pendencia]:
    """No billing text at all, or none in force for a group that has contas that a text might announce."""
    if not ParametroMensagem.objects.exists():
        return [Pendencia("A mensagem de faturamento ainda não foi parametrizada: parametrize-a.", PARAMETRIZAR)]
    em_vigor = ParametroMensagem.objects.filter(referencia__lte=OuterRef("referencia"))
    return [
        Pendencia(
            f"Não há texto de faturamento em vigor na referência {mes_ano(grupo.referencia)}, a do grupo "
            f"{grupo.descricao}: parametrize a mensagem de faturamento.",
            PARAMETRIZAR,
        )
        for grupo in _grupos_com_contas(timezone.localdate(agora)).filter(~Exists(em_vigor))
    ]


def das_contas(agora: datetime) -> list[Pendencia]:
    if _grupos_com_contas().exists():
        return []
    texto = "Nenhum grupo de faturamento tem contas da sua referência: importe-as ou acerte a referência dos grupos."
    return [Pendencia(texto, "admin:faturamento_faturamentogrupo_changelist")]


def _grupos_com_contas(a_vencer_em: date | None = None) -> QuerySet[FaturamentoGrupo]:
    """The groups with contas of their reference, with a day only those still to be paid on it.

    Asked place by place, each probe is one of the index of contas.
    """
    contas = Conta.objects.filter(
        localidade=OuterRef("pk"), grupo=OuterRef(OuterRef("pk")), referencia=OuterRef(OuterRef("referencia"))
    )
    if a_vencer_em is not None:
        contas = ainda_a_vencer(contas, a_vencer_em)
    return FaturamentoGrupo.objects.filter(Exists(Localidade.objects.filter(Exists(contas))))


def da_saida(agora: datetime) -> list[Pendencia]:
    return [Pendencia(*falta) for falta in da_mensageria.da_saida(ORIGEM, agora)]


def dos_clientes(agora: datetime) -> list[Pendencia]:
    if not Cliente.objects.exists():
        return [Pendencia("Ainda não há clientes: importe-os (README, “Your own data”).", CLIENTES, grave=False)]
    if Cliente.objects.filter(Q(por_sms=True) | Q(por_email=True)).exists():
        return []
    texto = "Nenhum cliente está habilitado a receber por SMS nem por e-mail: habilite-os em Manter Cliente."
    return [Pendencia(texto, CLIENTES, grave=False)]


def dos_telefones(agora: datetime) -> list[Pendencia]:
    if ClienteFone.objects.filter(sms=True).exists():
        return []
    texto = "Nenhum telefone está marcado para SMS: marque um de cada cliente, na aba Telefone de Manter Cliente."
    return [Pendencia(texto, CLIENTES, grave=False)]


def do_processo(agora: datetime) -> list[Pendencia]:
    """For whoever looks from outside: process 336 itself, and the steps of it that are switched off."""
    processo = Processo.objects.filter(pk=PROCESSO, ativo=True).first()
    if processo is None:
        return [Pendencia(f"O processo {PROCESSO} está inativo ou não existe: ative-o.", PROCESSOS)]
    return [
        Pendencia(f"A funcionalidade “{desligada}” do processo {PROCESSO} está desligada.", PROCESSOS, grave=False)
        for desligada in processo.funcionalidades.filter(ativo=False)
    ]
