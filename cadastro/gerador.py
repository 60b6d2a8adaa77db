"""Fictitious CSVs for the import, of any size: the sample, tests at size and the benches.

Deterministic for (imoveis, semente, hoje) and written as it goes, in constant memory. Nothing here can reach a person:

- e-mail addresses are only at the domains RFC 2606 reserves (example.com, .example);
- celulares have the shape of a valid one (a real DDD, 9 and eight digits) but their subscriber number starts with 0
  (9 0xxx-xxxx), a range we know no operator to use. It is not formally reserved: Brazil's numbering plan has no
  range for fiction;
- documents are valid and unique, but made by arithmetic from the customer's number.

With `relativo` dates are written as offsets from the day of the import (D+3, D-40) and references as offsets from its
month (M+0), so that a stored sample never goes stale.
"""

import csv
import random
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import cycle, repeat
from pathlib import Path

from cadastro.digitos import MAIOR_MATRICULA, matricula_com_digito
from cadastro.nomes import normalizar_nome

# --- proportions, in each hundred ---

CATEGORIAS = {1: 84, 2: 9, 3: 4, 4: 3}
PERFIS = {1: 90, 2: 6, 5: 4}
NOMES_DOS_PERFIS = {1: "NORMAL", 2: "GRANDE CONSUMIDOR", 5: "PROGRAMA ESPECIAL"}
USUARIOS = {"proprio": 88, "do_anterior": 4, "trocado": 5, "nenhum": 3}
PROPRIETARIOS = {"nenhum": 85, "o_usuario": 15}
CANAIS = {
    "ambos": 52,
    "so_sms": 15,
    "so_email": 12,
    "celular_sem_marca_e_email": 3,
    "celular_repetido": 4,  # the phone of the customer before
    "desligados": 4,  # a celular and an address, both switches off
    "sms_sem_celular": 3,  # the switch is on, the only phone is fixed
    "email_sem_endereco": 3,
    "celular_sem_marca": 2,
    "sem_fone_nem_email": 2,
}
PESSOAS = {"fisica": 86, "juridica": 6, "juridica_alfanumerica": 3, "sem_documento": 3, "nome_longo": 2}
CONTAS = {
    "na_janela": 62,
    "ainda_nao": 11,
    "vencida": 8,
    "paga": 8,
    "abaixo_do_minimo": 4,
    "retificada": 3,  # in force, announced like a normal one
    "cancelada": 2,
    "cancelada_por_retificacao": 1,
    "parcelada": 1,
}
ATRASADAS = {0: 75, 1: 13, 2: 8, 3: 4}  # older unpaid references of an imóvel
DEBITOS = {"nenhum": 90, "um": 8, "pago": 1, "cancelado": 1}

SITUACOES = {"retificada": 1, "cancelada": 3, "cancelada_por_retificacao": 4, "parcelada": 5}
DIAS_DA_JANELA = 5
DIAS_ATE_O_FIM = 25
VALOR_MINIMO = Decimal(10)
GRUPOS = 4
IMOVEIS_POR_LOCALIDADE = 5000
IMOVEIS_POR_SETOR = 1500
IMOVEIS_POR_QUADRA = 30
QUADRAS_POR_ROTA = 10

# Addresses and numbers that the simulators answer in a special way (simuladores/README.md), by position of the imóvel;
# few of those that make a sender wait. Their contas are due for a message.
CAIXAS_MAGICAS = {
    **dict.fromkeys((12, 81, 140, 222), "recusado"),
    **dict.fromkeys((25, 163, 251), "lotada"),
    **dict.fromkeys((37, 110, 204), "temporario"),
    **dict.fromkeys((55,), "insiste"),
    **dict.fromkeys((68, 240), "lento"),
    **dict.fromkeys((99, 190), "cai"),
    **dict.fromkeys((127, 270), "caiantes"),
}
NUMEROS_MAGICOS = {
    **dict.fromkeys((8, 74, 133, 215), "0001"),
    **dict.fromkeys((19, 92, 177), "0002"),
    **dict.fromkeys((43, 156, 233), "0003"),
    **dict.fromkeys((61, 198), "0004"),
}

# --- words ---

