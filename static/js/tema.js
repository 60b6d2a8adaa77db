// Runs before the first paint: the theme of the system when none was chosen, and the mark that JavaScript is on.
(() => {
  const raiz = document.documentElement;
  raiz.classList.remove("sem-js");
  if ((raiz.dataset.tema || "auto") !== "auto") return;
  const escuro = matchMedia("(prefers-color-scheme: dark)");
  const aplicar = () => (raiz.dataset.bsTheme = escuro.matches ? "dark" : "light");
  aplicar();
  escuro.addEventListener("change", aplicar);
})();
