"""The assistant in the browser. It watches runs and takes decisions; a worker in the same process executes them."""
