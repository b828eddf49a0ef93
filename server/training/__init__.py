"""The TrainingService: data sets, and trainings that the pool `training` computes."""
