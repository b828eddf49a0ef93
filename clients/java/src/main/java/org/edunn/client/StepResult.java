package org.edunn.client;

/**
 * What a step has done.
 *
 * @param stepId the step's name
 * @param steps the steps of the layer so far, this one included
 */
public record StepResult(String stepId, long steps) {}
