/** protobuf's Duration to and from numbers. */

import { create } from "@bufbuild/protobuf";
import { type Duration, DurationSchema } from "@bufbuild/protobuf/wkt";

/** Returns a number of seconds, to the nanosecond, as a message. */
export function durationOf(seconds: number): Duration {
  const nanos = BigInt(Math.round(seconds * 1e9));
  return create(DurationSchema, {
    seconds: nanos / 1_000_000_000n,
    nanos: Number(nanos % 1_000_000_000n),
  });
}

/** Returns the message's number of seconds. */
export function secondsOf({ seconds, nanos }: Pick<Duration, "seconds" | "nanos">): number {
  return Number(seconds) + nanos / 1e9;
}