MUNICIPIOS = (
    ("NATAL", "RN", "84"),
    ("MOSSORÓ", "RN", "84"),
    ("SÃO LUÍS", "MA", "98"),
    ("BELÉM", "PA", "91"),
    ("MACEIÓ", "AL", "82"),
    ("JOÃO PESSOA", "PB", "83"),
    ("VITÓRIA", "ES", "27"),
    ("GOIÂNIA", "GO", "62"),
    ("CUIABÁ", "MT", "65"),
    ("SÃO PAULO", "SP", "11"),
    ("FLORIANÓPOLIS", "SC", "48"),
    ("JI-PARANÁ", "RO", "69"),
)
BAIRROS = ("CENTRO", "NORTE", "SUL", "LESTE", "OESTE", "PRAIA", "SERRA")
GERENCIAS = ("GERÊNCIA LITORAL", "GERÊNCIA SERTÃO", "GERÊNCIA AMAZÔNIA", "GERÊNCIA SUL")
LOGRADOUROS = (
    "Rua das Acácias",
    "Avenida Getúlio Vargas",
    "Travessa São João",
    "Rua Padre João Maria",
    "Praça da Conceição",
    "Rua Dr. José Augusto",
    "Alameda dos Ipês",
    "Rua 2ª da Esperança",
)
NOMES = (
    *("ANA", "JOSÉ", "MARIA", "JOÃO", "ANTÔNIO", "FRANCISCA", "LUÍS", "CONCEIÇÃO", "SEBASTIÃO", "ÂNGELA", "CÉSAR"),
    *("LÚCIA", "RAIMUNDO", "FÁTIMA", "PAULO", "INÊS", "MÁRCIA", "PEDRO", "ZÉLIA", "NATÁLIA", "BENÍCIO", "AÇUCENA"),
)
SOBRENOMES = (
    *("SILVA", "SANTOS", "ARAÚJO", "GONÇALVES", "CONCEIÇÃO", "D'ÁVILA", "ASSUNÇÃO", "MAGALHÃES", "PÁDUA", "BRANDÃO"),
    *("LOPES", "CÂMARA", "SOUSA", "MÜLLER", "VARELA", "BEZERRA", "GUIMARÃES", "TAVARES", "SÁ", "ROMÃO", "QUEIRÓS"),
)
EMPRESAS = (
    "PADARIA {} LTDA",
    'COMÉRCIO "{}"; FILIAL',
    "HOTEL {} & FILHOS",
    "MERCADINHO {} ME",
    "CONDOMÍNIO RESIDENCIAL {}",
)
DOMINIOS = ("example.com", "example.net", "example.org", "correio.example", "agua.example")
DESCRICOES_DE_DEBITO = ("RELIGAÇÃO DE ÁGUA", "MULTA POR INFRAÇÃO", "2ª VIA DE CONTA", "TROCA DE HIDRÔMETRO")

CABECALHOS = {
    "localidades": "codigo nome gerencia municipio uf ddd",
    "imoveis": "matricula localidade setor quadra rota lote sublote endereco categoria perfil perfil_descricao"
    " situacao_agua",
    "clientes": "cliente nome documento email por_sms por_email ativo",
    "telefones": "cliente tipo ddd numero ramal contato principal sms",
    "vinculos": "matricula cliente relacao inicio fim",
    "grupos": "codigo descricao abreviatura referencia dia_vencimento",
    "contas": "conta matricula referencia grupo emissao vencimento agua esgoto debitos creditos impostos situacao"
    " usuario",
    "debitos": "debito matricula descricao referencia valor cancelado",
    "pagamentos": "conta debito pago_em valor",
}


def gerar_base(*, imoveis: int, semente: int, saida: str | Path, hoje: date, relativo: bool = False) -> dict[str, int]:
    """Write one CSV per file of the import to `saida` and return how many lines each has."""
    if not 1 <= imoveis <= MAIOR_MATRICULA // 10:
        raise ValueError(f"A quantidade de imóveis deve ir de 1 a {MAIOR_MATRICULA // 10}.")
    saida = Path(saida)
    saida.mkdir(parents=True, exist_ok=True)
    linhas = dict.fromkeys(CABECALHOS, 0)
    with ExitStack() as abertos:
        escritores = {}
        for nome, colunas in CABECALHOS.items():
            arquivo = abertos.enter_context((saida / f"{nome}.csv").open("w", encoding="utf-8", newline=""))
            escritores[nome] = csv.writer(arquivo, delimiter=";", lineterminator="\n")
            escritores[nome].writerow(colunas.split())
        for nome, campos in _Gerador(imoveis, semente, _Calendario(hoje, relativo)).linhas():
            escritores[nome].writerow(campos)
            linhas[nome] += 1
    return linhas


