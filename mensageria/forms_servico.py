"""The row of a remetente on the page Configurações Serviço de Email."""

from datetime import datetime

from django import forms
from django.core.exceptions import ValidationError

from mensageria import rotacao
from mensageria.consumo import Situacao
from mensageria.models import Remetente, ServicoEmail
from telas.formularios import FormularioDeModelo


class FormularioDeServico(FormularioDeModelo):
    """From address and service of one remetente; `servicos` is read once for all the rows of the page.

    When its own is exhausted, the next in order stands selected (`sugerido`), for whoever only has to press Atualizar.
    """

    class Meta:
        model = Remetente
        fields = ["email", "servico"]

    email = forms.EmailField(label="Email", max_length=254)
    servico = forms.ModelChoiceField(ServicoEmail.objects.defer("senha"), label="Serviço", empty_label=None)

    def __init__(
        self,
        dados=None,
        *,
        remetente: Remetente,
        servicos: list[ServicoEmail],
        situacoes: dict[int, Situacao],
        agora: datetime,
    ):
        super().__init__(dados, instance=remetente, prefix=f"r{remetente.pk}")
        # Apart from `remetente`, which takes what was typed.
        self.operacao, self.atual = remetente.nome_da_operacao, remetente.servico_id
        self.esgotados = {pk for pk, situacao in situacoes.items() if situacao.esgotado}
        self.sugerido = None
        if dados is None and self.atual in self.esgotados:
            self.sugerido = next(iter(rotacao.em_ordem(remetente, servicos, self.esgotados, agora)), None)
            self.initial["servico"] = self.sugerido.pk if self.sugerido else self.atual
        self.fields["servico"].choices = [
            (servico.pk, _nome(servico, situacoes[servico.pk]))
            for servico in servicos
            if not servico.uso_interno or servico.pk == self.atual
        ]
        for nome, classe in (("email", "form-control form-control-sm"), ("servico", "form-select form-select-sm")):
            campo = self.fields[nome]
            campo.widget.attrs |= {
                "form": self.marca,
                "class": f"{classe} is-invalid" if nome in self.errors else classe,
                "aria-label": f"{campo.label} da operação {self.operacao}",
            }
        self.fields["visto"].widget.attrs["form"] = self.marca

    @property
    def escolheu_esgotado(self) -> bool:
        """Whether another service was chosen and it is exhausted."""
        escolhido = self.cleaned_data["servico"].pk
        return escolhido != self.atual and escolhido in self.esgotados

    @property
    def marca(self) -> str:
        """The id of its form tag, which stands in one cell; the fields are in others."""
        return f"remetente-{self.instance.pk}"

    def clean(self):
        dados = super().clean()
        servico, email = dados.get("servico"), dados.get("email")
        if servico and email and (motivo := rotacao.impedimento(servico, email)):
            raise ValidationError({"servico": motivo})
        return dados


def _nome(servico: ServicoEmail, situacao: Situacao) -> str:
    avisos = [
        aviso
        for aviso, cabe in (
            ("uso interno", servico.uso_interno),
            ("inativo", not servico.ativo),
            ("esgotado", situacao.esgotado),
        )
        if cabe
    ]
    return f"{servico.nome} ({', '.join(avisos)})" if avisos else servico.nome
