"""What the city's staff see and do: every view of a customer and every act is audited."""
