/** Attempts at assignments: challenges, answers and reports. */

import { randomBytes } from "node:crypto";

import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";

import { type Call, makeCall } from "./calls.js";
import type { Config } from "./config.js";
import { InternalError } from "./errors.js";
import { decodePhase, type Phase } from "./phase.js";
import {
  type Attempt as AttemptMessage,
  type Challenge as ChallengeMessage,
  ChallengeKind,
  type ChallengeStep as StepMessage,
  type StepAnswerSchema,
} from "./stubs/edunn_serving/grading/v1/challenge_pb.js";
import { GradingService } from "./stubs/edunn_serving/grading/v1/grading_service_pb.js";
import {
  type CheckResult as CheckResultMessage,
  type Report as ReportMessage,
  Verdict as VerdictMessage,
} from "./stubs/edunn_serving/grading/v1/report_pb.js";
import type { Tensor as TensorMessage } from "./stubs/edunn_serving/v1/tensor_pb.js";
import type { AnyTensor, Tensor } from "./tensor.js";
import { decodeTensor, encodeTensor } from "./tensor-message.js";

/** What a challenge is about. The inputs of its forwards follow from it. */
export type ChallengeType = "layer" | "loss" | "optimizer" | "initializer" | "own";

/** One thing that is done with the layer of a challenge. */
export type ChallengeStep =
  | { readonly kind: "setPhase"; readonly stepId: string; readonly phase: Phase }
  | { readonly kind: "forward"; readonly stepId: string; readonly inputs: readonly AnyTensor[] }
  | { readonly kind: "backward"; readonly stepId: string; readonly outputGradient: AnyTensor }
  | {
      readonly kind: "setParameters";
      readonly stepId: string;
      readonly parameters: Readonly<Record<string, AnyTensor>>;
    };

/** A layer with its parameters, and the steps that are run on it in their order. */
export interface Challenge {
  /** The id of the assignment's check. */
  readonly challengeId: string;
  /** What the check is about, for people. */
  readonly title: string;
  /** The points that a right answer is worth. */
  readonly points: number;
  /** What the type is. */
  readonly kind: ChallengeType;
  /** The type's name, such as `Dropout`. */
  readonly layerType: string;
  /** The layer's configuration. */
  readonly config: Config;
  /** The values that parameters and buffers start with. */
  readonly parameters: Readonly<Record<string, AnyTensor>>;
  /** What is done with it. */
  readonly steps: readonly ChallengeStep[];
}

/** One try at an assignment. */
export interface Attempt {
  /** Its name, chosen by the service. */
  readonly attemptId: string;
  /** The course. */
  readonly course: string;
  /** The assignment's name. */
  readonly assignment: string;
  /** The student's name. */
  readonly student: string;
  /** Its number among the student's attempts, from 1. */
  readonly number: number;
  /** Until when its answers are accepted. */
  readonly expireTime: Date;
  /** How many attempts are left; undefined if there is no limit. */
  readonly attemptsLeft: number | undefined;
  /** What is to be answered. */
  readonly challenges: readonly Challenge[];
}

/** What came of one step: an output, gradients, or the words of an error. */
export type StepAnswer =
  | { readonly output: Tensor }
  | {
      readonly inputGradient: Tensor;
      readonly parameterGradients?: Readonly<Record<string, Tensor>>;
    }
  | { readonly failure: string };

/** The answers to a challenge, by step id. */
export type ChallengeAnswer = Readonly<Record<string, StepAnswer>>;

/** What came of a check. */
export type Verdict = "passed" | "failed" | "skipped" | "ungradable";

/** The judgement of one check. */
export interface CheckResult {
  /** The check's id. */
  readonly checkId: string;
  /** What it is about, for people. */
  readonly title: string;
  /** What came of it. */
  readonly verdict: Verdict;
  /** The points. */
  readonly score: number;
  /** The points that a right answer is worth. */
  readonly maxScore: number;
  /** The stable name of the mistake; empty if it is none that is known. */
  readonly bug: string;
  /** What is wrong, in one sentence. */
  readonly message: string;
}

/** The judgement of an attempt, as the caller may see it. */
export interface Report {
  /** The attempt. */
  readonly attemptId: string;
  /** The points, after the late penalty. */
  readonly score: number;
  /** The points of all checks together. */
  readonly maxScore: number;
  /** The checks, in the order of the assignment. */
  readonly checks: readonly CheckResult[];
  /** The report's claims, signed: a JWS in compact form. */
  readonly receipt: string;
  /** Whether the attempt counts. It does not if a check could not be judged. */
  readonly counts: boolean;
  /** Whether the score is not to be seen, or not yet. */
  readonly hidden: boolean;
}

/** What a student may choose of an attempt. */
export interface AttemptOptions {
  /** The course, if several have an assignment of this name. */
  readonly course?: string | undefined;
  /** Another student than the caller. For graders. */
  readonly student?: string | undefined;
  /** The language of the report's messages; left out, the assignment's. */
  readonly language?: "en" | "es" | undefined;
}

/** A student's layer, as `answerChallenge` runs it. */
export interface GradedLayer {
  /** Sets the phase. */
  setPhase?(phase: Phase): void;
  /** Sets parameters, as challenges of layers of one's own do. */
  setParameters?(parameters: Readonly<Record<string, AnyTensor>>): void;
  /** Computes the output. */
  forward(...inputs: AnyTensor[]): Tensor;
  /** Computes the gradients of the last forward. */
  backward(outputGradient: AnyTensor): {
    readonly inputGradient: Tensor;
    readonly parameterGradients?: Readonly<Record<string, Tensor>>;
  };
}

/**
 * Runs the script of a challenge on a student's layer, and returns the answers by step id. A step
 * that throws is answered with the error's words, and the script goes on. After something could not
 * be set, what is computed with it fails too.
 */
