"""The manual's six processes as a checklist: what is configured, and what is missing. Every answer is cheap."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from batch.models import ProcessoIniciado
from batch.registro import Pendencia
from cadastro.models import ParametroSistema
from cobranca import pendencias as da_cobranca
from cobranca.models import AcaoCobranca
from faturamento import pendencias as do_faturamento
from faturamento.models import ParametroMensagem
from mensageria.textos import POSICOES_DO_CODIGO
from telas.templatetags.telas import mes_ano, momento

PROCESSO = do_faturamento.PROCESSO


@dataclass(frozen=True)
class Passo:
    """One of the six: the manual's title, where it is done, what is there, and what is not."""

    titulo: str
    onde: str
    url: str
    feito: list[str] = field(default_factory=list)
    faltas: list[Pendencia] = field(default_factory=list)

    @property
    def pronto(self) -> bool:
        return not any(falta.grave for falta in self.faltas) and bool(self.feito)


def dos_seis(agora: datetime) -> list[Passo]:
    return [
        Passo(
            "Configurar o tamanho máximo da mensagem SMS",
            "Informar Parâmetros do Sistema",
            "cadastro:parametros",
            _tamanho_do_sms(),
            do_faturamento.do_sistema(agora),
        ),
        Passo(
            "Parametrizar Mensagem de Faturamento (SMS/E-MAIL)",
            "Parametrizar Mensagem de Faturamento",
            "faturamento:parametrizar_mensagem",
            _texto_em_vigor(),
            do_faturamento.do_texto(agora),
        ),
        Passo(
            "Parametrizar Mensagem de Ação de Cobrança",
            "Manter Ação de Cobrança",
            "cobranca:acoes",
            _acoes_com_mensagem(),
            [*da_cobranca.das_acoes(agora), *da_cobranca.dos_comandos(agora)],
        ),
        _dos_cadastros(
            "Habilitar o Cliente para Envio de SMS e (ou) Email",
            "Há clientes que recebem por SMS ou por e-mail.",
            do_faturamento.dos_clientes,
            agora,
        ),
        _dos_cadastros(
            "Selecionar qual Telefone será Usado para Envio de SMS",
            "Há telefones marcados para SMS.",
            do_faturamento.dos_telefones,
            agora,
        ),
        Passo(
            f"Inserir Processo {PROCESSO} para Envio de E-mail/SMS Cobrança e Faturamento",
            "Inserir Processo",
            "batch:processo_inserir",
            _ultimo_processo(),
            list(
                dict.fromkeys(
                    [
                        *do_faturamento.do_processo(agora),
                        *do_faturamento.das_contas(agora),
                        *do_faturamento.da_saida(agora),
                        *da_cobranca.da_saida(agora),
                    ]
                )
            ),
        ),
    ]


def _tamanho_do_sms() -> list[str]:
    tamanho = ParametroSistema.objects.values_list("tamanho_maximo_sms", flat=True).first()
    return [f"{tamanho} posições: {tamanho - POSICOES_DO_CODIGO} para o texto."] if tamanho else []


def _texto_em_vigor() -> list[str]:
    atual = ParametroSistema.objects.values_list("ano_mes_faturamento", flat=True).first()
    versoes = ParametroMensagem.objects.select_related("criado_por")
    texto = versoes.em_vigor_em(atual) if atual else None
    if texto is None:
        return []
    por = f" por {texto.criado_por}" if texto.criado_por else ""
    return [f"Versão a partir de {mes_ano(texto.referencia)}, de {momento(texto.criado_em)}{por}."]


def _acoes_com_mensagem() -> list[str]:
    acoes = AcaoCobranca.objects.filter(Q(por_sms=True) | Q(por_email=True), ativa=True)
    nomes = list(acoes.values_list("descricao", flat=True)[:4])
    return [", ".join(nomes[:3]) + (" e outras." if len(nomes) > 3 else ".")] if nomes else []


def _dos_cadastros(
    titulo: str, feito: str, pendencias: Callable[[datetime], Iterable[Pendencia]], agora: datetime
) -> Passo:
    """Nothing leaves while nobody is enabled, so on this page that counts as missing."""
    faltas = [Pendencia(falta.texto, falta.url) for falta in pendencias(agora)]
    return Passo(titulo, "Manter Cliente", "cadastro:clientes", [] if faltas else [feito], faltas)


def _ultimo_processo() -> list[str]:
    ultimo = ProcessoIniciado.objects.filter(processo=PROCESSO).first()
    if ultimo is None:
        return ["Nenhum foi iniciado ainda."]
    return [f"O último, de código {ultimo.pk}, está na situação {ultimo.get_situacao_display()}."]
