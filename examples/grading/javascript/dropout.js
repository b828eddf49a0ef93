// A Dropout that answers an assignment's challenges line by line. It needs no library:
//     edunn check dropout-1 --run 'node dropout.js'

const { createInterface } = require("node:readline");

class Dropout {
  constructor({ p = 0.5 }) {
    this.p = p;
    this.phase = "training";
    this.mask = [];
  }

  forward(x) {
    const scale = 1 / (1 - this.p);
    this.mask = x.data.map(() =>
      this.phase === "test" ? 1 : Math.random() < this.p ? 0 : scale,
    );
    return this.masked(x);
  }

  backward(outputGradient) {
    return this.masked(outputGradient);
  }

  masked(array) {
    return { ...array, data: array.data.map((value, i) => value * this.mask[i]) };
  }
}

let layer;

function answer(line) {
  switch (line.do) {
    case "begin":
      if (line.type !== "Dropout") return { failure: `there is no ${line.type}` };
      layer = new Dropout(line.config);
      return {};
    case "set_phase":
      layer.phase = line.phase;
      return {};
    case "forward":
      return { output: layer.forward(line.inputs[0]) };
    case "backward":
      return { input_gradient: layer.backward(line.output_gradient), parameter_gradients: {} };
  }
}

createInterface({ input: process.stdin }).on("line", (text) => {
  console.log(JSON.stringify(answer(JSON.parse(text))));
});
