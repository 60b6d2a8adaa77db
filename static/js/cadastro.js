// The pages of the cadastro. Without it they work the same: the server fills in the DDD.

// Choosing a município fills in the DDD, unless somebody typed another.
const ddd = document.querySelector("#id_ddd, #id_telefone-ddd");
if (ddd) {
  const municipio = document.getElementById(ddd.id.replace("ddd", "municipio"));
  let preenchido = "";
  const preencher = () => {
    const digitado = municipio.value.trim().toLowerCase();
    const opcao = [...document.querySelectorAll("#municipios option")].find((um) => um.value.toLowerCase() === digitado);
    if (!opcao || (ddd.value && ddd.value !== preenchido)) return;
    ddd.value = preenchido = opcao.dataset.ddd;
  };
  municipio.addEventListener("input", preencher);
  preencher(); // what was typed before the page was ready
}

// How many positions of an SMS are left for its text; nothing is said of what is no size.
const tamanho = document.querySelector("#id_tamanho_maximo_sms");
tamanho?.addEventListener("input", () => {
  const frase = document.querySelector("[data-posicoes-reservadas]");
  const digitado = tamanho.value.trim();
  const restam = Number(digitado) - Number(frase.dataset.posicoesReservadas);
  frase.hidden = !/^\d{1,3}$/.test(digitado) || restam <= 0 || Number(digitado) > Number(frase.dataset.tamanhoMaximo);
  frase.querySelector("output").value = restam;
});
