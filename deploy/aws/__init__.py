"""The stack on AWS, as a CloudFormation template that Python writes: ``python -m deploy.aws > assay.json``."""