export function answerChallenge(challenge: Challenge, layer: GradedLayer): ChallengeAnswer {
  const answers: Record<string, StepAnswer> = {};
  const notSet = new Map<string, StepAnswer>();
  for (const step of challenge.steps) {
    const sets = step.kind === "setPhase" || step.kind === "setParameters";
    const [failed] = notSet.values();
    if (!sets && failed !== undefined) {
      answers[step.stepId] = failed;
      continue;
    }
    try {
      switch (step.kind) {
        case "setPhase":
          layer.setPhase?.(step.phase);
          break;
        case "setParameters":
          if (!layer.setParameters) throw new TypeError("the layer has no setParameters");
          layer.setParameters(step.parameters);
          break;
        case "forward":
          answers[step.stepId] = { output: layer.forward(...step.inputs) };
          break;
        case "backward":
          answers[step.stepId] = layer.backward(step.outputGradient);
      }
      if (sets) notSet.delete(step.kind);
    } catch (error) {
      const failure = { failure: String(error) };
      if (sets) notSet.set(step.kind, failure);
      else answers[step.stepId] = failure;
    }
  }
  return answers;
}

/** Returns the call that begins an attempt. */
export function startAttempt(assignment: string, options: AttemptOptions): Call<Attempt> {
  const { course = "", student = "", language = "" } = options;
  return makeCall(
    GradingService.method.startAttempt,
    // With a name of its own a repeated start begins no other attempt.
    { assignment, course, student, language, startId: randomBytes(16).toString("hex") },
    (reply) => decodeAttempt(reply.attempt),
    true,
  );
}

/** Returns the call that submits answers. The same answers sent again get the same report. */
export function submitAnswers(
  attemptId: string,
  answers: Readonly<Record<string, ChallengeAnswer>>,
  source: Uint8Array,
): Call<Report> {
  const messages = Object.entries(answers).map(([challengeId, answer]) => ({
    challengeId,
    steps: Object.entries(answer).map(([stepId, given]) => encodeStep(stepId, given)),
  }));
  return makeCall(
    GradingService.method.submitAnswers,
    { attemptId, answers: messages, source },
    (reply) => decodeReport(reply.report),
    true,
  );
}

/** Returns the call for an attempt's newest report. */
export function getReport(attemptId: string): Call<Report> {
  return makeCall(
    GradingService.method.getReport,
    { attemptId },
    (reply) => decodeReport(reply.report),
    true,
  );
}

function encodeStep(stepId: string, given: StepAnswer): MessageInitShape<typeof StepAnswerSchema> {
  if ("failure" in given) {
    return { stepId, answer: { case: "failure", value: given.failure.slice(0, 2000) } };
  }
  if ("output" in given) {
    return { stepId, answer: { case: "output", value: encodeTensor(given.output) } };
  }
  const parameterGradients = Object.fromEntries(
    Object.entries(given.parameterGradients ?? {}).map(([name, each]) => [
      name,
      encodeTensor(each),
    ]),
  );
  const inputGradient = encodeTensor(given.inputGradient);
  return { stepId, answer: { case: "gradients", value: { inputGradient, parameterGradients } } };
}

function decodeAttempt(message: AttemptMessage | undefined): Attempt {
  if (message?.expireTime === undefined) throw new InternalError("the service sent no attempt");
  return {
    attemptId: message.attemptId,
    course: message.course,
    assignment: message.assignment,
    student: message.student,
    number: Number(message.number),
    expireTime: timestampDate(message.expireTime),
    attemptsLeft: message.attemptsLeft === undefined ? undefined : Number(message.attemptsLeft),
    challenges: message.challenges.map(decodeChallenge),
  };
}

function decodeChallenge(message: ChallengeMessage): Challenge {
  return {
    challengeId: message.challengeId,
    title: message.title,
    points: message.points,
    kind: ChallengeKind[message.kind].toLowerCase() as ChallengeType,
    layerType: message.layer?.type ?? "",
    config: message.layer?.config ?? {},
    parameters: decodeTensors(message.layer?.parameters ?? {}),
    steps: message.steps.map(decodeStep),
  };
}

function decodeTensors(
  messages: Readonly<Record<string, TensorMessage>>,
): Readonly<Record<string, AnyTensor>> {
  return Object.fromEntries(
    Object.entries(messages).map(([name, each]) => [name, decodeTensor(each)]),
  );
}

function decodeStep(message: StepMessage): ChallengeStep {
  const { stepId, step } = message;
  switch (step.case) {
    case "setPhase":
      return { kind: "setPhase", stepId, phase: decodePhase(step.value) };
    case "forward":
      return { kind: "forward", stepId, inputs: step.value.inputs.map(decodeTensor) };
    case "backward":
      return {
        kind: "backward",
        stepId,
        outputGradient: decodeTensor(step.value.outputGradient),
      };
    case "setParameters":
      return { kind: "setParameters", stepId, parameters: decodeTensors(step.value.parameters) };
    default:
      throw new InternalError(`the step ${stepId} is of a newer service: update this client`);
  }
}

function decodeReport(message: ReportMessage | undefined): Report {
  if (message === undefined) throw new InternalError("the service sent no report");
  const { attemptId, score, maxScore, receipt, counts, hidden } = message;
  const checks = message.checks.map(decodeCheck);
  return { attemptId, score, maxScore, checks, receipt, counts, hidden };
}

function decodeCheck(message: CheckResultMessage): CheckResult {
  const { checkId, title, score, maxScore, bug } = message;
  const verdict = VerdictMessage[message.verdict].toLowerCase() as Verdict;
  return { checkId, title, verdict, score, maxScore, bug, message: message.message };
}
