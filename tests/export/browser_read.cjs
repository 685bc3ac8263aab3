// Reads pictures with onnxruntime-web (WASM), as a page would: node browser_read.cjs WORK.json, answers on stdout.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const ort = require("onnxruntime-web");

async function main() {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  const work = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
  const folder = path.dirname(process.argv[2]);
  const answers = [];
  for (const { model, pictures } of work) {
    const session = await ort.InferenceSession.create(new Uint8Array(fs.readFileSync(model)), {
      executionProviders: ["wasm"],
    });
    for (const { file, height, width } of pictures) {
      const pixels = new Uint8Array(fs.readFileSync(path.join(folder, file)));
      const image = new ort.Tensor("uint8", pixels, [1, height, width, 3]);
      const { probabilities } = await session.run({ image }, ["probabilities"]);
      answers.push({ shape: probabilities.dims.map(Number), values: Array.from(probabilities.data) });
    }
  }
  process.stdout.write(JSON.stringify(answers));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
