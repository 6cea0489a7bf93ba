"""Networks: what EC2 keeps of them."""
