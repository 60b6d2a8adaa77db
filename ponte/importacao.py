"""From GSAN to here: each reading in pieces of whole keys, each piece by the set-wise import of the CSVs.

A piece goes by COPY to a file of its own and from there to temporary tables (`cadastro.importacao`), so that neither
the number of rows nor that of the pieces changes what is held in memory. After each piece the key that it ended at is
stored: what is killed goes on from there. A pass ends by moving its mark to the moment, of the source's clock, at which
it began, and the next one reads what was written since some time before it: what is read twice is the same the second
time.
"""

import csv
import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from django.db import connection, transaction

from cadastro.importacao import ErroDeImportacao, importar_arquivo
from cobranca.models import AcaoCobranca, ComandoAcao, CriterioCobranca
from mensageria import trabalhador
from ponte import mapa, recusadas
from ponte.arquivos import ARQUIVOS
from ponte.mapa import ColunasFaltam, Consultas, Sumidas
from ponte.models import ComandoDoGsan, Passagem
from ponte.origem import Origem

logger = logging.getLogger(__name__)

TRAVA = (0x41560008, 1)  # advisory lock: one run at a time
LINHAS_POR_PEDACO = 50_000
SOBREPOSICAO = 15  # minutes: how far the clocks of who writes there may be apart
DIAS_DE_DOCUMENTOS = 180
SUMIR_ATE = 0.2  # of what is asked about: more than this is no change, but another database
SUMIR_SEMPRE = 20  # rows
Progresso = Callable[[str, str, int], None]


class EmAndamento(ErroDeImportacao):
    """Another run holds the bridge."""


class MuitasSumiram(ErroDeImportacao):
    """What is here is not at the source, and it is too much to believe."""


@dataclass
class Resultado:
    """What became of a reading in this run; `sumidas` are rows that were in force here and are gone there."""

    leitura: str
    lidas: int = 0
    novas: int = 0
    alteradas: int = 0
    iguais: int = 0
    recusadas: int = 0
    avisos: int = 0
    sumidas: int = 0
    retomada: bool = False
    completa: bool = False
    relatorio: Path | None = None


@dataclass(frozen=True)
class Pedido:
    """How to run: `hoje` and `agora` are ours, for what is dated here."""

    hoje: date
    agora: datetime
    relatorios: Path
    completa: bool = False
    simular: bool = False
    tabelas: tuple[str, ...] = ()
    linhas_por_pedaco: int = LINHAS_POR_PEDACO
    sobreposicao: int = SOBREPOSICAO
    documentos_dos_dias: int = DIAS_DE_DOCUMENTOS
    aceitar_sumidas: bool = False
    progresso: Progresso = field(default=lambda *_: None)

    @property
    def valores(self) -> dict[str, str]:
        """What the conditions of the map may name."""
        return {"emitidos_desde": f"DATE '{self.hoje - timedelta(days=self.documentos_dos_dias)}'"}


def importar(origem: Origem, pedido: Pedido) -> Iterator[Resultado]:
    """Read what changed since the last run, of all tables or of those asked for; yields each as it ends.

    Raises ErroDaOrigem when GSAN's database fails, ErroDeImportacao when what came cannot be stored; what was stored
    before stays, and the next run goes on from it. A simulation stores nothing.
    """
    escolhidas = _escolhidas(pedido.tabelas)
    existentes = origem.colunas(sorted({t for leitura in escolhidas for t in _tabelas(leitura)}))
    try:
        consultas = [mapa.preparar(leitura, existentes) for leitura in escolhidas]
    except ColunasFaltam as erro:
        raise ErroDeImportacao(str(erro)) from None
    pedido.relatorios.mkdir(parents=True, exist_ok=True)
    with sozinha(), _desfazendo(pedido.simular), tempfile.TemporaryDirectory(prefix="ponte-") as pasta:
        for uma in consultas:
            yield _Passada(origem, pedido, uma, Path(pasta)).executar()


