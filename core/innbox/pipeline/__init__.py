"""The pipeline: what happens to a message between the guest and the store, the model, the channel and staff."""
