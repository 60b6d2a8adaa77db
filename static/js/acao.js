// As GSAN does, what does not apply is disabled: the order without cronograma, the days without predecessora, the texts
// without their channel. What was written there is kept, and is sent all the same: the server says what it means.
(() => {
  const formulario = document.querySelector("form[data-acao]:not([data-so-leitura])");
  if (!formulario) return;
  const dependentes = [...formulario.querySelectorAll("[data-vale-se]")];
  const vale = (nome) => {
    const campo = formulario.elements[nome];
    return campo instanceof RadioNodeList ? campo.value === "True" : campo.value !== "";
  };
  const ajustar = () => {
    for (const campo of dependentes) campo.disabled = !vale(campo.dataset.valeSe);
    const ligado = { sms: vale("por_sms"), email: vale("por_email") };
    for (const botao of formulario.querySelectorAll("button[name=inserir]")) botao.disabled = !ligado[botao.value];
    formulario.elements.dados.disabled = !ligado.sms && !ligado.email;
  };
  formulario.addEventListener("change", ajustar);
  formulario.addEventListener("formdata", (evento) => {
    for (const campo of dependentes) {
      if (campo.disabled && (campo.type !== "checkbox" || campo.checked)) evento.formData.set(campo.name, campo.value);
    }
  });
  addEventListener("pageshow", ajustar);
  ajustar();
})();