def _escolhidas(nomes: tuple[str, ...]) -> list[mapa.Leitura]:
    conhecidas = {leitura.nome: leitura for leitura in mapa.LEITURAS}
    if estranhas := [nome for nome in nomes if nome not in conhecidas]:
        raise ErroDeImportacao(f"Não há tabela {', '.join(estranhas)}; as que há são {', '.join(conhecidas)}.")
    return [leitura for leitura in mapa.LEITURAS if not nomes or leitura.nome in nomes]


def _tabelas(leitura: mapa.Leitura) -> set[str]:
    return set(mapa.tabelas(" ".join(mapa.textos_de(leitura))).values())


@contextmanager
def sozinha() -> Iterator[None]:
    """Hold the bridge, by a lock of a session of its own; EmAndamento when another run does."""
    with trabalhador.exclusivo(*TRAVA) as minha:
        if not minha:
            raise EmAndamento("A ponte com o GSAN já está em andamento.")
        yield


@contextmanager
def _desfazendo(simular: bool) -> Iterator[None]:
    """A simulation is one transaction that ends undone: what is read later sees what was read before."""
    if not simular:
        yield
        return
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@dataclass(frozen=True)
class _Pedaco:
    """A piece in files: what its owners have, and its lines; None for what there is not."""

    posse: Path | None
    linhas: Path | None


