package org.edunn.client;

import java.util.List;

/** Some trainings, and the token of the next page; empty if there is none. */
record TrainingPage(List<TrainingInfo> trainings, String next) {}
