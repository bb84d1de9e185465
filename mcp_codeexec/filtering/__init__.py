"""What may reach the model: secrets out, personal data as tokens, then the budget. No state of its own."""
