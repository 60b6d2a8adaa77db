// The pages of the cadastro. Without it they work the same: the server fills in the DDD.

// Choosing a município fills in the DDD, unless somebody typed another.
const municipio = document.querySelector("#id_municipio");
if (municipio) {
  const ddd = document.querySelector("#id_ddd");
  let preenchido = "";
  municipio.addEventListener("input", () => {
    const digitado = municipio.value.trim().toLowerCase();
    const opcao = [...document.querySelectorAll("#municipios option")].find((um) => um.value.toLowerCase() === digitado);
    if (!opcao || (ddd.value && ddd.value !== preenchido)) return;
    ddd.value = preenchido = opcao.dataset.ddd;
  });
}

// How many positions of an SMS are left for its text.
const tamanho = document.querySelector("#id_tamanho_maximo_sms");
tamanho?.addEventListener("input", () => {
  const saida = document.querySelector("[data-posicoes-reservadas]");
  const restam = Number(tamanho.value) - Number(saida.dataset.posicoesReservadas);
  saida.value = restam > 0 ? restam : 0;
});
