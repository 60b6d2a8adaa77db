"""What a server's reply means. Tables, read from the top; the first line that fits says the class."""

import re

from mensageria.estados import Classe

QUALQUER = ""

# (command, reply code, text): regular expressions; the command is the one that was answered.
SMTP: tuple[tuple[str, str, str, Classe], ...] = (
    ("AUTH", QUALQUER, QUALQUER, Classe.AUTENTICACAO),
    ("CONNECT|EHLO|STARTTLS", QUALQUER, QUALQUER, Classe.REDE),
    (QUALQUER, "421", r"rate|too many|throttl", Classe.TAXA),
    (QUALQUER, "421", QUALQUER, Classe.REDE),
    (QUALQUER, "53[0458]", QUALQUER, Classe.AUTENTICACAO),
    (QUALQUER, "5..", r"^5\.(3\.4|2\.3)|message (size|length)|too (large|big)", Classe.MENSAGEM),
    (QUALQUER, "5..", r"relay(ing)? (access )?(denied|not)|(permitted|unable) to relay", Classe.AUTENTICACAO),
    ("MAIL|RCPT|DATA", "5..", r"blocked using|(black|block) ?list|client host rejected", Classe.REMETENTE),
    (QUALQUER, QUALQUER, r"^[45]\.2\.2|mailbox (is )?full|over ?quota|caixa .*cheia", Classe.CAIXA_CHEIA),
    (
        QUALQUER,
        QUALQUER,
        r"(sending|daily|monthly|hourly|message) (quota|limit)|(quota|limit)[^.]* exceeded|cota|limite de envio",
        Classe.COTA,
    ),
    (QUALQUER, "4..", r"rate|too (fast|many)|throttl|^4\.7\.(28|650)", Classe.TAXA),
    ("MAIL", "5..", QUALQUER, Classe.REMETENTE),
    (
        QUALQUER,
        "5..",
        r"^5\.7\.(1|60)?\b.*(send as|sender|from address)|sender .*(not (allowed|owned)|rejected)",
        Classe.REMETENTE,
    ),
    (QUALQUER, "4..", QUALQUER, Classe.TEMPORARIO),
    (QUALQUER, "5..", r"^5\.1\.", Classe.ENDERECO),
    (QUALQUER, "5..", r"^5\.[2-7]\.", Classe.MENSAGEM),
    ("RCPT", "5..", QUALQUER, Classe.ENDERECO),
    (QUALQUER, "5..", QUALQUER, Classe.MENSAGEM),
)

HTTP: tuple[tuple[str, str, Classe], ...] = (
    ("429", QUALQUER, Classe.TAXA),
    ("40[13]", QUALQUER, Classe.AUTENTICACAO),
    ("402", QUALQUER, Classe.COTA),
    ("4..", r"(balance|credit|quota|saldo|cota)", Classe.COTA),
    (
        "400|404|422",
        r"number|phone|recipient|destination|['\"]to['\"]|\bto:|telefone|n[uú]mero|destinat[aá]rio",
        Classe.ENDERECO,
    ),
    ("502|504", QUALQUER, Classe.INCERTA),  # whoever stands before the operator does not know whether it took the SMS
    ("408|425|5..", QUALQUER, Classe.TEMPORARIO),
    ("4..", QUALQUER, Classe.MENSAGEM),
)


def classe_smtp(comando: str, codigo: int, texto: str) -> Classe:
    """The class of a refusal; a code that is no SMTP reply at all is a fault of the network."""
    for do_comando, do_codigo, do_texto, classe in SMTP:
        if (
            (not do_comando or re.fullmatch(do_comando, comando))
            and (not do_codigo or re.fullmatch(do_codigo, str(codigo)))
            and (not do_texto or re.search(do_texto, texto, re.IGNORECASE))
        ):
            return classe
    return Classe.REDE


def classe_http(codigo: int, texto: str) -> Classe:
    for do_codigo, do_texto, classe in HTTP:
        if re.fullmatch(do_codigo, str(codigo)) and (not do_texto or re.search(do_texto, texto, re.IGNORECASE)):
            return classe
    return Classe.REDE
