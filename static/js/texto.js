// The text component: tags are inserted at the cursor and removed whole; the meters are the server's (htmx).
// Without it the buttons SMS and E-MAIL send the form, and the server puts the tags at the end of the text.
(() => {
  const raiz = document.querySelector("[data-texto-componente]:not([data-so-leitura])");
  if (!raiz) return;
  const lista = raiz.querySelector("select[name=dados]");
  const aviso = document.getElementById("dados-falta");
  const campos = [...raiz.querySelectorAll("[data-texto]")];
  const campo = (nome) => campos.find((outro) => outro.dataset.texto === nome);
  const tags = [...lista.options].map((opcao) => opcao.value);

  // The button E-MAIL inserts in the subject only when that is the text where the cursor last was.
  let ultimo = null;
  for (const texto of campos) texto.addEventListener("focus", () => (ultimo = texto));
  const doEmail = () => (ultimo === campo("assunto") ? ultimo : campo("texto_email"));

  // execCommand is what keeps Ctrl+Z; it needs the focus, and fires the input event that the meter waits for.
  const escrever = (alvo, texto) => {
    alvo.focus();
    if (document.execCommand("insertText", false, texto)) return;
    alvo.setRangeText(texto, alvo.selectionStart, alvo.selectionEnd, "end");
    alvo.dispatchEvent(new Event("input", { bubbles: true }));
  };

  raiz.addEventListener("click", (evento) => {
    const botao = evento.target.closest("button[name=inserir]");
    if (!botao) return;
    evento.preventDefault();
    const escolhidas = [...lista.selectedOptions].map((opcao) => opcao.value);
    aviso.textContent = escolhidas.length ? "" : "Selecione antes o dado que será incluído no texto";
    if (!escolhidas.length) return lista.focus();
    escrever(botao.value === "sms" ? campo("texto_sms") : doEmail(), escolhidas.join(" "));
  });
  lista.addEventListener("change", () => (aviso.textContent = ""));

  // Backspace inside or right after a tag, or Delete inside or right before it, takes the whole tag: it is selected,
  // and the key does the rest. Braces that are no tag are mended letter by letter.
  const tagEm = (texto, onde, antes) => {
    for (const tag of tags) {
      for (let inicio = texto.indexOf(tag); inicio >= 0; inicio = texto.indexOf(tag, inicio + 1)) {
        const fim = inicio + tag.length;
        if (antes ? inicio < onde && onde <= fim : inicio <= onde && onde < fim) return [inicio, fim];
      }
    }
    return null;
  };
  raiz.addEventListener("keydown", (evento) => {
    const alvo = evento.target;
    if (!alvo.dataset.texto || !["Backspace", "Delete"].includes(evento.key)) return;
    if (alvo.readOnly || alvo.selectionStart !== alvo.selectionEnd) return;
    const achada = tagEm(alvo.value, alvo.selectionStart, evento.key === "Backspace");
    if (achada) alvo.setSelectionRange(...achada);
  });

  // The meter changes at every pause; what is said aloud, only when it is another thing.
  document.addEventListener("htmx:afterSwap", (evento) => {
    const nome = evento.target.id.replace("medidor-", "");
    const dito = raiz.querySelector(`[data-dito="${nome}"]`);
    const anuncio = evento.target.querySelector("[data-anuncio]")?.dataset.anuncio;
    if (dito && anuncio !== undefined && dito.textContent !== anuncio) dito.textContent = anuncio;
  });
})();
