"""Mail that must leave."""
