"""What water costs: for forecasts, explanations and the demo. History is never recomputed."""
