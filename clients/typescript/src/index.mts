/**
 * The same library for programs of ES modules. It is one and the same instance, so that an error
 * or a tensor is of the same class whoever made it.
 *
 * @packageDocumentation
 */

export * from "./index.js";
