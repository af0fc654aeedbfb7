"""Pure engines: sources, profiling, DQDL, recommending, validation. No language model, no state of ours."""
