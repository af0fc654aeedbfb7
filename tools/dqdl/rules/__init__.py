"""What each rule type means: its plan, and its judgement."""