@dataclass(frozen=True)
class _Calendario:
    hoje: date
    relativo: bool

    def dia(self, dias: int) -> str:
        return f"D{dias:+d}" if self.relativo else (self.hoje + timedelta(days=dias)).isoformat()

    def mes(self, meses: int) -> str:
        if self.relativo:
            return f"M{meses:+d}"
        ano, mes = divmod(self.hoje.year * 12 + self.hoje.month - 1 + meses, 12)
        return f"{ano}{mes + 1:02}"


class _Baralho:
    """Deals values in exact proportions per hundred, shuffled anew for each hundred."""

    def __init__(self, aleatorio: random.Random, proporcoes: Mapping):
        if sum(proporcoes.values()) != 100:
            raise ValueError("as proporções devem somar 100")
        self._aleatorio, self._todas = aleatorio, [v for v, vezes in proporcoes.items() for v in repeat(v, vezes)]
        self._restam: list = []

    def tirar(self):
        if not self._restam:
            self._restam = self._todas.copy()
            self._aleatorio.shuffle(self._restam)
        return self._restam.pop()


@dataclass
class _Cliente:
    id: int
    celular: tuple[str, str] | None = None


@dataclass
class _Imovel:
    posicao: int
    matricula: int
    localidade: int
    ddd: str
    magico: bool
    categoria: int = 1
    perfil: int = 1
    usuario: _Cliente | None = None


