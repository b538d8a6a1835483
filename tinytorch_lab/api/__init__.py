"""HTTP: what the browser asks and what it is answered."""