class _Passada:
    """A reading on its way here."""

    def __init__(self, origem: Origem, pedido: Pedido, consultas: Consultas, pasta: Path):
        self.origem, self.pedido, self.consultas, self.pasta = origem, pedido, consultas, pasta
        self.leitura = consultas.leitura
        arquivo = ARQUIVOS[self.leitura.nome]
        self.arquivo = replace(arquivo, concluir=arquivo.concluir + recusadas.passos(self.leitura))
        for coluna in arquivo.colunas:  # what GSAN has nothing to say about
            consultas.campos.setdefault(coluna.nome, "NULL")
        self.resultado = Resultado(self.leitura.nome)
        self.relatorio = pedido.relatorios / f"{self.leitura.nome}_recusadas.csv"

    def executar(self) -> Resultado:
        passagem = self._comecar()
        self.resultado.completa = passagem.completa
        if not self.resultado.retomada:
            self.relatorio.unlink(missing_ok=True)
        repetidas = self._repetir_recusadas(passagem)
        desde = None if passagem.completa else self._desde(passagem.marca)
        for quais, ate in self._pedacos(passagem, desde):
            self._gravar(self._copiar(desde, quais + self.consultas.menos(repetidas)))
            passagem.ate = ate
            passagem.save(update_fields=["ate"])
        if passagem.completa:
            for sumidas in mapa.SUMIDAS:
                if sumidas.depois_de == self.leitura.nome:
                    self._dar_baixa(sumidas)
        passagem.marca, passagem.marca_em_curso, passagem.ate = passagem.marca_em_curso, "", None
        passagem.concluida_em = self.pedido.agora
        passagem.save()
        return self.resultado

    def _comecar(self) -> Passagem:
        """The pass that was under way, or a new one."""
        passagem, _ = Passagem.objects.get_or_create(leitura=self.leitura.nome)
        if passagem.em_curso and (passagem.completa or not self.pedido.completa):
            self.resultado.retomada = passagem.ate is not None
            return passagem
        passagem.completa = self.pedido.completa or not passagem.marca
        passagem.marca_em_curso, passagem.ate = min([self.origem.relogio(), *self._marcas_de_quem()]), None
        passagem.save()
        return passagem

    def _marcas_de_quem(self) -> list[str]:
        """No further goes the mark: what is read of rows that are not here yet is read again when they come."""
        donas = [dona for dona in (self.leitura.de_quem, *self.leitura.fala_de) if dona]
        marcas = dict(Passagem.objects.filter(leitura__in=donas).values_list("leitura", "marca"))
        return [marcas.get(dona, "") for dona in donas]

    def _repetir_recusadas(self, passagem: Passagem) -> list[int]:
        """Ask again for some of what was refused before; the keys, which need not be asked for once more."""
        le_tudo = passagem.completa and not self.leitura.daqui
        if le_tudo or not self.leitura.mudou:
            return []
        chaves = recusadas.proximas(self.leitura)
        if chaves:
            pedaco = self._copiar(None, self.consultas.escolhidas(chaves))
            with transaction.atomic():
                recusadas.tirar(self.leitura, chaves)
                self._gravar(pedaco)
        return chaves

    def _desde(self, marca: str) -> str:
        return f"(timestamp '{marca}' - interval '{self.pedido.sobreposicao} minutes')"

    def _pedacos(self, passagem: Passagem, desde: str | None) -> Iterator[tuple[str, int]]:
        """The pieces that are left, as a condition over the source, and the key that each ends at."""
        if passagem.completa and (daqui := self.leitura.daqui):
            yield from ((self.consultas.escolhidas(chaves), chaves[-1]) for chaves in self._daqui(daqui, passagem.ate))
            return
        limite, valores = self.pedido.linhas_por_pedaco, self.pedido.valores
        while True:
            ((ate,),) = self.origem.linhas(self.consultas.fim_do_pedaco(desde, passagem.ate, limite, valores))
            if ate is None:
                return
            yield self.consultas.faixa(passagem.ate, ate), ate

    def _daqui(self, sql: str, depois_de: int | None = None) -> Iterator[list[int]]:
        """The keys that are here, in pieces."""
        while True:
            with connection.cursor() as cursor:
                cursor.execute(sql, [-1 if depois_de is None else depois_de, self.pedido.linhas_por_pedaco])
                chaves = [chave for (chave,) in cursor.fetchall()]
            if not chaves:
                return
            yield chaves
            depois_de = chaves[-1]

    def _copiar(self, desde: str | None, quais: str) -> _Pedaco:
        """Bring a piece, and what its lines need to be here: the source is not waited for later."""
        valores = self.pedido.valores
        posse, linhas = self.pasta / "posse.csv", self.pasta / self.arquivo.nome_csv
        if self.leitura.posse:
            self.origem.copiar(self.consultas.da_posse(desde, quais, valores), posse)
        quantas = self.origem.copiar(self.consultas.das_linhas(desde, quais, valores), linhas, self._cabecalho())
        if quantas and self.leitura.nome == "documentos":
            criar_comandos(self.origem, self._comandos(linhas), self.pedido.agora)
        return _Pedaco(posse if self.leitura.posse else None, linhas if quantas else None)

    def _gravar(self, pedaco: _Pedaco) -> None:
        if pedaco.posse:
            self._soltar(pedaco.posse)
        if pedaco.linhas:
            self._importar(pedaco.linhas)

    def _soltar(self, posse: Path) -> None:
        """What owners no longer have is let go of before what they have comes: it may take its place."""
        colunas = ", ".join(f"{nome} text" for nome in self.leitura.posse)
        with transaction.atomic(), connection.cursor() as cursor, posse.open("rb") as arquivo:
            cursor.execute("DROP TABLE IF EXISTS ponte_posse")
            cursor.execute(f"CREATE TEMP TABLE ponte_posse ({colunas}) ON COMMIT DROP")
            cursor.copy_expert("COPY ponte_posse FROM STDIN WITH (FORMAT csv, DELIMITER ';')", arquivo)
            cursor.execute("ANALYZE ponte_posse")
            cursor.execute(mapa.SOLTAR[self.leitura.nome], {"hoje": self.pedido.hoje})
            self.resultado.sumidas += cursor.rowcount

    def _importar(self, linhas: Path) -> None:
        feito = importar_arquivo(self.arquivo, linhas, saida=self.pasta, hoje=self.pedido.hoje)
        if feito.erro:
            raise ErroDeImportacao(f"{self.leitura.nome}: {feito.erro}")
        for numero in ("lidas", "novas", "alteradas", "iguais", "recusadas", "avisos"):
            setattr(self.resultado, numero, getattr(self.resultado, numero) + getattr(feito, numero))
        if feito.arquivo_de_recusadas:
            self._relatar(feito.arquivo_de_recusadas)
        self.pedido.progresso(self.leitura.nome, "lidas", feito.lidas)

    def _cabecalho(self) -> str:
        return ";".join(self.consultas.nomes)

    def _comandos(self, caminho: Path) -> set[int]:
        with caminho.open(encoding="utf-8", errors="replace", newline="") as arquivo:
            return {int(linha["comando"]) for linha in csv.DictReader(arquivo, delimiter=";")}

    def _relatar(self, recusadas: Path) -> None:
        """Add the refusals of a piece to the report of the reading: the field, the reason, and the line."""
        novo = not self.relatorio.exists()
        with (
            recusadas.open(encoding="utf-8-sig", newline="") as origem,
            self.relatorio.open("w" if novo else "a", encoding="utf-8-sig" if novo else "utf-8", newline="") as saida,
        ):
            escritor = csv.writer(saida, delimiter=";")
            if novo:
                escritor.writerow(["coluna", "motivo", self._cabecalho()])
            leitor = csv.reader(origem, delimiter=";")
            next(leitor)
            escritor.writerows(linha[1:] for linha in leitor)
        self.resultado.relatorio = self.relatorio

    def _dar_baixa(self, sumidas: Sumidas) -> None:
        """What is in force here and the source no longer has becomes inactive; nothing is removed."""
        for chaves in self._daqui(sumidas.daqui):
            caminho = self.pasta / "existem.csv"
            self.origem.copiar(sumidas.existem.format(chaves=mapa.vetor(chaves)), caminho)
            with transaction.atomic(), connection.cursor() as cursor, caminho.open("rb") as arquivo:
                cursor.execute("DROP TABLE IF EXISTS ponte_existe, ponte_sumida")
                cursor.execute("CREATE TEMP TABLE ponte_existe (id bigint) ON COMMIT DROP")
                cursor.copy_expert("COPY ponte_existe FROM STDIN WITH (FORMAT csv)", arquivo)
                cursor.execute(
                    """CREATE TEMP TABLE ponte_sumida ON COMMIT DROP AS
                       SELECT id FROM unnest(%s::bigint[]) AS a (id) EXCEPT SELECT id FROM ponte_existe""",
                    [chaves],
                )
                cursor.execute("SELECT count(*) FROM ponte_sumida")
                (quantas,) = cursor.fetchone()
                self._desconfiar(quantas, len(chaves))
                cursor.execute(sumidas.dar_baixa, {"hoje": self.pedido.hoje})
                self.resultado.sumidas += cursor.rowcount

    def _desconfiar(self, quantas: int, de: int) -> None:
        if quantas > max(SUMIR_SEMPRE, SUMIR_ATE * de) and not self.pedido.aceitar_sumidas:
            raise MuitasSumiram(
                f"{self.leitura.nome}: de {de} que valem aqui, {quantas} não estão no GSAN. Confira se o endereço é o"
                " do banco certo; se é, repita com --aceitar-sumidas."
            )


