"""What the notebook shows: pure functions from small plain records to HTML and to text that says the same."""
