"""What is audited of Django's own: people, their groups and what they may do."""

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session

from telas.auditoria import auditar, isentar
from telas.models import EntradaAuditoria, Pedido

auditar(User, fora=["last_login"], segredos=["password"], nome=["username"])
auditar(Group)
auditar(User.groups.through, de=["user", "group"], titulo="grupo da pessoa")
auditar(User.user_permissions.through, de=["user"], titulo="permissão da pessoa")
auditar(Group.permissions.through, de=["group"], titulo="permissão do grupo")

isentar("É a própria auditoria, que o banco não deixa alterar.", EntradaAuditoria)
isentar("Palavras da administração sobre o que a auditoria já guarda.", LogEntry)
isentar("Mantido pelo Django a partir do código.", ContentType, Permission)
isentar("Escrito a cada página, e de curta duração.", Session, Pedido)
