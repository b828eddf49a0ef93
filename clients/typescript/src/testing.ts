/**
 * For tests of programs that use this library.
 *
 * @packageDocumentation
 */

export { type FakeLayer, FakeService } from "./fake-service.js";
