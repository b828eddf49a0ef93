package org.edunn.client;

import java.io.Serializable;

/**
 * One field of a request at fault.
 *
 * @param field the field in the caller's terms, such as {@code layer.config.p}
 * @param description what is wrong with it
 */
public record Violation(String field, String description) implements Serializable {}
