package org.edunn.client;

/**
 * What a training step has done.
 *
 * @param stepId the step's name
 * @param steps the steps of the layer so far, this one included
 * @param loss the mean of the samples' losses before the step
 */
public record TrainStepResult(String stepId, long steps, double loss) {}
