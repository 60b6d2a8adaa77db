"""What the parameters say of the people who use the system."""

from cadastro.models import ParametroSistema

GRUPO_ADMINISTRADOR = "administrador"
GRUPOS_FIXOS = ("operador", "supervisor", GRUPO_ADMINISTRADOR)  # `config.grupos` says what each may do
BLOQUEADO = (
    "A inclusão e a alteração de usuários estão bloqueadas em Informar Parâmetros do Sistema (Indicador de bloqueio"
    " funcionalidade inserir/atualizar usuário)."
)


def bloqueado(usuario) -> bool:
    """Whether `usuario` may not insert nor change people now; a superuser always may."""
    if usuario.is_superuser:
        return False
    return bool(ParametroSistema.objects.values_list("bloqueio_de_usuario", flat=True).first())


def alcanca(quem, pessoa=None) -> bool:
    """Whether `quem`, who may change people, may change this one: a superuser is changed by another alone."""
    return quem.is_superuser or pessoa is None or not pessoa.is_superuser


def completar_email(email: str) -> str:
    """The address, with the company's domain when it has none and the company has one."""
    dominio = _dominio() if email and "@" not in email else ""
    return f"{email}@{dominio}" if dominio else email


def _dominio() -> str:
    return ParametroSistema.objects.values_list("dominio_email", flat=True).first() or ""
