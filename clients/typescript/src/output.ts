/** What a forward gives. */

import type { Phase } from "./phase.js";
import { type DType, Tensor } from "./tensor.js";

/** A layer's output: a tensor that knows the forward it came from. */
export class Output<D extends DType = DType> extends Tensor<D> {
  /** The forward's name for `backward`; empty for an untracked forward in the test phase. */
  readonly forwardId: string;
  /** The phase in which the output was computed. */
  readonly phase: Phase;

  /** @internal */
  constructor(tensor: Tensor<D>, forwardId: string, phase: Phase) {
    super(tensor.data, tensor.shape, tensor.dtype);
    this.forwardId = forwardId;
    this.phase = phase;
  }
}
