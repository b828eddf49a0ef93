"""The GradingService: assignments, attempts and reports, which are in the database of grades."""
