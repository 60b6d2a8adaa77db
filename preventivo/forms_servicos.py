"""The form of a Serviço de Envio de Email."""

import re

from crispy_forms.layout import Column, Fieldset, Layout, Row
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from cadastro.campos import OUTRO_SERVIDOR, CampoSegredo
from cadastro.parametros import administra
from mensageria import consumo, servicos
from mensageria.models import ServicoEmail
from telas.formularios import FormularioDeModelo

MAIOR_INTEIRO = 2**31 - 1
DA_CONEXAO = ("host", "porta", "seguranca", "usuario", "senha", "apagar_senha")
_NOME_DE_SERVIDOR = re.compile(r"[\w.:-]+")


def _coluna(campo: str, largura: int | None = 3) -> Column:
    """So many twelfths of a row; None shares it with the others."""
    return Column(campo, css_class=f"col-sm-6 col-lg-{largura}" if largura else "col-sm-6 col-lg")


class FormularioDeServicoEmail(FormularioDeModelo):
    """`senha` is no field of the model here: of what is stored not even a digest reaches the page."""

    senha = CampoSegredo(label="Senha", required=False, max_length=254)
    apagar_senha = forms.BooleanField(label="Apagar a senha guardada", required=False)
    ja_usado = forms.IntegerField(
        label="Já usado neste mês",
        required=False,
        min_value=0,
        max_value=MAIOR_INTEIRO,
        show_hidden_initial=True,  # what is not touched is not informed again
        help_text="o que saiu pelo serviço fora do Avisa, no período de agora",
    )

    class Meta:
        model = ServicoEmail
        fields = (
            "nome",
            "ordem",
            "uso_interno",
            "host",
            "porta",
            "seguranca",
            "usuario",
            "cota_mensal",
            "dia_renovacao",
            "conexoes",
            "limite_segundo",
            "limite_minuto",
            "limite_hora",
            "limite_dia",
            "remetentes_permitidos",
        )
        help_texts = {"usuario": "vazio, com senha: o próprio nome; sem senha, o servidor não pede login"}
        widgets = {"remetentes_permitidos": forms.Textarea(attrs={"rows": 4, "spellcheck": "false"})}

    def __init__(self, *args, usuario, **kwargs):
        super().__init__(*args, **kwargs)
        self._senha_guardada = self.instance.senha
        self.fields["senha"].help_text = self.fields["senha"].do_guardado(self._senha_guardada)
        if not self._senha_guardada:
            del self.fields["apagar_senha"]
        if not administra(usuario):
            del self.fields["ja_usado"]
        elif self.instance.pk:
            self.initial["ja_usado"] = consumo.situacao(self.instance, timezone.now()).ja_usado or None

    def desenhar(self, ajudante):
        ajudante.render_hidden_fields = True
        apagar = [_coluna("apagar_senha", 12)] if "apagar_senha" in self.fields else []
        ja_usado = [_coluna("ja_usado", 4)] if "ja_usado" in self.fields else []
        limites = ("conexoes", "limite_segundo", "limite_minuto", "limite_hora", "limite_dia")
        ajudante.layout = Layout(
            Fieldset("Serviço", Row(_coluna("nome", 6), _coluna("ordem"), _coluna("uso_interno"))),
            Fieldset(
                "Servidor",
                Row(_coluna("host", 6), _coluna("porta"), _coluna("seguranca")),
                Row(_coluna("usuario", 6), _coluna("senha", 6), *apagar),
            ),
            Fieldset("Cota", Row(_coluna("cota_mensal", 4), _coluna("dia_renovacao", 4), *ja_usado)),
            Fieldset("Limites", Row(*(_coluna(limite, None) for limite in limites))),
            Fieldset("Remetentes", "remetentes_permitidos"),
        )

    def clean_host(self) -> str:
        host = self.cleaned_data["host"]
        if not _NOME_DE_SERVIDOR.fullmatch(host):
            raise ValidationError("Informe só o nome do servidor, como smtp.exemplo.com.br.")
        return host

    def clean_remetentes_permitidos(self) -> str:
        return servicos.conferir_permitidos(self.cleaned_data["remetentes_permitidos"])

    def clean(self):
        self._completar_o_login()
        return super().clean()

    def _completar_o_login(self) -> None:
        dados = self.cleaned_data
        digitada, apagar = dados.get("senha", ""), dados.get("apagar_senha")
        if digitada and apagar:
            self.add_error("senha", "Informe uma nova senha ou apague a guardada, não as duas coisas.")
        dados["senha"] = "" if apagar else digitada or self._senha_guardada
        if dados["senha"] and not digitada and servicos.senha_iria_a_outro(self.instance, dados):
            self.add_error("senha", OUTRO_SERVIDOR)
            return
        if dados["senha"] and not dados.get("usuario"):
            dados["usuario"] = dados.get("nome", "")

    @property
    def servico(self) -> ServicoEmail:
        """The service as the form has it, not stored."""
        self.instance.senha = self.cleaned_data["senha"]
        return self.instance

    @property
    def ja_usado_dito(self) -> int | None:
        """None when it was not touched."""
        return (self.cleaned_data["ja_usado"] or 0) if "ja_usado" in self.changed_data else None

    def mudancas(self, antes: dict) -> list[str]:
        """The labels of what is not as it was; a secret is only named."""
        mudados = [nome for nome, valor in antes.items() if valor != getattr(self.instance, nome)]
        mudados += ["senha"] if self.cleaned_data["senha"] != self._senha_guardada else []
        return [str(self.fields[nome].label) for nome in mudados]

    def problemas_da_conexao(self) -> list[str]:
        """What is wrong with what a test of the connection needs; the rest may still be unfinished."""
        self.is_valid()
        return [erro for nome in DA_CONEXAO for erro in self.errors.get(nome, ())]
