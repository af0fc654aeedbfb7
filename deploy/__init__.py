"""How Assay is run elsewhere: a container, a set of containers on one machine, a stack on AWS."""
