"""What a server's reply means. Tables, read from the top; the first line that fits says the class.

No reply about a quota, a rate, a sender or a password may count against the address, so their lines stand above those
of the address, and a refusal that no line knows is of the address only where RFC 5321 says so. The replies of real
servers that the tables were made from are in `tests/mensageria/respostas_reais.py`, each with its class.
"""

import re
from typing import Literal, NamedTuple

from mensageria.estados import Classe

QUALQUER = ""
MAIOR_TEXTO = 2000  # what is read of a reply: its meaning is at the beginning, and no server may make us read for long

FALHA = "[45].."
DO_DESTINO = "RCPT|DATA|BODY"  # only from RCPT on does the server know the recipient


class Regra(NamedTuple):
    """Regular expressions that must all fit; an empty one fits anything. All but `texto` must fit the whole.

    `comando` is the command that was answered, `estendido` the code of RFC 3463 that opens the text.
    """

    comando: str
    codigo: str
    estendido: str
    texto: str
    classe: Classe


SMTP: tuple[Regra, ...] = (
    # What one recipient may receive now is no limit of the service, which goes on to the others.
    Regra(DO_DESTINO, FALHA, r"5\.2\.12[12]", QUALQUER, Classe.TEMPORARIO),
    Regra(
        DO_DESTINO,
        FALHA,
        QUALQUER,
        r"receiving e?-?mail (too quickly|at a rate)|recipient (thread limit|has exceeded)|queue quota"
        r"|mailbox received too much|messages to .{0,20}deferred",
        Classe.TEMPORARIO,
    ),
    Regra(DO_DESTINO, "4..", QUALQUER, r"gr[ea]y-?list", Classe.TEMPORARIO),
    # The size of this message.
    Regra("MAIL|" + DO_DESTINO, "5..", r"5\.(3\.4|2\.3)", QUALQUER, Classe.MENSAGEM),
    Regra(
        "MAIL|" + DO_DESTINO,
        "5..",
        QUALQUER,
        r"message (size|length|is too long)|too (large|big)\b",
        Classe.MENSAGEM,
    ),
    # The quota of the sender stands before that of a mailbox, for Exchange gives 5.2.2 to both; and before it the
    # limits that pass by themselves within the hour.
    Regra(QUALQUER, FALHA, r"5\.1\.90|5\.7\.23[236]", QUALQUER, Classe.COTA),
    Regra(QUALQUER, FALHA, r"[45]\.7\.508", QUALQUER, Classe.TAXA),
    Regra(
        QUALQUER,
        FALHA,
        QUALQUER,
        r"(per|each|this) (second|minute|hour)\b|hourly|por (segundo|minuto|hora)\b|peak smtp|sending rate"
        r"|\brate[ -]limit|frequency limited|sender thread limit|concurrent|too many (sessions|connections)",
        Classe.TAXA,
    ),
    Regra(
        QUALQUER,
        FALHA,
        QUALQUER,
        r"\b(daily|monthly|sender|sending|submission|messaging|relay|outbound|messages|e-?mails|your)\W+"
        r"(\w+\W+){0,3}?(quota|limit)|submissionquotaexceeded|credits? exceeded"
        r"|\b(cota|limite) (di[aá]ri[ao]|mensal|de (envios?|mensagens|e-?mails))",
        Classe.COTA,
    ),
    Regra(DO_DESTINO, FALHA, r"[45]\.2\.2", QUALQUER, Classe.CAIXA_CHEIA),
    Regra(
        DO_DESTINO,
        FALHA,
        QUALQUER,
        r"(mail|in)box (is )?full|over ?quota|mailbox size|storage (allocation|space)|out of storage"
        r"|(user|mailbox|recipient)\b.{0,30}\bquota|caixa\b.{0,30}\bcheia",
        Classe.CAIXA_CHEIA,
    ),
    Regra(
        QUALQUER,
        FALHA,
        QUALQUER,
        r"\bquota\b.{0,40}\bexceed|\bexceed.{0,40}\bquota"
        r"|\bcotas?\b.{0,40}\b(esgotad|exced|atingid)|\bexced.{0,40}\bcota\b",
        Classe.COTA,
    ),
    # The conversation itself.
    Regra(QUALQUER, FALHA, QUALQUER, r"too many (\w+ )?(errors|invalid|unknown)", Classe.REDE),
    Regra(
        QUALQUER,
        "4..",
        QUALQUER,
        r"\brate\b|\btoo (fast|many|much|frequent)|throttl|slow down|(unexpected|excessive) volume",
        Classe.TAXA,
    ),
    Regra("MAIL|" + DO_DESTINO, "4..", r"4\.7\.(28|[56]\d\d|8[5-9]\d)", QUALQUER, Classe.TAXA),
    Regra("AUTH", "4..", QUALQUER, QUALQUER, Classe.REDE),  # it could not look the password up
    Regra("AUTH", QUALQUER, QUALQUER, QUALQUER, Classe.AUTENTICACAO),
    Regra("CONNECT|EHLO|STARTTLS", QUALQUER, QUALQUER, QUALQUER, Classe.REDE),
    Regra(DO_DESTINO, "421", r"4\.[12]\.\d+", QUALQUER, Classe.TEMPORARIO),
    Regra(QUALQUER, "421", QUALQUER, QUALQUER, Classe.REDE),
    # Whether the server knows us.
    Regra(QUALQUER, "53[0458]", QUALQUER, QUALQUER, Classe.AUTENTICACAO),
    Regra(QUALQUER, FALHA, r"[45]\.7\.(8|54|57|64)", QUALQUER, Classe.AUTENTICACAO),
    Regra(
        QUALQUER,
        FALHA,
        QUALQUER,
        r"\brelay(ing)? (access )?(is )?(denied|dis|not)|(permitted|unable|allowed) to relay|as a relay"
        r"|credentials for relay|rcpthosts|retransmiss[aã]o (negada|n[aã]o)",
        Classe.AUTENTICACAO,
    ),
    Regra(
        QUALQUER,
        FALHA,
        QUALQUER,
        r"authentication (is )?required|requires? authentication|unauthenticated senders"
        r"|client (was )?not authenticated|not authorized to perform|your account|autentica[cç][aã]o",
        Classe.AUTENTICACAO,
    ),
    # One recipient may refuse a sender whom the others take.
    Regra(DO_DESTINO, "5..", r"5\.7\.(12|13|124|13[3-6]|507|513)", QUALQUER, Classe.MENSAGEM),
    Regra(DO_DESTINO, "5..", QUALQUER, r"\bby (this |the )?recipients?\b", Classe.MENSAGEM),
    # Whether it lets us send, and as whom.
    Regra(QUALQUER, FALHA, r"[45]\.1\.[78]|5\.7\.(2[3-9]|30|60|50[1-39]|511|515|6[0-4]\d|7\d\d)", "", Classe.REMETENTE),
    Regra(
        QUALQUER,
        FALHA,
        QUALQUER,
        r"sender( ip)?( address)? (is )?(rejected|refused|denied|verify|not)|domain of sender|sender domain|send ?as\b"
        r"|sendasdenied|from address|authorized to send|address is not verified|sending (paused|denied)|banned send"
        r"|client host rejected|has no ptr|remetente (n[aã]o|inv[aá]lido|recusado|rejeitado)",
        Classe.REMETENTE,
    ),
    Regra(
        QUALQUER,
        "5..",
        QUALQUER,
        r"\b(spf|dkim|dmarc|ptr)\b|reputation|unauthenticated|unusual (rate|sending)|your access to",
        Classe.REMETENTE,
    ),
    Regra(
        "MAIL|RCPT|DATA",
        "5..",
        QUALQUER,
        r"blocked (using|by)|(black|block) ?list|spamhaus|dnsbl|\blisted (at|in|by|on)\b",
        Classe.REMETENTE,
    ),
    Regra(QUALQUER, "503", QUALQUER, QUALQUER, Classe.REDE),  # out of sequence: the two sides lost each other
    Regra("MAIL", "5..", QUALQUER, QUALQUER, Classe.REMETENTE),
    Regra(QUALQUER, "4..", QUALQUER, QUALQUER, Classe.TEMPORARIO),
    # From here on it is a 5xx about this message or this recipient.
    Regra(
        QUALQUER,
        "5..",
        QUALQUER,
        r"\bspam\b|unsolicited|virus|\bcontent|quarantin|polic(y|ies)\b",
        Classe.MENSAGEM,
    ),
    Regra(DO_DESTINO, "5..", r"5\.(1\.\d+|2\.1|7\.50[45])", QUALQUER, Classe.ENDERECO),
    Regra(DO_DESTINO, "5..", r"5\.4\.1", r"recipient address(es)? rejected", Classe.ENDERECO),
    Regra(
        DO_DESTINO,
        "5..",
        QUALQUER,
        r"(user|recipient|addressee|mailbox|account|address|domain) ((is|was) )?"
        r"(unknown|not found|unavailable|disabled|inactive)"
        r"|(unknown|invalid) (user|recipient|mailbox)|no such (user|recipient|mailbox|address|person)|unroute?able"
        r"|(does not|doesn't) exist|user doesn't have|no longer valid|malformed address|need fully-qualified"
        r"|usu[aá]rio (desconhecido|inexistente|n[aã]o)|caixa (postal )?(inexistente|n[aã]o)",
        Classe.ENDERECO,
    ),
    Regra(QUALQUER, "5..", r"5\.[2-7]\.\d+", QUALQUER, Classe.MENSAGEM),
    Regra("RCPT", "5..", QUALQUER, r"denied|blocked|exceed|authenticat|not allowed", Classe.MENSAGEM),
    Regra("RCPT", "55[013]", QUALQUER, QUALQUER, Classe.ENDERECO),
    Regra(QUALQUER, "5..", QUALQUER, QUALQUER, Classe.MENSAGEM),
)

