"""Admin of the processes: what exists to run, what was started, how far it is and what may be done to it."""

from collections.abc import Callable
from datetime import datetime

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpResponseRedirect
from django.utils import timezone
from django_celery_beat import models as campainhas

from batch import acompanhamento, inicio
from batch.inicio import OperacaoRecusada
from batch.models import (
    Agendamento,
    DataAgendada,
    FuncionalidadeIniciada,
    Processo,
    ProcessoFuncionalidade,
    ProcessoIniciado,
    UnidadeIniciada,
)
from cadastro.admin import AdminAvisa, SoLeitura, TabelaGrande, curto, inteiro

UNIDADES_NA_PAGINA = 100

# The bells of the agendamentos are hung by their own page, and the system's are in no table: there is nothing to edit.
for _modelo in (
    campainhas.ClockedSchedule,
    campainhas.CrontabSchedule,
    campainhas.IntervalSchedule,
    campainhas.PeriodicTask,
    campainhas.SolarSchedule,
):
    admin.site.unregister(_modelo)

# What other apps show on the page of a ProcessoIniciado: a function that gives HTML, or nothing.
Quadro = Callable[[ProcessoIniciado, datetime], str]
_quadros: list[Quadro] = []


def quadro(funcao: Quadro) -> Quadro:
    """Show what the decorated function returns on the page of each process that was started."""
    _quadros.append(funcao)
    return funcao


class FuncionalidadeInline(admin.TabularInline):
    model = ProcessoFuncionalidade
    extra = 0


@admin.register(Processo)
class ProcessoAdmin(AdminAvisa):
    list_display = ["id", "descricao", "abreviatura", "tipo", "exige_autorizacao", "ativo"]
    list_filter = ["ativo", "tipo", "exige_autorizacao"]
    search_fields = ["=id", "descricao", "abreviatura"]
    inlines = [FuncionalidadeInline]


@admin.register(ProcessoFuncionalidade)
class ProcessoFuncionalidadeAdmin(AdminAvisa):
    list_display = ["descricao", "processo", "sequencial", "codigo", "ativo"]
    list_filter = ["ativo", "processo"]
    list_select_related = ["processo"]
    search_fields = ["codigo", "descricao"]


