/**
 * A Dropout layer at the other end of a network, through both phases, forward and backward.
 *
 * `npm run example -- localhost:50051` prints what it does.
 */

import { Client, type FloatTensor, Tensor } from "edunn-client";

const address = process.argv[2] ?? process.env["EDUNN_TARGET"] ?? "localhost:50051";

function show(name: string, { data, shape: [rows = 1] }: FloatTensor): void {
  const columns = data.length / rows;
  console.log(`${name} =`);
  for (let row = 0; row < rows; row++) {
    const line = Array.from(data.subarray(row * columns, (row + 1) * columns));
    console.log(`  ${line.map((value) => value.toFixed(2).padStart(5)).join(" ")}`);
  }
}

const x = new Tensor(
  Float64Array.from({ length: 20 }, () => Math.random()),
  [2, 10],
);
using client = new Client(address, { token: process.env["EDUNN_TOKEN"] });
await using session = await client.createSession();
const drop = await session.addLayer("drop", "Dropout", { p: 0.5 });
console.log(`session ${session.sessionId} at ${client.address}, seed ${String(session.seed)}`);
show("x", x);

console.log("\nTraining: about half of the numbers are dropped, the others are doubled");
show("y", await drop.forward(x));
show("input gradient of ones", (await drop.backward(Tensor.ones([2, 10]))).inputGradient);

console.log("\nTest: nothing is dropped");
show("y", await drop.forward(x, { phase: "test" }));
show("input gradient of ones", (await drop.backward(Tensor.ones([2, 10]))).inputGradient);
