// `node enviar.js PORT N MODEL`: N personalised e-mails through a pool of ten connections, when told to go.
// It keeps no ledger: what it says at the end is how many the server accepted.

const fs = require("node:fs");
const readline = require("node:readline");
const nodemailer = require("nodemailer");

const [porta, quantas, modelo] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];
const { assunto, texto, html } = JSON.parse(fs.readFileSync(modelo, "utf8"));
const transporte = nodemailer.createTransport({
  pool: true,
  maxConnections: 10,
  host: "127.0.0.1",
  port: porta,
  ignoreTLS: true,
});

function mensagem(numero) {
  const palavras = {
    "@NUMERO@": String(numero),
    "@NOME@": `Cliente ${numero} da Silva`,
    "@VALOR@": `${(numero % 1000) + 1},90`,
  };
  const preencher = (parte) => parte.replace(/@[A-Z]+@/g, (marca) => palavras[marca] ?? marca);
  return {
    from: "avisos@bench.example",
    to: `cliente.${numero}@example.com`,
    subject: preencher(assunto),
    text: preencher(texto),
    html: preencher(html),
  };
}

let proxima = 1;
let aceitas = 0;
let faltam = quantas;

function terminou(erro, dita) {
  if (erro) throw erro;
  aceitas += dita.accepted.length;
  if (--faltam === 0) {
    console.log(aceitas);
    transporte.close();
  }
}

// Its documentation's way: hand over more whenever the pool says that it has room.
function entregar() {
  while (transporte.isIdle() && proxima <= quantas) transporte.sendMail(mensagem(proxima++), terminou);
}

readline.createInterface({ input: process.stdin }).once("line", function () {
  this.close();
  transporte.on("idle", entregar);
  entregar();
});
console.log("pronto");
