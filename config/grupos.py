"""Who may do what: the three groups, filled after each migration.

The table is a minimum. What it lists is given again whenever `migrate` runs; what an administrator added by hand to a
group, or to a person, is never taken away. To take something from a group for good, take it from this table too.
An administrador may edit people, and so may make himself anything: the group is for who runs the system.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from django.apps import apps as apps_atuais
from django.contrib.auth.management import create_permissions

from cadastro.usuarios import GRUPOS_FIXOS

VER = ("view",)
INICIAR = ("view", "add")
EDITAR = ("view", "add", "change")
TUDO = ("view", "add", "change", "delete")
DECIDIR = ("view", "change")

# "app.model": what may be done to it. It replaces what "app.*" says; None gives nothing.
OPERADOR = {
    "cadastro.*": VER,
    "cadastro.parametrosistema": EDITAR,
    "cadastro.cliente": EDITAR,
    "cadastro.clientefone": TUDO,
    "cadastro.clienteendereco": TUDO,
    "cadastro.clienteimovel": TUDO,
    "faturamento.*": VER,
    "faturamento.parametromensagem": TUDO,
    "cobranca.*": VER,
    "cobranca.acaocobranca": TUDO,
    "cobranca.criteriocobranca": TUDO,
    "cobranca.comandoacao": TUDO,
    "cobranca.cobrancadocumento": INICIAR,  # by the action "gerar documentos"
    "batch.*": VER,
    "batch.processoiniciado": INICIAR,
    "mensageria.*": VER,
    "mensageria.remetente": DECIDIR,  # choose another service when a quota runs out
    "mensageria.janelacontato": TUDO,
    "mensageria.horariocontato": TUDO,
    "mensageria.feriadolocal": TUDO,
    "mensageria.servicoemail": None,
    "mensageria.gatewaysms": None,
    "mensageria.chavedeassinatura": None,
    "preventivo.campanha": EDITAR,
    "preventivo.layout": VER,
}
DO_NOME = ("nome_curto", "nome_generico", "nome_validado", "em_duplicidade")
SEM_CPF = ("sem_documento_inserir", "sem_documento_manter")
SUPERVISOR = OPERADOR | {
    "cadastro.cliente": (*EDITAR, *DO_NOME, *SEM_CPF),
    "batch.agendamento": TUDO,  # commands processes in the name of whoever made it
    "batch.processoiniciado": (
        *INICIAR,
        *("autorizar_processo", "continuar_processo", "reiniciar_processo", "cancelar_processo"),
    ),
    "mensageria.alerta": DECIDIR,  # take from the Painel
    "mensageria.mensagem": (*DECIDIR, "emitir_dossie"),  # send again, settle uncertain ones, cancel; prove
    "preventivo.campanha": (*EDITAR, "cancelar_campanha", "reenviar_campanha", "ver_cpf"),
    "telas.entradaauditoria": VER,
}
ADMINISTRADOR = {
    f"{app}.*": ("*",)
    for app in ("cadastro", "mensageria", "batch", "faturamento", "cobranca", "preventivo", "auth", "admin")
} | {"telas.entradaauditoria": VER}
VERBOS = {"add": "incluir", "change": "alterar", "delete": "remover", "view": "ver"}
GRUPOS = dict(zip(GRUPOS_FIXOS, (OPERADOR, SUPERVISOR, ADMINISTRADOR), strict=True))


def preencher(sender, using: str, apps=apps_atuais, **_) -> None:
    """post_migrate: make the groups and give them the permissions of the app just migrated, told in Portuguese."""
    try:
        grupo, permissao = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    except LookupError:  # `migrate` of a single app, before auth has tables
        return
    # Our handler comes before the one that makes the permissions of this app; making them twice does no harm.
    create_permissions(sender, verbosity=0, using=using, apps=apps)
    _em_portugues(permissao.objects.using(using).filter(content_type__app_label=sender.label))
    if not any(linha.startswith(f"{sender.label}.") for tabela in GRUPOS.values() for linha in tabela):
        return
    grupo.objects.using(using).bulk_create([grupo(name=nome) for nome in GRUPOS], ignore_conflicts=True)
    grupos = dict(grupo.objects.using(using).filter(name__in=GRUPOS).values_list("name", "pk"))
    permissoes = list(
        permissao.objects.using(using)
        .filter(content_type__app_label=sender.label)
        .values_list("pk", "content_type__model", "codename")
    )
    ligacao = grupo.permissions.through
    ligacao.objects.using(using).bulk_create(
        [
            ligacao(group_id=grupos[nome], permission_id=chave)
            for nome in GRUPOS
            for chave, modelo, codigo in permissoes
            if permite(GRUPOS[nome], sender.label, modelo, codigo)
        ],
        ignore_conflicts=True,
    )


def _em_portugues(permissoes) -> None:
    """Django names its own four in English, and the administration shows the names."""
    ditas = [permissao for permissao in permissoes.filter(name__startswith="Can ") if _verbo(permissao) in VERBOS]
    for permissao in ditas:
        do_modelo = permissao.name.removeprefix(f"Can {_verbo(permissao)} ")
        permissao.name = f"Pode {VERBOS[_verbo(permissao)]} {do_modelo}"
    permissoes.bulk_update(ditas, ["name"])


def _verbo(permissao) -> str:
    return permissao.codename.partition("_")[0]


def permite(tabela: dict, app: str, modelo: str, codigo: str) -> bool:
    """Whether a table gives the permission `codigo` over the model."""
    acoes = tabela.get(f"{app}.{modelo}", tabela.get(f"{app}.*", ()))
    return any(fnmatchcase(codigo, padrao) for padrao in _codigos(acoes or (), modelo))


def _codigos(acoes: tuple[str, ...], modelo: str) -> Iterator[str]:
    for acao in acoes:
        yield acao if "_" in acao or acao == "*" else f"{acao}_{modelo}"
