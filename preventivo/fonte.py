"""What mensageria asks about the boletos of campaigns."""

ORIGEM = "preventivo"


class FonteDeBoletos:
    nome = "Campanha Preventiva"
