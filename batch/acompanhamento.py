"""How far a process is: its funcionalidades and their units, and how long each has taken."""

from datetime import datetime, timedelta

from django.db.models import Count

from batch.models import FuncionalidadeIniciada, ProcessoIniciado, UnidadeIniciada

# A process that starts within this time is worth watching.
EM_BREVE = timedelta(minutes=15)


def funcionalidades(iniciado: ProcessoIniciado) -> list[FuncionalidadeIniciada]:
    """Its steps, each with how many of its units are done."""
    contagens: dict[int, dict[int, int]] = {}
    unidades = UnidadeIniciada.objects.filter(funcionalidade__iniciado=iniciado).order_by()
    for funcionalidade, situacao, quantas in unidades.values_list("funcionalidade", "situacao").annotate(n=Count("pk")):
        contagens.setdefault(funcionalidade, {})[situacao] = quantas
    achadas = list(iniciado.funcionalidades.select_related("funcionalidade"))
    for funcionalidade in achadas:
        contar_unidades(funcionalidade, contagens.get(funcionalidade.pk, {}))
    return achadas


def contar_unidades(funcionalidade: FuncionalidadeIniciada, por_situacao: dict[int, int] | None = None) -> None:
    """Put on it how many units it has, how many are done and how many of these failed."""
    if por_situacao is None:
        agrupadas = funcionalidade.unidades.order_by().values_list("situacao").annotate(n=Count("pk"))
        por_situacao = dict(agrupadas)
    situacao = UnidadeIniciada.Situacao
    funcionalidade.total_de_unidades = sum(por_situacao.values())
    funcionalidade.unidades_concluidas = por_situacao.get(situacao.CONCLUIDA, 0)
    funcionalidade.unidades_com_erro = por_situacao.get(situacao.CONCLUIDA_COM_ERRO, 0)
    funcionalidade.unidades_processadas = funcionalidade.unidades_concluidas + funcionalidade.unidades_com_erro
    funcionalidade.unidades_a_processar = funcionalidade.total_de_unidades - funcionalidade.unidades_processadas


def unidades(iniciado: ProcessoIniciado):
    """All of its units, those with error first."""
    # Of the situations, CONCLUÍDA COM ERRO has the highest number.
    ordem = ["-situacao", "funcionalidade__sequencial", "funcionalidade", "pk"]
    todas = UnidadeIniciada.objects.filter(funcionalidade__iniciado=iniciado)
    return todas.select_related("funcionalidade__funcionalidade").order_by(*ordem)


def vale_acompanhar(iniciado: ProcessoIniciado, agora: datetime) -> bool:
    """Whether it is running or about to: a page that shows it then asks for it again and again."""
    if iniciado.situacao == ProcessoIniciado.Situacao.EM_ESPERA:
        return iniciado.agendado_para <= agora + EM_BREVE
    return iniciado.situacao == ProcessoIniciado.Situacao.EM_PROCESSAMENTO


def tempo(inicio: datetime | None, fim: datetime | None) -> str:
    """Between two moments, as "1 h 02 min 03 s"; empty when it has not begun."""
    if inicio is None or fim is None:
        return ""
    segundos = max(int((fim - inicio).total_seconds()), 0)
    minutos, segundos = divmod(segundos, 60)
    horas, minutos = divmod(minutos, 60)
    if horas:
        return f"{horas} h {minutos:02} min {segundos:02} s"
    return f"{minutos} min {segundos:02} s" if minutos else f"{segundos} s"
