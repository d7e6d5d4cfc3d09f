"""Places, payers, tenures, and the ties between them and sign-ins."""