HTTP: tuple[tuple[str, str, Classe], ...] = (
    ("429", QUALQUER, Classe.TAXA),
    ("40[13]", r"credits? exceeded|messaging limits", Classe.COTA),
    ("40[13]", QUALQUER, Classe.AUTENTICACAO),
    ("402", QUALQUER, Classe.COTA),
    ("4..", r"\b(balance|credits?|quota|saldo|cota)\b", Classe.COTA),
    (
        "400|422",
        r"\bfrom['\"]? (number|address|field)|\bsender (id|name|number)|\bremetente\b"
        r"|['\"](path|field|parameter|campo)['\"]: ?['\"](from|sender)['\"]",
        Classe.REMETENTE,
    ),
    ("400|422", r"\bcharacters?\b|caracter|too long|\btamanho\b", Classe.MENSAGEM),  # a number, but of letters
    (
        "400|404|422",
        r"number|phone|recipient|destination|['\"]to['\"]|\bto:|telefone|n[uú]mero|destinat[aá]rio",
        Classe.ENDERECO,
    ),
    ("502|504", QUALQUER, Classe.INCERTA),  # whoever stands before the operator does not know whether it took the SMS
    ("408|425|5..", QUALQUER, Classe.TEMPORARIO),
    ("4..", QUALQUER, Classe.MENSAGEM),
)

