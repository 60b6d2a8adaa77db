"""manage.py conferir_dossie FILE: says whether a dossier is what was issued. Ends with 1 when anything was altered."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import Error as ErroDeBanco

from mensageria import conferencia

SINAIS = {True: "[confere]    ", False: "[NÃO CONFERE]", None: "[informação] "}


class Command(BaseCommand):
    help = "Confere um dossiê de mensagem (JSON ou PDF): a assinatura, o conteúdo e, se houver banco, os registros."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("arquivo", type=Path)
        parser.add_argument("--sem-banco", action="store_true", help="confere só o arquivo")
        parser.add_argument("--chave", default="", help="impressão digital que a chave deve ter")

    def handle(self, *args, arquivo: Path, sem_banco: bool, chave: str, **opcoes):
        try:
            lido = conferencia.ler(arquivo.read_bytes())
        except OSError as erro:
            raise CommandError(f"O arquivo {arquivo} não pôde ser lido: {erro.strerror}.") from erro
        except conferencia.Ilegivel as erro:
            raise CommandError(f"NÃO CONFERE: {erro}") from erro
        achados = list(conferencia.conferir(lido))
        if chave:
            mesma = lido.assinatura["impressao_da_chave"] == chave.replace(" ", "").lower()
            achados.append(conferencia.Achado(mesma, "a impressão digital da chave é a informada"))
        do_banco: list[conferencia.Achado] | None = None
        if not sem_banco and all(achado.confere is not False for achado in achados):
            do_banco = self._do_banco(lido)
        achados += do_banco or []
        if do_banco is None and not chave:
            texto = (
                "sem o banco e sem --chave, sabe-se só que nada mudou desde a assinatura: compare a impressão digital"
            )
            achados.append(conferencia.Achado(None, texto))
        for achado in achados:
            self.stdout.write(f"{SINAIS[achado.confere]} {achado.texto}")
        if any(achado.confere is False for achado in achados):
            raise CommandError("O dossiê NÃO CONFERE com o que foi emitido.")
        self.stdout.write(self.style.SUCCESS("O dossiê confere."))

    def _do_banco(self, lido: conferencia.Lido) -> list[conferencia.Achado] | None:
        """None when it does not answer."""
        try:
            return list(conferencia.conferir_com_o_banco(lido))
        except ErroDeBanco:
            self.stdout.write(f"{SINAIS[None]} o banco de dados não respondeu: só o arquivo foi conferido")
            return None
