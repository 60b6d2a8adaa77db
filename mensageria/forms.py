"""What is typed to find messages, and to decide about them."""

from collections.abc import Iterable

from crispy_forms.layout import Field, Layout
from django import forms

from mensageria import fontes
from mensageria.balanco import COLUNAS
from mensageria.estados import Estado
from mensageria.models import Canal, Lote
from mensageria.palavras import nome_da_origem
from telas.campos import EscolhaLonga
from telas.formularios import Formulario

SEM_LOCALIDADE = "nenhuma"
OS_DOIS = "todos"


class Decisao(Formulario):
    motivo = forms.CharField(
        label="Motivo",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 80}),
        help_text="Fica guardado na mensagem, com o seu nome.",
        error_messages={"required": "Informe o motivo."},
    )

    def desenhar(self, ajudante):
        ajudante.layout = Layout(Field("motivo", rows=2))


class DecisaoSobreIncertas(Decisao):
    como = forms.TypedChoiceField(
        label="o que houve com elas",
        coerce=lambda valor: Estado(int(valor)),
        choices=[
            (Estado.ENVIADA, "Foram enviadas"),
            (Estado.FALHA, "Falharam"),
            (Estado.CANCELADA, "Não devem mais sair: cancelar"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Informe o que houve com as mensagens."},
    )
    field_order = ["como", "motivo"]


def _escolha(rotulo: str, vazio: str, opcoes: Iterable[tuple]) -> forms.ChoiceField:
    return forms.ChoiceField(label=rotulo, required=False, choices=[("", vazio), *opcoes], widget=EscolhaLonga)


class FiltroDeMensagens(Formulario):
    """The messages of a run by the cells of its balance: `lotes` are those of the run."""

    def __init__(self, dados, *, lotes: list[Lote]):
        super().__init__(dados)
        self._lotes = lotes
        localidades = {lote.localidade_id: lote.localidade.nome for lote in lotes if lote.localidade}
        sem = [(SEM_LOCALIDADE, "Sem localidade")] if any(lote.localidade is None for lote in lotes) else []
        colunas = [(nome, titulo.rstrip("*")) for nome, titulo in COLUNAS.items() if nome != "total"]
        self.fields |= {
            "estado": _escolha("Situação", "Todas", colunas),
            "canal": _escolha("Canal", "Todos", Canal.choices),
            "localidade": _escolha("Localidade", "Todas", [*sem, *sorted(localidades.items(), key=lambda par: par[1])]),
            "origem": _escolha("Origem", "Todas", _nomes({lote.origem for lote in lotes})),
            "acao": _escolha("Ação", "Todas", [(acao, acao) for acao in sorted({lote.acao for lote in lotes} - {""})]),
        }

    def lotes(self) -> list[Lote]:
        """The cells that are asked for; none while something asked for does not exist."""
        if not self.is_valid():
            return []
        pedidos = {nome: valor for nome, valor in self.cleaned_data.items() if valor and nome != "estado"}
        return [lote for lote in self._lotes if pedidos.items() <= _em_texto(lote).items()]

    @property
    def coluna(self) -> str:
        return self.cleaned_data.get("estado", "")


def _em_texto(lote: Lote) -> dict[str, str]:
    return {
        "canal": str(lote.canal),
        "localidade": SEM_LOCALIDADE if lote.localidade_id is None else str(lote.localidade_id),
        "origem": lote.origem,
        "acao": lote.acao,
    }


def _nomes(origens: Iterable[str]) -> list[tuple[str, str]]:
    return [(origem, nome_da_origem(origem)) for origem in sorted(origens)]


class FiltroDeNaoGeradas(Formulario):
    """Who was left out of a run: always of one origin."""

    def __init__(self, dados):
        super().__init__(dados)
        motivos = {par for origem in fontes.origens() for par in fontes.da_origem(origem).motivos_de_nao_gerar.choices}
        self.fields |= {
            "origem": forms.ChoiceField(label="Origem", required=False, choices=_nomes(fontes.origens())),
            "canal": _escolha("Canal", "Qualquer", [(OS_DOIS, "Os dois canais"), *Canal.choices]),
            "motivo": _escolha("Motivo", "Todos", sorted(motivos, key=lambda par: par[1])),
        }

    def filtrar(self, nao_geradas):
        if not self.is_valid():
            return nao_geradas.none()
        origem, canal, motivo = (self.cleaned_data[nome] for nome in ("origem", "canal", "motivo"))
        nao_geradas = nao_geradas.filter(origem=origem or min(fontes.origens()))
        if motivo:
            nao_geradas = nao_geradas.filter(motivo=motivo)
        if canal:
            nao_geradas = nao_geradas.filter(canal=None if canal == OS_DOIS else canal)
        return nao_geradas


class FiltroDoCliente(Formulario):
    """The messages of one customer."""

    canal = _escolha("Canal", "Todos", Canal.choices)
    estado = _escolha("Situação", "Todas", Estado.choices)

    def filtrar(self, mensagens):
        if not self.is_valid():
            return mensagens.none()
        return mensagens.filter(**{nome: valor for nome, valor in self.cleaned_data.items() if valor})