# Exchange's quota is of 24 hours, which its words do not say.
_DIARIA = re.compile(
    r"\b(daily|(per|a|each) day|24[ -]?h(ours|oras)?|today|tomorrow|di[aá]ri[ao]s?|por dia|hoje|amanh[aã])\b"
    r"|submission ?quota",
    re.IGNORECASE,
)
_ESTENDIDO = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b(?!\.)|.*\(#([245]\.\d{1,3}\.\d{1,3})\)", re.DOTALL)


def classe_smtp(comando: str, codigo: int, texto: str) -> Classe:
    """The class of a refusal; a code that is no SMTP reply at all is a fault of the network."""
    texto = texto[:MAIOR_TEXTO]
    achado = _ESTENDIDO.match(texto)
    estendido = (achado[1] or achado[2]) if achado else ""
    palavras = _sem_enderecos(texto)
    for regra in SMTP:
        if (
            (not regra.comando or re.fullmatch(regra.comando, comando))
            and (not regra.codigo or re.fullmatch(regra.codigo, str(codigo)))
            and (not regra.estendido or re.fullmatch(regra.estendido, estendido))
            and (not regra.texto or re.search(regra.texto, palavras, re.IGNORECASE))
        ):
            return regra.classe
    return Classe.REDE


def classe_http(codigo: int, texto: str) -> Classe:
    for do_codigo, do_texto, classe in HTTP:
        if re.fullmatch(do_codigo, str(codigo)) and (not do_texto or re.search(do_texto, texto, re.IGNORECASE)):
            return classe
    return Classe.REDE


def quando_volta(texto: str) -> Literal["dia", "mes"]:
    """When the quota that a reply of class COTA says is spent comes back: the next day, or the day of renewal."""
    return "dia" if _DIARIA.search(_sem_enderecos(texto[:MAIOR_TEXTO])) else "mes"


def _sem_enderecos(texto: str) -> str:
    """The words without e-mail addresses: who is called spam@, hoje@ or limite.diario@ changes no class."""
    return " ".join(palavra for palavra in texto.split() if "@" not in palavra)
