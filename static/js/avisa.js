// What every page does beyond plain HTML. Without it all still works: forms are sent, questions are pages of their own.

// A form that is being sent is not sent again by a second click.
document.addEventListener("submit", (evento) => {
  const formulario = evento.target;
  if (!formulario.matches("[data-unico]") || evento.defaultPrevented) return;
  if (formulario.dataset.enviado) {
    evento.preventDefault();
    return;
  }
  if (evento.submitter?.formTarget) return; // opens elsewhere: this page stays as it is
  formulario.dataset.enviado = "1";
  delete formulario.dataset.mudado;
  for (const botao of formulario.querySelectorAll("button:not([type=button])")) botao.setAttribute("aria-disabled", "true");
});
// The back button shows the page as it was left: let it be sent again.
addEventListener("pageshow", () => {
  for (const formulario of document.querySelectorAll("[data-enviado]")) {
    delete formulario.dataset.enviado;
    for (const botao of formulario.querySelectorAll("[aria-disabled]")) botao.removeAttribute("aria-disabled");
  }
});

// Whoever leaves what was typed and not sent is asked, by the browser itself. Desfazer and Cancelar already say it,
// and so does sending another form of the page: to stay after that would leave it never to be sent again.
document.addEventListener("input", ({ target }) => {
  if (target.form?.matches("[data-unico]:not(.entrada *)")) target.form.dataset.mudado = "1";
});
document.addEventListener("click", ({ target }) => {
  const desistencia = target.closest("form[data-mudado] .acoes a");
  if (desistencia) delete desistencia.closest("form").dataset.mudado;
});
addEventListener("beforeunload", (evento) => {
  if (document.querySelector("[data-enviado]") || !document.querySelector("[data-mudado]")) return;
  evento.preventDefault();
  evento.returnValue = true; // for browsers from before 2023
});

// A button with data-confirma asks first; the server would ask too, on a page of its own. The second click of a double
// click falls on what the first one put there, be it the question or the page under it: it neither answers nor asks.
const dialogo = document.getElementById("dialogo");
let pergunta; // the button that asked
document.addEventListener("click", (evento) => {
  const botao = evento.target.closest("button[data-confirma]");
  if (!botao?.form) return;
  evento.preventDefault();
  if (dialogo.open || botao.form.dataset.enviado || evento.detail > 1) return;
  pergunta = botao;
  document.getElementById("dialogo-pergunta").textContent = botao.dataset.confirma;
  dialogo.showModal();
});
dialogo.addEventListener("click", (evento) => {
  if (evento.detail > 1) evento.preventDefault();
});
dialogo.addEventListener("submit", (evento) => {
  evento.preventDefault();
  dialogo.close();
  if (evento.submitter.value !== "sim") return;
  const campo = Object.assign(document.createElement("input"), { type: "hidden", name: "confirmado", value: "1" });
  pergunta.form.append(campo);
  pergunta.form.requestSubmit(pergunta);
  campo.remove();
});
dialogo.addEventListener("close", () => pergunta.focus());

// Tables: filters, order, pages and sizes change only the table, and the address follows.
const endereco = () => location.pathname + location.search;
let mostrado = endereco();
const trocarTabela = (url) => {
  const alvo = "#tabela";
  if (!document.querySelector(alvo)) return location.assign(url);
  htmx.ajax("GET", url, { target: alvo, select: alvo, swap: "outerHTML" }).then(() => {
    if (new URL(url, location).href !== location.href) history.pushState({}, "", url); // a double click is one step
    mostrado = endereco();
    // htmx gives the focus back to what has the same id; what is gone, such as Próxima, leaves it to the table.
    if (document.activeElement === document.body) document.querySelector(`${alvo} [tabindex]`)?.focus();
  });
};
// A way to a part of the same page, such as the one that skips the menu, comes here too: what was typed stays.
addEventListener("popstate", () => {
  if (endereco() !== mostrado) location.reload();
});
// What cannot be brought in place is asked for whole, and says by itself what is wrong.
for (const falha of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(falha, ({ detail }) => {
    if (detail.target?.id === "tabela") location.assign(detail.pathInfo.finalRequestPath);
  });
}
document.addEventListener("click", (evento) => {
  const ligacao = evento.target.closest("a[data-tabela]");
  if (!ligacao || evento.ctrlKey || evento.metaKey || evento.shiftKey || evento.button) return;
  evento.preventDefault();
  trocarTabela(ligacao.href);
});
document.addEventListener("submit", (evento) => {
  const formulario = evento.target;
  if (!formulario.matches("form[data-tabela]")) return;
  evento.preventDefault();
  const dados = new URLSearchParams(new FormData(formulario));
  for (const [nome, valor] of [...dados]) if (valor === "") dados.delete(nome);
  trocarTabela(`${location.pathname}?${dados}`);
});
document.addEventListener("change", (evento) => {
  if (evento.target.matches("[data-envia]")) evento.target.form.requestSubmit();
});

// Dates, hours and references get their separators as they are typed: the 9s of data-mascara are digits.
document.addEventListener("input", (evento) => {
  const campo = evento.target;
  const mascara = campo.dataset?.mascara;
  if (!mascara || evento.inputType?.startsWith("delete") || campo.selectionStart !== campo.value.length) return;
  const digitos = [...campo.value.replace(/\D/g, "")];
  let texto = "";
  for (const molde of mascara) {
    if (!digitos.length) break;
    texto += molde === "9" ? digitos.shift() : molde;
  }
  campo.value = texto;
});

// Menus that open by <details> close by Escape and by a click elsewhere.
const fecharSuspensos = (menos) => {
  for (const aberto of document.querySelectorAll("details.suspenso[open]")) if (aberto !== menos) aberto.open = false;
};
document.addEventListener("click", (evento) => fecharSuspensos(evento.target.closest("details.suspenso")));
document.addEventListener("keydown", (evento) => {
  if (evento.key !== "Escape") return;
  const aberto = document.querySelector("details.suspenso[open]");
  fecharSuspensos();
  aberto?.querySelector("summary").focus();
});

// Whoever sent a form with errors is taken to them, and from each to its field.
document.addEventListener("click", (evento) => {
  const campo = document.getElementById(evento.target.closest(".resumo-de-erros a")?.hash.slice(1));
  if (!campo) return;
  evento.preventDefault();
  const aba = campo.closest(".aba");
  if (aba) location.hash = aba.id; // which shows it
  campo.focus();
});
document.querySelector("[data-foco]")?.focus();
// On a narrow screen the aba at hand may be beyond the edge.
const daAba = document.querySelector(".abas [aria-current]");
if (daAba) daAba.closest(".abas").scrollLeft = daAba.offsetLeft - daAba.closest(".abas").offsetLeft;
