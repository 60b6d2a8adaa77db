"""What is audited: every change of the tables registered here, by whatever way it comes.

Each app registers its models in its module `auditoria`, as it registers the administration in `admin`: those whose
changes somebody may have to answer for (`auditar`), and the others with the reason (`isentar`). No model may be left
out of both (tests/test_auditoria.py).

The database itself writes the entries, with statement-level triggers: a screen, the administration, a command,
`QuerySet.update`, SQL and COPY leave the same trace, in the transaction of the change. One statement leaves one entry,
which lists up to 50 rows with what changed in each; of more it says how many, and how many in each column.
`sincronizar` makes the triggers after each `migrate`. Who did it: telas.autoria.
"""

import json
from dataclasses import dataclass
from functools import cached_property

from django.apps import apps
from django.db import connections, models

TITULOS = ("nome", "descricao", "titulo", "username", "name", "email", "nome_do_arquivo", "codigo")
PREFIXO = "auditar_"


@dataclass(frozen=True)
class Auditado:
    """A model whose changes leave entries. `fora` are fields that the system writes while it works."""

    modelo: type[models.Model]
    fora: tuple[str, ...] = ()
    segredos: tuple[str, ...] = ()
    de: tuple[str, ...] = ()  # foreign keys to whose history its changes belong too
    nome: tuple[str, ...] = ()
    titulo: str = ""  # what it is called, when that is not the model's own name

    @property
    def codigo(self) -> str:
        return self.modelo._meta.label_lower

    @property
    def tabela(self) -> str:
        return self.modelo._meta.db_table

    @property
    def nomes(self) -> tuple[str, ...]:
        """The columns that name a row."""
        return tuple(map(self._coluna, self.nome)) or _titulo_de(self.modelo)

    @cached_property
    def colunas_secretas(self) -> frozenset[str]:
        dos_campos = {campo.column for campo in self.modelo._meta.concrete_fields if getattr(campo, "secreto", False)}
        return frozenset(dos_campos.union(map(self._coluna, self.segredos)))

    @property
    def regra(self) -> str:
        """What its triggers are told (migration 0002 reads it)."""
        campos = self.modelo._meta.concrete_fields
        do_relogio = [campo.column for campo in campos if getattr(campo, "auto_now", False)]
        return json.dumps(
            {
                "modelo": self.codigo,
                "chave": self.modelo._meta.pk.column,
                "fora": sorted({*do_relogio, *map(self._coluna, self.fora)}),
                "segredos": sorted(self.colunas_secretas),
                "donos": {self._coluna(nome): self._dono(nome) for nome in self.de},
                "nome": list(self.nomes),
            },
            sort_keys=True,
        )

    def _coluna(self, nome: str) -> str:
        return self.modelo._meta.get_field(nome).column

    def _dono(self, nome: str) -> str:
        return self.modelo._meta.get_field(nome).related_model._meta.label_lower


_auditados: dict[type[models.Model], Auditado] = {}
_isentos: dict[type[models.Model], str] = {}


def auditar(modelo: type[models.Model], **opcoes) -> None:
    """Leave an entry of each change of its rows; options are those of Auditado."""
    _auditados[modelo] = Auditado(modelo, **{k: v if isinstance(v, str) else tuple(v) for k, v in opcoes.items()})


def isentar(motivo: str, *modelos: type[models.Model]) -> None:
    """Leave none, for this reason."""
    _isentos.update(dict.fromkeys(modelos, motivo))


def auditados() -> list[Auditado]:
    return list(_auditados.values())


def do_codigo(codigo: str) -> Auditado | None:
    """By the model's label, as in "cadastro.cliente"."""
    return next((um for um in _auditados.values() if um.codigo == codigo), None)


def colunas_do_nome(modelo: type[models.Model]) -> tuple[str, ...]:
    """The columns by whose values people know a row of any model; none when only its number does."""
    return _auditados[modelo].nomes if modelo in _auditados else _titulo_de(modelo)


def _titulo_de(modelo: type[models.Model]) -> tuple[str, ...]:
    campos = {campo.name: campo.column for campo in modelo._meta.concrete_fields}
    return next(((campos[titulo],) for titulo in TITULOS if titulo in campos), ())


def da_tabela(tabela: str) -> Auditado:
    """Raises KeyError for one that is not audited."""
    return {um.tabela: um for um in _auditados.values()}[tabela]


def isentos() -> dict[type[models.Model], str]:
    return dict(_isentos)


def esquecidos() -> list[str]:
    """Models that are neither: there must be none."""
    return [
        modelo._meta.label
        for modelo in apps.get_models(include_auto_created=True)
        if modelo._meta.managed and not modelo._meta.proxy and modelo not in _auditados and modelo not in _isentos
    ]


# Their triggers

_EVENTOS = {
    "INSERT": "REFERENCING NEW TABLE AS depois",
    "UPDATE": "REFERENCING OLD TABLE AS antes NEW TABLE AS depois",
    "DELETE": "REFERENCING OLD TABLE AS antes",
}


def sincronizar(sender=None, using: str = "default", **_) -> None:
    """post_migrate: give each table registered, and no other, the triggers that tell what it should tell."""
    conexao = connections[using]
    with conexao.cursor() as cursor:
        cursor.execute("SELECT to_regproc('telas_auditar')")
        if cursor.fetchone() == (None,):  # `migrate telas zero`
            return
        ha = set(conexao.introspection.table_names(cursor))
        devidos = {
            (um.tabela, f"{PREFIXO}{evento.lower()}"): (um, evento)
            for um in auditados()
            for evento in _EVENTOS
            if um.tabela in ha
        }
        atuais = _atuais(cursor)
        for tabela, gatilho in atuais.keys() - devidos.keys():
            cursor.execute(f'DROP TRIGGER "{gatilho}" ON "{tabela}"')
        for (tabela, gatilho), (um, evento) in devidos.items():
            if atuais.get((tabela, gatilho)) != um.regra:
                cursor.execute(
                    f'CREATE OR REPLACE TRIGGER "{gatilho}" AFTER {evento} ON "{tabela}" {_EVENTOS[evento]}'
                    " FOR EACH STATEMENT EXECUTE FUNCTION telas_auditar(%s)",
                    [um.regra],
                )


def _atuais(cursor) -> dict[tuple[str, str], str]:
    """By table and trigger, what each is told."""
    cursor.execute(
        "SELECT tgrelid::regclass::text, tgname::text, tgargs FROM pg_trigger"
        " WHERE tgfoid = to_regproc('telas_auditar')::oid"
    )
    return {(tabela.strip('"'), nome): bytes(regra).rstrip(b"\0").decode() for tabela, nome, regra in cursor.fetchall()}
