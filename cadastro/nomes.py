"""Names as they are searched: PostgreSQL's `unaccent` is not everywhere, so the plain form is made here and stored."""

import unicodedata


def normalizar_nome(nome: str) -> str:
    """Lower case, without accents, single spaces: "JOSÉ  da Silva" becomes "jose da silva"."""
    decomposto = unicodedata.normalize("NFKD", nome.casefold())
    return " ".join("".join(letra for letra in decomposto if not unicodedata.combining(letra)).split())
