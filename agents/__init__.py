"""Supervisor, profiler, recommender and validator; their models, prompts and tools. They hold no state."""