@dataclass
class _Gerador:
    """Walks the imóveis once and yields (file, fields), each imóvel with all that hangs from it."""

    imoveis: int
    semente: int
    calendario: _Calendario
    clientes: int = 0
    contas: int = 0
    debitos: int = 0
    anterior: _Cliente | None = None
    baralhos: dict = field(default_factory=dict)

    def __post_init__(self):
        self.sorte = random.Random(f"{self.semente}/{self.imoveis}")
        self.localidades = min(999, max(GRUPOS, self.imoveis // IMOVEIS_POR_LOCALIDADE))

    def _tirar(self, nome: str, proporcoes: Mapping):
        if nome not in self.baralhos:
            self.baralhos[nome] = _Baralho(self.sorte, proporcoes)
        return self.baralhos[nome].tirar()

    def linhas(self) -> Iterator[tuple[str, tuple]]:
        yield from self._lugares()
        for posicao in range(self.imoveis):
            imovel = self._novo_imovel(posicao)
            yield "imoveis", self._linha_do_imovel(imovel)
            yield from self._clientes(imovel)
            yield from self._contas(imovel)
            yield from self._debitos(imovel)

    def _lugares(self) -> Iterator[tuple[str, tuple]]:
        for codigo in range(1, self.localidades + 1):
            nome, uf, ddd = MUNICIPIOS[codigo % len(MUNICIPIOS)]
            bairro = BAIRROS[codigo // len(MUNICIPIOS) % len(BAIRROS)]
            yield "localidades", (codigo, f"{nome} {bairro}"[:30], GERENCIAS[codigo % len(GERENCIAS)], nome, uf, ddd)
        for codigo in range(1, GRUPOS + 1):
            yield "grupos", (codigo, f"GRUPO {codigo}", f"G{codigo}", self.calendario.mes(0), 5 * codigo)

    def _novo_imovel(self, posicao: int) -> _Imovel:
        localidade = 1 + posicao * self.localidades // self.imoveis
        magico = posicao in CAIXAS_MAGICAS or posicao in NUMEROS_MAGICOS
        imovel = _Imovel(
            posicao=posicao,
            matricula=matricula_com_digito(posicao + 1),
            localidade=localidade,
            ddd=MUNICIPIOS[localidade % len(MUNICIPIOS)][2],
            magico=magico,
        )
        if not magico:
            imovel.categoria = self._tirar("categoria", CATEGORIAS)
            imovel.perfil = self._tirar("perfil", PERFIS)
        return imovel

    def _linha_do_imovel(self, imovel: _Imovel) -> tuple:
        primeira = -(-(imovel.localidade - 1) * self.imoveis // self.localidades)  # first position of the localidade
        setor, no_setor = divmod(imovel.posicao - primeira, IMOVEIS_POR_SETOR)
        quadra, lote = divmod(no_setor, IMOVEIS_POR_QUADRA)
        endereco = f"{self.sorte.choice(LOGRADOUROS)}, {self.sorte.randrange(1, 3000)}"
        return (
            *(imovel.matricula, imovel.localidade, setor + 1, quadra + 1, quadra // QUADRAS_POR_ROTA + 1),
            *(10 * lote + 10, 0, endereco, imovel.categoria, imovel.perfil, NOMES_DOS_PERFIS[imovel.perfil], 3),
        )

    # --- customers ---

    def _clientes(self, imovel: _Imovel) -> Iterator[tuple[str, tuple]]:
        caso = "proprio" if imovel.magico else self._tirar("usuario", USUARIOS)
        if caso == "nenhum":
            return
        desde = -self.sorte.randrange(400, 3000)
        if caso == "do_anterior" and self.anterior:
            imovel.usuario = self.anterior
        else:
            if caso == "trocado":
                saiu = yield from self._novo_cliente(imovel)
                yield "vinculos", self._vinculo(imovel, saiu, 2, desde - 1500, desde)
            imovel.usuario = yield from self._novo_cliente(imovel)
        yield "vinculos", self._vinculo(imovel, imovel.usuario, 2, desde)
        if self._tirar("proprietario", PROPRIETARIOS) == "o_usuario":
            yield "vinculos", self._vinculo(imovel, imovel.usuario, 1, desde)

    def _vinculo(self, imovel: _Imovel, cliente: _Cliente, relacao: int, inicio: int, fim: int | None = None) -> tuple:
        dia = self.calendario.dia
        return (imovel.matricula, cliente.id, relacao, dia(inicio), "" if fim is None else dia(fim))

    def _novo_cliente(self, imovel: _Imovel) -> Iterator[tuple[str, tuple]]:
        """Yield the customer and his phones; the generator's value is the customer."""
        self.clientes += 1
        cliente = _Cliente(self.clientes)
        pessoa = self._tirar("pessoa", PESSOAS)
        canal = "ambos" if imovel.magico else self._tirar("canal", CANAIS)
        nome = self._nome(pessoa)
        com_email = canal in ("ambos", "so_email", "celular_sem_marca_e_email", "celular_repetido", "desligados")
        por_sms = canal in ("ambos", "so_sms", "sms_sem_celular", "celular_sem_marca", "celular_repetido")
        por_email = (com_email and canal != "desligados") or canal == "email_sem_endereco"
        email = self._email(nome, imovel) if com_email else ""
        documento = self._documento(cliente.id, pessoa)
        yield "clientes", (cliente.id, nome, documento, email, "NS"[por_sms], "NS"[por_email], "S")
        yield from self._fones(cliente, canal, imovel)
        self.anterior = None if imovel.magico else cliente  # nobody else gets the magic ones
        return cliente

    def _fones(self, cliente: _Cliente, canal: str, imovel: _Imovel) -> Iterator[tuple[str, tuple]]:
        if canal in ("ambos", "so_sms", "celular_repetido", "desligados", "celular_sem_marca_e_email"):
            repetido = canal == "celular_repetido" and self.anterior and self.anterior.celular
            cliente.celular = repetido or (imovel.ddd, self._celular(imovel))
            marcado = canal != "celular_sem_marca_e_email"
            yield "telefones", (cliente.id, 3, *cliente.celular, "", "", "S", "NS"[marcado])
        elif canal == "celular_sem_marca":
            yield "telefones", (cliente.id, 3, imovel.ddd, self._celular(imovel), "", "", "S", "N")
        elif canal == "sms_sem_celular":
            yield "telefones", (cliente.id, 1, imovel.ddd, self._fixo(), "", "", "S", "N")
        if canal == "ambos" and cliente.id % 10 == 0:
            yield "telefones", (cliente.id, 2, imovel.ddd, self._fixo(), "21", "RECEPÇÃO", "N", "N")

    def _celular(self, imovel: _Imovel) -> str:
        """9 0xxx-xxxx; only the magic ones end in 0001 to 0009."""
        meio = f"90{self.sorte.randrange(1000):03}"
        return meio + (NUMEROS_MAGICOS.get(imovel.posicao) or f"{self.sorte.randrange(10, 10000):04}")

    def _fixo(self) -> str:
        return f"20{self.sorte.randrange(10**6):06}"

    def _nome(self, pessoa: str) -> str:
        escolher = self.sorte.choice
        if pessoa.startswith("juridica"):
            return escolher(EMPRESAS).format(f"{escolher(SOBRENOMES)} {escolher(SOBRENOMES)}")
        quantos = 12 if pessoa == "nome_longo" else self.sorte.randrange(1, 4)
        return " ".join([escolher(NOMES), *(escolher(SOBRENOMES) for _ in range(quantos))])[:100].rstrip()

    def _email(self, nome: str, imovel: _Imovel) -> str:
        """Unique, plain ASCII: the first letters of the name and the customer's number."""
        letras = "".join(letra for letra in normalizar_nome(nome) if "a" <= letra <= "z")[:8]
        magico = f"+{CAIXAS_MAGICAS[imovel.posicao]}" if imovel.posicao in CAIXAS_MAGICAS else ""
        return f"{letras}.{self.clientes}{magico}@{self.sorte.choice(DOMINIOS)}"

    def _documento(self, cliente: int, pessoa: str) -> str:
        """Unique for each customer: a walk over all bases by a step that shares no factor with their number."""
        if pessoa == "sem_documento":
            return ""
        if pessoa == "juridica":
            return _com_digitos(f"{(cliente * 38_742_049 + self.semente) % 10**8:08}0001", 9)
        if pessoa == "juridica_alfanumerica":
            letra = chr(ord("A") + cliente % 26)
            return _com_digitos(f"{letra}{(cliente * 3_874_207 + self.semente) % 10**7:07}0001", 9)
        cpf = _com_digitos(f"{(cliente * 387_420_489 + self.semente) % 10**9:09}", 11)
        return "" if cpf == cpf[0] * 11 else cpf

    # --- what they owe ---

    def _contas(self, imovel: _Imovel) -> Iterator[tuple[str, tuple]]:
        caso = "na_janela" if imovel.magico else self._tirar("conta", CONTAS)
        if caso == "ainda_nao":
            vencimento = self.sorte.randrange(DIAS_DA_JANELA + 1, DIAS_ATE_O_FIM + 1)
        elif caso == "vencida":
            vencimento = -self.sorte.randrange(1, 16)
        else:
            vencimento = self.sorte.randrange(DIAS_DA_JANELA + 1)
        minimo = caso == "abaixo_do_minimo"
        yield from self._conta(
            imovel, 0, vencimento, situacao=SITUACOES.get(caso, 0), minimo=minimo, paga=caso == "paga"
        )
        for meses in range(1, 1 + self._tirar("atrasadas", ATRASADAS)):
            yield from self._conta(imovel, -meses, vencimento - 30 * meses - DIAS_ATE_O_FIM)

    def _conta(
        self,
        imovel: _Imovel,
        meses: int,
        vencimento: int,
        *,
        situacao: int = 0,
        minimo: bool = False,
        paga: bool = False,
    ) -> Iterator[tuple[str, tuple]]:
        self.contas += 1
        dia, sorteio = self.calendario.dia, self.sorte.randrange
        centavos = sorteio(100, 100 * int(VALOR_MINIMO)) if minimo else sorteio(1500, 40000)
        agua, esgoto = (centavos, 0) if minimo else (centavos, centavos // 2 * (imovel.posicao % 3 == 0))
        debitos, creditos = (0, 0) if minimo else (sorteio(500) * (self.contas % 7 == 0), 100 * (self.contas % 11 == 0))
        grupo = 1 + imovel.localidade % GRUPOS
        yield (
            "contas",
            (
                *(
                    self.contas,
                    imovel.matricula,
                    self.calendario.mes(meses),
                    grupo,
                    dia(vencimento - 20),
                    dia(vencimento),
                ),
                *(_reais(centavos) for centavos in (agua, esgoto, debitos, creditos, 0)),
                *(situacao, ""),
            ),
        )
        if paga:
            yield "pagamentos", (self.contas, "", dia(-sorteio(1, 4)), _reais(agua + esgoto + debitos - creditos))

    def _debitos(self, imovel: _Imovel) -> Iterator[tuple[str, tuple]]:
        caso = self._tirar("debito", DEBITOS)
        if caso == "nenhum":
            return
        self.debitos += 1
        valor, descricao = _reais(self.sorte.randrange(1000, 15000)), self.sorte.choice(DESCRICOES_DE_DEBITO)
        mes = self.calendario.mes(-1)
        yield "debitos", (self.debitos, imovel.matricula, descricao, mes, valor, "NS"[caso == "cancelado"])
        if caso == "pago":
            yield "pagamentos", ("", self.debitos, self.calendario.dia(-2), valor)


def _reais(centavos: int) -> str:
    return f"{centavos // 100}.{centavos % 100:02}"


def _com_digitos(base: str, maior_peso: int) -> str:
    """The base of a CPF (weights to 11) or CNPJ (to 9) and its two check digits."""
    for _ in range(2):
        resto = (
            sum((ord(c) - 48) * peso for c, peso in zip(reversed(base), cycle(range(2, maior_peso + 1)), strict=False))
            % 11
        )
        base += str(0 if resto < 2 else 11 - resto)
    return base
