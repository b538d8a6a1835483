"""The untrusted side: what runs inside the sandbox. Nothing a process of this package says is believed."""