@admin.register(ProcessoIniciado)
class ProcessoIniciadoAdmin(SoLeitura):
    """A process is started by `inicio.iniciar`; afterwards only its actions change it."""

    change_form_template = "admin/batch/processoiniciado/change_form.html"
    list_display = ["id", "processo", "situacao", curto("agendado_para", "agendado para")]
    list_display += [curto("iniciado_em", "início"), curto("concluido_em", "término"), "usuario"]
    list_filter = ["situacao", "processo", "agendado_para"]
    list_select_related = ["processo", "usuario"]
    search_fields = ["=id", "processo__descricao", "complemento"]
    actions = ["autorizar", "continuar", "reiniciar"]
    raw_id_fields = ["precedente"]

    def has_add_permission(self, request):
        return request.user.has_perm("batch.add_processoiniciado")

    def has_autorizar_permission(self, request):
        return request.user.has_perm("batch.autorizar_processo")

    def has_continuar_permission(self, request):
        return request.user.has_perm("batch.continuar_processo")

    def has_reiniciar_permission(self, request):
        return request.user.has_perm("batch.reiniciar_processo")

    def get_fields(self, request, obj=None):
        if obj is None:
            return ["processo", "agendado_para", "precedente", "complemento"]
        return [
            "processo",
            "situacao",
            "usuario",
            "comandado_em",
            "agendado_para",
            "iniciado_em",
            "concluido_em",
            "precedente",
            "complemento",
            "autorizado_por",
            "execucao",
        ]

    def get_readonly_fields(self, request, obj=None):
        return self.get_fields(request, obj) if obj else []

    # Starting one

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "processo":
            kwargs["queryset"] = Processo.objects.filter(ativo=True).exclude(tipo=Processo.Tipo.COBRANCA_COMANDADO)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_changeform_initial_data(self, request):
        return {"agendado_para": timezone.now(), **super().get_changeform_initial_data(request)}

    def add_view(self, request, form_url="", extra_context=None):
        try:
            return super().add_view(request, form_url, extra_context)
        except OperacaoRecusada as recusa:
            self.message_user(request, str(recusa), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request, obj, form, change):
        iniciado = inicio.iniciar(
            obj.processo_id,
            usuario=request.user,
            agendado_para=obj.agendado_para,
            agora=timezone.now(),
            precedente=obj.precedente,
            complemento=obj.complemento,
        )
        obj.pk, obj._state.adding = iniciado.pk, False
        obj.refresh_from_db()

    # What may be done to it

    @admin.action(description="Autorizar", permissions=["autorizar"])
    def autorizar(self, request, queryset):
        self._operar(request, queryset, "autorizado", lambda um: inicio.autorizar(um, usuario=request.user))

    @admin.action(description="Continuar (funcionalidades com erro)", permissions=["continuar"])
    def continuar(self, request, queryset):
        def continuar_um(iniciado):
            paradas = list(iniciado.funcionalidades.filter(situacao__in=FuncionalidadeIniciada.A_CONTINUAR))
            if not paradas:
                raise OperacaoRecusada("O processo não tem funcionalidade a continuar.")
            for parada in paradas:
                inicio.continuar(parada, usuario=request.user)

        self._operar(request, queryset, "continuado", continuar_um)

    @admin.action(description="Reiniciar (todas as funcionalidades)", permissions=["reiniciar"])
    def reiniciar(self, request, queryset):
        self._operar(
            request,
            queryset,
            "reiniciado",
            lambda um: inicio.reiniciar(um.funcionalidades.all(), usuario=request.user),
        )

    def _operar(self, request, queryset, feito: str, operacao: Callable[[ProcessoIniciado], object]) -> None:
        """Do it to each process, whole or not at all; one that refuses stops no other."""
        for iniciado in queryset:
            try:
                with transaction.atomic():
                    operacao(iniciado)
                    self.log_change(request, iniciado, f"Processo {feito}.")
            except OperacaoRecusada as recusa:
                self.message_user(request, f"Processo {iniciado.pk}: {recusa}", messages.ERROR)
            else:
                self.message_user(request, f"Processo {iniciado.pk} {feito}.", messages.SUCCESS)

    # Its page

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj:
            agora = timezone.now()
            context |= {
                "espera": obj.motivo_da_espera(agora),
                "operacoes": self._operacoes(request, obj),
                "funcionalidades": acompanhamento.funcionalidades(obj),
                "unidades": acompanhamento.unidades(obj)[:UNIDADES_NA_PAGINA],
                "unidades_na_pagina": UNIDADES_NA_PAGINA,
                "quadros": [html for funcao in _quadros if (html := funcao(obj, agora))],
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _operacoes(self, request, iniciado: ProcessoIniciado) -> list[tuple[str, str]]:
        """The actions that this user may ask of this process now: (name, label)."""
        parada = iniciado.funcionalidades.filter(situacao__in=FuncionalidadeIniciada.A_CONTINUAR)
        cabem = {
            "autorizar": iniciado.situacao == ProcessoIniciado.Situacao.AGUARDANDO_AUTORIZACAO,
            "continuar": parada.exists(),
            "reiniciar": iniciado.situacao in ProcessoIniciado.A_REINICIAR,
        }
        return [
            (nome, descricao) for _, nome, descricao in self.get_actions(request).values() if cabem.get(nome, False)
        ]


@admin.register(FuncionalidadeIniciada)
class FuncionalidadeIniciadaAdmin(SoLeitura):
    list_display = ["__str__", "iniciado", "sequencial", "situacao"]
    list_display += [curto("iniciada_em", "início"), curto("concluida_em", "conclusão")]
    list_filter = ["situacao"]
    list_select_related = ["funcionalidade", "iniciado__processo"]
    search_fields = ["=iniciado__id", "funcionalidade__descricao"]


@admin.register(UnidadeIniciada)
class UnidadeIniciadaAdmin(TabelaGrande, SoLeitura):
    list_display = ["__str__", "funcionalidade", "processo", "situacao", "feito", "total"]
    list_display += [curto("iniciada_em", "início"), curto("concluida_em", "conclusão")]
    list_filter = ["situacao"]
    list_select_related = ["funcionalidade__funcionalidade"]
    search_help_text = "Número do processo iniciado"

    @admin.display(description="processo")
    def processo(self, unidade):
        return unidade.funcionalidade.iniciado_id

    def buscar(self, queryset, termo):
        return queryset.filter(funcionalidade__iniciado=numero) if (numero := inteiro(termo)) else queryset.none()


@admin.register(Agendamento)
class AgendamentoAdmin(SoLeitura):
    """Edited on its own page, which hangs its bell."""

    list_display = ["__str__", "repeticao", "hora", curto("proximo", "próximo"), "ativo", "criado_por"]
    list_filter = ["ativo", "repeticao"]
    list_select_related = ["processo", "criado_por"]
    search_fields = ["=id", "complemento"]


@admin.register(DataAgendada)
class DataAgendadaAdmin(SoLeitura):
    list_display = ["__str__", "agendamento", "iniciado", "recusa"]
    list_select_related = ["agendamento__processo", "iniciado__processo"]
    search_fields = ["=agendamento__id", "=iniciado__id"]
