/** The phase in which a layer computes. */

import { Phase as PhaseMessage } from "./stubs/edunn_serving/v1/layer_pb.js";

/** Whether a layer is being trained or used: Dropout drops units only in training. */
export type Phase = "training" | "test";

/** Returns the phase's number on the wire; undefined leaves the choice to the session. */
export function encodePhase(phase: Phase | undefined): PhaseMessage {
  if (phase === undefined) return PhaseMessage.UNSPECIFIED;
  return checkedPhase(phase) === "test" ? PhaseMessage.TEST : PhaseMessage.TRAINING;
}

/** Returns the phase that the service named. It always names one. */
export function decodePhase(phase: PhaseMessage): Phase {
  return phase === PhaseMessage.TEST ? "test" : "training";
}

/** Returns the phase, or throws where a caller without types gave something else. */
export function checkedPhase(phase: Phase): Phase {
  const given: unknown = phase;
  if (given !== "training" && given !== "test") {
    throw new TypeError(`phase must be "training" or "test", not ${JSON.stringify(given)}`);
  }
  return given;
}