def criar_comandos(origem: Origem, ids: set[int], agora: datetime) -> None:
    """Make here the commands of these ids (cacm_id), and their actions when there is none of that description.

    An action made here sends nothing until somebody gives it its texts, in Manter Ação de Cobrança.
    """
    faltam = ids - set(ComandoDoGsan.objects.filter(pk__in=ids).values_list("pk", flat=True))
    if not faltam:
        return
    for id_, titulo, acao, dias, tipo, _dia in origem.linhas(mapa.COMANDOS, [sorted(faltam)]):
        with transaction.atomic():
            comando = ComandoAcao.objects.create(
                titulo=f"{titulo[:45]} (GSAN {id_})"[:60], acao=_acao(acao, dias, tipo), gerado_em=agora
            )
            ComandoDoGsan.objects.create(pk=id_, comando=comando)


def _acao(descricao: str, dias: int, tipo: int) -> AcaoCobranca:
    descricao = (descricao or "AÇÃO DO GSAN")[:40]
    if acao := AcaoCobranca.objects.filter(descricao__iexact=descricao).first():
        return acao
    criterio, _ = CriterioCobranca.objects.get_or_create(descricao="DO GSAN")
    return AcaoCobranca.objects.create(
        descricao=descricao,
        dias_de_validade=max(1, min(dias, 9999)),
        tipo_documento=max(1, min(tipo, 99)),
        criterio=criterio,
    )
