"""What contexts share is kept once, and whoever reads one gets it whole."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mensageria import composicao, moldes
from mensageria.models import Imutavel, Mensagem, Molde
from tests.mensageria.apoio import nova_mensagem
from tests.mensageria.test_composicao import contexto

TEXTO = st.text(max_size=8)
CONTEXTO = st.fixed_dictionaries(
    {"destino": TEXTO, "valores": st.dictionaries(TEXTO, TEXTO, max_size=3)},
    optional={
        "renderizador": st.integers(1, 9),
        "layout": TEXTO,
        "titulo": st.none() | TEXTO,
        "empresa": st.none() | st.dictionaries(TEXTO, TEXTO, max_size=3),
        "de": st.lists(TEXTO, min_size=2, max_size=2),
        "quadro": st.lists(st.lists(TEXTO, min_size=2, max_size=2), max_size=3),
        "anexo": st.lists(TEXTO, min_size=2, max_size=2),
    },
)


@given(CONTEXTO)
def test_a_context_taken_apart_is_made_whole_again(inteiro):
    comum, proprio = moldes.separar(inteiro)

    assert moldes.juntar(json.loads(comum), json.loads(proprio)) == inteiro


def test_messages_of_a_text_have_one_molde_and_only_their_own_words():
    um, outro = contexto(), contexto() | {"destino": "bia@exemplo.com.br"}

    (de_um, seu), (de_outro, _) = moldes.separar(um), moldes.separar(outro)

    assert de_um == de_outro
    seu = json.loads(seu)
    assert seu["quadro"] == ["1234567.9", "JOSÉ", "13/11/2026"]
    assert not {"empresa", "de", "layout"} & seu.keys()


def test_who_shares_nothing_new_writes_no_molde(db):
    comuns = [moldes.separar(contexto() | {"layout": layout})[0] for layout in ("a/1", "b/1", "a/1")]

    ids = Molde.objects.dos(comuns)
    assert Molde.objects.dos(comuns[:1]) == {comuns[0]: ids[comuns[0]]}

    assert len(ids) == Molde.objects.count() == 2
    assert {molde.comum["layout"] for molde in Molde.objects.in_bulk(ids.values()).values()} == {"a/1", "b/1"}


def test_a_message_is_read_whole_with_its_molde_and_as_it_was_kept_without_one(db):
    comum, proprio = moldes.separar(contexto())
    dividida = nova_mensagem(molde_id=Molde.objects.dos([comum])[comum], proprio=json.loads(proprio))
    inteira = nova_mensagem(contexto=contexto())
    vazia = nova_mensagem()

    lidas = Mensagem.objects.select_related("molde").in_bulk()

    assert lidas[dividida.id].contexto == lidas[inteira.id].contexto == contexto()
    assert lidas[vazia.id].contexto is None
    assert composicao.email(lidas[dividida.id].contexto, dividida.texto) == composicao.email(contexto(), inteira.texto)


def test_a_molde_is_never_changed_nor_erased(db):
    comum, _ = moldes.separar(contexto())
    molde = Molde.objects.get(pk=Molde.objects.dos([comum])[comum])

    with pytest.raises(Imutavel):
        molde.save()
    with pytest.raises(Imutavel):
        molde.delete()
