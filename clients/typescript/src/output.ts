/** What a forward gives. */

import type { Phase } from "./phase.js";
import { Tensor, type TensorArray } from "./tensor.js";

/** A layer's output: a tensor that knows the forward it came from. */
export class Output<A extends TensorArray = TensorArray> extends Tensor<A> {
  /** The forward's name for `backward`; empty for an untracked forward in the test phase. */
  readonly forwardId: string;
  /** The phase in which the output was computed. */
  readonly phase: Phase;

  /** @internal */
  constructor(tensor: Tensor<A>, forwardId: string, phase: Phase) {
    super(tensor.data, tensor.shape, tensor.dtype);
    this.forwardId = forwardId;
    this.phase = phase;
  }

  /** @internal */
  protected override describe(): string {
    const forward = this.forwardId === "" ? "" : `, forward ${this.forwardId}`;
    return `${super.describe()}${forward}, ${this.phase}`;
  }
}
