from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from cadastro.management.datas import dia
from exemplo import demonstracao
from mensageria.balanco import soma
from mensageria.models import Canal
from mensageria.palavras import nome_da_origem, palavras_de_nao_gerar

COLUNAS = (
    ("Total", "total"),
    ("Pendentes", "pendentes"),
    ("(program.)", "programadas"),
    ("Em envio", "em_envio"),
    ("Enviadas", "enviadas"),
    ("(entreg.)", "entregues"),
    ("Falhas", "falhas"),
    ("Canceladas", "canceladas"),
    ("Incertas", "incertas"),
)

DA_CAMPANHA = ("registros", "acordos", "mensagens", "enviadas", "falhas", "incertas")


class Command(BaseCommand):
    help = "Executa o processo 336 e três campanhas do exemplo, num banco só seu e com simuladores, e mostra o balanço."

    def add_arguments(self, parser):
        parser.add_argument("--hoje", type=dia, metavar="AAAA-MM-DD", help="o dia da importação")

    def handle(self, *args, hoje, **options):
        pasta = settings.VAR / "demo"
        with demonstracao.banco_proprio():
            resultado = demonstracao.executar(pasta, demonstracao.relogio_de(hoje), self.stdout.write)
            self._mostrar_balanco(resultado)
            self._mostrar_nao_geradas(resultado)
            self._mostrar_campanhas(resultado)
        self.stdout.write(f"\nE-mails recebidos: {pasta / 'emails'}\nSMS recebidos: {pasta / 'sms.jsonl'}")
        if resultado.problemas:
            raise CommandError("O balanço não fecha: " + "; ".join(resultado.problemas) + ".", returncode=1)
        self.stdout.write("O balanço fecha.")

    def _mostrar_balanco(self, resultado):
        self.stdout.write(f"\n{resultado.iniciado}: {resultado.iniciado.get_situacao_display()}\n")
        self.stdout.write(f"{'':<44}" + "".join(f"{titulo:>11}" for titulo, _ in COLUNAS))
        for linha in resultado.linhas:
            partes = (linha.acao or nome_da_origem(linha.origem), linha.localidade, linha.canal)
            nome = " · ".join(filter(None, partes))
            self.stdout.write(f"{nome[:43]:<44}" + "".join(f"{getattr(linha, campo):>11}" for _, campo in COLUNAS))
        self.stdout.write(f"{'TOTAL':<44}" + "".join(f"{soma(resultado.linhas, campo):>11}" for _, campo in COLUNAS))

    def _mostrar_nao_geradas(self, resultado):
        self.stdout.write("\nQuem ficou de fora, e por quê:")
        for origem, canal, motivo, quantas in resultado.nao_geradas:
            nome = nome_da_origem(origem) + (f" · {Canal(canal).label}" if canal else "")
            self.stdout.write(f"  {nome:<24}{palavras_de_nao_gerar(origem, motivo):<46}{quantas:>6}")

    def _mostrar_campanhas(self, resultado):
        self.stdout.write("\nCampanhas preventivas:")
        self.stdout.write(f"  {'':<34}{'':<24}" + "".join(f"{coluna.capitalize():>11}" for coluna in DA_CAMPANHA))
        for campanha, funil in resultado.campanhas:
            numeros = "".join(f"{getattr(funil, coluna):>11}" for coluna in DA_CAMPANHA)
            self.stdout.write(f"  {campanha!s:<34}{campanha.get_situacao_display():<24}{numeros}")
