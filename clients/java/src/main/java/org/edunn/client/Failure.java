package org.edunn.client;

/**
 * How an attempt at a call failed.
 *
 * @param sent whether the service may have seen the attempt
 * @param hopeless whether every repetition would fail in the same way
 */
record Failure(EdunnException error, boolean sent, boolean hopeless) {}
