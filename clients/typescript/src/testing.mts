/**
 * For tests of programs that use this library.
 *
 * @packageDocumentation
 */

export * from "./testing.js";
